//! The totals: always those of the lists, for everyone, at every hour.

use crate::on_both_databases;
use crate::support::{Person, Step, TestApp, World, again};
use anlao::access::Role;
use anlao::users::model::ScopeForm;
use chrono::{NaiveDate, TimeDelta};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Eighty hazards in many states, due around 10 March.
async fn some(world: &World) {
    let mut rng = StdRng::seed_from_u64(11);
    let items = [("electricity", "E01"), ("fire", "F25"), ("gas", "G01"), ("food", ""), ("other", "")];
    let plans: Vec<(Value, usize, u8)> = (0..80)
        .map(|_| {
            let (category, item) = items[rng.random_range(0..items.len())];
            let home = rng.random_range(0..4);
            let homes = [world.home_a1, world.home_a1_neighbour, world.home_a2, world.home_b1];
            let found = format!("2026-{}T01:00:00Z", ["01-20", "02-14", "02-25", "03-01", "03-05", "03-10"][rng.random_range(0..6)]);
            let mut form = json!({ "institution_id": homes[home], "category": category, "location": "一楼",
                "description": "隐患", "found_at": found, "severity": if rng.random_ratio(1, 4) { "major" } else { "general" } });
            if form["severity"] == "major" {
                form["criterion"] = json!("MZ-8");
            }
            if !item.is_empty() {
                form["checklist_item"] = json!(item);
            }
            (form, home, rng.random_range(0..8))
        })
        .collect();
    for some in plans.chunks(10) {
        futures_util::future::join_all(some.iter().map(|plan| lead(world, plan))).await;
    }
}

async fn lead(world: &World, (form, home, fate): &(Value, usize, u8)) {
    let id = uuid::Uuid::now_v7().to_string();
    let away = *home == 3;
    let (inspector, supervisor) =
        if away { (&world.inspector_b, &world.supervisor_b) } else { (&world.inspector, &world.supervisor) };
    let manager = if away { &world.manager_b } else { &world.manager };
    inspector.put(&format!("/hazards/{id}"), form).await.expect(201);
    let managed = matches!(home, 0 | 3);
    match fate {
        0 if managed => drop(manager.act(&id, &Step::plan("accept")).await.expect(201)),
        1 if managed => drop(manager.act(&id, &Step::plan("submit")).await.expect(201)),
        2 if managed => {
            manager.act(&id, &Step::plan("submit")).await.expect(201);
            supervisor.act(&id, &json!({ "kind": "recheck_pass" })).await;
        }
        3 => drop(inspector.act(&id, &Step::transfer()).await.expect(201)),
        4 => {
            inspector.act(&id, &Step::because("request_void")).await.expect(201);
            supervisor.act(&id, &Step::decide("decide_void", true)).await.expect(201);
        }
        _ => {}
    }
}

fn text<'a>(hazard: &'a Value, field: &str) -> &'a str {
    hazard[field].as_str().unwrap()
}

fn totals<'a>(hazards: impl Iterator<Item = &'a Value>) -> Value {
    let (mut total, mut open, mut overdue, mut open_major) = (0, 0, 0, 0);
    for hazard in hazards {
        let is_open = !["closed", "void"].contains(&text(hazard, "status"));
        total += 1;
        open += i32::from(is_open);
        overdue += i32::from(hazard["overdue"] == true);
        open_major += i32::from(is_open && hazard["severity"] == "major");
    }
    json!({ "total": total, "open": open, "overdue": overdue, "open_major": open_major })
}

/// The totals for each value of a field.
fn grouped(hazards: &[Value], field: &str) -> BTreeMap<String, Value> {
    let of = |value: &str| totals(hazards.iter().filter(|hazard| text(hazard, field) == value));
    hazards.iter().map(|hazard| text(hazard, field)).map(|value| (value.to_owned(), of(value))).collect()
}

async fn listed(person: &Person, query: &str) -> Vec<Value> {
    let page = person.get(&format!("/hazards?limit=200{query}")).await.expect(200).body;
    page["items"].as_array().unwrap().clone()
}

/// Everything an overview says, added up again from the list of the same reader.
async fn same_as_the_list(person: &Person, area: &str) -> Value {
    let (query, filter) = if area.is_empty() {
        (String::new(), String::new())
    } else {
        (format!("?area_id={area}"), format!("&area_id={area}"))
    };
    let seen = person.get(&format!("/overview{query}")).await.expect(200).body;
    let hazards = listed(person, &filter).await;
    assert_eq!(seen["totals"], totals(hazards.iter()), "{}", person.username);
    for status in ["pending", "rectifying", "awaiting_recheck", "closed", "transferred", "void"] {
        let count = hazards.iter().filter(|hazard| text(hazard, "status") == status).count();
        assert_eq!(seen["by_status"][status], count, "{status} for {}", person.username);
    }
    assert_eq!(seen["by_category"], json!(grouped(&hazards, "category")));
    assert_eq!(seen["by_severity"], json!(grouped(&hazards, "severity")));
    for (name, from, to) in
        [("1-3", 1, 3), ("4-7", 4, 7), ("8-15", 8, 15), ("16-30", 16, 30), ("31+", 31, 10_000)]
    {
        let late =
            hazards.iter().filter(|h| (from..=to).contains(&h["days_overdue"].as_i64().unwrap())).count();
        assert_eq!(seen["overdue_by_days"][name], late, "{name} for {}", person.username);
    }
    let homes = seen["by_institution"].as_array().unwrap();
    let by_home: BTreeMap<String, Value> =
        homes.iter().map(|home| (text(home, "institution_id").to_owned(), home["totals"].clone())).collect();
    assert_eq!(by_home, grouped(&hazards, "institution_id"));
    let overdue: Vec<i64> = homes.iter().map(|home| home["totals"]["overdue"].as_i64().unwrap()).collect();
    assert!(overdue.is_sorted_by(|a, b| a >= b), "the most overdue first");
    seen
}

fn by_area(overview: &Value) -> BTreeMap<String, Value> {
    let areas = overview["by_area"].as_array().unwrap().iter();
    areas.map(|area| (text(area, "area_id").to_owned(), area["totals"].clone())).collect()
}

async fn counts_hold(app: &TestApp) {
    let wrong = app.db().read(anlao::hazards::queries::wrong_counts).await.unwrap();
    assert_eq!(wrong, Vec::<String>::new());
}

on_both_databases! {
    /// By state, category, severity, days overdue, area and institution, for whoever reads.
    the_totals_are_those_of_the_lists, app => {
        let world = World::build(app).await;
        some(&world).await;
        let two = ScopeForm::Areas { areas: vec![world.town_a1, world.county_b] };
        let two = app.person("two-places", Role::Supervisor, two).await;
        for reader in [&world.city_supervisor, &world.supervisor, &world.supervisor_b, &world.inspector, &world.auditor, &world.admin, &world.manager, &world.manager_b, &two] {
            same_as_the_list(reader, "").await;
        }
        for area in [world.city, world.county_a, world.town_a1, world.town_b2] {
            same_as_the_list(&world.city_supervisor, &area.to_string()).await;
        }
        same_as_the_list(&world.supervisor, &world.city.to_string()).await;
        let city = by_area(&same_as_the_list(&world.city_supervisor, "").await);
        for (county, total) in [(world.county_a, &city[&world.county_a.to_string()]), (world.county_b, &city[&world.county_b.to_string()])] {
            assert_eq!(*total, totals(listed(&world.city_supervisor, &format!("&area_id={county}")).await.iter()));
        }
        assert_eq!(city.len(), 2);
        let county = by_area(&same_as_the_list(&world.supervisor, "").await);
        assert_eq!(county.keys().cloned().collect::<Vec<_>>(), {
            let mut towns = vec![world.town_a1.to_string(), world.town_a2.to_string()];
            towns.sort();
            towns
        });
        world.supervisor.get(&format!("/overview?area_id={}", world.county_b)).await.expect(404);
        world.supervisor.get("/overview?area=1").await.expect(400);
        counts_hold(app).await;
    }
}

on_both_databases! {
    /// Midnight in Shanghai makes hazards overdue and older without anybody writing.
    overdue_appears_at_midnight, app => {
        let world = World::build(app).await;
        some(&world).await;
        let written = async || app.db().read(|conn| {
            use diesel::prelude::*;
            Ok(anlao::db::schema::audit_entries::table.count().get_result::<i64>(conn)?)
        }).await.unwrap();
        let mut last = 0;
        for days in 0..8 {
            let reader = again(app, &world.city_supervisor).await;
            let before = written().await;
            let seen = same_as_the_list(&reader, "").await;
            let today: NaiveDate = text(&seen, "today").parse().unwrap();
            assert_eq!(today, NaiveDate::from_ymd_opt(2026, 3, 10).unwrap() + TimeDelta::days(days));
            let overdue = seen["totals"]["overdue"].as_i64().unwrap();
            assert!(overdue >= last);
            last = overdue;
            // To one millisecond before midnight nothing changes; then it does.
            let to_midnight = if days == 0 { TimeDelta::hours(14) } else { TimeDelta::days(1) };
            app.clock.advance(to_midnight - TimeDelta::milliseconds(1));
            let reader = again(app, &world.city_supervisor).await;
            assert_eq!(reader.get("/overview").await.body["totals"]["overdue"], overdue);
            app.clock.advance(TimeDelta::milliseconds(1));
            assert_eq!(written().await - before, 1, "only the login in between");
        }
        assert!(last > 10);
    }
}

on_both_databases! {
    /// An institution that moves takes its hazards and their totals along.
    totals_move_with_an_institution, app => {
        let world = World::build(app).await;
        some(&world).await;
        let before = by_area(&world.city_supervisor.get("/overview").await.expect(200).body);
        let own = totals(listed(&world.manager, "").await.iter());
        let path = format!("/institutions/{}", world.home_a1);
        world.admin.patch(&path, &json!({ "area_id": world.town_b2, "expected_version": 1 })).await.expect(200);
        let after = by_area(&same_as_the_list(&world.city_supervisor, "").await);
        for field in ["total", "open", "overdue", "open_major"] {
            let at = |side: &BTreeMap<String, Value>, county: anlao::ids::AreaId| side[&county.to_string()][field].as_i64().unwrap();
            let moved = own[field].as_i64().unwrap();
            assert_eq!(at(&after, world.county_a), at(&before, world.county_a) - moved, "{field}");
            assert_eq!(at(&after, world.county_b), at(&before, world.county_b) + moved, "{field}");
        }
        for reader in [&world.supervisor, &world.supervisor_b, &world.manager] {
            same_as_the_list(reader, "").await;
        }
        // What happens afterwards is counted where it lies now.
        let open = listed(&world.manager, "&status=pending").await;
        world.manager.act(text(&open[0], "id"), &Step::plan("accept")).await.expect(201);
        world.inspector_b.put(&format!("/hazards/{}", uuid::Uuid::now_v7()), &world.hazard(&[])).await.expect(201);
        same_as_the_list(&world.supervisor_b, "").await;
        same_as_the_list(&world.city_supervisor, "").await;
        counts_hold(app).await;
    }
}
