//! Notices on paper: what was frozen, as HTML and as DOCX.

use crate::on_both_databases;
use crate::support::{Answer, Photo, TestApp, World};
use anlao::db::Backend;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::process::Command;

/// The parts of a DOCX file.
fn parts(file: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
    (0..zip.len())
        .map(|at| {
            let mut part = zip.by_index(at).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            (part.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

/// The visible text of an XML part, which must be well-formed.
fn text_of(name: &str, part: &[u8]) -> String {
    let mut reader = quick_xml::Reader::from_reader(part);
    reader.config_mut().check_end_names = true;
    let (mut text, mut depth, mut buffer) = (String::new(), 0_i32, Vec::new());
    loop {
        use quick_xml::events::Event;
        match reader.read_event_into(&mut buffer).unwrap_or_else(|error| panic!("{name}: {error}")) {
            Event::Start(start) => {
                start.attributes().for_each(|attribute| drop(attribute.unwrap()));
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Text(piece) => text.push_str(&piece.decode().unwrap()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(c) => text.push(c),
                None => text.push(match &*reference.decode().unwrap() {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    other => panic!("{name}: &{other};"),
                }),
            },
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    assert_eq!(depth, 0, "{name}");
    text
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.clone()).unwrap()
}

async fn page(world: &World, id: &str) -> Answer {
    world.manager.get(&format!("/notices/{id}/page")).await.expect(200)
}

async fn document(world: &World, id: &str) -> Answer {
    world.manager.get(&format!("/notices/{id}/document")).await.expect(200)
}

/// What may stand in texts and must not do anything there.
const HOSTILE: &str = "<script>alert(1)</script> & \"' </style> ]]> {facts} &lt; \u{202e}倒\u{2066}写\u{200f} \u{feff}\u{ffff}尾";
const HARMLESS: &str = "<script>alert(1)</script> & \"' </style> ]]> {facts} &lt; 倒写 \u{fffd}尾";

on_both_databases! {
    /// The paper says what was frozen, whatever becomes of the hazard, the institution and the deadline; the same bytes
    /// every time; and its digest is the one on record.
    it_stays_as_it_was_issued, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        let hazard = world.registered(&world.hazard(&[&photo])).await;
        photo.upload(&world.inspector).await.expect(201);
        let id = world.issued(&world.notice(&[&hazard])).await;
        let (html, docx) = (page(&world, &id).await, document(&world, &id).await);
        let detail = world.manager.get(&format!("/notices/{id}")).await.expect(200).body;
        let digest = detail["digest"].as_str().unwrap();
        let stored = app.db().read(move |conn| {
            use anlao::db::schema::notices;
            use diesel::prelude::*;
            Ok(notices::table.select((notices::content, notices::digest)).first::<(String, String)>(conn)?)
        }).await.unwrap();
        assert_eq!(hex::encode(Sha256::digest(stored.0.as_bytes())), digest);
        assert_eq!(stored.1, digest);
        let grouped: Vec<&str> = (0..8).map(|at| &digest[at * 8..at * 8 + 8]).collect();
        assert!(text(&html).contains(&grouped.join(" ")), "the page carries the digest");
        let found = text(&html);
        for words in ["责令限期整改通知书", "船民安责改〔2026〕1号", "龙凤镇敬老院", "二楼东侧203室床头", "移动插排串接，给气垫床供电，外壳有烧痕",
            "消防法第二十七条", "2026年3月10日", "第四十五条第（四）项", "行政复议", "样本文书，使用前由法制机构审定", "data:image/jpeg;base64,", &photo.sha256()[..16]] {
            assert!(found.contains(words), "{words}");
        }
        // Now everything moves.
        world.supervisor.act(&hazard, &crate::support::Step::judge_major()).await.expect(201);
        let renamed = json!({ "name": "改了名的养老院", "principal": "新院长", "expected_version": 1 });
        world.admin.patch(&format!("/institutions/{}", world.home_a1), &renamed).await.expect(200);
        world.inspector.notice_step(&id, &json!({ "kind": "serve", "how": "post", "served_at": "2026-03-10T02:00:00Z", "recipient": "赵" })).await.expect(201);
        app.clock.advance(chrono::TimeDelta::minutes(5));
        assert_eq!(page(&world, &id).await.bytes, html.bytes);
        assert_eq!(document(&world, &id).await.bytes, docx.bytes);
        // A paper that is void says so, on every print.
        world.supervisor.notice_step(&id, &json!({ "kind": "void", "text": "误发" })).await.expect(201);
        assert!(text(&page(&world, &id).await).contains("<p class=\"void\">本文书已作废</p>"));
        let void = parts(&document(&world, &id).await.bytes);
        assert!(text_of("document", &void["word/document.xml"]).contains("【本文书已作废】"));
    }
}

#[test]
fn nothing_in_a_text_does_anything_on_paper() {
    TestApp::run(Backend::Sqlite, async |app| {
        let world = World::build(app).await;
        let mut form = world.hazard(&[]);
        form["description"] = json!(HOSTILE);
        form["location"] = json!(HOSTILE);
        let hazard = world.registered(&form).await;
        let mut notice = world.notice(&[&hazard]);
        for field in ["recipient", "inspectors", "reply_to"] {
            notice[field] = json!(HOSTILE);
        }
        notice["hazards"][0]["requirement"] = json!(HOSTILE);
        notice["hazards"][0]["basis"] = json!(HOSTILE);
        notice["paragraphs"] = json!([{ "text": format!("第一行\n第二行 {HOSTILE}") }]);
        let id = world.issued(&notice).await;
        let answer = page(&world, &id).await;
        let html = text(&answer);
        assert_eq!(html.matches("<script").count(), 0, "{html}");
        assert_eq!(html.matches("</style>").count(), 1);
        let escaped =
            HARMLESS.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(html.matches(&escaped).count() >= 8, "{} of {html}", html.matches(&escaped).count());
        let turning = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{ffff}');
        assert!(!html.contains(turning));
        // The policy allows this style and nothing else.
        let policy = answer.header("content-security-policy").unwrap();
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        use base64::Engine;
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
        assert!(
            policy.starts_with("default-src 'none';")
                && policy.ends_with("sandbox")
                && !policy.contains("unsafe"),
            "{policy}"
        );
        for (name, part) in parts(&document(&world, &id).await.bytes) {
            if name.ends_with(".xml") || name.ends_with(".rels") {
                let text = text_of(&name, &part);
                assert!(!text.contains(turning), "{name}");
                if name == "word/document.xml" {
                    assert!(text.matches(HARMLESS).count() >= 8, "{text}");
                    assert!(
                        text.contains("第一行")
                            && std::str::from_utf8(&part).unwrap().contains("<w:br></w:br>")
                    );
                }
            }
        }
    });
}

/// Thirty hazards with long texts and two photos each, one photo that nothing can be made from.
async fn heaviest(world: &World) -> String {
    let mut hazards = Vec::new();
    for at in 0..30 {
        let mut photos = vec![Photo::before(), Photo::before()];
        if at == 0 {
            photos[1] = Photo::heic();
        }
        let mut form = world.hazard(&photos.iter().collect::<Vec<_>>());
        form["description"] = json!(if at == 3 {
            "通道堆放杂物，".repeat(285)
        } else {
            "移动插排串接，给气垫床供电，外壳有烧痕。".repeat(1 + at % 4)
        });
        form["location"] = json!(format!("{}楼{}室", at % 6 + 1, 201 + at));
        form["checklist_item"] = if at % 5 == 4 { Value::Null } else { json!("E03") };
        let hazard = world.registered(&form).await;
        for photo in &photos {
            photo.upload(&world.inspector).await.expect(201);
        }
        hazards.push(hazard);
    }
    let mut form = world.notice(&hazards.iter().map(String::as_str).collect::<Vec<_>>());
    form["paragraphs"] = json!([{ "text": "整改期间请每日报送进展。" }]);
    world.issued(&form).await
}

#[test]
fn the_heaviest_paper_is_made_whole() {
    TestApp::run(Backend::Sqlite, async |app| {
        let world = World::build(app).await;
        let id = heaviest(&world).await;
        let html = text(&page(&world, &id).await);
        // The picture without a preview is named, and takes one of the places.
        assert_eq!(html.matches("<figure>").count(), 30);
        assert_eq!(html.matches("data:image/jpeg;base64,").count(), 29);
        assert!(html.contains("原件已保存，无法生成预览"));
        let parts = parts(&document(&world, &id).await.bytes);
        assert_eq!(parts.keys().filter(|name| name.starts_with("word/media/photo")).count(), 29);
        assert!(parts["word/media/code.png"].starts_with(b"\x89PNG"));
        let relations = String::from_utf8(parts["word/_rels/document.xml.rels"].clone()).unwrap();
        let body = String::from_utf8(parts["word/document.xml"].clone()).unwrap();
        for used in body.split("r:embed=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let target = relations
                .split("<Relationship ")
                .find(|one| one.contains(&format!("Id=\"{used}\"")))
                .unwrap();
            let target = target.split("Target=\"").nth(1).unwrap().split('"').next().unwrap();
            assert!(parts.contains_key(&format!("word/{target}")), "{target}");
        }
        let rows = body.matches("<w:tr>").count();
        assert!(rows > 31, "{rows}");
    });
}

fn found(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|ran| ran.status.success())
}

/// Turns a file into PDF with a program of the machine, and returns the text of the PDF's pages.
fn pages(pdf: &std::path::Path) -> usize {
    let bytes = std::fs::read(pdf).unwrap_or_default();
    assert!(bytes.starts_with(b"%PDF"), "{} is no PDF", pdf.display());
    // Both programs write the page objects uncompressed or in object streams; the tree's count stands either way.
    let text = String::from_utf8_lossy(&bytes);
    text.matches("/Type/Page\n").count()
        + text.matches("/Type/Page/").count()
        + text.matches("/Type /Page\n").count()
}

/// Where one is installed: the page is printed by Chromium, the file opened by LibreOffice, and both become a PDF.
#[test]
fn programs_of_the_office_open_it() {
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| found(name));
    let office = ["soffice", "libreoffice"].into_iter().find(|name| found(name));
    for (what, there) in [("Chromium", chromium.is_some()), ("LibreOffice", office.is_some())] {
        assert!(there || anlao_testbed::tries(0, 1) == 0, "{what} is not installed");
        if !there {
            eprintln!("######## NOT RUN: {what} is not installed; `make accept` installs it ########");
        }
    }
    TestApp::run(Backend::Sqlite, async |app| {
        let world = World::build(app).await;
        let id = heaviest(&world).await;
        let folder = match std::env::var_os("ANLAO_KEEP_PAPERS") {
            Some(folder) => std::path::PathBuf::from(folder),
            None => app.dir.path().join("papers"),
        };
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("notice.html"), page(&world, &id).await.bytes).unwrap();
        std::fs::write(folder.join("notice.docx"), document(&world, &id).await.bytes).unwrap();
        let profile = tempfile::tempdir().unwrap();
        let printed = |program: &str, arguments: &[String]| {
            let ran = Command::new(program).args(arguments).current_dir(&folder).output().unwrap();
            assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        };
        let (mut tried, mut failed) = (0, 0);
        if let Some(chromium) = chromium {
            let address = format!("file://{}", folder.join("notice.html").display());
            let arguments = [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--no-pdf-header-footer",
                "--print-to-pdf=page.pdf",
            ];
            let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
            arguments
                .extend([format!("--user-data-dir={}", profile.path().join("chromium").display()), address]);
            printed(chromium, &arguments);
            tried += 1;
            failed += u64::from(pages(&folder.join("page.pdf")) < 5);
        }
        if let Some(office) = office {
            let profile = format!("-env:UserInstallation=file://{}", profile.path().join("office").display());
            printed(
                office,
                &[profile, "--headless".into(), "--convert-to".into(), "pdf".into(), "notice.docx".into()],
            );
            tried += 1;
            failed += u64::from(pages(&folder.join("notice.pdf")) < 5);
        }
        anlao_testbed::tally(
            "7",
            "a notice printed by Chromium and opened by LibreOffice: programs",
            tried,
            failed,
        );
        assert_eq!(failed, 0);
    });
}
