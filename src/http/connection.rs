//! One client's connection: closed when the client is too slow in either direction, read in slices so that a
//! refused body is not swallowed whole, and counted.

use super::limits::Limits;
use crate::metrics::{Counter, Family, Gauge, counter, family, gauge};
use actix_web::rt::net::TcpStream;
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Read at one go before the request's handler gets its turn.
const SLICE: usize = 8 * 1024;
/// Of a body that nobody wants any more: read so much that the client sees the answer, and not more.
const UNWANTED: usize = 8 * 1024;
const UNWANTED_PATIENCE: Duration = Duration::from_secs(2);

static OPEN: LazyLock<Gauge> = LazyLock::new(|| gauge("http_connections", "Open connections"));
static RECEIVED: LazyLock<Counter> =
    LazyLock::new(|| counter("http_received_bytes", "Bytes read from clients"));
static SENT: LazyLock<Counter> = LazyLock::new(|| counter("http_sent_bytes", "Bytes written to clients"));
static DROPPED: LazyLock<Family<[(&'static str, &'static str); 1], Counter>> =
    LazyLock::new(|| family("http_connections_dropped", "Connections closed against the client's wish"));

/// The connections of one server, counted against its limit.
#[derive(Debug, Clone)]
pub struct Connections {
    open: Arc<AtomicUsize>,
    most: usize,
}

impl Connections {
    pub fn up_to(most: usize) -> Self {
        Self { open: Arc::default(), most }
    }

    /// Takes a place, if there is one.
    fn enter(&self) -> Option<Place> {
        let place = Place(self.clone());
        OPEN.inc();
        (self.open.fetch_add(1, Ordering::Relaxed) < self.most).then_some(place)
    }

    /// Whether places are getting short: then nobody keeps one without using it.
    fn are_short(&self) -> bool {
        self.open.load(Ordering::Relaxed) > self.most / 4 * 3
    }
}

struct Place(Connections);

impl Drop for Place {
    fn drop(&mut self) {
        OPEN.dec();
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What connection and request tell each other. They live on one thread.
#[derive(Debug)]
pub struct Line {
    /// A request is being served.
    serving: Cell<bool>,
    /// What is written now was made by our code, not by the protocol's own.
    ours: Cell<bool>,
    /// Since when there has been nothing to do.
    idle_since: Cell<Instant>,
    /// When the first byte of a head came.
    head_since: Cell<Option<Instant>>,
    /// When a request was answered before its body had come.
    unwanted_since: Cell<Option<Instant>>,
}

impl Line {
    fn new() -> Self {
        Self {
            serving: Cell::new(false),
            ours: Cell::new(false),
            idle_since: Cell::new(Instant::now()),
            // A client that says nothing at all is as slow as one that never ends its head.
            head_since: Cell::new(Some(Instant::now())),
            unwanted_since: Cell::new(None),
        }
    }

    /// A request's head is complete.
    pub(super) fn begin(&self) {
        self.head_since.set(None);
        self.serving.set(true);
        self.ours.set(true);
    }

    /// Its answer is known; `whole` when its body was read to the end.
    pub(super) fn end(&self, whole: bool) {
        self.serving.set(false);
        self.idle_since.set(Instant::now());
        if !whole {
            self.unwanted_since.set(Some(Instant::now()));
        }
    }

    fn received(&self) {
        if !self.serving.get() && self.unwanted_since.get().is_none() && self.head_since.get().is_none() {
            self.head_since.set(Some(Instant::now()));
            self.ours.set(false);
        }
    }
}

/// A connection as the HTTP machinery sees it.
pub struct Connection {
    io: TcpStream,
    line: Rc<Line>,
    limits: Arc<Limits>,
    place: Place,
    tick: Pin<Box<Sleep>>,
    slice: usize,
    unwanted: usize,
    sending: Sending,
    /// What the protocol's own bare refusal was replaced with, as far as it is not written yet.
    instead: Vec<u8>,
}

/// How well an answer is taken: only the time counts in which the client took nothing.
#[derive(Debug, Default)]
struct Sending {
    blocked_since: Option<Instant>,
    blocked: Duration,
    bytes: u64,
}

impl Connection {
    /// Takes a new client in; beyond the limit it is told so and let go.
    pub fn accept(io: TcpStream, connections: &Connections, limits: &Arc<Limits>) -> io::Result<Self> {
        let Some(place) = connections.enter() else {
            DROPPED.get_or_create(&[("reason", "full")]).inc();
            actix_web::rt::spawn(turn_away(io));
            return Err(io::ErrorKind::QuotaExceeded.into());
        };
        let _ = io.set_nodelay(true);
        Ok(Self {
            io,
            line: Rc::new(Line::new()),
            limits: Arc::clone(limits),
            place,
            tick: Box::pin(sleep(limits.tick())),
            slice: 0,
            unwanted: 0,
            sending: Sending::default(),
            instead: Vec::new(),
        })
    }

    pub fn line(&self) -> Rc<Line> {
        Rc::clone(&self.line)
    }

    /// Looks now and then whether the client is still worth waiting for.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        while self.tick.as_mut().poll(cx).is_ready() {
            if let Some(reason) = self.fault(Instant::now()) {
                DROPPED.get_or_create(&[("reason", reason)]).inc();
                if reason == "slow_head" {
                    // As much as the kernel takes: nobody waits for this client any longer.
                    let _ = self.io.try_write(&super::raw::late());
                }
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            let next = tokio::time::Instant::now() + self.limits.tick();
            self.tick.as_mut().reset(next);
        }
        Poll::Pending
    }

    fn fault(&self, now: Instant) -> Option<&'static str> {
        let longer = |since: Option<Instant>, than: Duration| {
            since.is_some_and(|since| now.saturating_duration_since(since) > than)
        };
        let sending = &self.sending;
        let blocked =
            sending.blocked_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let (serving, idle) = (self.line.serving.get(), Some(self.line.idle_since.get()));
        if longer(self.line.head_since.get(), self.limits.patience) {
            Some("slow_head")
        } else if longer(self.line.unwanted_since.get(), UNWANTED_PATIENCE) {
            Some("unwanted_body")
        } else if !blocked.is_zero() && self.limits.is_too_slow(sending.blocked + blocked, sending.bytes) {
            Some("slow_reader")
        } else if !serving && blocked.is_zero() && self.place.0.are_short() && longer(idle, UNWANTED_PATIENCE)
        {
            Some("idle")
        } else {
            None
        }
    }

    fn sent(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(0);
        SENT.inc_by(bytes);
        let sending = &mut self.sending;
        match sending.blocked_since.take() {
            Some(since) => {
                sending.blocked += since.elapsed();
                sending.bytes += bytes;
            }
            // Taken at once: whatever was slow before is made good.
            None => *sending = Sending::default(),
        }
    }

    /// Writes what stands for the protocol's own refusal, and says that the refusal was written.
    fn poll_instead(&mut self, cx: &mut Context<'_>, refusal: usize) -> Poll<io::Result<usize>> {
        while !self.instead.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, &self.instead) {
                Poll::Ready(Ok(written)) => {
                    self.sent(written);
                    self.instead.drain(..written.min(self.instead.len()));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return self.poll_patience(cx).map(Err),
            }
        }
        Poll::Ready(Ok(refusal))
    }
}

/// The buffer grows with what it is given; a read takes one slice all the same.
fn poll_read_slice(io: &mut TcpStream, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    if buf.remaining() <= SLICE * 2 {
        return Pin::new(io).poll_read(cx, buf);
    }
    let mut slice = ReadBuf::new(buf.initialize_unfilled_to(SLICE));
    let polled = Pin::new(io).poll_read(cx, &mut slice);
    let read = slice.filled().len();
    buf.advance(read);
    polled
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.unwanted >= UNWANTED {
            return this.poll_patience(cx).map(Err);
        }
        if this.slice >= SLICE {
            this.slice = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        match poll_read_slice(&mut this.io, cx, buf) {
            Poll::Pending => {
                this.slice = 0;
                this.poll_patience(cx).map(Err)
            }
            Poll::Ready(Ok(())) => {
                let read = buf.filled().len() - before;
                RECEIVED.inc_by(u64::try_from(read).unwrap_or(0));
                this.slice += read;
                if this.line.unwanted_since.get().is_some() {
                    this.unwanted += read;
                } else if read > 0 {
                    this.line.received();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.instead.is_empty() {
            return this.poll_instead(cx, buf.len());
        }
        if !this.line.ours.get()
            && let Some(answer) = super::raw::instead_of(buf)
        {
            this.instead = answer;
            return this.poll_instead(cx, buf.len());
        }
        match Pin::new(&mut this.io).poll_write(cx, buf) {
            Poll::Pending => {
                this.sending.blocked_since.get_or_insert_with(Instant::now);
                this.poll_patience(cx).map(Err)
            }
            Poll::Ready(Ok(written)) => {
                this.sent(written);
                Poll::Ready(Ok(written))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

/// Says that there is no place, and waits a moment so that the client can read it.
async fn turn_away(mut io: TcpStream) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let polite = async {
        io.write_all(&super::raw::full()).await?;
        io.shutdown().await?;
        let mut rest = [0; 1024];
        while io.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(Duration::from_millis(500), polite).await;
}
