use super::app::PASSWORD;
use super::people::Person;
use super::photo::Photo;
use super::program::{Program, Serving};
use anlao::db::Backend;
use serde_json::{Value, json};

/// The real server in a process of its own, with an inspector and a place: what can be seen only from outside.
pub struct Office {
    pub inspector: Person,
    pub institution: String,
    pub serving: Serving,
    pub program: Program,
    /// Where the records are, for whoever wants to stand in their way.
    pub database_url: String,
    variables: Vec<(String, String)>,
}

impl Office {
    pub async fn open() -> Self {
        Self::open_with(Backend::Sqlite, &[]).await.unwrap()
    }

    /// With these variables in its environment; `None` where there is no PostgreSQL.
    pub async fn open_with(backend: Backend, variables: &[(&str, &str)]) -> Option<Self> {
        let program = Program::new();
        let mut variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let database_url = match backend {
            Backend::Sqlite => format!("sqlite:{}", program.dir.path().join("data/anlao.db").display()),
            Backend::Postgres => {
                let name = format!("anlao_{}", uuid::Uuid::now_v7().simple());
                let url = anlao_testbed::postgres_or_skip()?.create_database(&name);
                // Keys are made for SQLite only; here they are taken over.
                program.run_with(&["user", "add", "nobody", "--role", "admin"], &[], PASSWORD).expect(0);
                let keys = program.dir.path().join("data/secret.toml").display().to_string();
                variables.push(("ANLAO_DATABASE_URL".into(), url.clone()));
                variables.push(("ANLAO_SECRET_FILE".into(), keys));
                program.run_with(&["migrate"], &borrowed(&variables), "").expect(0);
                url
            }
        };
        let added =
            program.run_with(&["user", "add", "admin", "--role", "admin"], &borrowed(&variables), PASSWORD);
        added.expect(0);
        let serving = program.serve_with(&borrowed(&variables));
        let admin = log_in(&serving.base, "admin").await;
        let (area, institution) = (uuid::Uuid::now_v7().to_string(), uuid::Uuid::now_v7().to_string());
        let form = json!({ "code": "510900", "name": "遂宁市" });
        admin.put(&format!("/areas/{area}"), &form).await.expect(201);
        let form = json!({ "area_id": area, "name": "龙凤镇敬老院", "status": "operating", "ownership": "public",
            "beds": 80, "residents": 61, "disabled_residents": 22, "meal_supply": "own_canteen", "key_fire_unit": true });
        admin.put(&format!("/institutions/{institution}"), &form).await.expect(201);
        let form = json!({ "username": "inspector", "display_name": "王芳", "role": "inspector", "locale": "zh-CN",
            "scope": { "kind": "areas", "areas": [area] }, "password": PASSWORD });
        admin.put(&format!("/users/{}", uuid::Uuid::now_v7()), &form).await.expect(201);
        let inspector = log_in(&serving.base, "inspector").await;
        Some(Self { inspector, institution, serving, program, database_url, variables })
    }

    /// Starts the server anew after it has ended, and logs the inspector in.
    pub async fn reopen(&mut self) {
        self.serving = self.program.serve_with(&borrowed(&self.variables));
        self.inspector = log_in(&self.serving.base, "inspector").await;
    }

    /// What an inspector would send to register a hazard with these photos.
    pub fn hazard(&self, photos: &[&Photo]) -> Value {
        let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let evidence: Vec<Value> = photos
            .iter()
            .map(|photo| {
                let mut declared = photo.declared();
                declared["captured_at"] = Value::Null;
                declared
            })
            .collect();
        json!({ "institution_id": self.institution, "category": "fire", "location": "一楼", "description": "通道堵塞",
            "severity": "general", "found_at": now, "evidence": evidence })
    }

    /// Somebody else who may log in.
    pub async fn colleague(&self) -> Person {
        log_in(&self.serving.base, "admin").await
    }

    pub async fn register(&self, photos: &[&Photo]) {
        let path = format!("/hazards/{}", uuid::Uuid::now_v7());
        self.inspector.put(&path, &self.hazard(photos)).await.expect(201);
    }
}

fn borrowed(variables: &[(String, String)]) -> Vec<(&str, &str)> {
    variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

async fn log_in(base: &str, username: &str) -> Person {
    let anonymous = Person::at(base, None);
    let tokens = anonymous
        .post("/auth/login", &json!({ "username": username, "password": PASSWORD }))
        .await
        .expect(200)
        .body;
    Person::at(base, tokens["access_token"].as_str().map(ToOwned::to_owned))
}

/// Runs a test that speaks to a server in another process.
pub fn alone(test: impl AsyncFnOnce()) {
    actix_web::rt::System::new().block_on(test());
}
