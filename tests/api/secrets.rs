//! What is secret is kept nowhere but where it belongs: canaries go through the real program by every way there is, and
//! are then looked for in everything it wrote.

use crate::support::{Program, Serving, alone};
use anlao::backup::{Part, Reader};
use anlao_testbed::tally;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Cursor;

/// A password, or what is mistaken for one; no two alike.
fn canary(name: &str) -> String {
    format!("Kanarienvogel-{name}-{}", &uuid::Uuid::now_v7().simple().to_string()[20..])
}

/// Talks to the server and keeps what was secret in it, and every answer that should hold no secret.
struct Talk<'a> {
    serving: &'a Serving,
    secrets: Vec<(String, String)>,
    refusals: String,
}

impl Talk<'_> {
    fn secret(&mut self, name: &str) -> String {
        let secret = canary(name);
        self.keep(name, &secret);
        secret
    }

    fn keep(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= 16, "{name}: {secret}");
        self.secrets.push((name.into(), secret.into()));
    }

    /// Says it; keeps the answer where it is a refusal.
    async fn say(
        &mut self,
        method: Method,
        path: &str,
        token: &str,
        body: impl Into<reqwest::Body>,
    ) -> (u16, Value) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/api/v1{path}", self.serving.base);
        let asked = http
            .request(method, url)
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(body);
        let answer = asked.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        if status >= 400 {
            self.refusals.push_str(&text);
        }
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn log_in(&mut self, username: &str, password: &str) -> Value {
        let form = json!({ "username": username, "password": password }).to_string();
        let (status, tokens) = self.say(Method::POST, "/auth/login", "none", form).await;
        assert_eq!(status, 200, "{tokens}");
        for name in ["access_token", "refresh_token", "device_token"] {
            self.keep(name, tokens[name].as_str().unwrap());
        }
        tokens
    }

    /// Secrets at the right door, at the wrong one, and in every shape that is refused.
    async fn everything(&mut self, password: &str) {
        let tokens = self.log_in("admin", password).await;
        let admin = tokens["access_token"].as_str().unwrap().to_owned();
        let spent = json!({ "refresh_token": tokens["refresh_token"] }).to_string();
        let (status, renewed) = self.say(Method::POST, "/auth/refresh", "none", spent).await;
        assert_eq!(status, 200);
        self.keep("renewed refresh token", renewed["refresh_token"].as_str().unwrap());

        let user = format!("/users/{}", uuid::Uuid::now_v7());
        let first = self.secret("first password");
        let form = json!({ "username": "wang.fang", "display_name": "Goldammer", "role": "auditor", "scope": { "kind": "all" }, "password": first });
        assert_eq!(self.say(Method::PUT, &user, &admin, form.to_string()).await.0, 201);
        let second = self.secret("second password");
        let form = json!({ "password": second, "expected_version": 1 });
        assert_eq!(self.say(Method::PATCH, &user, &admin, form.to_string()).await.0, 200);
        let own = self.log_in("wang.fang", &second).await["access_token"].as_str().unwrap().to_owned();
        let third = self.secret("third password");
        let form = json!({ "current_password": second, "new_password": third });
        assert_eq!(self.say(Method::POST, "/me/password", &own, form.to_string()).await.0, 204);
        let (status, made) = self.say(Method::POST, &format!("{user}/password-token"), &admin, "").await;
        assert_eq!(status, 201, "{made}");
        let token = made["token"].as_str().unwrap().to_owned();
        self.keep("one-time token", &token);
        let fourth = self.secret("fourth password");
        let form = json!({ "token": token, "new_password": fourth });
        assert_eq!(self.say(Method::POST, "/auth/password", "none", form.to_string()).await.0, 200);
        let own = self.log_in("wang.fang", &fourth).await["access_token"].as_str().unwrap().to_owned();
        let form = json!({ "current_password": fourth });
        let (status, factor) = self.say(Method::POST, "/me/second-factor", &own, form.to_string()).await;
        assert_eq!(status, 201, "{factor}");
        self.keep("secret of the second factor", factor["secret"].as_str().unwrap());
        self.mistakes(&admin, &user).await;
    }

    async fn mistakes(&mut self, admin: &str, user: &str) {
        let mistyped = self.secret("mistyped password");
        let form = json!({ "username": "admin", "password": mistyped }).to_string();
        assert_eq!(self.say(Method::POST, "/auth/login", "none", form).await.0, 401);
        let as_name = self.secret("password typed as the name");
        let form = json!({ "username": as_name, "password": as_name }).to_string();
        assert_eq!(self.say(Method::POST, "/auth/login", "none", form).await.0, 401);
        let cut = self.secret("password in broken JSON");
        let form = format!("{{\"username\": \"admin\", \"password\": \"{cut}");
        assert_eq!(self.say(Method::POST, "/auth/login", "none", form).await.0, 400);
        let wrong_type = self.secret("password in a wrong place");
        let form = json!({ "username": "admin", "password": [wrong_type] }).to_string();
        assert_eq!(self.say(Method::POST, "/auth/login", "none", form).await.0, 422);
        let in_query = self.secret("password in the address");
        let path = format!("/auth/login?password={in_query}");
        assert!(self.say(Method::POST, &path, "none", "{}").await.0 >= 400);
        let bearer = self.secret("token that is none");
        assert_eq!(self.say(Method::GET, "/me", &bearer, "").await.0, 401);
        for (path, field) in
            [("/auth/refresh", "refresh_token"), ("/auth/setup", "token"), ("/auth/password", "token")]
        {
            let guess = self.secret(path);
            let mut form = json!({ field: guess });
            if path == "/auth/setup" {
                form = json!({ "token": guess, "username": "second", "display_name": "x", "password": canary("set-up") });
            } else if path == "/auth/password" {
                form["new_password"] = json!(canary("new"));
            }
            assert!(self.say(Method::POST, path, "none", form.to_string()).await.0 >= 400, "{path}");
        }
        let stale = self.secret("password of a change that is refused");
        let form = json!({ "password": stale, "expected_version": 99 });
        assert_eq!(self.say(Method::PATCH, user, admin, form.to_string()).await.0, 412);
        let wrong = self.secret("wrong current password");
        let form = json!({ "current_password": wrong, "new_password": canary("other") });
        assert!(self.say(Method::POST, "/me/password", admin, form.to_string()).await.0 >= 400);
    }
}

/// All that a backup holds, unfolded.
fn unfolded(file: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(Cursor::new(file), None);
    let mut text = Vec::new();
    while let Some(part) = reader.next().unwrap() {
        match part {
            Part::Rows(rows) => text.extend(rows.into_bytes()),
            Part::Bytes(bytes) => text.extend(bytes),
            other => text.extend(format!("{other:?}").into_bytes()),
        }
    }
    text
}

/// Everything the program wrote: its log, its folder but for the keys, a backup, an export, what it prints.
fn written(program: &Program) -> Vec<(String, String)> {
    let mut all = vec![("the log".to_owned(), program.log().into_bytes())];
    let variables = [("ANLAO_LOG", "trace")];
    for args in [
        &["backup", "b.anlao"][..],
        &["export", "audit", "trail.jsonl"],
        &["config"],
        &["verify"],
        &["user", "add", "--help"],
    ] {
        let ran = program.run_with(args, &variables, "").expect(0);
        all.push((args.join(" "), [ran.out, ran.err].concat().into_bytes()));
    }
    let backup = std::fs::read(program.dir.path().join("b.anlao")).unwrap();
    all.push(("the backup".into(), unfolded(&backup)));
    let mut folders = vec![program.dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.file_name().unwrap() != "secret.toml" {
                all.push((entry.display().to_string(), std::fs::read(&entry).unwrap()));
            }
        }
    }
    all.into_iter().map(|(place, bytes)| (place, String::from_utf8_lossy(&bytes).into_owned())).collect()
}

fn holds(text: &str, wanted: &str) -> bool {
    let raw = wanted.as_bytes();
    let forms = [wanted.to_owned(), hex::encode(raw), STANDARD.encode(raw), URL_SAFE_NO_PAD.encode(raw)];
    forms.iter().any(|form| text.contains(form.as_str()))
}

#[test]
fn no_password_and_no_token_is_written_anywhere() {
    alone(async || {
        let program = Program::new();
        let password = canary("administrator");
        program
            .run_with(&["user", "add", "admin", "--role", "admin"], &[("ANLAO_LOG", "trace")], &password)
            .expect(0);
        let serving = program.serve_with(&[("ANLAO_LOG", "trace"), ("ANLAO_SECOND_FACTOR", "optional")]);
        let mut talk = Talk { serving: &serving, secrets: Vec::new(), refusals: String::new() };
        talk.keep("administrator's password", &password);
        talk.everything(&password).await;
        let running = std::fs::read_to_string(format!("/proc/{}/cmdline", serving.pid())).unwrap();
        let (secrets, refusals) = (talk.secrets, talk.refusals);
        // While it runs, so that what waits in its log of writes is seen too.
        let mut places = written(&program);
        places.push(("its arguments".into(), running));
        places.push(("refusals".into(), refusals));

        let found: Vec<String> = places
            .iter()
            .flat_map(|(place, text)| {
                let seen = secrets.iter().filter(|(_, secret)| holds(text, secret));
                seen.map(move |(name, _)| format!("{name} in {place}"))
            })
            .collect();
        let searched = (places.len() * secrets.len()) as u64;
        tally("83", "places searched for canaries, times canaries", searched, found.len() as u64);
        assert!(found.is_empty(), "{}", found.join("\n"));
        // The search can find: what is no secret stands in the records, the backup and the export.
        let seen: Vec<&str> = places
            .iter()
            .filter(|(_, text)| holds(text, "Goldammer"))
            .map(|(place, _)| place.as_str())
            .collect();
        for place in ["anlao.db", "the backup", "trail.jsonl"] {
            assert!(seen.iter().any(|one| one.contains(place)), "{place} is not among {seen:?}");
        }
        assert!(program.log().contains("/api/v1/auth/login"), "the log is kept");
    });
}
