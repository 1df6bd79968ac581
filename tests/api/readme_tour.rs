//! The README's tour, word for word: its shell blocks against a demonstration city.

use crate::demonstration::{DEMO_PASSWORD, SMALL, fill};
use crate::on_both_databases;
use crate::support::TestApp;
use anlao::demo::Size;
use std::process::Command;

/// Every block of the README that is marked as a step of the tour.
fn tour() -> String {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```sh tour\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect()
}

async fn walk(app: &TestApp, before: &str, after: &str) -> String {
    // The tour asks the machine for the time.
    app.clock.advance(chrono::Utc::now() - app.clock.now().utc());
    // Enough institutions for three inspectors in one county.
    fill(app, Size { institutions: Some(40), ..SMALL }, DEMO_PASSWORD).await;
    let dir = tempfile::tempdir().unwrap();
    let script = format!("set -eu\n{}", tour());
    let mut command = Command::new("bash");
    command.arg("-c").arg(script).current_dir(dir.path()).env("API", &app.base);
    command.env("ANLAO_DEMO_PASSWORD", DEMO_PASSWORD).env("BEFORE", before).env("AFTER", after);
    // What the tour brings in is read in the background, as it is by a server.
    let work = tokio::spawn(crate::ledger::runner(app).run());
    let output = actix_web::web::block(move || command.output()).await.unwrap().unwrap();
    work.abort();
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(std::fs::metadata(dir.path().join("upright.jpg")).unwrap().len() > 1000, "{said}");
    assert!(!said.contains("about:blank"), "a step was refused: {said}");
    assert_eq!(said.lines().filter(|line| *line == "closed").count(), 1, "{said}");
    assert_eq!(said.lines().filter(|line| *line == "handed_in").count(), 3, "{said}");
    assert!(said.contains("\"draws\":1") && said.contains("\"coverage_percent\":"), "{said}");
    assert!(said.contains("\"good\":2,\"duplicates\":0,\"changed\":0,\"refused\":1"), "{said}");
    let page = std::fs::read_to_string(dir.path().join("notice.html")).unwrap();
    assert!(page.contains("责令限期整改通知书") && page.contains("data:image/"), "{page}");
    assert!(std::fs::read(dir.path().join("notice.docx")).unwrap().starts_with(b"PK"));
    let draws: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("draws.json")).unwrap()).unwrap();
    let draw: anlao::campaigns::DrawRecord = serde_json::from_value(draws["items"][0].clone()).unwrap();
    assert_eq!(draw.verify(), Ok(()));
    said.into_owned()
}

on_both_databases! {
    /// With photographs that the tour takes from the demonstration itself.
    the_tour_works, app => {
        walk(app, "", "").await;
    }

    /// With real photographs, where `ANLAO_CORPORA` names some.
    the_tour_works_with_real_photographs, app => {
        let Ok(corpora) = std::env::var("ANLAO_CORPORA") else {
            eprintln!("NOT TRIED with real photographs: ANLAO_CORPORA is not set");
            return;
        };
        walk(app, &format!("{corpora}/photos/Landscape_6.jpg"), &format!("{corpora}/photos/Portrait_8.jpg")).await;
    }
}
