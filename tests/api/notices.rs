//! Notices: numbered without gaps or doubles, issued once, from the hazards they may list, served, acknowledged,
//! answered, void; and what the code on the paper opens.

use crate::on_both_databases;
use crate::support::{Answer, Person, Step, TestApp, World};
use anlao_testbed::{tally, tries};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn with(form: &Value, field: &str, value: Value) -> Value {
    let mut other = form.clone();
    other[field] = value;
    other
}

/// A form of a kind with just the facts its sample template asks for.
fn of_kind(world: &World, kind: &str, hazards: &[&str]) -> Value {
    let mut form = world.notice(hazards);
    form["kind"] = json!(kind);
    let facts: &[(&str, &str)] = match kind {
        "rectification_notice" => return form,
        "inspection_record" => &[
            ("place", "院内"),
            ("present", "赵院长"),
            ("facts", "检查了一至三楼。"),
            ("handling", "限期整改。"),
        ],
        "recheck_opinion" => &[("handling", "同意销号。")],
        "transfer_letter" => {
            &[("facts", "通道被占用。"), ("recipient", "船山区消防救援大队"), ("reply_to", "船山区民政局")]
        }
        "supervision_letter" => &[("handling", "三日内完成。"), ("reply_to", "船山区民政局")],
        "interview_notice" => &[("place", "船山区民政局三楼"), ("handling", "说明原因。")],
        other => panic!("{other}"),
    };
    let keep: &[&str] = match kind {
        "inspection_record" | "recheck_opinion" => &["inspected_on", "inspectors"],
        "interview_notice" => &["inspected_on"],
        _ => &[],
    };
    for field in ["inspected_on", "inspectors", "reply_to"] {
        if !keep.contains(&field) {
            form.as_object_mut().unwrap().remove(field);
        }
    }
    for (field, text) in facts {
        form[*field] = json!(text);
    }
    form
}

fn serve(how: &str, refused: bool) -> Value {
    json!({ "kind": "serve", "how": how, "served_at": "2026-03-10T02:00:00Z", "recipient": "赵院长", "refused": refused })
}

/// What the code on the paper opens.
async fn scan(app: &TestApp, address: &str) -> (u16, String, String) {
    let path = address.split_once("/n/").map_or(address.to_owned(), |(_, rest)| format!("/n/{rest}"));
    let answer = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), answer.text().await.unwrap(), policy)
}

on_both_databases! {
    /// Fifty at once and more, of two kinds, from two offices, every fourth of them refused after its number was
    /// taken: each office's numbers of each kind are 1, 2, 3… without a gap and without a double.
    numbers_have_no_gap_and_no_double, app => {
        let world = World::build(app).await;
        let here = world.registered(&world.hazard(&[])).await;
        let mut form = world.hazard(&[]);
        form["institution_id"] = json!(world.home_b1);
        let there = fresh();
        world.inspector_b.put(&format!("/hazards/{there}"), &form).await.expect(201);
        let rounds = tries(1, 8);
        let mut numbers: BTreeMap<(String, String), BTreeSet<i64>> = BTreeMap::new();
        let (mut issued, mut refused) = (0, 0);
        for _ in 0..rounds {
            let send = async |at: usize| {
                let (by, hazard, office, home) = match at % 2 {
                    0 => (&world.supervisor, &here, world.county_a, world.home_a1),
                    _ => (&world.supervisor_b, &there, world.county_b, world.home_b1),
                };
                let kind = if (at / 2).is_multiple_of(2) { "rectification_notice" } else { "supervision_letter" };
                let mut form = of_kind(&world, kind, &[hazard.as_str()]);
                form["office_area_id"] = json!(office);
                form["institution_id"] = json!(home);
                // Nobody said where the answer goes: the template finds out, and by then the number is taken.
                if at % 8 > 5 {
                    form.as_object_mut().unwrap().remove("reply_to");
                }
                by.put(&format!("/notices/{}", fresh()), &form).await
            };
            let answers: Vec<Answer> = join_all((0..64).map(send)).await;
            for answer in answers {
                if answer.status == 422 {
                    assert_eq!(answer.faults(), [("/reply_to".to_owned(), "required".to_owned())]);
                    refused += 1;
                    continue;
                }
                let body = answer.expect(201).body;
                let text = body["number"].as_str().unwrap();
                let number = text.split(['〕', '号']).nth(1).unwrap().parse().unwrap();
                let key = (body["office_area_id"].to_string(), body["kind"].to_string());
                assert!(numbers.entry(key).or_default().insert(number), "{text} was given twice");
                issued += 1;
            }
        }
        let gaps: u64 = numbers.values().map(|given| given.last().unwrap().abs_diff(given.len() as i64)).sum();
        tally("49", &format!("notices issued at once under numbers without gap or double ({:?})", app.backend).to_lowercase(), issued, gaps);
        assert_eq!(numbers.len(), 4);
        assert_eq!((issued, refused), (48 * rounds, 16 * rounds));
        assert_eq!(gaps, 0, "{numbers:?}");
    }

    /// A hundred times the same: one notice, one number, one entry; something else under its id is refused.
    it_is_issued_once, app => {
        let world = World::build(app).await;
        let hazard = world.registered(&world.hazard(&[])).await;
        let (id, form) = (fresh(), world.notice(&[&hazard]));
        let path = format!("/notices/{id}");
        let answers = join_all((0..100).map(|_| world.inspector.put(&path, &form))).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!((made, answers.iter().filter(|answer| answer.status == 200).count()), (1, 99));
        assert!(answers.iter().all(|answer| answer.body["number"] == "船民安责改〔2026〕1号"), "{}", answers[0].body);
        let other = world.inspector.put(&path, &with(&form, "reply_to", json!("别处"))).await.expect(409);
        assert_eq!(other.code(), "id_taken");
        let trail = world.supervisor.get(&format!("/audit?institution_id={}&object_id={id}", world.home_a1)).await.expect(200);
        assert_eq!(trail.body["items"].as_array().unwrap().len(), 1);
        assert_eq!(trail.body["items"][0]["action"], "notice.issued");
        let next = world.issued(&form).await;
        assert_eq!(world.auditor.get(&format!("/notices/{next}")).await.expect(200).body["number"], "船民安责改〔2026〕2号");
        // The year is the office's own: 2027 begins there before it begins in Greenwich.
        let home = chrono::DateTime::parse_from_rfc3339("2026-12-31T16:30:00Z").unwrap();
        app.clock.advance(home.to_utc() - app.clock.now().utc());
        let supervisor = crate::support::again(app, &world.supervisor).await;
        let form = with(&form, "inspected_on", json!("2026-12-30"));
        let first = supervisor.put(&format!("/notices/{}", fresh()), &form).await.expect(201).body;
        assert_eq!((first["number"].clone(), first["year"].clone()), (json!("船民安责改〔2027〕1号"), json!(2027)));
    }

    /// Every kind is issued from the hazards it may list, under its own number, by those who may.
    each_kind_lists_what_it_may, app => {
        let world = World::build(app).await;
        let kinds = ["rectification_notice", "inspection_record", "recheck_opinion", "transfer_letter", "supervision_letter", "interview_notice"];
        let pending = world.registered(&world.hazard(&[])).await;
        let rectifying = world.registered(&world.hazard(&[])).await;
        world.manager.act(&rectifying, &Step::plan("accept")).await.expect(201);
        let awaiting = world.fixed().await;
        let closed = world.fixed().await;
        world.inspector.act(&closed, &json!({ "kind": "recheck_pass" })).await.expect(201);
        let transferred = world.registered(&world.hazard(&[])).await;
        world.supervisor.act(&transferred, &Step::transfer()).await.expect(201);
        let void = world.registered(&world.hazard(&[])).await;
        world.inspector.act(&void, &Step::because("request_void")).await.expect(201);
        world.supervisor.act(&void, &Step::decide("decide_void", true)).await.expect(201);
        let states = [("pending", &pending), ("rectifying", &rectifying), ("awaiting_recheck", &awaiting),
            ("closed", &closed), ("transferred", &transferred), ("void", &void)];
        let allowed = |kind: &str| -> &[&str] {
            match kind {
                "rectification_notice" => &["pending", "rectifying"],
                "inspection_record" => &["pending", "rectifying", "awaiting_recheck", "closed", "transferred"],
                "recheck_opinion" => &["rectifying", "closed"],
                "transfer_letter" => &["pending", "rectifying", "awaiting_recheck", "transferred"],
                _ => &["pending", "rectifying", "awaiting_recheck"],
            }
        };
        for kind in kinds {
            for (state, hazard) in states {
                let form = of_kind(&world, kind, &[hazard.as_str()]);
                let answer = world.supervisor.put(&format!("/notices/{}", fresh()), &form).await;
                if allowed(kind).contains(&state) {
                    assert_eq!(answer.expect(201).body["kind"], kind, "{state}");
                } else {
                    let answer = answer.expect(409);
                    assert_eq!((answer.code(), answer.body["current"]["status"].as_str()), ("step_not_allowed", Some(state)), "{kind}");
                    assert_eq!(answer.faults()[0].0, "/hazards/0/hazard_id");
                }
            }
            let nothing = world.supervisor.put(&format!("/notices/{}", fresh()), &of_kind(&world, kind, &[])).await;
            nothing.expect(if kind == "inspection_record" { 201 } else { 422 });
            let inspectors = !matches!(kind, "supervision_letter" | "interview_notice");
            let hazard = if kind == "recheck_opinion" { &closed } else { &pending };
            let answer = world.inspector.put(&format!("/notices/{}", fresh()), &of_kind(&world, kind, &[hazard.as_str()])).await;
            answer.expect(if inspectors { 201 } else { 403 });
        }
    }

    /// What cannot be meant is refused with its field, takes no number and leaves nothing.
    faults_are_told_by_field, app => {
        let world = World::build(app).await;
        let hazard = world.registered(&world.hazard(&[])).await;
        let form = world.notice(&[&hazard]);
        let mut foreign = world.hazard(&[]);
        foreign["institution_id"] = json!(world.home_b1);
        let there = fresh();
        world.inspector_b.put(&format!("/hazards/{there}"), &foreign).await.expect(201);
        foreign["institution_id"] = json!(world.home_a2);
        let neighbour = fresh();
        world.inspector.put(&format!("/hazards/{neighbour}"), &foreign).await.expect(201);
        let listed = |id: &str| json!([{ "hazard_id": id }]);
        let cases = [
            ("hazards", json!([]), "/hazards", "required"),
            ("hazards", json!([{ "hazard_id": hazard }, { "hazard_id": hazard }]), "/hazards/1/hazard_id", "duplicate"),
            ("hazards", listed(&fresh()), "/hazards/0/hazard_id", "unknown_reference"),
            ("hazards", listed(&there), "/hazards/0/hazard_id", "unknown_reference"),
            ("hazards", listed(&neighbour), "/hazards/0/hazard_id", "unknown_reference"),
            ("hazards", json!([{ "hazard_id": hazard, "requirement": "" }]), "/hazards/0/requirement", "required"),
            ("hazards", json!([{ "hazard_id": hazard, "basis": "法".repeat(301) }]), "/hazards/0/basis", "too_long"),
            ("hazards", (0..31).map(|_| json!({ "hazard_id": fresh() })).collect(), "/hazards", "too_many"),
            ("office_area_id", json!(world.city), "/office_area_id", "unknown_reference"),
            ("office_area_id", json!(world.town_a1), "/office_area_id", "unknown_reference"),
            ("template", json!("inspection-record"), "/template", "unknown_reference"),
            ("inspected_on", json!("2026-03-11"), "/inspected_on", "in_future"),
            ("inspected_on", json!("2024-03-11"), "/inspected_on", "too_early"),
            ("inspected_on", Value::Null, "/inspected_on", "required"),
            ("inspectors", json!("王芳\n李强"), "/inspectors", "control_character"),
            ("reply_to", Value::Null, "/reply_to", "required"),
            // Given, and yet not on the paper: the issuer would believe that it was said.
            ("handling", json!("立即停业"), "/handling", "not_allowed_here"),
            ("paragraphs", json!([{ "text": " " }]), "/paragraphs/0/text", "required"),
            ("paragraphs", vec![json!({ "text": "段" }); 11].into(), "/paragraphs", "too_many"),
        ];
        for (field, value, pointer, code) in cases {
            let answer = world.supervisor.put(&format!("/notices/{}", fresh()), &with(&form, field, value.clone())).await.expect(422);
            assert!(answer.faults().contains(&(pointer.to_owned(), code.to_owned())), "{field} {value}: {}", answer.body);
        }
        let other_town = with(&with(&form, "office_area_id", json!(world.county_b)), "institution_id", json!(world.home_a1));
        let answer = world.supervisor_b.put(&format!("/notices/{}", fresh()), &other_town).await.expect(422);
        assert_eq!(answer.faults(), [("/institution_id".to_owned(), "unknown_reference".to_owned())]);
        let id = world.issued(&form).await;
        assert_eq!(world.manager.get(&format!("/notices/{id}")).await.expect(200).body["number"], "船民安责改〔2026〕1号");
        world.manager_b.get(&format!("/notices/{id}")).await.expect(404);
        world.inspector_b.put(&format!("/notices/{id}"), &form).await.expect(404);
    }

    /// Served, acknowledged, answered: each by those whose it is, each once under its id, and every step in the trail.
    its_story, app => {
        let world = World::build(app).await;
        let hazard = world.registered(&world.hazard(&[])).await;
        let id = world.issued(&world.notice(&[&hazard])).await;
        let at = async |by: &Person| by.get(&format!("/notices/{id}")).await.expect(200).body;
        assert_eq!(at(&world.inspector).await["allowed_steps"], json!(["serve"]));
        assert_eq!(at(&world.supervisor).await["allowed_steps"], json!(["serve", "void"]));
        assert_eq!(at(&world.manager).await["allowed_steps"], json!(["acknowledge", "reply"]));
        assert_eq!(at(&world.auditor).await["allowed_steps"], json!([]));
        // Whoever does not take it has not been served, until it is left there.
        let refused = world.inspector.notice_step(&id, &serve("in_person", true)).await.expect(201).body;
        assert_eq!((refused["state"].clone(), refused["served_at"].clone()), (json!("issued"), Value::Null));
        let (step, form) = (fresh(), serve("left", true));
        let path = format!("/notices/{id}/steps/{step}");
        let answers = join_all((0..20).map(|_| world.inspector.put(&path, &form))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| answer.body["state"] == "served" && answer.status < 300));
        assert_eq!(world.inspector.put(&path, &serve("post", false)).await.expect(409).code(), "id_taken");
        world.inspector.notice_step(&id, &json!({ "kind": "acknowledge" })).await.expect(403);
        world.manager.notice_step(&id, &serve("post", false)).await.expect(403);
        let known = world.manager.notice_step(&id, &json!({ "kind": "acknowledge", "text": "已收到" })).await.expect(201).body;
        assert_eq!(known["state"], "acknowledged");
        assert_eq!(world.manager.notice_step(&id, &json!({ "kind": "acknowledge" })).await.expect(409).code(), "step_not_allowed");
        let answered = world.manager.notice_step(&id, &json!({ "kind": "reply", "text": "已全部整改，详见附件。" })).await.expect(201).body;
        assert_eq!((answered["state"].clone(), answered["steps"][3]["text"].clone()), (json!("answered"), json!("已全部整改，详见附件。")));
        assert_eq!(answered["steps"][1]["how"], "left");
        for (form, pointer, code) in [
            (json!({ "kind": "reply" }), "/text", "required"),
            (json!({ "kind": "serve", "how": "post", "served_at": "2026-03-10T02:00:00Z" }), "/recipient", "required"),
            (json!({ "kind": "serve", "how": "post", "served_at": "2026-03-11T02:00:00Z", "recipient": "赵" }), "/served_at", "in_future"),
            (json!({ "kind": "serve", "how": "post", "served_at": "2026-03-09T02:00:00Z", "recipient": "赵" }), "/served_at", "too_early"),
            (json!({ "kind": "reply", "text": "好", "how": "post" }), "/how", "not_allowed_here"),
        ] {
            let answer = world.supervisor.notice_step(&id, &form).await.expect(422);
            assert_eq!(answer.faults(), [(pointer.to_owned(), code.to_owned())], "{form}");
        }
        let void = json!({ "kind": "void", "text": "重复出具" });
        world.inspector.notice_step(&id, &void).await.expect(403);
        world.supervisor_b.notice_step(&id, &void).await.expect(404);
        let void = world.supervisor.notice_step(&id, &void).await.expect(201).body;
        assert_eq!((void["state"].clone(), void["number"].clone(), void["allowed_steps"].clone()), (json!("void"), json!("船民安责改〔2026〕1号"), json!([])));
        assert_eq!(world.manager.notice_step(&id, &json!({ "kind": "reply", "text": "晚了" })).await.expect(409).code(), "step_not_allowed");
        let trail = world.auditor.get(&format!("/audit?institution_id={}&object_id={id}", world.home_a1)).await.expect(200);
        let mut actions: Vec<_> = trail.body["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect();
        actions.sort();
        assert_eq!(actions, ["notice.acknowledged", "notice.answered", "notice.issued", "notice.served", "notice.served", "notice.voided"]);
        // The next one does not take its number.
        let next = world.issued(&world.notice(&[&hazard])).await;
        assert_eq!(world.manager.get(&format!("/notices/{next}")).await.body["number"], "船民安责改〔2026〕2号");
    }

    /// A county's paper is not declared void below the county; a higher office may. What the other department answers
    /// is written down by the office.
    who_voids_and_who_answers, app => {
        let world = World::build(app).await;
        let hazard = world.registered(&world.hazard(&[])).await;
        let town = app.person("town-supervisor", anlao::access::Role::Supervisor,
            anlao::users::model::ScopeForm::Areas { areas: vec![world.town_a1] }).await;
        let id = world.issued(&world.notice(&[&hazard])).await;
        let void = json!({ "kind": "void", "text": "事实有误" });
        town.notice_step(&id, &void).await.expect(403);
        world.city_supervisor.notice_step(&id, &void).await.expect(201);
        let letter = world.issued(&of_kind(&world, "transfer_letter", &[&hazard])).await;
        world.manager.notice_step(&letter, &json!({ "kind": "reply", "text": "好" })).await.expect(403);
        let answered = world.inspector.notice_step(&letter, &json!({ "kind": "reply", "text": "消防回函：已立案。" })).await.expect(201);
        assert_eq!(answered.body["state"], "answered");
    }

    /// An office that has adopted words of its own prints them, without the mark, under its own number; papers that were
    /// issued before stay as they are.
    an_office_has_its_own_words, app => {
        let world = World::build(app).await;
        let hazard = world.registered(&world.hazard(&[])).await;
        let before = world.issued(&world.notice(&[&hazard])).await;
        let page = async |id: &str| String::from_utf8(world.manager.get(&format!("/notices/{id}/page")).await.expect(200).bytes).unwrap();
        let old = page(&before).await;
        assert!(old.contains("样本文书"));
        let own = include_str!("../../rules/notice_templates.toml")
            .replace("id = \"notice-templates\"", "id = \"chuanshan-papers\"")
            .replace("sample = true", "sample = false")
            .replace("word = \"安责改\"", "word = \"责改\"")
            .replace("title = \"责令限期整改通知书\"", "title = \"责令限期改正通知书\"");
        let loaded = json!({ "text": own, "owner_area_id": world.county_a });
        world.admin.put("/rules/chuanshan-papers/1", &loaded).await.expect(201);
        let adopted = json!({ "document": "chuanshan-papers", "version": 1, "area_id": world.county_a, "effective_from": "2026-03-10" });
        world.admin.put(&format!("/rule-adoptions/{}", fresh()), &adopted).await.expect(201);
        let after = world.issued(&world.notice(&[&hazard])).await;
        let told = world.manager.get(&format!("/notices/{after}")).await.expect(200).body;
        // The number counts on: it is the office's, not the document's.
        assert_eq!((told["number"].clone(), told["sample"].clone(), told["template_version"].clone()), (json!("船民责改〔2026〕2号"), json!(false), json!(1)));
        let new = page(&after).await;
        assert!(new.contains("责令限期改正通知书") && !new.contains("样本文书"), "{new}");
        assert_eq!(page(&before).await, old);
    }

    /// Lists narrow to what was asked for and go on page by page, the newest first.
    lists, app => {
        let world = World::build(app).await;
        let (one, two) = (world.registered(&world.hazard(&[])).await, world.registered(&world.hazard(&[])).await);
        let first = world.issued(&world.notice(&[&one])).await;
        app.clock.advance(chrono::TimeDelta::seconds(5));
        let second = world.issued(&of_kind(&world, "supervision_letter", &[&two, &one])).await;
        app.clock.advance(chrono::TimeDelta::seconds(5));
        let third = world.issued(&world.notice(&[&two])).await;
        world.supervisor.notice_step(&third, &json!({ "kind": "void", "text": "误发" })).await.expect(201);
        let ids = async |query: &str| world.supervisor.get(&format!("/notices{query}")).await.expect(200).item_ids();
        let (first, second, third) = (first.as_str(), second.as_str(), third.as_str());
        assert_eq!(ids("").await, [third, second, first]);
        assert_eq!(ids("?kind=supervision_letter").await, [second]);
        assert_eq!(ids("?state=void").await, [third]);
        assert_eq!(ids("?year=2025").await, [""; 0]);
        assert_eq!(ids("?year=2026&state=issued").await, [second, first]);
        assert_eq!(ids(&format!("?hazard_id={one}")).await, [second, first]);
        assert_eq!(ids(&format!("?area_id={}", world.town_a1)).await, [third, second, first]);
        assert_eq!(ids(&format!("?area_id={}", world.town_a2)).await, [""; 0]);
        let page = world.supervisor.get("/notices?limit=2").await.expect(200);
        assert_eq!(page.item_ids(), [third, second]);
        let rest = world.supervisor.get(&format!("/notices?limit=2&cursor={}", page.body["next_cursor"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest.item_ids(), [first]);
        assert_eq!(world.supervisor_b.get("/notices").await.expect(200).item_ids(), [""; 0]);
        assert_eq!(world.manager.get("/notices").await.expect(200).item_ids().len(), 3);
        // An institution that moves takes its papers along.
        let moved = json!({ "area_id": world.town_b1, "expected_version": 1 });
        world.admin.patch(&format!("/institutions/{}", world.home_a1), &moved).await.expect(200);
        assert_eq!(ids("").await, [""; 0]);
        assert_eq!(world.supervisor_b.get("/notices").await.expect(200).item_ids().len(), 3);
        world.admin.delete(&format!("/areas/{}", world.county_a)).await.expect(409);
    }

    /// The code opens the live state for whoever holds the paper, counts and all, and nothing personal.
    the_code_opens_the_live_state, app => {
        let world = World::build(app).await;
        let hazard = world.registered(&world.hazard(&[])).await;
        let fixed = world.registered(&world.hazard(&[])).await;
        let id = world.issued(&world.notice(&[&hazard, &fixed])).await;
        let notice = world.manager.get(&format!("/notices/{id}")).await.expect(200).body;
        let (address, digest) = (notice["live_address"].as_str().unwrap(), notice["digest"].as_str().unwrap());
        assert!(address.ends_with(&format!("/n/{id}?d={}", &digest[..32])), "{address}");
        let (status, page, policy) = scan(app, address).await;
        assert_eq!(status, 200);
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        for told in ["责令限期整改通知书", "船民安责改〔2026〕1号", "遂宁市船山区民政局", "龙凤镇敬老院", "2026年3月10日", "已出具", digest, "样本文书"] {
            assert!(page.contains(told), "{told}: {page}");
        }
        assert!(page.contains("<td>2</td></tr><tr><th>已销号"), "{page}");
        for hidden in ["插排", "二楼", "王芳", "赵院长", "李强", "YH2026", hazard.as_str()] {
            assert!(!page.contains(hidden), "{hidden} is told");
        }
        world.inspector.notice_step(&id, &json!({ "kind": "serve", "how": "in_person", "served_at": "2026-03-10T02:00:00Z", "recipient": "赵院长" })).await.expect(201);
        app.clock.advance(chrono::TimeDelta::days(9));
        let (_, page, _) = scan(app, address).await;
        assert!(page.contains("已送达") && page.contains("Overdue</span></th><td>2</td>"), "{page}");
        assert!(!page.contains("赵院长"));
        let (status, whole, _) = scan(app, &format!("/n/{id}?d={digest}")).await;
        assert_eq!((status, whole), (200, page));
        // A wrong code, none, and a paper that does not exist look alike, to the letter.
        let (status, unknown, _) = scan(app, &format!("/n/{}?d={}", fresh(), &digest[..32])).await;
        assert_eq!(status, 404);
        let wrong = ["".to_owned(), "?d=".into(), format!("?d={}", &digest[..31]), format!("?d={}", &digest[..33]), format!("?d={}", "0".repeat(32)),
            format!("?d={}&x=1", &digest[..32]), format!("?e={}", &digest[..32]), "?d=%00".into(), format!("?d={}", digest[..32].to_uppercase())];
        for query in wrong {
            let (status, page, _) = scan(app, &format!("/n/{id}{query}")).await;
            assert_eq!((status, page == unknown), (404, true), "{query}");
        }
        assert_eq!(scan(app, "/n/1").await.1, unknown);
        let supervisor = crate::support::again(app, &world.supervisor).await;
        supervisor.notice_step(&id, &json!({ "kind": "void", "text": "误发" })).await.expect(201);
        let (status, page, _) = scan(app, address).await;
        assert!(status == 200 && page.contains("本文书已作废"), "{page}");
    }
}

/// What was printed cannot be changed by anybody who holds the database's own commands, short of taking its guards away.
#[test]
fn the_database_keeps_what_was_printed() {
    for backend in [anlao::db::Backend::Sqlite, anlao::db::Backend::Postgres] {
        TestApp::run(backend, async |app| {
            let world = World::build(app).await;
            let hazard = world.registered(&world.hazard(&[])).await;
            world.issued(&world.notice(&[&hazard])).await;
            for change in [
                "UPDATE notices SET content = '{}'",
                "UPDATE notices SET number = 7",
                "UPDATE notices SET digest = ''",
                "DELETE FROM notice_hazards; DELETE FROM notices",
            ] {
                let refused = app.db().write(move |conn| {
                    use diesel::connection::SimpleConnection;
                    conn.batch_execute(change)?;
                    Ok(())
                });
                assert!(refused.await.is_err(), "{change}");
            }
        });
    }
}
