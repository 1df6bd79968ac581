//! The lists: every filter against a filter written here, every sort in both directions, pages without
//! gaps, scopes without leaks, and each query served by its index on both databases.

use crate::on_both_databases;
use crate::support::{Person, Step, TestApp, World};
use anlao::access::{Role, Scope, ScopeArea};
use anlao::areas::model::Area;
use anlao::db::{Backend, Conn};
use anlao::hazards::list::{Narrowing, Place, Sort, SortKey, explain};
use anlao::hazards::model::{Severity, Status};
use anlao::ids::{AreaId, HazardId};
use anlao::refusal::Outcome;
use anlao::rules::Library;
use anlao::users::model::ScopeForm;
use diesel::connection::SimpleConnection;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

// ── A world full of hazards ─────────────────────────────────────────────────────────────────────────────

const TEXTS: &[(&str, &str, &str, &str)] = &[
    ("electricity", "E03", "移动插排串接，给气垫床供电", "二楼东侧203室床头"),
    ("electricity", "E01", "私拉插排，电线从门缝穿过", "门卫室"),
    ("fire", "F25", "护理员不会使用灭火器", "三楼护士站"),
    ("fire", "F01", "疏散通道堆放轮椅", "一楼 北侧走廊"),
    ("gas", "G01", "ＬＰＧ钢瓶旁无报警器", "Kitchen 厨房灶台"),
    ("food", "", "留样不足48小时", "厨房冷藏间"),
    ("other", "", "外墙砖松动", "东门"),
];

/// Registers a hundred and thirty hazards of every sort in every state, each time the same.
async fn many(world: &World) -> usize {
    let mut rng = StdRng::seed_from_u64(7);
    let plans: Vec<(usize, Value, usize, u8)> = (0..130)
        .map(|n| {
            let (category, item, description, location) = TEXTS[rng.random_range(0..TEXTS.len())];
            let homes = [world.home_a1, world.home_a1_neighbour, world.home_a2, world.home_b1];
            let home = rng.random_range(0..homes.len());
            // Few distinct minutes, so that many share one and the id decides.
            let found = format!("2026-03-0{}T0{}:00:00Z", rng.random_range(1..10), rng.random_range(0..3));
            let mut form = json!({ "institution_id": homes[home], "category": category, "location": location,
                "description": description, "found_at": found, "severity": "general" });
            if !item.is_empty() {
                form["checklist_item"] = json!(item);
            }
            if rng.random_ratio(1, 5) {
                (form["severity"], form["criterion"]) = (json!("major"), json!("MZ-8"));
            }
            if rng.random_ratio(1, 3) {
                form["urgent"] = json!(rng.random_bool(0.5));
            }
            (n, form, home, rng.random_range(0..12))
        })
        .collect();
    for some in plans.chunks(13) {
        futures_util::future::join_all(some.iter().map(|plan| lead(world, plan))).await;
    }
    plans.len()
}

/// Registers one and drives it into a state.
async fn lead(world: &World, (n, form, home, fate): &(usize, Value, usize, u8)) {
    let id = uuid::Uuid::now_v7().to_string();
    let own = *home == 0 && n % 3 == 0;
    let by = match (own, home) {
        (true, _) => &world.manager,
        (false, 3) => &world.inspector_b,
        (false, _) => &world.inspector,
    };
    by.put(&format!("/hazards/{id}"), form).await.expect(201);
    let (supervisor, city) =
        (if *home == 3 { &world.supervisor_b } else { &world.supervisor }, &world.city_supervisor);
    let act = async |person: &Person, step: Value| {
        person.act(&id, &step).await.expect(201);
    };
    match fate {
        0 | 1 if *home == 0 => act(&world.manager, Step::plan("accept")).await,
        2 if *home == 0 => act(&world.manager, Step::plan("submit")).await,
        3 if *home == 3 => act(&world.manager_b, Step::plan("submit")).await,
        4 => act(supervisor, Step::transfer()).await,
        5 | 6 => {
            act(supervisor, Step::because("request_void")).await;
            act(city, Step::decide("decide_void", *fate == 5)).await;
        }
        7 if form["severity"] == "major" => act(supervisor, Step::list()).await,
        _ => {}
    }
}

async fn all(person: &Person) -> Vec<Value> {
    let page = person.get("/hazards?limit=200").await.expect(200).body;
    assert_eq!(page["next_cursor"], Value::Null);
    page["items"].as_array().unwrap().clone()
}

fn ids(hazards: &[Value]) -> Vec<String> {
    hazards.iter().map(|hazard| text(hazard, "id").to_owned()).collect()
}

fn text<'a>(hazard: &'a Value, field: &str) -> &'a str {
    hazard[field].as_str().unwrap_or_default()
}

/// Every page of a list, one after the other.
async fn pages(person: &Person, query: &str, limit: usize) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("/hazards?{query}&limit={limit}{cursor}")).await.expect(200).body;
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

// ── Filters ─────────────────────────────────────────────────────────────────────────────────────────────

/// The searchable text, spelled as the search spells it.
fn searchable(hazard: &Value) -> String {
    static TITLES: LazyLock<HashMap<String, String>> =
        LazyLock::new(|| Library::embedded().unwrap().base().item_titles());
    let title = TITLES.get(text(hazard, "checklist_item")).map_or("", String::as_str);
    let fields = ["description", "location", "institution_name", "number"].map(|field| text(hazard, field));
    spelled(&format!("{} {title}", fields.join(" ")))
}

fn spelled(text: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        0x3000 => ' ',
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap(),
        _ => c,
    };
    text.chars().map(narrow).collect::<String>().to_lowercase()
}

fn contains(hazard: &Value, q: &str) -> bool {
    let text = searchable(hazard);
    spelled(q).split_whitespace().all(|word| text.contains(word))
}

type Filter = (String, Box<dyn Fn(&Value) -> bool>);

fn is(field: &'static str, value: Value) -> Box<dyn Fn(&Value) -> bool> {
    Box::new(move |hazard| hazard[field] == value)
}

/// Each filter of the contract, as a query and as it is understood here.
fn filters(world: &World, number: &str) -> Vec<Filter> {
    let mut filters: Vec<Filter> = Vec::new();
    let mut add = |query: &str, wanted: Box<dyn Fn(&Value) -> bool>| filters.push((query.to_owned(), wanted));
    for status in Status::ALL {
        add(&format!("status={status}"), is("status", json!(status)));
    }
    add("status=pending,void", Box::new(|h| ["pending", "void"].contains(&text(h, "status"))));
    add("status=closed,closed", is("status", json!("closed")));
    for category in ["electricity", "fire", "gas", "food", "other"] {
        add(&format!("category={category}"), is("category", json!(category)));
    }
    for yes in [true, false] {
        for field in ["overdue", "urgent", "listed", "self_found"] {
            add(&format!("{field}={yes}"), is(field, json!(yes)));
        }
    }
    add("severity=major", is("severity", json!("major")));
    add("severity=general&urgent=true", Box::new(|h| h["severity"] == "general" && h["urgent"] == true));
    add("checklist_item=E03", is("checklist_item", json!("E03")));
    add("checklist_item=E99", Box::new(|_| false));
    add("due_before=2026-03-10", Box::new(|h| text(h, "deadline") < "2026-03-10"));
    add("found_from=2026-03-05T01:00:00Z", Box::new(|h| text(h, "found_at") >= "2026-03-05T01:00:00Z"));
    add(
        "found_before=2026-03-05T09:00:00%2B08:00",
        Box::new(|h| text(h, "found_at") < "2026-03-05T01:00:00Z"),
    );
    add(
        "status=pending&overdue=true&category=electricity",
        Box::new(|h| h["status"] == "pending" && h["overdue"] == true && h["category"] == "electricity"),
    );
    let words = [
        "插排",
        "灭火",
        "灶",
        "楼",
        "插排 床头",
        "ｌpg",
        "LPG钢瓶",
        "kitchen",
        "ＫＩＴＣＨＥＮ",
        "厨房",
        "48",
        "夕阳红",
        "敬老院 厨房",
        "没有的词",
    ];
    for q in words.into_iter().chain([number]) {
        let (query, q) =
            (url::form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish(), q.to_owned());
        add(&query, Box::new(move |h| contains(h, &q)));
    }
    add("q=%20%E3%80%80", Box::new(|_| true));
    add("status=pending&q=%E6%8F%92%E6%8E%92", Box::new(|h| h["status"] == "pending" && contains(h, "插排")));
    for home in [world.home_a1, world.home_a1_neighbour] {
        add(&format!("institution_id={home}"), is("institution_id", json!(home)));
    }
    for area in [world.town_a1, world.town_a2] {
        add(&format!("area_id={area}"), is("area_id", json!(area)));
    }
    let in_a = [world.town_a1, world.town_a2].map(|id| id.to_string());
    add(
        &format!("area_id={}", world.county_a),
        Box::new(move |h| in_a.contains(&text(h, "area_id").to_owned())),
    );
    add(&format!("area_id={}", world.city), Box::new(|_| true));
    add(&format!("area_id={}&institution_id={}", world.town_a2, world.home_a1), Box::new(|_| false));
    filters
}

/// The people of the lists: how far each sees, in townships.
async fn readers(app: &TestApp, world: &World) -> Vec<(Person, Vec<AreaId>)> {
    let areas = |areas: &[AreaId]| ScopeForm::Areas { areas: areas.to_vec() };
    let two = app.person("two-places", Role::Supervisor, areas(&[world.town_a1, world.county_b])).await;
    let twice = app.person("twice", Role::Inspector, areas(&[world.town_a1, world.county_a])).await;
    vec![
        (world.city_supervisor.clone(), vec![world.town_a1, world.town_a2, world.town_b1]),
        (world.admin.clone(), vec![world.town_a1, world.town_a2, world.town_b1]),
        (world.supervisor.clone(), vec![world.town_a1, world.town_a2]),
        (world.supervisor_b.clone(), vec![world.town_b1]),
        (two, vec![world.town_a1, world.town_b1]),
        (twice, vec![world.town_a1, world.town_a2]),
    ]
}

on_both_databases! {
    /// What each filter finds, for every reader, is what a filter over everything finds.
    every_filter_finds_what_it_should, app => {
        let world = World::build(app).await;
        let count = many(&world).await;
        let whole = all(&world.city_supervisor).await;
        assert_eq!((whole.len(), ids(&whole).into_iter().collect::<HashSet<_>>().len()), (count, count));
        let readers = readers(app, &world).await;
        // Each filter for two of the six readers, in turn: the whole of it would only take longer.
        for (turn, (query, wanted)) in filters(&world, text(&whole[3], "number")).into_iter().enumerate() {
            let hits = whole.iter().filter(|hazard| wanted(hazard)).count();
            let empty = ["E99", "closed", "area_id", "%E6%B2%A1"].iter().any(|word| query.contains(word));
            assert!(hits > 0 || empty, "{query} finds nothing at all");
            let among = if query.contains("_id=") { 3 } else { 6 };
            for (reader, towns) in [&readers[turn % among], &readers[(turn + 2) % among]] {
                let towns: Vec<String> = towns.iter().map(ToString::to_string).collect();
                let seen = |hazard: &&Value| towns.contains(&text(hazard, "area_id").to_owned()) && wanted(hazard);
                let expected: Vec<String> = ids(&whole.iter().filter(seen).cloned().collect::<Vec<_>>());
                let found = reader.get(&format!("/hazards?limit=200&{query}")).await.expect(200).item_ids();
                assert_eq!(found, expected, "{query} for {}", reader.username);
            }
        }
    }
}

on_both_databases! {
    /// People of one institution, of several, and of other counties see their own and nothing else.
    nobody_sees_beyond_their_scope, app => {
        let world = World::build(app).await;
        many(&world).await;
        let whole = all(&world.city_supervisor).await;
        let homes = ScopeForm::Institutions { institutions: vec![world.home_a2, world.home_b1] };
        let both = app.person("both", Role::Manager, homes).await;
        for (reader, homes) in [
            (&world.manager, vec![world.home_a1]),
            (&world.manager_b, vec![world.home_b1]),
            (&both, vec![world.home_a2, world.home_b1]),
        ] {
            let homes: Vec<String> = homes.iter().map(ToString::to_string).collect();
            let own = |hazard: &&Value| homes.contains(&text(hazard, "institution_id").to_owned());
            assert_eq!(ids(&all(reader).await), ids(&whole.iter().filter(own).cloned().collect::<Vec<_>>()));
            let outside = whole.iter().find(|hazard| !own(hazard)).unwrap();
            reader.get(&format!("/hazards/{}", text(outside, "id"))).await.expect(404);
        }
        for query in [format!("area_id={}", world.county_b), format!("institution_id={}", world.home_b1)] {
            let refused = world.supervisor.get(&format!("/hazards?{query}")).await.expect(404);
            assert_eq!(refused.code(), "not_found");
        }
        let above = world.manager.get(&format!("/hazards?limit=200&area_id={}", world.city)).await.expect(200);
        assert_eq!(above.item_ids(), ids(&all(&world.manager).await), "the city as far as one sees it");
    }
}

// ── Order and pages ─────────────────────────────────────────────────────────────────────────────────────

fn rank(hazard: &Value) -> u8 {
    match (text(hazard, "severity"), hazard["urgent"] == true) {
        ("major", true) => 0,
        ("major", false) => 1,
        (_, true) => 2,
        (_, false) => 3,
    }
}

fn ordered(a: &Value, b: &Value, key: &str) -> Ordering {
    let first = match key {
        "severity" => rank(a).cmp(&rank(b)).then(text(b, "found_at").cmp(text(a, "found_at"))),
        field => text(a, field).cmp(text(b, field)),
    };
    first.then(text(a, "id").cmp(text(b, "id")))
}

on_both_databases! {
    /// Every sort in both directions: the pages together are the whole, each once, in order.
    pages_are_the_whole_in_order, app => {
        let world = World::build(app).await;
        many(&world).await;
        let whole = all(&world.city_supervisor).await;
        for key in ["deadline", "found_at", "severity"] {
            for (sign, limit) in [("", 7), ("-", 13)] {
                let mut expected = whole.clone();
                expected.sort_by(|a, b| ordered(a, b, key));
                if sign == "-" {
                    expected.reverse();
                }
                let seen = pages(&world.city_supervisor, &format!("sort={sign}{key}"), limit).await;
                assert_eq!(ids(&seen), ids(&expected), "{sign}{key}");
            }
        }
        let newest = pages(&world.city_supervisor, "", 50).await;
        assert_eq!(ids(&newest), ids(&whole), "the newest first when no sort is named");
        let own = pages(&world.manager, "sort=deadline&status=pending,rectifying", 3).await;
        assert!(own.is_sorted_by(|a, b| ordered(a, b, "deadline").is_lt()) && own.len() > 6);
    }
}

on_both_databases! {
    /// What is added or changed between two pages neither repeats nor hides what was there.
    pages_stand_still_while_hazards_arrive, app => {
        let world = World::build(app).await;
        many(&world).await;
        let before = ids(&all(&world.city_supervisor).await);
        for sort in ["deadline", "-deadline", "found_at", "-found_at", "severity", "-severity"] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = world.city_supervisor.get(&format!("/hazards?sort={sort}&limit=40{cursor}")).await.expect(200);
                seen.extend(page.item_ids());
                let mut form = world.hazard(&[]);
                form["found_at"] = json!("2026-03-05T01:00:00Z");
                world.registered(&form).await;
                let Some(next) = page.body["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let distinct: HashSet<&String> = seen.iter().collect();
            assert_eq!(distinct.len(), seen.len(), "{sort} repeats");
            assert!(before.iter().all(|id| distinct.contains(id)), "{sort} loses");
        }
    }
}

on_both_databases! {
    /// The next page stands in a `Link` header as well; the last has none.
    the_link_header_leads_on, app => {
        let world = World::build(app).await;
        for _ in 0..3 {
            world.registered(&world.hazard(&[])).await;
        }
        let first = world.inspector.get("/hazards?limit=2&sort=deadline&q=%E6%8F%92%E6%8E%92").await.expect(200);
        let link = first.header("link").unwrap();
        let path = link.strip_prefix("</api/v1").and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).unwrap();
        assert!(path.contains("limit=2&sort=deadline&q=%E6%8F%92%E6%8E%92&cursor="), "{path}");
        let second = world.inspector.get(path).await.expect(200);
        assert_eq!((second.item_ids().len(), second.header("link")), (1, None));
        assert_eq!(second.body["next_cursor"], Value::Null);
    }
}

on_both_databases! {
    /// Limits, cursors and parameters that are not what they should be are refused by name.
    what_a_list_refuses, app => {
        let world = World::build(app).await;
        world.registered(&world.hazard(&[])).await;
        world.registered(&world.hazard(&[])).await;
        for (query, name, code) in [
            ("limit=0", "limit", "out_of_range"),
            ("limit=201", "limit", "out_of_range"),
            ("sort=colour", "sort", "unknown_value"),
            ("sort=", "sort", "unknown_value"),
            ("status=open", "status", "unknown_value"),
            ("status=", "status", "unknown_value"),
            ("status=pending,", "status", "unknown_value"),
            ("offset=20", "offset", "unknown_field"),
        ] {
            let refused = world.inspector.get(&format!("/hazards?{query}")).await.expect(400);
            assert_eq!(refused.code(), "invalid_query");
            assert_eq!(refused.faults(), [(name.to_owned(), code.to_owned())], "{query}");
        }
        for query in ["category=water", "overdue=maybe", "due_before=soon", "found_from=2026", "status=void&status=void", "limit=x", "institution_id=7"] {
            assert_eq!(world.inspector.get(&format!("/hazards?{query}")).await.expect(400).code(), "invalid_query", "{query}");
        }
        let long = format!("/hazards?q={}", "x".repeat(101));
        world.inspector.get(&long).await.expect(400);
        let cursor = world.inspector.get("/hazards?limit=1&sort=deadline").await.body["next_cursor"].as_str().unwrap().to_owned();
        for query in [format!("sort=-deadline&cursor={cursor}"), format!("cursor={cursor}"), "cursor=AAAA".to_owned(), "cursor=".to_owned()] {
            assert_eq!(world.inspector.get(&format!("/hazards?{query}")).await.expect(400).code(), "invalid_cursor", "{query}");
        }
    }
}

// ── Plans ───────────────────────────────────────────────────────────────────────────────────────────────

/// Four thousand more hazards, spread over dates and states, written straight into the table.
fn crowd(conn: &mut Conn) {
    let columns = "institution_id, area_1, area_2, area_3, area_4, area_5, area_6, number, category, checklist_item, \
        location, location_key, description, severity, urgent, self_found, fixed_on_spot, registered_at, registered_by, \
        original_deadline, deadline_basis, recheck_due, rework_count, recurrence_of, listed, submitted_by, closed_at, \
        closed_by, photo_rule, details, digest, version, updated_at";
    let states = "CASE n % 6 WHEN 0 THEN 'pending' WHEN 1 THEN 'rectifying' WHEN 2 THEN 'awaiting_recheck' \
        WHEN 3 THEN 'transferred' WHEN 4 THEN 'void' ELSE 'closed' END";
    let (series, id, found, deadline) = match conn.backend() {
        Backend::Sqlite => (
            "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 2000) SELECT n FROM s)",
            "randomblob(16)",
            "found_at - n * 60000000",
            "date(deadline, (n % 90) || ' days')",
        ),
        Backend::Postgres => (
            "(SELECT n FROM generate_series(1::bigint, 2000::bigint) n) s",
            "gen_random_uuid()",
            "found_at - n * interval '1 minute'",
            "deadline + (n % 90)::int",
        ),
    };
    let sql = format!(
        "INSERT INTO hazards (id, status, found_at, severity_key, deadline, {columns}) \
         SELECT {id}, {states}, {found}, severity_key + n * 60000000, {deadline}, {columns} FROM hazards, {series}"
    );
    conn.batch_execute(&sql).unwrap();
    if conn.backend() == Backend::Postgres {
        conn.batch_execute("ANALYZE hazards; SET LOCAL enable_seqscan = off").unwrap();
    }
}

/// Runs `look` on a crowded table where scanning is the last thing the database would choose, and forgets it all.
async fn on_a_crowd(app: &TestApp, look: impl Fn(&mut Conn) -> Outcome<()> + Send + Clone + 'static) {
    app.db()
        .write(move |conn| {
            crowd(conn);
            look(conn)
        })
        .await
        .unwrap();
}

/// One index, in its own order: nothing is scanned and nothing is sorted.
#[track_caller]
fn served_in_order(backend: Backend, plan: &str, what: &str) {
    served(backend, plan, what);
    let sorted = plan.contains("TEMP B-TREE") || plan.contains("Sort");
    assert!(!sorted, "{what} is sorted:\n{plan}");
}

#[track_caller]
fn served(backend: Backend, plan: &str, what: &str) {
    let (found, scanned) = match backend {
        Backend::Sqlite => (plan.contains("SEARCH") && plan.contains("USING"), plan.contains("SCAN")),
        Backend::Postgres => (plan.contains("Index Cond"), plan.contains("Seq Scan")),
    };
    assert!(found && !scanned, "{what} has no index:\n{plan}");
}

fn area(id: AreaId, level: u8) -> Scope {
    Scope::Areas(vec![ScopeArea { id, level }])
}

fn sorts() -> Vec<Sort> {
    ["deadline", "-deadline", "found_at", "-found_at", "severity", "-severity"]
        .map(|name| Sort::parse(name).unwrap())
        .to_vec()
}

on_both_databases! {
    /// Every list, whoever reads it in whichever order, walks one index per place and state.
    lists_are_served_by_their_indexes, app => {
        let world = World::build(app).await;
        world.registered(&world.hazard(&[])).await;
        world.registered(&world.major_hazard()).await;
        let scopes = vec![
            ("everything", Scope::All),
            ("the city", area(world.city, 1)),
            ("a county", area(world.county_a, 2)),
            ("a township", area(world.town_a1, 3)),
            ("an institution", Scope::Institutions(vec![world.home_a1])),
            ("two institutions", Scope::Institutions(vec![world.home_a1, world.home_a2])),
        ];
        let (backend, today) = (app.backend, "2026-03-10".parse().unwrap());
        on_a_crowd(app, move |conn| {
            for (name, scope) in &scopes {
                for sort in sorts() {
                    let after = Place { sort, value: 20_000, id: HazardId::fresh() };
                    for narrowing in [
                        Narrowing::default(),
                        Narrowing { after: Some(after), ..Narrowing::default() },
                        Narrowing { overdue_on: Some(today), ..Narrowing::default() },
                        Narrowing { severity: Some(Severity::Major), urgent: Some(true), ..Narrowing::default() },
                    ] {
                        // What is overdue is little, and read by its dates whatever the order.
                        let by_date = narrowing.overdue_on.is_none() || sort.key == SortKey::Deadline;
                        let check = if by_date { served_in_order } else { served };
                        for plan in explain(conn, scope, &narrowing, sort, 51)? {
                            check(backend, &plan, &format!("{name} by {sort:?}"));
                        }
                    }
                }
            }
            Ok(())
        })
        .await;
    }
}

on_both_databases! {
    /// A search asks the full-text index first.
    a_search_uses_the_full_text_index, app => {
        let world = World::build(app).await;
        world.registered(&world.hazard(&[])).await;
        let (backend, scope) = (app.backend, area(world.county_a, 2));
        on_a_crowd(app, move |conn| {
            for words in ["插排", "灶", "插排 床头"] {
                let narrowing = Narrowing { text: Some(words.into()), ..Narrowing::default() };
                for plan in explain(conn, &scope, &narrowing, sorts()[0], 51)? {
                    let index = match backend {
                        Backend::Sqlite => "hazard_search VIRTUAL TABLE INDEX",
                        Backend::Postgres => "hazard_search_words",
                    };
                    assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{plan}");
                    assert!(!plan.contains("SCAN hazards"), "{plan}");
                }
            }
            Ok(())
        })
        .await;
    }
}

on_both_databases! {
    /// What stands beside the lists: recurrence, totals, institutions, and the trail.
    the_other_queries_have_their_indexes_too, app => {
        let world = World::build(app).await;
        world.registered(&world.hazard(&[])).await;
        let (backend, now) = (app.backend, app.clock.now());
        let (home, hazard, county, town) = (world.home_a1, HazardId::fresh(), area(world.county_a, 2), area(world.town_a1, 3));
        let town_id = world.town_a1;
        on_a_crowd(app, move |conn| {
            use anlao::{audit, hazards, institutions, supervision};
            served_in_order(backend, &hazards::queries::explain_recurrence(conn, home, now)?, "recurrence");
            let institution = Scope::Institutions(vec![home]);
            let narrower: Option<Area> = anlao::areas::queries::find_any(conn, town_id)?;
            for (scope, area) in [(&county, None), (&town, None), (&institution, None), (&county, narrower.as_ref())] {
                served(backend, &supervision::queries::explain(conn, scope, area)?, "the totals");
            }
            for after in [None, Some(("龙凤镇".to_owned(), home))] {
                for scope in [&county, &town] {
                    let narrowing = institutions::queries::Narrowing { after: after.clone(), ..Default::default() };
                    let plan = institutions::queries::explain(conn, scope, narrowing, 51)?;
                    served_in_order(backend, &plan, "institutions");
                }
            }
            for (object, before) in [(None, None), (None, Some(9)), (Some(hazard.0.into()), None), (Some(hazard.0.into()), Some(9))] {
                let plan = audit::explain_entries(conn, home.into(), object, before, 51)?;
                served_in_order(backend, &plan, "the trail");
            }
            Ok(())
        })
        .await;
    }
}
