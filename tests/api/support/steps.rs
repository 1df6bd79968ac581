use super::app::TestApp;
use super::people::Person;
use serde_json::{Value, json};

/// The steps people take, as the app would send them.
pub struct Step;

impl Step {
    /// What a manager states of a fix; all five parts, so that it will do for a major hazard too.
    pub fn plan(kind: &str) -> Value {
        json!({ "kind": kind, "measure": "更换为合格产品并重新敷设线路", "responsible_person": "李强",
            "funds_yuan": 2000, "contingency_plan": "整改期间停用该区域，安排专人值守" })
    }

    /// A fix of something that is not major.
    pub fn submit() -> Value {
        json!({ "kind": "submit", "measure": "拆除插排，改由墙面插座供电" })
    }

    pub fn request_extension(deadline: &str) -> Value {
        json!({ "kind": "request_extension", "deadline": deadline, "reason": "配件下周才到货，期间已停用" })
    }

    pub fn decide(kind: &str, approve: bool) -> Value {
        json!({ "kind": kind, "approve": approve })
    }

    pub fn because(kind: &str) -> Value {
        json!({ "kind": kind, "reason": "现场核实后的情况说明" })
    }

    pub fn judge_major() -> Value {
        json!({ "kind": "judge_major", "criterion": "MZ-4-3" })
    }

    pub fn list() -> Value {
        json!({ "kind": "list", "unit": "船山区民政局" })
    }

    pub fn transfer() -> Value {
        json!({ "kind": "transfer", "department": "船山区消防救援大队", "reason": "属消防部门职责" })
    }
}

/// The same person with a fresh login: access tokens do not outlive a moved clock.
pub async fn again(app: &TestApp, person: &Person) -> Person {
    let id = person.id;
    let tokens = app
        .as_system(move |tx| {
            anlao::sessions::login::start(tx.conn, &tx.office.keys, id, None, tx.origin, tx.now)
        })
        .await;
    person.with_login(tokens.access, tokens.refresh)
}
