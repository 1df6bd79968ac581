//! How long a request may take, and how slowly its body may come.

use super::limits::{Class, Limits};
use crate::draining::Draining;
use crate::refusal::Code;
use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header;
use bytes::Bytes;
use futures_util::Stream;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Far enough apart to cost nothing, close enough to end with the program.
const GLANCE: Duration = Duration::from_secs(5);

/// A body that is read to its end even when nobody wants it.
const SMALL: usize = 16 * 1024;

/// How a request's body is coming in.
pub(super) struct Progress {
    payload: RefCell<Payload>,
    bytes: Cell<u64>,
    whole: Cell<bool>,
    waiting_since: Cell<Option<Instant>>,
    waited: Cell<Duration>,
}

impl Progress {
    fn of(payload: Payload) -> Rc<Self> {
        Rc::new(Self {
            payload: RefCell::new(payload),
            bytes: Cell::new(0),
            whole: Cell::new(false),
            waiting_since: Cell::new(None),
            waited: Cell::new(Duration::ZERO),
        })
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let polled = Pin::new(&mut *self.payload.borrow_mut()).poll_next(cx);
        match &polled {
            Poll::Pending => {
                if self.waiting_since.get().is_none() {
                    self.waiting_since.set(Some(Instant::now()));
                }
            }
            Poll::Ready(next) => {
                if let Some(since) = self.waiting_since.take() {
                    self.waited.set(self.waited.get() + since.elapsed());
                }
                match next {
                    Some(Ok(chunk)) => {
                        self.bytes.set(self.bytes.get() + u64::try_from(chunk.len()).unwrap_or(0));
                    }
                    None => self.whole.set(true),
                    Some(Err(_)) => {}
                }
            }
        }
        polled
    }

    /// Takes what is there of a body that nobody read, so that the connection of a small one stays usable.
    pub(super) fn take_the_rest(&self) {
        let mut taken = 0;
        let mut cx = Context::from_waker(Waker::noop());
        while !self.is_whole() && taken < SMALL {
            let Poll::Ready(Some(Ok(chunk))) = self.poll_next(&mut cx) else { return };
            taken += chunk.len();
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole.get()
    }

    /// Time spent on waiting for the client, and not for ourselves.
    fn waited(&self) -> Duration {
        self.waited.get() + self.waiting_since.get().map_or(Duration::ZERO, |since| since.elapsed())
    }
}

struct Watched(Rc<Progress>);

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(cx)
    }
}

/// Has the body of a request watched, if it has one.
pub(super) fn watch_body(req: &mut ServiceRequest) -> Option<Rc<Progress>> {
    let headers = req.headers();
    let length = headers.get(header::CONTENT_LENGTH).map(|value| value.as_bytes() != b"0");
    if !length.unwrap_or(headers.contains_key(header::TRANSFER_ENCODING)) {
        return None;
    }
    let progress = Progress::of(req.take_payload());
    req.set_payload(Payload::Stream { payload: Box::pin(Watched(Rc::clone(&progress))) });
    Some(progress)
}

/// Ends when a request has taken too long, with what to say about it.
pub(super) async fn passed(
    limits: &Limits,
    class: Class,
    body: Option<Rc<Progress>>,
    draining: &Draining,
) -> Code {
    let deadline = if class == Class::Upload { limits.upload_deadline } else { limits.request_deadline };
    let (began, glance) = (Instant::now(), if body.is_some() { limits.tick() } else { GLANCE });
    loop {
        let left = deadline.saturating_sub(began.elapsed());
        let awaited = body.as_ref().filter(|body| !body.is_whole());
        if left.is_zero() {
            return if awaited.is_some_and(|body| body.waiting_since.get().is_some()) {
                Code::RequestTimeout
            } else {
                Code::Busy
            };
        }
        if draining.is_cut_off() {
            return Code::Unavailable;
        }
        if awaited.is_some_and(|body| limits.is_too_slow(body.waited(), body.bytes.get())) {
            return Code::RequestTimeout;
        }
        tokio::time::sleep(left.min(glance)).await;
    }
}
