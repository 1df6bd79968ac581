//! Who commands tonight, and when nobody does: the roster against brute force, and over HTTP.

use crate::on_both_databases;
use crate::support::{World, again};
use anlao::db::Instant;
use anlao::ids::CommandAssignmentId;
use anlao::rosters::rules::{
    Candidate, CommandSource, GapReason, SuccessionStep, Watch, commander, gaps, standard_succession,
};
use anlao::rosters::standing::tonight;
use anlao::rosters::{ShiftPattern, ShiftTimes};
use anlao::rules::kinds::drills::Shift;
use anlao::staff::Person;
use chrono::{DateTime, TimeDelta};
use futures_util::future::join_all;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn instant(minutes: i64) -> Instant {
    let start: DateTime<chrono::Utc> = "2026-03-10T00:00:00Z".parse().unwrap();
    Instant::new(start + TimeDelta::minutes(minutes))
}

fn candidate(name: &str, gone: Option<i64>) -> Candidate {
    let person = Person { staff_id: None, name: name.to_owned() };
    Candidate { person, phone: Some(format!("139-{name}")), gone_from: gone.map(instant) }
}

/// A random roster of eight days: mostly full, with holes, people who leave, overlaps even.
fn random_roster(chance: &mut rand_chacha::ChaCha8Rng) -> Vec<Watch> {
    let mut watches = Vec::new();
    let mut at = chance.random_range(-600..600);
    while at < 8 * 24 * 60 && watches.len() < 40 {
        let long = chance.random_range(1..1500);
        let gone = |chance: &mut rand_chacha::ChaCha8Rng| {
            chance.random_bool(0.2).then(|| at + chance.random_range(-300..1500))
        };
        let deputies =
            (0..chance.random_range(0..3)).map(|n| candidate(&format!("d{n}"), gone(chance))).collect();
        watches.push(Watch {
            id: CommandAssignmentId::fresh(),
            begins: instant(at),
            ends: instant(at + long),
            commander: candidate("c", gone(chance)),
            deputies,
        });
        at += long + if chance.random_bool(0.6) { 0 } else { chance.random_range(-200..900) };
    }
    watches
}

#[test]
fn the_gaps_are_what_the_minutes_say() {
    let rounds = anlao_testbed::tries(60, 3000);
    let mut wrong = 0;
    for seed in 0..rounds {
        let mut chance = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let watches = random_roster(&mut chance);
        let (from, to) = (chance.random_range(0..500), 7 * 24 * 60 + chance.random_range(0..500));
        let told = gaps(&watches, instant(from), instant(to));
        let mut bad = told.iter().any(|gap| gap.from >= gap.to);
        bad |= told.windows(2).any(|two| two[0].to > two[1].from);
        for minute in from..to {
            let at = instant(minute);
            let on: Vec<&Watch> = watches.iter().filter(|one| one.begins <= at && at < one.ends).collect();
            let here = |one: &Candidate| one.gone_from.is_none_or(|gone| at < gone);
            let wanted = match (on.is_empty(), on.iter().any(|one| here(&one.commander))) {
                (true, _) => Some(GapReason::NobodyAssigned),
                (false, false) => Some(GapReason::PersonLeft),
                (false, true) => None,
            };
            let said: Vec<_> = told.iter().filter(|gap| gap.from <= at && at < gap.to).collect();
            bad |= said.len() > 1 || said.first().map(|gap| gap.why) != wanted;
            // Who commands agrees with it, minute by minute.
            let command = commander(&watches, &[], at);
            bad |= (command.by == CommandSource::Assignment) != wanted.is_none();
            let deputy = on.iter().any(|one| one.deputies.iter().any(here));
            bad |= wanted == Some(GapReason::NobodyAssigned) && command.by != CommandSource::Succession;
            bad |= wanted == Some(GapReason::PersonLeft) && deputy != (command.by == CommandSource::Deputy);
            bad |= said.first().is_some_and(|gap| {
                gap.why == GapReason::PersonLeft && on.len() == 1 && gap.stands_in != command.person
            });
        }
        wrong += u64::from(bad);
    }
    assert_eq!(wrong, 0, "of {rounds} rosters");
}

#[test]
fn command_falls_down_its_ladder() {
    let watch = |gone: Option<i64>, first: Option<i64>, second: Option<i64>| Watch {
        id: CommandAssignmentId::fresh(),
        begins: instant(0),
        ends: instant(600),
        commander: candidate("陈静", gone),
        deputies: vec![candidate("李梅", first), candidate("周涛", second)],
    };
    let named = |name: &str, gone: Option<i64>| {
        let person = Some(Person { staff_id: None, name: name.to_owned() });
        (SuccessionStep { post: "院长".into(), person, phone: Some("0825".into()) }, gone.map(instant))
    };
    let standard: Vec<_> = standard_succession().into_iter().map(|step| (step, None)).collect();
    let says = |watch: Watch, rungs: &[_], at| {
        let command = commander(&[watch], rungs, instant(at));
        (command.by, command.person.map(|one| one.name), command.post)
    };
    let name = |name: &str| Some(name.to_owned());
    use CommandSource::{Assignment, Deputy, Succession};
    assert_eq!(says(watch(None, None, None), &standard, 10), (Assignment, name("陈静"), None));
    assert_eq!(says(watch(Some(10), None, None), &standard, 9), (Assignment, name("陈静"), None));
    assert_eq!(says(watch(Some(10), None, None), &standard, 10), (Deputy, name("李梅"), None));
    assert_eq!(says(watch(Some(0), Some(0), None), &standard, 10), (Deputy, name("周涛"), None));
    assert_eq!(
        says(watch(Some(0), Some(0), Some(0)), &standard, 10),
        (Succession, None, name("夜班责任护士"))
    );
    assert_eq!(says(watch(None, None, None), &standard, 600), (Succession, None, name("夜班责任护士")));
    let rungs = [named("赵一", Some(0)), named("王芳", None)];
    assert_eq!(says(watch(None, None, None), &rungs, 600), (Succession, name("王芳"), name("院长")));
}

/// Tonight is the night that is, or the next to begin: also one that begins at midnight, or after it.
#[test]
fn tonight_is_the_night_that_is_or_the_next() {
    let pattern = |shifts: &[(Shift, &str, &str)]| {
        let times = |(shift, from, to): &(Shift, &str, &str)| ShiftTimes {
            shift: *shift,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        };
        ShiftPattern::new(shifts.iter().map(times).collect()).unwrap()
    };
    use Shift::{Day, Evening, Night};
    let standard = ShiftPattern::standard();
    let midnight = pattern(&[
        (Day, "08:00:00", "16:00:00"),
        (Evening, "16:00:00", "00:00:00"),
        (Night, "00:00:00", "08:00:00"),
    ]);
    let late = pattern(&[(Day, "07:00:00", "01:00:00"), (Night, "01:00:00", "07:00:00")]);
    let none = pattern(&[(Day, "08:00:00", "08:00:00")]);
    let table = [
        (&standard, "2026-03-10T10:00:00", "2026-03-10T22:00:00"),
        (&standard, "2026-03-10T23:00:00", "2026-03-10T23:00:00"),
        (&standard, "2026-03-11T07:59:59", "2026-03-11T07:59:59"),
        (&midnight, "2026-03-10T10:00:00", "2026-03-11T00:00:00"),
        (&midnight, "2026-03-10T23:59:59", "2026-03-11T00:00:00"),
        (&midnight, "2026-03-11T00:00:00", "2026-03-11T00:00:00"),
        (&midnight, "2026-03-11T03:00:00", "2026-03-11T03:00:00"),
        (&midnight, "2026-03-11T08:00:00", "2026-03-12T00:00:00"),
        (&late, "2026-03-11T00:30:00", "2026-03-11T01:00:00"),
        (&late, "2026-03-11T10:00:00", "2026-03-12T01:00:00"),
        (&none, "2026-03-10T10:00:00", "2026-03-10T10:00:00"),
    ];
    for (pattern, now, wanted) in table {
        let wanted: chrono::NaiveDateTime = wanted.parse().unwrap();
        assert_eq!(tonight(pattern, now.parse().unwrap()), wanted, "{pattern:?} at {now}");
    }
}

/// A line of a roster for the night of a day.
fn line(day: &str, shift: &str, person: &Value) -> Value {
    json!({ "id": unknown(), "day": day, "shift": shift, "person": person, "phone": "13900000001",
        "deputies": [{ "person": { "name": "李梅" }, "phone": "13900000002" }] })
}

const DAYS: [&str; 9] = [
    "2026-03-09",
    "2026-03-10",
    "2026-03-11",
    "2026-03-12",
    "2026-03-13",
    "2026-03-14",
    "2026-03-15",
    "2026-03-16",
    "2026-03-17",
];

/// A whole week in one body.
fn week(person: &Value) -> Value {
    let shifts = ["day", "evening", "night"];
    let lines: Vec<Value> =
        DAYS.iter().flat_map(|day| shifts.map(|shift| line(day, shift, person))).collect();
    json!({ "authority": { "authorised_by": "王芳", "spend_yuan": 5000 }, "assignments": lines })
}

on_both_databases! {
    /// One body enters a week; one call tells who commands tonight and all a phone needs without a network.
    who_commands_tonight, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}/commander", world.home_a1);
        // 10 March, eight in the evening by the clock on the wall is noon UTC.
        let nobody = world.manager.get(&format!("{path}?at=2026-03-10T12:00:00Z")).await.expect(200).body;
        assert_eq!((&nobody["commander"]["by"], &nobody["commander"]["post"]), (&json!("succession"), &json!("夜班责任护士")));
        assert_eq!(nobody["gaps"], json!([{ "from": "2026-03-10T09:00:00Z", "to": "2026-03-17T14:00:00Z", "why": "nobody_assigned",
            "assignment_id": null, "assigned": null, "stands_in": null }]));
        assert_eq!(nobody["succession_is_standard"], true);
        let roster = format!("/institutions/{}/command-roster", world.home_a1);
        let week = week(&json!({ "name": "陈静" }));
        world.manager.put(&roster, &week).await.expect(201);
        let again = world.manager.put(&roster, &week).await.expect(200);
        assert_eq!(again.header("idempotent-replay"), Some("true"));
        let answer = world.inspector.get(&format!("{path}?at=2026-03-10T19:30:00Z")).await.expect(200);
        let told = &answer.body;
        assert_eq!(told["shift"], json!({ "shift": "night", "day": "2026-03-10", "begins_at": "2026-03-10T14:00:00Z", "ends_at": "2026-03-11T00:00:00Z" }));
        assert_eq!((&told["commander"]["by"], &told["commander"]["name"], &told["commander"]["phone"]), (&json!("assignment"), &json!("陈静"), &json!("13900000001")));
        assert_eq!(told["deputies"], json!([{ "person": { "name": "李梅" }, "phone": "13900000002" }]));
        assert_eq!((&told["authority"]["order_evacuation"], &told["authority"]["call_119"], &told["authority"]["spend_yuan"]), (&json!(true), &json!(true), &json!(5000)));
        assert_eq!((&told["gaps"], told["roster"].as_array().unwrap().len()), (&json!([]), 22), "seven days and the shift at work");
        // The same answer all through the shift, and 304 for whoever has it.
        let tag = answer.header("etag").unwrap().to_owned();
        let later = world.inspector.get(&format!("{path}?at=2026-03-10T23:59:59Z")).await.expect(200);
        assert_eq!(later.header("etag"), Some(tag.as_str()));
        let known = world.inspector.request(reqwest::Method::GET, &format!("{path}?at=2026-03-10T20:00:00Z")).header("if-none-match", &tag);
        let known = world.inspector.send(known).await.expect(304);
        assert!(known.bytes.is_empty());
        let next = world.inspector.get(&format!("{path}?at=2026-03-11T00:00:00Z")).await.expect(200);
        assert_ne!(next.header("etag"), Some(tag.as_str()));
        world.inspector.get(&format!("{path}?at=2028-03-10T00:00:00Z")).await.expect(400);
    }

    /// What overlaps must be named; what is taken back is a gap; the next shift is not overlapped by the one before.
    overlaps_are_named, app => {
        let world = World::build(app).await;
        let form = |shift: &str, replaces: &[&str]| json!({ "institution_id": world.home_a1, "day": "2026-03-10", "shift": shift,
            "person": { "name": "陈静" }, "phone": "13900000001", "authority": { "authorised_by": "王芳" }, "replaces": replaces });
        let (first, second) = (unknown(), unknown());
        let put = async |id: &str, form: Value| world.manager.put(&format!("/command-assignments/{id}"), &form).await;
        put(&first, form("night", &[])).await.expect(201);
        put(&unknown(), form("evening", &[])).await.expect(201);
        let answer = put(&second, form("night", &[])).await.expect(409);
        assert_eq!((answer.code(), &answer.body["current"]["assignments"][0]["id"]), ("command_overlap", &json!(first)));
        put(&second, form("night", &[&first, &unknown()])).await.expect(422);
        put(&second, form("night", &[&first])).await.expect(201);
        let before = world.manager.get(&format!("/command-assignments/{first}")).await.expect(200).body;
        assert_eq!((&before["replaced_by"], before["cancelled_at"].is_null()), (&json!(second), false));
        let path = format!("/command-assignments/{second}/cancellation");
        let reason = json!({ "reason": "临时调班" });
        world.manager.put(&path, &reason).await.expect(201);
        world.manager.put(&path, &reason).await.expect(200);
        world.manager.put(&path, &json!({ "reason": "别的" })).await.expect(409);
        let list = format!("/institutions/{}/command-roster?from=2026-03-10&to=2026-03-10", world.home_a1);
        let day = world.supervisor.get(&list).await.expect(200).body;
        assert_eq!(day["assignments"].as_array().unwrap().len(), 1);
        let gaps: Vec<_> = day["gaps"].as_array().unwrap().iter().map(|gap| (gap["from"].clone(), gap["to"].clone())).collect();
        assert_eq!(gaps, [(json!("2026-03-09T16:00:00Z"), json!("2026-03-10T09:00:00Z")), (json!("2026-03-10T14:00:00Z"), json!("2026-03-10T16:00:00Z"))]);
        // A fault in a roster is told with its line, and nothing of it is entered.
        let mut roster = week(&json!({ "name": "陈静" }));
        roster["assignments"][5]["phone"] = json!("");
        let answer = world.manager.put(&format!("/institutions/{}/command-roster", world.home_a2), &roster).await;
        assert_eq!(answer.status, 404, "another home");
        let mut roster = json!({ "authority": { "authorised_by": "王芳" }, "assignments": [line("2026-03-12", "day", &json!({ "name": "陈静" })),
            line("2026-03-12", "night", &json!({ "name": "陈静", "staff_id": unknown() }))] });
        let entry = format!("/institutions/{}/command-roster", world.home_a1);
        let answer = world.manager.put(&entry, &roster).await.expect(422);
        assert_eq!(answer.faults(), [("/assignments/1/person/staff_id".to_owned(), "unknown_reference".to_owned())]);
        roster["assignments"][1] = line("2026-03-12", "day", &json!({ "name": "李梅" }));
        assert_eq!(world.manager.put(&entry, &roster).await.expect(409).code(), "command_overlap", "within one body as well");
        let list = format!("/institutions/{}/command-roster?from=2026-03-12&to=2026-03-12", world.home_a1);
        assert_eq!(world.manager.get(&list).await.expect(200).body["assignments"], json!([]));
        for (change, pointer) in [(json!({ "ends_at": "2026-03-11T00:00:00Z" }), "/ends_at"), (json!({ "shift": null }), "/shift")] {
            let mut wrong = form("day", &[]);
            wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let answer = put(&unknown(), wrong).await.expect(422);
            assert_eq!(answer.faults()[0].0, pointer);
        }
    }

    /// What is given by its moments lasts a quarter of an hour at least; a shift is as long as the home says.
    the_shortest_stretch, app => {
        let world = World::build(app).await;
        let put = async |ends: &str| {
            let form = json!({ "institution_id": world.home_a1, "begins_at": "2026-03-10T12:00:00Z", "ends_at": ends, "person": { "name": "陈静" },
                "phone": "1", "authority": { "authorised_by": "王芳" } });
            world.manager.put(&format!("/command-assignments/{}", unknown()), &form).await
        };
        for ends in ["2026-03-10T12:14:59.999999Z", "2026-03-10T12:00:00.000001Z", "2026-03-10T12:00:00Z", "2026-03-10T11:00:00Z"] {
            assert_eq!(put(ends).await.expect(422).faults(), [("/ends_at".to_owned(), "too_early".to_owned())], "{ends}");
        }
        put("2026-03-10T12:15:00Z").await.expect(201);
        let shift = |shift: &str, from: &str, to: &str| json!({ "shift": shift, "from": from, "to": to });
        let shifts = json!({ "shifts": [shift("evening", "22:00:00", "22:10:00"), shift("night", "22:10:00", "22:00:00")] });
        world.manager.put(&format!("/institutions/{}/shifts", world.home_a1), &shifts).await.expect(201);
        let form = json!({ "institution_id": world.home_a1, "day": "2026-03-10", "shift": "evening", "person": { "name": "陈静" },
            "phone": "1", "authority": { "authorised_by": "王芳" } });
        world.manager.put(&format!("/command-assignments/{}", unknown()), &form).await.expect(201);
    }

    /// Who has left is a gap with the reason, and the deputy stands in; supervisors find the home by it.
    who_left_leaves_a_gap, app => {
        let world = World::build(app).await;
        let person = unknown();
        let mut staff = json!({ "institution_id": world.home_a1, "name": "陈静", "post": "护士", "started_on": "2025-06-01" });
        world.manager.put(&format!("/staff/{person}"), &staff).await.expect(201);
        let roster = week(&json!({ "name": "陈静", "staff_id": person }));
        world.manager.put(&format!("/institutions/{}/command-roster", world.home_a1), &roster).await.expect(201);
        let gaps = async |query: &str| {
            let answer = world.supervisor.get(&format!("/command-gaps{query}")).await.expect(200);
            answer.body["items"].as_array().unwrap().iter().map(|home| home["institution_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let home = world.home_a1.to_string();
        assert!(!gaps("").await.contains(&home) && gaps("").await.len() == 2, "its neighbours have no roster");
        staff["left_on"] = json!("2026-03-11");
        staff["expected_version"] = json!(1);
        world.manager.put(&format!("/staff/{person}"), &staff).await.expect(200);
        let told = world.manager.get(&format!("/institutions/{}/commander", world.home_a1)).await.expect(200).body;
        assert_eq!((&told["commander"]["by"], &told["gaps"][0]["why"]), (&json!("assignment"), &json!("person_left")));
        assert_eq!(told["gaps"][0]["from"], "2026-03-11T16:00:00Z", "at the midnight after the last day of work");
        assert_eq!((&told["gaps"][0]["assigned"]["name"], &told["gaps"][0]["stands_in"]["name"]), (&json!("陈静"), &json!("李梅")));
        let later = world.manager.get(&format!("/institutions/{}/commander?at=2026-03-12T12:00:00Z", world.home_a1)).await.expect(200).body;
        assert_eq!((&later["commander"]["by"], &later["commander"]["name"], &later["deputies"]), (&json!("deputy"), &json!("李梅"), &json!([])));
        assert!(gaps("?within=week").await.contains(&home));
        assert!(!gaps("?within=tonight").await.contains(&home), "tonight she is still here");
        assert_eq!(gaps(&format!("?area_id={}", world.town_a2)).await, [world.home_a2.to_string()]);
        let first = world.supervisor.get("/command-gaps?limit=1").await.expect(200).body;
        assert_eq!(first["items"].as_array().unwrap().len(), 1);
        let rest = world.supervisor.get(&format!("/command-gaps?limit=5&cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200).body;
        assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (2, &json!(null)));
        app.clock.advance(TimeDelta::days(2));
        let supervisor = again(app, &world.supervisor).await;
        let tonight = supervisor.get("/command-gaps?within=tonight").await.expect(200).body;
        assert!(tonight["items"].as_array().unwrap().iter().any(|one| one["institution_id"] == home.as_str()));
    }

    /// A home says its own shifts and succession, over the version it saw; hand-overs are only added.
    what_a_home_arranges, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}/shifts", world.home_a1);
        let standard = world.auditor.get(&path).await.expect(200).body;
        assert_eq!((&standard["is_standard"], &standard["version"], standard["shifts"].as_array().unwrap().len()), (&json!(true), &json!(0), 3));
        let shift = |shift: &str, from: &str, to: &str| json!({ "shift": shift, "from": from, "to": to });
        let mut form = json!({ "shifts": [shift("day", "07:30:00", "19:30:00"), shift("night", "19:30:00", "07:30:00")] });
        world.manager.put(&path, &form).await.expect(201);
        world.manager.put(&path, &form).await.expect(200);
        form["shifts"] = json!([shift("day", "07:30:00", "19:00:00"), shift("night", "19:30:00", "07:30:00")]);
        form["expected_version"] = json!(1);
        let answer = world.manager.put(&path, &form).await.expect(422);
        assert_eq!(answer.faults(), [("/shifts".to_owned(), "mismatch".to_owned())]);
        form["shifts"] = json!([shift("day", "07:30:00", "19:00:00"), shift("night", "19:00:00", "07:30:00")]);
        assert_eq!(world.manager.put(&path, &form).await.expect(200).body["version"], 2);
        form["shifts"] = json!([shift("night", "07:30:00", "07:30:00")]);
        world.manager.put(&path, &form).await.expect(412);
        let evening = json!({ "institution_id": world.home_a1, "day": "2026-03-10", "shift": "evening", "person": { "name": "陈静" },
            "phone": "1", "authority": { "authorised_by": "王芳" } });
        let answer = world.manager.put(&format!("/command-assignments/{}", unknown()), &evening).await.expect(422);
        assert_eq!(answer.faults(), [("/shift".to_owned(), "unknown_reference".to_owned())]);
        let succession = format!("/institutions/{}/succession", world.home_a1);
        let steps = json!({ "steps": [{ "post": "院长", "person": { "name": "王芳" }, "phone": "0825-5550101" }] });
        world.manager.put(&succession, &steps).await.expect(201);
        let told = world.supervisor.get(&format!("/institutions/{}/commander", world.home_a1)).await.expect(200).body;
        assert_eq!((&told["commander"]["name"], &told["commander"]["phone"], &told["succession_is_standard"]), (&json!("王芳"), &json!("0825-5550101"), &json!(false)));
        let (id, log) = (unknown(), format!("/institutions/{}/handovers", world.home_a1));
        let mut handover = json!({ "institution_id": world.home_a1, "real_event": true, "at": "2026-03-09T19:12:00Z", "from": { "name": "陈静" },
            "to": { "name": "赵队长" }, "to_organisation": "船山区消防救援大队", "facts": { "counted": 58, "missing": 1, "gas": "off", "power": "unknown" } });
        world.manager.put(&format!("/handovers/{id}"), &handover).await.expect(201);
        world.manager.put(&format!("/handovers/{id}"), &handover).await.expect(200);
        handover["facts"]["missing"] = json!(0);
        assert_eq!(world.manager.put(&format!("/handovers/{id}"), &handover).await.expect(409).code(), "id_taken");
        handover["at"] = json!("2026-03-11T19:12:00Z");
        let answer = world.manager.put(&format!("/handovers/{}", unknown()), &handover).await.expect(422);
        assert_eq!(answer.faults(), [("/at".to_owned(), "in_future".to_owned())]);
        assert_eq!(world.auditor.get(&log).await.expect(200).item_ids(), [id]);
    }

    /// By day the next night is told, also where it begins at midnight: whoever commands the day does not stand in for it.
    a_night_after_midnight, app => {
        let world = World::build(app).await;
        let home = world.home_a1;
        let shift = |shift: &str, from: &str, to: &str| json!({ "shift": shift, "from": from, "to": to });
        let shifts = json!({ "shifts": [shift("day", "08:00:00", "16:00:00"), shift("evening", "16:00:00", "00:00:00"), shift("night", "00:00:00", "08:00:00")] });
        world.manager.put(&format!("/institutions/{home}/shifts"), &shifts).await.expect(201);
        let lines = json!([line("2026-03-10", "day", &json!({ "name": "王芳" })), line("2026-03-11", "night", &json!({ "name": "陈静" }))]);
        let roster = json!({ "authority": { "authorised_by": "王芳" }, "assignments": lines });
        world.manager.put(&format!("/institutions/{home}/command-roster"), &roster).await.expect(201);
        let tonight = async |at: &str| {
            let at = at.parse().unwrap();
            app.as_system(move |tx| {
                let place = anlao::institutions::queries::find_any(tx.conn, home)?.unwrap();
                let pattern = anlao::rosters::queries::shift_pattern(tx.conn, home)?;
                Ok(anlao::rosters::standing::facts(&mut tx.reading(), &place, &pattern, at)?.tonight)
            }).await
        };
        assert_eq!(tonight("2026-03-10T10:00:00").await.as_deref(), Some("陈静"));
        assert_eq!(tonight("2026-03-11T03:00:00").await.as_deref(), Some("陈静"));
        assert_eq!(tonight("2026-03-11T08:00:00").await, None, "the next night has nobody");
    }

    /// Whoever sends the same at the same moment is told that it is so; what was taken back meanwhile is not taken back again.
    the_same_at_once, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}/succession", world.home_a1);
        world.manager.put(&path, &json!({ "steps": [{ "post": "院长" }] })).await.expect(201);
        for version in 1..=5 {
            let steps = json!({ "steps": [{ "post": format!("院长{version}") }], "expected_version": version });
            let answers = join_all((0..8).map(|_| world.manager.put(&path, &steps))).await;
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!(statuses, [200; 8], "version {version}");
        }
        for day in &DAYS[..4] {
            let id = unknown();
            let form = json!({ "institution_id": world.home_a1, "day": day, "shift": "night", "person": { "name": "陈静" },
                "phone": "1", "authority": { "authorised_by": "王芳" } });
            let path = format!("/command-assignments/{id}");
            let answers = join_all((0..8).map(|_| world.manager.put(&path, &form))).await;
            let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201], "{day}");
            let reasons: Vec<Value> = (0..8).map(|n| json!({ "reason": format!("调班{n}") })).collect();
            let path = format!("{path}/cancellation");
            let answers = join_all(reasons.iter().map(|reason| world.manager.put(&path, reason))).await;
            let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
            assert!(won.len() == 1 && answers.iter().all(|answer| matches!(answer.status, 201 | 409)), "one of them took it back");
            let there = world.manager.get(&format!("/command-assignments/{id}")).await.expect(200).body;
            assert_eq!((&there["cancel_reason"], &there["version"]), (&won[0].body["cancel_reason"], &json!(2)));
        }
    }

    /// A home that is closed for good gets no new commanders and no hand-overs; what it has can be taken back.
    a_closed_home_gets_no_commanders, app => {
        let world = World::build(app).await;
        let form = |day: &str| json!({ "institution_id": world.home_a1, "day": day, "shift": "night", "person": { "name": "陈静" },
            "phone": "1", "authority": { "authorised_by": "王芳" } });
        let path = format!("/command-assignments/{}", unknown());
        world.manager.put(&path, &form("2026-03-10")).await.expect(201);
        let home = format!("/institutions/{}", world.home_a1);
        world.admin.patch(&home, &json!({ "status": "closed", "expected_version": 1 })).await.expect(200);
        let handover = json!({ "institution_id": world.home_a1, "real_event": true, "at": "2026-03-09T19:12:00Z", "to": { "name": "赵队长" } });
        for (kind, form) in [("command-assignments", form("2026-03-11")), ("handovers", handover)] {
            let answer = world.manager.put(&format!("/{kind}/{}", unknown()), &form).await.expect(409);
            assert_eq!(answer.code(), "institution_not_operating", "{kind}");
        }
        world.manager.put(&path, &form("2026-03-10")).await.expect(200);
        world.manager.put(&format!("{path}/cancellation"), &json!({ "reason": "停业" })).await.expect(201);
    }

    /// The trail is for ever: it keeps who handed over to whom, the numbers and the digest, and nothing written about residents.
    what_the_trail_keeps_of_a_handover, app => {
        let world = World::build(app).await;
        let facts = json!({ "counted": 58, "missing": 1, "missing_who": "3楼305张某", "fire_place": "张某房内", "gas": "off", "power": "unknown",
            "notes": "张某卧床吸氧" });
        let handover = json!({ "institution_id": world.home_a1, "real_event": true, "at": "2026-03-09T19:12:00Z", "from": { "name": "陈静" },
            "to": { "name": "赵队长" }, "to_organisation": "消防救援大队", "facts": facts });
        world.manager.put(&format!("/handovers/{}", unknown()), &handover).await.expect(201);
        let log = world.auditor.get(&format!("/institutions/{}/handovers", world.home_a1)).await.expect(200).body;
        assert_eq!(log["items"][0]["facts"], facts, "the log itself holds all of it");
        let trail = world.supervisor.get(&format!("/audit?institution_id={}&limit=50", world.home_a1)).await.expect(200);
        let entry = trail.body["items"].as_array().unwrap().iter().find(|one| one["action"] == "command.handed_over").unwrap();
        let told = &entry["content"];
        assert_eq!((&told["from"], &told["to"], &told["to_organisation"]), (&handover["from"], &handover["to"], &handover["to_organisation"]));
        assert_eq!((&told["counted"], &told["missing"], &told["gas"], &told["power"]), (&json!(58), &json!(1), &json!("off"), &json!("unknown")));
        assert_eq!(told["digest"].as_str().map(str::len), Some(64));
        assert!(!String::from_utf8_lossy(&trail.bytes).contains("张某"), "{told}");
    }

    /// What compliance looks at: the same gaps in local time, and the name of tonight.
    facts_for_compliance, app => {
        let world = World::build(app).await;
        let home = world.home_a1;
        let facts = async || app.as_system(move |tx| {
            let place = anlao::institutions::queries::find_any(tx.conn, home)?.unwrap();
            let now = tx.office.wall(tx.now);
            let pattern = anlao::rosters::queries::shift_pattern(tx.conn, home)?;
            anlao::rosters::standing::facts(&mut tx.reading(), &place, &pattern, now)
        }).await;
        let none = facts().await;
        assert_eq!((none.gaps.len(), none.tonight), (1, None));
        assert_eq!(none.gaps[0].1 - none.gaps[0].0, TimeDelta::days(7));
        world.manager.put(&format!("/institutions/{home}/command-roster"), &week(&json!({ "name": "陈静" }))).await.expect(201);
        let full = facts().await;
        assert_eq!((full.gaps.len(), full.tonight.as_deref()), (0, Some("陈静")));
    }
}
