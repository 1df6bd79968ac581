//! Coming in: logins as people and as strangers try them.

use super::app::TestApp;
use super::people::{Answer, Person};
use anlao::ids::UserId;
use reqwest::Method;
use serde_json::{Value, json};

/// A login as a client sends it, from an address of its own where the server believes 127.0.0.1.
pub async fn log_in_from(app: &TestApp, address: &str, form: &Value) -> Answer {
    let anyone = app.anonymous();
    anyone
        .send(anyone.request(Method::POST, "/auth/login").header("x-forwarded-for", address).json(form))
        .await
}

pub async fn log_in(app: &TestApp, username: &str, password: &str) -> Answer {
    app.anonymous().post("/auth/login", &json!({ "username": username, "password": password })).await
}

/// The person of a login's answer.
pub fn entered(app: &TestApp, answer: &Answer) -> Person {
    let text = |name: &str| answer.body[name].as_str().map(str::to_owned);
    let user = &answer.body["user"];
    let id = UserId(user["id"].as_str().unwrap().parse().unwrap());
    Person::new(app, id, user["username"].as_str().unwrap(), text("access_token"), text("refresh_token"))
}

/// All of an answer that a stranger can compare: status, every header but the date and the id, the body but the id.
pub fn told(answer: &Answer) -> (u16, Vec<String>, Value) {
    let mut body = answer.body.clone();
    body["request_id"] = Value::Null;
    let headers =
        answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let mut headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    (answer.status, headers, body)
}

/// The newest entries of the trail with this action.
pub async fn trail(app: &TestApp, action: &str) -> Vec<Value> {
    let action = action.to_owned();
    let query = format!("SELECT content AS line FROM audit_entries WHERE action = '{action}' ORDER BY seq");
    let lines = app.db().read(move |conn| super::lines(conn, &query)).await.unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub async fn sql(app: &TestApp, query: &str) -> Vec<String> {
    let query = query.to_owned();
    app.db().read(move |conn| super::lines(conn, &query)).await.unwrap()
}
