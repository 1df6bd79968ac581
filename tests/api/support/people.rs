use super::app::TestApp;
use anlao::ids::UserId;
use reqwest::Method;
use serde_json::Value;

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub username: String,
    pub access: Option<String>,
    pub refresh: Option<String>,
    base: String,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
    /// `null` when the body is not JSON.
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The code of a problem document.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Pointer and code of each field at fault.
    pub fn faults(&self) -> Vec<(String, String)> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }

    /// Fails the test with the whole answer unless it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// The ids of a page's items, in order.
    pub fn item_ids(&self) -> Vec<String> {
        let items = self.body["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Person {
    pub fn new(
        app: &TestApp,
        id: UserId,
        username: &str,
        access: Option<String>,
        refresh: Option<String>,
    ) -> Self {
        Self {
            id,
            username: username.to_owned(),
            access,
            refresh,
            base: app.base.clone(),
            http: app.http.clone(),
        }
    }

    /// The same person with another login.
    pub fn with_login(&self, access: String, refresh: String) -> Self {
        Self { access: Some(access), refresh: Some(refresh), ..self.clone() }
    }

    /// Somebody at any server, by their access token.
    pub fn at(base: &str, access: Option<String>) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (id, username) = (UserId(uuid::Uuid::nil()), String::new());
        Self { id, username, access, refresh: None, base: base.to_owned(), http }
    }

    /// A request to a path below `/api/v1`, for whatever the shorter ways cannot say.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        match &self.access {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, headers, bytes, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Takes a step of a notice with a fresh id.
    pub async fn notice_step(&self, notice: &str, step: &Value) -> Answer {
        self.put(&format!("/notices/{notice}/steps/{}", uuid::Uuid::now_v7()), step).await
    }

    /// Takes a step with a fresh action id.
    pub async fn act(&self, hazard: &str, step: &Value) -> Answer {
        self.put(&format!("/hazards/{hazard}/actions/{}", uuid::Uuid::now_v7()), step).await
    }
}
