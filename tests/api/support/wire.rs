use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A client that sends exactly the bytes it is told to.
pub struct Wire {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

/// One answer as it came over the wire.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: String,
}

impl Raw {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether the server said that this answer is the last.
    pub fn is_last(&self) -> bool {
        self.header("connection") == Some("close")
    }
}

impl Wire {
    pub fn connect(base: &str) -> Self {
        let stream = TcpStream::connect(base.strip_prefix("http://").unwrap()).unwrap();
        Self { stream, unread: Vec::new() }
    }

    /// Whether everything could be handed to the kernel.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// The next answer with its body; `None` when the connection ended before, or in, it.
    pub fn answer(&mut self, patience: Duration) -> Option<Raw> {
        let deadline = Instant::now() + patience;
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more(deadline)?;
        };
        let head = String::from_utf8_lossy(&self.unread[..end]).to_lowercase();
        let mut raw = Raw { status: head.get(9..12)?.parse().ok()?, head, body: String::new() };
        let length: usize = raw.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        while self.unread.len() < end + length {
            self.more(deadline)?;
        }
        raw.body = String::from_utf8_lossy(&self.unread[end..end + length]).into_owned();
        self.unread.drain(..end + length);
        if raw.status == 100 { self.answer(patience) } else { Some(raw) }
    }

    /// Everything until the server closes the connection; fails the test when it does not.
    #[track_caller]
    pub fn rest(&mut self, patience: Duration) -> String {
        let deadline = Instant::now() + patience;
        while self.more(deadline).is_some() {}
        assert!(Instant::now() < deadline, "the connection was not closed");
        String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into_owned()
    }

    fn more(&mut self, deadline: Instant) -> Option<()> {
        let left = deadline.checked_duration_since(Instant::now())?.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left)).unwrap();
        let mut piece = [0; 16 * 1024];
        loop {
            return match self.stream.read(&mut piece) {
                Ok(0) => None,
                Ok(read) => {
                    self.unread.extend_from_slice(&piece[..read]);
                    Some(())
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => None,
            };
        }
    }

    /// Whether the server has closed the connection by now.
    pub fn is_closed(&mut self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let mut piece = [0; 4096];
        let closed = loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break true,
                Ok(read) => self.unread.extend_from_slice(&piece[..read]),
                Err(error) => break error.kind() != ErrorKind::WouldBlock,
            }
        };
        self.stream.set_nonblocking(false).unwrap();
        closed
    }
}

/// The head of a request with a token.
pub fn head(method: &str, path: &str, token: &str, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{more}\r\n")
}

/// Looks again and again until it is so; fails the test when it never is.
#[track_caller]
pub fn until(what: &str, patience: Duration, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not after {patience:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
