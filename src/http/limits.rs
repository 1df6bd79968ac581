//! How much one client may take of the server, as configured, and what kind of work a request is.

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, header};
use std::time::Duration;

/// Requests of one class share a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Read,
    Write,
    /// Bytes that are not JSON: photos, documents, spreadsheets.
    Upload,
    /// A whole list or trail in one answer.
    Export,
    /// Asked by the machines that watch this one; never limited.
    Watched,
}

impl Class {
    pub const LIMITED: [Self; 4] = [Self::Read, Self::Write, Self::Upload, Self::Export];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Upload => "upload",
            Self::Export => "export",
            Self::Watched => "watched",
        }
    }

    /// Told by method, path and content type, before anything is routed.
    pub fn of(req: &ServiceRequest) -> Self {
        let path = req.path();
        if path == "/healthz" || path == "/readyz" {
            return Self::Watched;
        }
        if matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            let file = path.contains("/exports/") && path.ends_with("/file");
            let export = file || path.split('/').any(|part| part == "export");
            return if export { Self::Export } else { Self::Read };
        }
        let has_body = req.headers().contains_key(header::CONTENT_TYPE);
        if has_body && !req.content_type().eq_ignore_ascii_case("application/json") {
            return Self::Upload;
        }
        Self::Write
    }
}

/// Requests a minute of each class; none is no limit. A minute's worth may come at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    pub read: u32,
    pub write: u32,
    pub upload: u32,
    pub export: u32,
}

impl Rates {
    pub fn of(&self, class: Class) -> u32 {
        match class {
            Class::Read => self.read,
            Class::Write => self.write,
            Class::Upload => self.upload,
            Class::Export => self.export,
            Class::Watched => 0,
        }
    }

    /// Reads `read=6000 write=3000`; a class that is not named has no limit, and `0` names none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rates = Self::default();
        for part in text.split_whitespace().filter(|part| *part != "0") {
            let (class, number) = part.split_once('=')?;
            let number = number.parse().ok()?;
            match class {
                "read" => rates.read = number,
                "write" => rates.write = number,
                "upload" => rates.upload = number,
                "export" => rates.export = number,
                _ => return None,
            }
        }
        Some(rates)
    }
}

/// What an operator may set about serving.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From a request's first line to its answer.
    pub request_deadline: Duration,
    /// The same for [`Class::Upload`].
    pub upload_deadline: Duration,
    /// For the head of a request, and for how long a client may be silent in the middle of a body.
    pub patience: Duration,
    /// Bytes a second below which a client is too slow, in both directions.
    pub slowest: u64,
    /// Connections that may be open at once.
    pub connections: usize,
    pub user_rates: Rates,
    pub address_rates: Rates,
    /// How long the server goes on accepting after it has said that it will end.
    pub shutdown_delay: Duration,
}

impl Limits {
    /// How often slow clients are looked for: often enough for the shortest of the limits.
    pub fn tick(&self) -> Duration {
        (self.patience.min(self.request_deadline) / 8)
            .clamp(Duration::from_millis(50), Duration::from_secs(1))
    }

    /// Whether so few bytes came or went while the other side was waited for that waiting has no sense.
    pub fn is_too_slow(&self, waited: Duration, bytes: u64) -> bool {
        let beyond = waited.saturating_sub(self.patience);
        !beyond.is_zero() && u128::from(bytes) * 1000 < u128::from(self.slowest) * beyond.as_millis() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_strictly() {
        let rates = Rates::parse("read=10 export=1").unwrap();
        assert_eq!((rates.of(Class::Read), rates.of(Class::Export), rates.of(Class::Write)), (10, 1, 0));
        assert_eq!(Rates::parse("0"), Some(Rates::default()));
        assert_eq!(Rates::parse(""), Some(Rates::default()));
        for wrong in ["read", "read=", "read=-1", "reads=1", "read=1,write=2"] {
            assert_eq!(Rates::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_client_is_too_slow_when_silent_or_below_the_rate() {
        let seconds = Duration::from_secs;
        let limits = Limits {
            request_deadline: seconds(15),
            upload_deadline: seconds(120),
            patience: seconds(10),
            slowest: 1024,
            connections: 1,
            user_rates: Rates::default(),
            address_rates: Rates::default(),
            shutdown_delay: seconds(0),
        };
        assert!(!limits.is_too_slow(seconds(10), 0));
        assert!(limits.is_too_slow(seconds(11), 0));
        assert!(limits.is_too_slow(seconds(20), 10 * 1024 - 1));
        assert!(!limits.is_too_slow(seconds(20), 10 * 1024 + 1));
    }
}
