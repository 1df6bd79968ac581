//! Hazards from finding to closing, as phones send them, and the list of what was acknowledged.

use crate::phone::{BUSY_FOR, PAUSE, Phone, Reply};
use crate::support::Photo;
use crate::town::{Logins, Town, photo};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Inspector,
    Manager,
}

/// One thing that is sent, again and again if need be, always with the same id.
#[derive(Debug, Clone)]
pub enum Write {
    Register { form: Value },
    Upload { photo: Photo },
    Step { id: String, body: Value },
}

impl Write {
    fn who(&self) -> Who {
        match self {
            Self::Register { .. } => Who::Inspector,
            Self::Upload { photo } if photo.role == "before" => Who::Inspector,
            Self::Upload { .. } => Who::Manager,
            Self::Step { body, .. } if body["kind"] == "recheck_pass" => Who::Inspector,
            Self::Step { .. } => Who::Manager,
        }
    }

    pub fn name(&self) -> String {
        match self {
            Self::Register { .. } => "register".into(),
            Self::Upload { photo } => format!("upload {} ({} bytes)", photo.id, photo.bytes.len()),
            Self::Step { body, .. } => body["kind"].as_str().unwrap().to_owned(),
        }
    }
}

/// How far a write has come, as the phone knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    NotSent,
    /// Sent, and no answer: it may have happened or not.
    Unknown,
    Acknowledged,
}

/// One hazard and everything that is to be sent of it, in order.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub writes: Vec<(Write, Known)>,
}

/// The two people of a town, at one server.
#[derive(Clone)]
pub struct People {
    pub inspector: Phone,
    pub manager: Phone,
}

impl People {
    pub fn at(base: &str, logins: &Logins) -> Self {
        let inspector = Phone::new(base, &logins.inspector);
        let manager = Phone { token: logins.manager.clone(), ..inspector.clone() };
        Self { inspector, manager }
    }

    /// The same people at another server.
    pub fn moved(&self, base: &str) -> Self {
        let moved = |phone: &Phone| Phone { base: base.to_owned(), ..phone.clone() };
        Self { inspector: moved(&self.inspector), manager: moved(&self.manager) }
    }

    pub async fn send(&self, hazard: &str, write: &Write) -> Option<Reply> {
        let phone = match write.who() {
            Who::Inspector => &self.inspector,
            Who::Manager => &self.manager,
        };
        match write {
            Write::Register { form } => phone.put(&format!("/hazards/{hazard}"), form).await,
            Write::Upload { photo } => phone.upload(photo).await,
            Write::Step { id, body } => phone.put(&format!("/hazards/{hazard}/actions/{id}"), body).await,
        }
    }
}

fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

impl Case {
    /// Found with one or two photos, accepted, fixed with a photo, re-checked: seven or eight writes.
    pub fn draw(town: &Town, chance: &mut ChaCha8Rng) -> Self {
        let mut size = || {
            // Mostly thumbnails, now and then a photo that takes several packets and flushes.
            if chance.random_ratio(1, 12) {
                chance.random_range(100_000..400_000)
            } else {
                chance.random_range(500..6_000)
            }
        };
        let sizes = [size(), size(), size()];
        let several = chance.random_bool(0.3);
        let mut before = vec![photo("before", sizes[0], chance)];
        if several {
            before.push(photo("before", sizes[1], chance));
        }
        let after = photo("after", sizes[2], chance);
        let declared: Vec<Value> = before.iter().map(Photo::declared).collect();
        let form = json!({ "institution_id": town.home, "category": "electricity", "checklist_item": "E03",
            "location": format!("二楼东侧{:03}室床头", chance.random_range(0..1000)),
            "description": format!("移动插排串接，外壳有烧痕 {:08x}", chance.random::<u32>()),
            "severity": "general", "found_at": "2026-03-10T01:58:00Z", "evidence": declared });
        let step = |body: Value| Write::Step { id: fresh(), body };
        let mut writes = vec![Write::Register { form }];
        writes.extend(before.into_iter().map(|photo| Write::Upload { photo }));
        writes.push(step(json!({ "kind": "accept" })));
        writes.push(step(
            json!({ "kind": "submit", "measure": "改由固定插座供电", "evidence": [after.declared()] }),
        ));
        writes.push(Write::Upload { photo: after });
        writes.push(step(json!({ "kind": "recheck_pass" })));
        Self { id: fresh(), writes: writes.into_iter().map(|write| (write, Known::NotSent)).collect() }
    }

    pub fn acknowledged(&self) -> usize {
        self.writes.iter().filter(|(_, known)| *known == Known::Acknowledged).count()
    }

    /// Whether something was sent that got no answer.
    pub fn is_open(&self) -> bool {
        self.writes.iter().any(|(_, known)| *known == Known::Unknown)
    }

    /// Whether the server has heard of it, or may have.
    pub fn was_sent(&self) -> bool {
        self.writes[0].1 != Known::NotSent
    }

    /// Sends what was sent before and never answered. All of it must be accepted, and nothing doubled.
    pub async fn send_again(&mut self, people: &People) -> Vec<String> {
        let mut wrong = Vec::new();
        for (write, known) in &mut self.writes {
            if *known != Known::Unknown {
                continue;
            }
            let mut reply = people.send(&self.id, write).await;
            for _ in 0..BUSY_FOR {
                if !reply.as_ref().is_some_and(Reply::is_busy) {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
                reply = people.send(&self.id, write).await;
            }
            match reply {
                Some(reply) if reply.acknowledges() => *known = Known::Acknowledged,
                Some(reply) => {
                    wrong.push(format!("{} of {} sent again: {}", write.name(), self.id, reply.told()))
                }
                None => wrong.push(format!("{} of {} sent again: no answer", write.name(), self.id)),
            }
        }
        wrong
    }

    /// Compares what the server has with what it acknowledged: all of that must be there, as it was sent and once.
    pub async fn compare(&self, people: &People) -> Vec<String> {
        let Some(reply) = people.inspector.get_in_the_end(&format!("/hazards/{}", self.id)).await else {
            return vec![format!("hazard {}: no answer", self.id)];
        };
        let mut wrong = Vec::new();
        let mut check = |holds: bool, what: String| {
            if !holds {
                wrong.push(format!("hazard {}: {what}", self.id));
            }
        };
        if reply.status == 404 {
            for (write, known) in &self.writes {
                check(*known != Known::Acknowledged, format!("acknowledged and gone: {}", write.name()));
            }
            return wrong;
        }
        check(reply.status == 200, reply.told());
        let seen = &reply.body;
        let empty = Vec::new();
        let timeline = seen["timeline"].as_array().unwrap_or(&empty);
        let photos = seen["photos"].as_array().unwrap_or(&empty);
        let mut expected = "pending";
        for (write, known) in &self.writes {
            let acknowledged = *known == Known::Acknowledged;
            match write {
                Write::Register { form } => {
                    for field in ["institution_id", "category", "location", "description", "severity"] {
                        check(seen[field] == form[field], format!("{field} is {}", seen[field]));
                    }
                    for declared in form["evidence"].as_array().unwrap() {
                        check(is_declared(photos, declared), format!("photo not as declared: {declared}"));
                    }
                }
                Write::Upload { photo } => {
                    let found = photos.iter().find(|one| one["id"] == photo.id);
                    let stored = found.is_some_and(|one| one["state"] == "stored");
                    check(stored || !acknowledged, format!("acknowledged and not stored: {}", write.name()));
                }
                Write::Step { id, body } => {
                    let times = timeline.iter().filter(|entry| entry["id"] == *id).count();
                    check(times <= 1, format!("{times} times: {}", write.name()));
                    check(times == 1 || !acknowledged, format!("acknowledged and gone: {}", write.name()));
                    if times == 1 {
                        expected = status_after(body["kind"].as_str().unwrap());
                    }
                }
            }
        }
        check(
            seen["status"] == expected,
            format!("is {} where its steps make it {expected}", seen["status"]),
        );
        let steps = timeline.iter().filter(|entry| entry["kind"] != "registered").count();
        let sent = self.writes.iter().filter(|(write, _)| matches!(write, Write::Step { .. })).count();
        check(steps <= sent, format!("{steps} steps where {sent} were sent"));
        wrong
    }
}

fn is_declared(photos: &[Value], declared: &Value) -> bool {
    let same =
        |one: &&Value| ["id", "sha256", "role", "size"].iter().all(|field| one[*field] == declared[*field]);
    photos.iter().filter(same).count() == 1
}

fn status_after(kind: &str) -> &'static str {
    match kind {
        "accept" => "rectifying",
        "submit" => "awaiting_recheck",
        "recheck_pass" => "closed",
        other => panic!("no such step here: {other}"),
    }
}

/// The ids of all hazards that the server lists, each as often as it lists them.
pub async fn listed(phone: &Phone) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = phone.get(&format!("/hazards?limit=200{cursor}")).await.expect("an answer");
        assert_eq!(page.status, 200, "{}", page.told());
        for item in page.body["items"].as_array().unwrap() {
            found.push(item["id"].as_str().unwrap().to_owned());
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// The list must hold exactly what was sent: nothing twice, nothing that nobody sent.
pub async fn compare_list(phone: &Phone, cases: &[Case]) -> Vec<String> {
    let found = listed(phone).await;
    let sent: BTreeSet<&str> =
        cases.iter().filter(|case| case.was_sent()).map(|case| case.id.as_str()).collect();
    let once: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let mut wrong = Vec::new();
    if once.len() != found.len() {
        wrong.push(format!("{} hazards are listed twice", found.len() - once.len()));
    }
    if once != sent {
        wrong.push(format!("listed but not sent, or the reverse: {:?}", once.symmetric_difference(&sent)));
    }
    wrong
}
