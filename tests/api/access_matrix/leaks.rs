//! Lists, searches, totals and the trail show a person's own places and nothing else, at once.

use super::{Fixture, ROLES, unknown};
use crate::on_both_databases;
use crate::support::World;
use serde_json::json;

on_both_databases! {
    /// Whatever somebody of county A asks for, in whatever order, nothing of county B is in it.
    searches_and_lists, app => {
        let fixture = Fixture::build(app).await;
        let mut paths: Vec<String> = ["/areas", "/institutions", "/users", "/overview", "/me", "/me/sessions", "/audit",
            "/areas?limit=1", "/institutions?limit=1", "/users?limit=1", "/users?role=manager", "/users?disabled=false"]
            .map(str::to_owned).to_vec();
        for q in ["CANARY", "金丝雀", "敬老院", "安居", "插排", "91110000802100433B"] {
            paths.push(format!("/hazards?q={q}"));
            paths.push(format!("/institutions?q={q}"));
        }
        for sort in ["deadline", "-deadline", "found_at", "-found_at", "severity", "-severity"] {
            paths.push(format!("/hazards?sort={sort}"));
            paths.push(format!("/hazards?sort={sort}&limit=1"));
        }
        let filters = ["status=pending,rectifying", "overdue=true", "category=electricity", "severity=general", "urgent=false",
            "listed=false", "self_found=true", "checklist_item=E03", "due_before=2030-01-01", "found_from=2026-01-01T00:00:00Z"];
        paths.extend(filters.map(|filter| format!("/hazards?{filter}")));
        paths.extend(["/inspections", "/inspections?limit=1&sort=on_day", "/inspections?state=planned", "/inspections?assignee=me"].map(str::to_owned));
        paths.push(format!("/inspections?area_id={}", fixture.world.city));
        paths.extend(["/drills", "/drills?limit=1&sort=on_day", "/drills?state=planned", "/drills?kind=full"].map(str::to_owned));
        paths.push(format!("/drills?area_id={}", fixture.world.city));
        paths.extend(["/campaigns", "/campaigns?state=draft", "/campaigns?limit=1"].map(str::to_owned));
        paths.extend(["/warnings", "/warnings?running=true", "/warnings?limit=1"].map(str::to_owned));
        paths.extend(["/notices", "/notices?limit=1", "/notices?kind=rectification_notice", "/notices?state=issued"].map(str::to_owned));
        paths.push(format!("/notices?area_id={}", fixture.world.city));
        paths.extend(["/command-gaps", "/command-gaps?limit=1", "/command-gaps?within=tonight"].map(str::to_owned));
        paths.push(format!("/hazards?area_id={}", fixture.world.city));
        paths.push(format!("/institutions?area_id={}", fixture.world.city));
        paths.push(format!("/overview?area_id={}", fixture.world.city));
        paths.extend(["/compliance".to_owned(), "/compliance?limit=1&state=overdue".to_owned(), format!("/compliance?area_id={}", fixture.world.city)]);
        for home in [fixture.world.home_a1, fixture.world.home_a1_neighbour] {
            paths.push(format!("/audit?institution_id={home}&limit=200"));
        }
        for role in ROLES {
            let person = fixture.person(app, role);
            for path in &paths {
                let mut next = Some(path.clone());
                while let Some(path) = next {
                    let answer = person.get(&path).await;
                    assert!(answer.status < 500, "{role} {path}: {}", answer.body);
                    fixture.assert_no_leak(&format!("{role} {path}"), &answer);
                    let link = answer.header("link").and_then(|link| link.split(['<', '>']).nth(1));
                    next = link.map(|link| link.trim_start_matches("/api/v1").to_owned());
                }
            }
        }
    }

    /// Totals count what the caller sees: for the county its two hazards, for the manager one, for the city three.
    totals, app => {
        let fixture = Fixture::build(app).await;
        let world = &fixture.world;
        for (person, total) in [(&world.supervisor, 2), (&world.inspector, 2), (&world.auditor, 2), (&world.manager, 1),
            (&world.supervisor_b, 1), (&world.manager_b, 1), (&world.city_supervisor, 3), (&world.admin, 3)] {
            let overview = person.get("/overview").await.expect(200).body;
            assert_eq!(overview["totals"]["total"], total, "{}", person.username);
            assert_eq!(person.get("/hazards").await.expect(200).item_ids().len(), total, "{}", person.username);
        }
        let over_the_city = world.supervisor.get(&format!("/overview?area_id={}", world.city)).await.expect(200).body;
        assert_eq!(over_the_city["totals"]["total"], 2);
        assert_eq!(over_the_city["by_area"].as_array().unwrap().len(), 1);
    }

    /// An institution that moves is the new supervisor's with the next request, and no longer the old one's.
    a_moved_institution, app => {
        let world = World::build(app).await;
        let hazard = world.found().await;
        let (old, new) = (&world.supervisor, &world.supervisor_b);
        let (home, page) = (format!("/institutions/{}", world.home_a1), format!("/hazards/{hazard}"));
        let trail = format!("/audit?institution_id={}", world.home_a1);
        for path in [&home, &page, &trail] {
            old.get(path).await.expect(200);
            new.get(path).await.expect(404);
        }
        let move_it = json!({ "area_id": world.town_b1, "expected_version": 1 });
        world.admin.patch(&home, &move_it).await.expect(200);
        for path in [&home, &page, &trail] {
            old.get(path).await.expect(404);
            new.get(path).await.expect(200);
        }
        assert!(old.get("/hazards").await.expect(200).item_ids().is_empty());
        assert_eq!(new.get("/hazards").await.expect(200).item_ids(), std::slice::from_ref(&hazard));
        assert_eq!(old.get("/overview").await.expect(200).body["totals"]["total"], 0);
        assert_eq!(new.get("/overview").await.expect(200).body["totals"]["total"], 1);
        let history = new.get(&trail).await.expect(200).body;
        assert!(history["items"].as_array().unwrap().iter().any(|entry| entry["action"] == "hazard.registered"));
        world.manager.get(&page).await.expect(200);
    }

    /// The same for a whole area: everything below it goes with it, six levels deep, counts included.
    a_moved_area, app => {
        let world = World::build(app).await;
        let hazard = world.found().await;
        let (old, new) = (&world.supervisor, &world.supervisor_b);
        let town = format!("/areas/{}", world.town_a1);
        let mut below = world.town_a1.to_string();
        for level in 4..=5 {
            let id = unknown();
            let form = json!({ "parent_id": below, "code": format!("51090310100{level}"), "name": format!("第{level}级") });
            world.admin.put(&format!("/areas/{id}"), &form).await.expect(201);
            below = id;
        }
        let home = format!("/institutions/{}", world.home_a1);
        world.admin.patch(&home, &json!({ "area_id": below, "expected_version": 1 })).await.expect(200);
        old.get(&format!("/hazards/{hazard}")).await.expect(200);
        world.admin.patch(&town, &json!({ "parent_id": world.county_b, "expected_version": 1 })).await.expect(200);
        for path in [format!("/hazards/{hazard}"), home, town, format!("/areas/{below}")] {
            old.get(&path).await.expect(404);
            new.get(&path).await.expect(200);
        }
        assert_eq!(old.get("/overview").await.expect(200).body["totals"]["total"], 0);
        assert_eq!(new.get("/overview").await.expect(200).body["totals"]["total"], 1);
        assert_eq!(new.get(&format!("/areas/{below}")).await.body["level"], 5);
    }

    /// An administrator decides nothing and cannot read the trail; an auditor changes nothing at all.
    separation_of_duties, app => {
        let world = World::build(app).await;
        let hazard = world.fixed().await;
        for kind in ["recheck_pass", "comment", "submit", "decide_void", "list"] {
            let step = json!({ "kind": kind });
            for person in [&world.admin, &world.auditor] {
                person.act(&hazard, &step).await.expect(403);
            }
        }
        world.admin.get("/audit").await.expect(403);
        world.auditor.put(&format!("/hazards/{}", unknown()), &world.hazard(&[])).await.expect(403);
        let shown = world.auditor.get(&format!("/hazards/{hazard}")).await.expect(200).body;
        assert_eq!(shown["allowed_actions"], json!([]));
        let shown = world.admin.get(&format!("/hazards/{hazard}")).await.expect(200).body;
        assert_eq!(shown["allowed_actions"], json!([]));
    }
}
