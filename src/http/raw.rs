//! Answers below the HTTP machinery: what it refuses by itself, bare, gets the one form of all problems here.

use super::envelope::fresh_id;
use super::problem::{Language, code_for_status, problem, status};
use crate::refusal::{Code, Kind};
use actix_web::http::StatusCode;

/// What to send in place of the protocol's own refusal, if `bytes` is exactly one.
pub(super) fn instead_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let number = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let bare = text.ends_with("\r\n\r\n")
        && text.matches("HTTP/1.1 ").count() == 1
        && text.to_ascii_lowercase().contains("content-length: 0");
    let status = StatusCode::from_u16(number).ok().filter(|status| bare && status.is_client_error())?;
    Some(answer(code_for_status(status)))
}

/// What a client is told for whom there is no place.
pub(super) fn full() -> Vec<u8> {
    answer(Code::Busy)
}

/// What a client is told whose request's head did not come.
pub(super) fn late() -> Vec<u8> {
    answer(Code::RequestTimeout)
}

fn answer(code: Code) -> Vec<u8> {
    let (id, status) = (fresh_id(), status(code.kind()));
    let body = problem(&code.into(), Language::Chinese, id.to_string());
    let retry = if code.kind() == Kind::Busy { "retry-after: 2\r\n" } else { "" };
    tracing::info!(request_id = %id, status = status.as_u16(), code = code.as_str(), "a request was refused unread");
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\
         anlao-api: 1\r\nx-request-id: {id}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n{retry}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_refusals_are_replaced() {
        let bare = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let text = String::from_utf8(instead_of(bare).unwrap()).unwrap();
        assert!(
            text.starts_with("HTTP/1.1 400 Bad Request\r\n") && text.contains("malformed_request"),
            "{text}"
        );
        for other in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 ",
            b"\xff\xfe",
        ] {
            assert_eq!(instead_of(other), None);
        }
    }
}
