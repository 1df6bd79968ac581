//! Somebody with a phone on a bad line: a request may be answered, or not.

use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

use crate::support::Photo;

/// A phone's pause before it asks a busy server again, and how often it does.
pub const PAUSE: Duration = Duration::from_millis(100);
pub const BUSY_FOR: usize = 300;

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub bytes: Vec<u8>,
    pub content_type: String,
}

impl Reply {
    /// Whether the server says that it has it, now or before.
    pub fn acknowledges(&self) -> bool {
        matches!(self.status, 200 | 201)
    }

    /// Whether this is an error as the API promises it.
    pub fn is_problem(&self) -> bool {
        self.content_type == "application/problem+json" && self.body["status"] == self.status
    }

    /// Whether the server promises to be back: what any phone takes for "later".
    pub fn is_busy(&self) -> bool {
        self.status == 503 && self.is_problem()
    }

    pub fn told(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.bytes))
    }
}

#[derive(Clone)]
pub struct Phone {
    pub base: String,
    pub token: String,
    pub http: reqwest::Client,
}

impl Phone {
    pub fn new(base: &str, token: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Self { base: base.to_owned(), token: token.to_owned(), http }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token)
    }

    /// `None` when no whole answer came: then nobody knows whether it was done.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Option<Reply> {
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = kind.unwrap_or_default().to_owned();
        let bytes = response.bytes().await.ok()?.to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Some(Reply { status, body, bytes, content_type })
    }

    pub async fn get(&self, path: &str) -> Option<Reply> {
        self.send(self.request(Method::GET, path)).await
    }

    /// [`Phone::get`], asked again while the server says that it is too busy.
    pub async fn get_in_the_end(&self, path: &str) -> Option<Reply> {
        let mut reply = self.get(path).await;
        for _ in 0..BUSY_FOR {
            if !reply.as_ref().is_some_and(Reply::is_busy) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            reply = self.get(path).await;
        }
        reply
    }

    pub async fn put(&self, path: &str, body: &Value) -> Option<Reply> {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn upload(&self, photo: &Photo) -> Option<Reply> {
        let request = self
            .request(Method::PUT, &format!("/evidence/{}/content", photo.id))
            .header("content-type", photo.media_type)
            .header("content-digest", photo.digest_header())
            .body(photo.bytes.clone());
        self.send(request).await
    }
}
