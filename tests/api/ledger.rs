//! Ledgers over HTTP: what real files look like, what hostile ones do, what a node that dies leaves to the next.

use crate::on_both_databases;
use crate::support::{Answer, Person, TestApp, World, lines};
use anlao::access::Role;
use anlao::audit;
use anlao::db::Backend;
use anlao::jobs::{JobKind, Runner, queries as jobs};
use anlao::ledger::import;
use anlao_testbed::{tally, tries};
use chrono::{NaiveDate, TimeDelta};
use reqwest::Method;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;

pub const CSV: &str = "text/csv";
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const HEADER: &str = "序号,排查时间,排查人,隐患部位,隐患名称,隐患等级,整改措施,完成时限,责任部门,责任人,复查时间,复查人,复查结果";

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

pub fn runner(app: &TestApp) -> Runner {
    Runner {
        db: app.parts.db.clone(),
        store: app.parts.vault.store.clone(),
        office: app.parts.office.clone(),
        clock: app.clock.clone(),
    }
}

async fn send(by: &Person, id: &str, query: &str, kind: &str, bytes: &[u8]) -> Answer {
    let request = by.request(Method::PUT, &format!("/imports/{id}?{query}")).header("content-type", kind);
    by.send(request.body(bytes.to_vec())).await
}

/// Brings a file in to its end, and says what came of it.
pub async fn bring(app: &TestApp, by: &Person, query: &str, bytes: &[u8]) -> Value {
    let id = unknown();
    let kind = if bytes.starts_with(b"PK") { XLSX } else { CSV };
    send(by, &id, query, kind, bytes).await.expect(202);
    runner(app).run_due().await.unwrap();
    by.get(&format!("/imports/{id}")).await.expect(200).body
}

pub async fn errors(by: &Person, import: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = format!("/imports/{}/errors?limit=200", import["id"].as_str().unwrap());
    loop {
        let page = by.get(&path).await.expect(200).body;
        all.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { return all };
        path = format!("/imports/{}/errors?limit=200&cursor={cursor}", import["id"].as_str().unwrap());
    }
}

fn counts(import: &Value) -> [i64; 5] {
    ["rows", "good", "duplicates", "changed", "refused"]
        .map(|key| import[key].as_i64().unwrap_or_else(|| panic!("{import}")))
}

/// Exports what a person sees, to its end.
pub async fn exported(app: &TestApp, by: &Person, form: &Value) -> Vec<u8> {
    let id = unknown();
    by.put(&format!("/exports/{id}"), form).await.expect(202);
    by.get(&format!("/exports/{id}/file")).await.expect(409);
    runner(app).run_due().await.unwrap();
    let export = by.get(&format!("/exports/{id}")).await.expect(200).body;
    assert_eq!(export["state"], "done", "{export}");
    by.get(&format!("/exports/{id}/file")).await.expect(200).bytes.to_vec()
}

/// All hazards a person sees, by description.
pub async fn hazards(by: &Person) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = "/hazards?limit=200".to_owned();
    loop {
        let page = by.get(&path).await.expect(200).body;
        all.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/hazards?limit=200&cursor={cursor}");
    }
    all.sort_by_key(|hazard| hazard["description"].as_str().unwrap().to_owned());
    all
}

/// The trail and the counts hold.
async fn assert_sound(app: &TestApp) {
    let office = app.office().clone();
    let report =
        app.db().read(move |conn| audit::verify(conn, &office.keys.audit_public(), |_| ())).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(app.db().read(anlao::hazards::queries::wrong_counts).await.unwrap(), [] as [String; 0]);
}

/// A workbook as offices keep them: a title over all columns, merged cells, dates as dates and as numbers, a sum below, a
/// second sheet of something else.
fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let plain = Format::new();
    workbook.add_worksheet().set_name("说明").unwrap().write_string(0, 0, "填写说明").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.merge_range(0, 0, 0, 12, "龙凤镇夕阳红养老院隐患排查治理台账", &plain).unwrap();
    for (column, name) in (0..).zip(HEADER.split(',')) {
        sheet.write_string(1, column, name).unwrap();
    }
    let rows = [
        ["配电间", "电线裸露", "一般", "包扎", "", ""],
        ["厨房", "软管老化", "重大", "更换", "2025-01-09", "合格"],
        ["食堂", "留样不足", "一般", "留样", "2025-01-09", "不合格"],
    ];
    for (row, [place, text, level, measure, recheck, result]) in (2..).zip(rows) {
        sheet.write_number(row, 0, row - 1).unwrap();
        sheet.write_string(row, 3, place).unwrap();
        sheet.write_string(row, 4, text).unwrap();
        sheet.write_string(row, 5, level).unwrap();
        sheet.write_string(row, 6, measure).unwrap();
        sheet.write_string(row, 10, recheck).unwrap();
        sheet.write_string(row, 11, if recheck.is_empty() { "" } else { "孙五" }).unwrap();
        sheet.write_string(row, 12, result).unwrap();
    }
    sheet.write_datetime_with_format(2, 1, ExcelDateTime::from_ymd(2025, 1, 6).unwrap(), &date).unwrap();
    sheet.write_number(3, 1, 45_664).unwrap();
    sheet.write_string(4, 1, "２０２５．１．８").unwrap();
    sheet.merge_range(2, 2, 4, 2, "周一一", &plain).unwrap();
    sheet.merge_range(2, 7, 4, 7, "2025年1月20日", &plain).unwrap();
    sheet.write_string(6, 0, "合计").unwrap();
    sheet.write_formula(6, 4, "COUNTA(E3:E5)").unwrap();
    workbook.save_to_buffer().unwrap()
}

fn csv(rows: &[&str]) -> Vec<u8> {
    format!("{HEADER}\n{}\n", rows.join("\n")).into_bytes()
}

/// A zip of these parts, squeezed.
fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook of one sheet with this XML.
fn handmade(sheet: &str, strings: &str) -> Vec<u8> {
    zip(&[
        ("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"),
        ("_rels/.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
        ("xl/workbook.xml", b"<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

const NO_STRINGS: &str = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"/>";

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let good = workbook();
    let sheet = |rows: &str| {
        format!(
            "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
        )
    };
    let long = "长".repeat(3_400_000);
    let entity = format!(
        "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>{}",
        sheet("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>&f;</t></is></c></row>")
    );
    let laughs = (0..9).fold("<!ENTITY a0 \"ha\">".to_owned(), |text, n| {
        format!("{text}<!ENTITY a{} \"&a{n};&a{n};&a{n};&a{n};\">", n + 1)
    });
    let laughs = format!(
        "<!DOCTYPE x [{laughs}]>{}",
        sheet("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>&a9;</t></is></c></row>")
    );
    vec![
        ("nothing", Vec::new()),
        ("half a workbook", good[..good.len() / 2].to_vec()),
        ("a workbook without its directory", good[..good.len() - 30].to_vec()),
        ("another zip", zip(&[("a.txt", b"hello")])),
        ("a bomb of strings", handmade(&sheet(""), &format!("<sst>{}</sst>", " ".repeat(70 * 1024 * 1024)))),
        (
            "a cell far to the right",
            handmade(&sheet("<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>"), NO_STRINGS),
        ),
        (
            "a cell beyond all columns",
            handmade(&sheet("<row r=\"1\"><c r=\"ZZZZZZZZZZ1\"><v>1</v></c></row>"), NO_STRINGS),
        ),
        (
            "a row beyond all rows",
            handmade(&sheet("<row r=\"99999999999\"><c r=\"A99999999999\"><v>1</v></c></row>"), NO_STRINGS),
        ),
        (
            "rows backwards",
            handmade(
                &sheet(
                    "<row r=\"5\"><c r=\"A5\"><v>1</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>",
                ),
                NO_STRINGS,
            ),
        ),
        (
            "a string that is not there",
            handmade(&sheet("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>999999</v></c></row>"), NO_STRINGS),
        ),
        (
            "a cell of ten megabytes",
            handmade(
                &sheet(&format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{long}</t></is></c></row>")),
                NO_STRINGS,
            ),
        ),
        ("an external entity", handmade(&entity, NO_STRINGS)),
        ("a billion laughs", handmade(&laughs, NO_STRINGS)),
        ("no XML", handmade("\u{1}\u{2}<<<>>>", NO_STRINGS)),
        ("an open tag", handmade("<worksheet><sheetData><row r=\"1\"><c r=\"A1\">", NO_STRINGS)),
        ("a text cell of ten megabytes", format!("{HEADER}\n1,{long}\n").into_bytes()),
        ("a million columns", format!("{HEADER}\n{}\n", "x,".repeat(1_000_000)).into_bytes()),
        ("zeros", format!("{HEADER}\n1,2025-01-01\0,a\n").into_bytes()),
        ("a picture", b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01".to_vec()),
        ("a program", b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00".to_vec()),
        ("an open quote", format!("{HEADER}\n1,\"2025-01-01,a\n").into_bytes()),
        ("an old workbook", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec()),
        ("another table", "姓名,年龄,电话\n张三,80,1\n".into()),
        ("a ledger without its dates", "序号,隐患部位,隐患名称,隐患等级\n1,二楼,杂物,一般\n".into()),
    ]
}

on_both_databases! {
    /// Merged cells, dates of three kinds, a title that names the home, a sheet of something else.
    a_workbook_as_offices_keep_them, app => {
        let world = World::build(app).await;
        let import = bring(app, &world.supervisor, "kind=hazards", &workbook()).await;
        assert_eq!((counts(&import), &import["state"]), ([3, 3, 0, 0, 0], &json!("done")), "{import} {:?}", errors(&world.supervisor, &import).await);
        let told: Vec<Value> = hazards(&world.supervisor).await.iter().map(|hazard| json!([hazard["description"], hazard["status"],
            hazard["deadline"], hazard["found_at"], hazard["category"], hazard["institution_id"]])).collect();
        let home = world.home_a1_neighbour;
        assert_eq!(json!(told), json!([
            ["电线裸露", "pending", "2025-01-20", "2025-01-05T16:00:00Z", "electricity", home],
            ["留样不足", "rectifying", "2025-01-20", "2025-01-07T16:00:00Z", "food", home],
            ["软管老化", "closed", "2025-01-20", "2025-01-06T16:00:00Z", "gas", home],
        ]));
        let detail = hazards(&world.supervisor).await[2]["id"].as_str().unwrap().to_owned();
        let detail = world.supervisor.get(&format!("/hazards/{detail}")).await.expect(200).body;
        let imported = &detail["details"]["imported"];
        assert_eq!((&imported["found_by"], &imported["row"], &imported["recheck"]["by"]), (&json!("周一一"), &json!(4), &json!("孙五")), "{detail}");
        let notes: Vec<Value> = errors(&world.supervisor, &import).await.iter().map(|note| json!([note["level"], note["row"], note["code"]])).collect();
        assert!(notes.contains(&json!(["note", 4, "criterion_missing"])) && notes.contains(&json!(["note", 3, "guessed"])), "{notes:?}");
        assert_sound(app).await;
        // Somebody of another county neither sees the import nor can take its id.
        let path = format!("/imports/{}", import["id"].as_str().unwrap());
        world.supervisor_b.get(&path).await.expect(404);
        send(&world.supervisor_b, import["id"].as_str().unwrap(), "kind=hazards", XLSX, &workbook()).await.expect(404);
        let foreign = bring(app, &world.supervisor_b, "kind=hazards", &workbook()).await;
        assert_eq!(foreign["state"], "failed", "its title names nothing that they see: {foreign}");
    }

    /// Nothing is written while a row is wrong; the good rows alone are, when that is asked for; the same file again, in
    /// another order, doubles nothing; a later version of it is reported and changes nothing.
    all_or_nothing_and_never_twice, app => {
        let world = World::build(app).await;
        let rows = ["1,2025-01-06,周,一层,杂物堆放,一般,清理,2025-01-08,后勤,吴,,,", "2,2025-01-07,周,二层,电线裸露,一般,包扎,2025-01-09,后勤,吴,,,",
            "3,2025-01-07,周,三层,门坏,特大,修,2025-01-09,后勤,吴,,,"];
        let at = format!("kind=hazards&institution_id={}", world.home_a1);
        let refused = bring(app, &world.supervisor, &at, &csv(&rows)).await;
        assert_eq!((counts(&refused), &refused["state"]), ([3, 2, 0, 0, 1], &json!("refused")));
        assert!(hazards(&world.supervisor).await.is_empty());
        let tried = bring(app, &world.supervisor, &format!("{at}&dry_run=true&only_good=true"), &csv(&rows)).await;
        assert_eq!((counts(&tried), &tried["state"]), ([3, 2, 0, 0, 1], &json!("done")));
        assert!(hazards(&world.supervisor).await.is_empty());
        let taken = bring(app, &world.supervisor, &format!("{at}&only_good=true"), &csv(&rows)).await;
        assert_eq!((&taken["rows_done"], hazards(&world.supervisor).await.len()), (&json!(2), 2));
        let turned = bring(app, &world.supervisor, &at, &csv(&[rows[1], rows[0]])).await;
        assert_eq!((counts(&turned), &turned["state"]), ([2, 0, 2, 0, 0], &json!("done")));
        let later = ["1,2025-01-06,周,一 层,杂物堆放,一般,清理,2025-01-08,后勤,吴,2025-01-08,周,合格"];
        let later = bring(app, &world.supervisor, &at, &csv(&later)).await;
        assert_eq!(counts(&later), [1, 0, 0, 1, 0]);
        assert!(hazards(&world.supervisor).await.iter().all(|hazard| hazard["status"] == "pending"));
        assert_sound(app).await;
    }

    /// The same id again is the same import; other content under it is refused, and so is what is no table at all.
    asked_twice, app => {
        let world = World::build(app).await;
        let (id, file) = (unknown(), csv(&["1,2025-01-06,周,一层,杂物堆放,一般,清理,2025-01-08,后勤,吴,,,"]));
        let query = format!("kind=hazards&institution_id={}", world.home_a1);
        send(&world.supervisor, &id, &query, CSV, &file).await.expect(202);
        let again = send(&world.supervisor, &id, &query, CSV, &file).await.expect(200);
        assert_eq!(again.headers["idempotent-replay"], "true");
        assert_eq!(send(&world.supervisor, &id, &query, CSV, b"other").await.expect(409).code(), "id_taken");
        let wrong = world.supervisor.request(Method::PUT, &format!("/imports/{}?{query}", unknown())).header("content-type", CSV)
            .header("content-digest", "sha-256=:AAAA:").body(file.clone());
        assert_eq!(world.supervisor.send(wrong).await.expect(422).code(), "digest_mismatch");
        send(&world.supervisor, &unknown(), &query, "image/png", &file).await.expect(415);
        send(&world.supervisor, &unknown(), &query, CSV, &vec![b'x'; 20 * 1024 * 1024 + 1]).await.expect(413);
        send(&world.supervisor, &unknown(), "kind=institutions", CSV, &file).await.expect(403);
        send(&world.inspector, &unknown(), &query, CSV, &file).await.expect(403);
    }

    /// A node dies in the middle: the next one that holds the job writes the rest, and every row once.
    a_node_that_dies_leaves_the_rest_to_the_next, app => {
        let world = World::build(app).await;
        let rows: Vec<String> = (0..450).map(|n| format!("{n},2025-01-06,周,{n}号房,杂物堆放,一般,清理,2025-01-08,后勤,吴,,,")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (id, query) = (unknown(), format!("kind=hazards&institution_id={}", world.home_a1));
        send(&world.supervisor, &id, &query, CSV, &csv(&rows)).await.expect(202);
        for after in [200, 300] {
            let now = app.clock.now();
            let lease = app.db().write(move |conn| jobs::claim(conn, now)).await.unwrap().unwrap();
            assert_eq!(lease.job.kind, JobKind::Import);
            let (tell, told) = tokio::sync::oneshot::channel();
            let tell = Mutex::new(Some(tell));
            let hear = move |done: usize, _: usize| if done >= after { let _ = tell.lock().unwrap().take().map(|tell| tell.send(())); };
            let node = runner(app);
            tokio::select! {
                ended = import::run(&node, &lease, &hear) => panic!("it came to its end: {ended:?}"),
                _ = told => {}
            }
            let half = world.supervisor.get(&format!("/imports/{id}")).await.expect(200).body;
            assert_eq!(half["state"], "writing", "{half}");
            assert_eq!(runner(app).run_due().await.unwrap(), 0, "the lease of the dead still holds");
            app.clock.advance(TimeDelta::minutes(6));
        }
        runner(app).run_due().await.unwrap();
        let asked = "SELECT state || ' ' || rows_done || ' ' || good AS line FROM imports";
        let told = app.db().read(move |conn| lines(conn, asked)).await.unwrap();
        assert_eq!(told, ["done 450 450"]);
        let count = app.db().read(anlao::ledger::queries::hazards).await.unwrap();
        assert_eq!(count, 450);
        assert_sound(app).await;
    }

    /// Whoever may not do it any more when it is done has not done it.
    a_right_taken_away_ends_it, app => {
        let world = World::build(app).await;
        let file = csv(&["1,2025-01-06,周,一层,杂物堆放,一般,清理,2025-01-08,后勤,吴,,,"]);
        let id = unknown();
        send(&world.second_supervisor, &id, &format!("kind=hazards&institution_id={}", world.home_a1), CSV, &file).await.expect(202);
        let change = json!({ "disabled": true, "expected_version": 1 });
        world.admin.patch(&format!("/users/{}", world.second_supervisor.id), &change).await.expect(200);
        runner(app).run_due().await.unwrap();
        let told = app.db().read(|conn| lines(conn, "SELECT state AS line FROM imports")).await.unwrap();
        assert_eq!((told, hazards(&world.supervisor).await.len()), (vec!["failed".to_owned()], 0));
    }

    /// Files that are no ledgers, or try to be more: each import fails with a reason, and nothing else happens.
    hostile_files_fail_with_a_reason, app => {
        let world = World::build(app).await;
        let (mut tried, mut failed) = (0, 0);
        for (name, bytes) in hostile() {
            let import = bring(app, &world.supervisor, &format!("kind=hazards&institution_id={}&only_good=true", world.home_a1), &bytes).await;
            let refused = import["state"] == "failed" && import["fault"].as_str().is_some_and(|fault| !fault.is_empty());
            // An open quote swallows the rest of the file into one cell: a row with errors.
            let empty = import["state"] == "done" && import["good"] == 0;
            tried += 1;
            if !(refused || empty) {
                failed += 1;
                eprintln!("{name}: {import}");
            }
        }
        tally("40", &format!("hostile ledgers ({:?})", app.backend), tried, failed);
        assert_eq!(failed, 0);
        assert!(hazards(&world.supervisor).await.is_empty());
    }

    /// A list of institutions: matched by credit code, then by name and area; what is wrong is said.
    a_list_of_institutions, app => {
        let world = World::build(app).await;
        let list = "养老机构名单,,,,,,,\n序号,机构名称,统一社会信用代码,所属乡镇,机构性质,床位数,在住人数,失能人数\n\
            1,幸福里养老服务中心,91110000802100433b,龙凤镇,民办,１２０张,98,30\n2,龙凤镇敬老院,,船山区龙凤镇,公办,80,61,22\n3,龙凤镇夕阳红养老院,,龙凤镇,公办,90,61,22\n\
            4,无名院,91110000802100433X,龙凤镇,民办,10,1,0\n5,他乡院,,无此镇,民办,10,1,0\n6,失能院,,仁里镇,民办,10,1,5\n";
        world.admin.get("/institutions").await.expect(200);
        let tried = bring(app, &world.admin, "kind=institutions", list.as_bytes()).await;
        assert_eq!((counts(&tried), &tried["state"]), ([6, 1, 1, 1, 3], &json!("refused")), "{:?}", errors(&world.admin, &tried).await);
        let said: Vec<Value> = errors(&world.admin, &tried).await.iter().filter(|one| one["level"] == "error").map(|one| json!([one["cell"], one["code"]])).collect();
        assert_eq!(json!(said), json!([["C6", "check_character"], ["D7", "unknown_reference"], ["H8", "mismatch"]]));
        let taken = bring(app, &world.admin, "kind=institutions&only_good=true", list.as_bytes()).await;
        assert_eq!(taken["rows_done"], 1);
        let found = world.admin.get("/institutions?q=幸福里").await.expect(200).body;
        assert_eq!((&found["items"][0]["beds"], &found["items"][0]["credit_code"]), (&json!(120), &json!("91110000802100433B")));
        let again = bring(app, &world.admin, "kind=institutions&only_good=true", list.as_bytes()).await;
        assert_eq!(counts(&again), [6, 0, 2, 1, 3]);
        assert_sound(app).await;
    }

    /// What was exported and is brought in elsewhere is the same; brought in where it came from, all of it is there already.
    an_export_brought_in_gives_the_same_hazards, app => {
        let world = World::build(app).await;
        history(app, &world).await;
        for format in ["csv", "xlsx"] {
            let file = exported(app, &world.city_supervisor, &json!({ "format": format })).await;
            let again = bring(app, &world.city_supervisor, "kind=hazards", &file).await;
            assert_eq!((&again["duplicates"], &again["good"], &again["refused"], &again["changed"]),
                (&again["rows"], &json!(0), &json!(0), &json!(0)), "{format}: {again} {:?}", errors(&world.city_supervisor, &again).await);
            let told = essentials(&hazards(&world.city_supervisor).await);
            let backend = app.backend;
            let elsewhere = std::thread::spawn(move || brought_in_elsewhere(backend, &file));
            let elsewhere = tokio::task::spawn_blocking(|| elsewhere.join().unwrap()).await.unwrap();
            let Some(elsewhere) = elsewhere else { continue };
            assert_eq!(elsewhere, told, "{format}");
        }
        let english = exported(app, &world.city_supervisor, &json!({ "format": "csv", "language": "en" })).await;
        let again = bring(app, &world.city_supervisor, "kind=hazards", &english).await;
        assert_eq!(again["duplicates"], again["rows"], "{again}");
        let own = exported(app, &world.manager_b, &json!({ "format": "csv" })).await;
        assert_eq!(String::from_utf8(own).unwrap().lines().count(), 1, "the manager of another home sees only the header");
    }

    /// 50,000 rows of dirt come in while others go on writing.
    a_large_messy_ledger, app => {
        let rows = tries(1_500, 50_000);
        let world = World::build(app).await;
        let (file, good, refused, doubled) = large(usize::try_from(rows).unwrap());
        let began = std::time::Instant::now();
        let (id, query) = (unknown(), format!("kind=hazards&only_good=true&institution_id={}", world.home_a1));
        send(&world.supervisor, &id, &query, CSV, &file).await.expect(202);
        let node = runner(app);
        let mut work = std::pin::pin!(node.run_due());
        let mut waits = Vec::new();
        // Somebody else registers hazards all the while.
        loop {
            let asked = std::time::Instant::now();
            let mut other = world.hazard(&[]);
            other["location"] = json!(format!("{} 号床", waits.len()));
            let path = format!("/hazards/{}", unknown());
            let register = async { world.inspector.put(&path, &other).await.expect(201) };
            let ended = tokio::select! {
                runs = &mut work => Some(runs),
                _ = register => None,
            };
            if let Some(runs) = ended { runs.unwrap(); break }
            waits.push(asked.elapsed());
        }
        let took = began.elapsed();
        waits.sort_unstable();
        let import = world.supervisor.get(&format!("/imports/{id}")).await.expect(200).body;
        let expected = [good + refused + doubled, good, doubled, 0, refused].map(|count| i64::try_from(count).unwrap());
        assert_eq!((counts(&import), &import["state"]), (expected, &json!("done")), "{import}");
        eprintln!("{rows} rows in {took:?} on {:?}; {} others waited at most {:?}", app.backend, waits.len(), waits.last());
        tally("51", &format!("rows of a messy ledger ({:?})", app.backend), rows, 0);
        assert_sound(app).await;
    }
}

/// A ledger of so many rows, with the numbers of good, refused and doubled ones.
fn large(rows: usize) -> (Vec<u8>, usize, usize, usize) {
    let mut text = format!("\u{feff}安全隐患排查治理台账\n{HEADER}\n");
    let (mut good, mut refused, mut doubled) = (0, 0, 0);
    let mut last = String::new();
    for n in 0..rows {
        let day =
            NaiveDate::from_ymd_opt(2021, 1, 1).unwrap() + TimeDelta::days(i64::try_from(n % 1_500).unwrap());
        let shape = ["%Y-%m-%d", "%Y.%-m.%-d", "%Y年%-m月%-d日", "%Y/%m/%d", "%Y%m%d"][n % 5];
        let (found, due) = (day.format(shape), (day + TimeDelta::days(3)).format(shape));
        let closed = if n % 3 == 0 { format!("{due},周一一,合格") } else { ",,".into() };
        let row = format!(
            "{found},周一一,{}楼{}室,第{n}处电线裸露，插排串接,一般,\"拆除,固定\",{due},后勤部,吴三,{closed}",
            n % 9 + 1,
            n % 40
        );
        match n % 50 {
            7 => {
                refused += 1;
                text.push_str(&format!("{n},昨天{}\n", row.trim_start_matches(|c| c != ',')));
            }
            9 if !last.is_empty() => {
                doubled += 1;
                text.push_str(&format!("{n},{last}\n,,,,,,,,,,,,\n"));
            }
            _ => {
                good += 1;
                text.push_str(&format!("{n},{row}\n"));
                last = row;
            }
        }
    }
    text.push_str(&format!("合计,,,,{rows}项\n"));
    (text.into_bytes(), good, refused, doubled)
}

/// Hazards of every kind: on every step of their way, with texts that look like formulas.
async fn history(app: &TestApp, world: &World) {
    world.found().await;
    let fixed = world.fixed().await;
    app.clock.advance(TimeDelta::minutes(5));
    let other = world.fixed().await;
    world.second_inspector.act(&other, &json!({ "kind": "recheck_pass" })).await.expect(201);
    world
        .second_inspector
        .act(&fixed, &json!({ "kind": "recheck_fail", "reason": "仍有烧痕" }))
        .await
        .expect(201);
    for (place, text) in [
        ("屋顶", "=HYPERLINK(\"http://127.0.0.1\",\"x\")"),
        ("走廊", "+1\n第二行，\"引号\""),
        ("大厅", "'=1"),
        ("门口", "-5 度结冰"),
    ] {
        let mut form = world.major_hazard();
        form["location"] = json!(place);
        form["description"] = json!(text);
        form["category"] = json!("fire");
        world.registered(&form).await;
    }
    let rows = [
        "1,2025-01-06,周,一层,旧账一,一般,清理,2025-01-08,后勤,吴,2025-01-09,郑,合格",
        "2,2024-12-07,周,二层,旧账二,重大,清理,2025-01-08,后勤,吴,,,",
    ];
    let import =
        bring(app, &world.supervisor, &format!("kind=hazards&institution_id={}", world.home_a2), &csv(&rows))
            .await;
    assert_eq!(import["state"], "done", "{import}");
}

/// What must be the same wherever a hazard is kept.
fn essentials(hazards: &[Value]) -> Vec<BTreeMap<&'static str, Value>> {
    let keys = [
        "number",
        "institution_name",
        "category",
        "checklist_item",
        "location",
        "description",
        "severity",
        "deadline",
        "status",
    ];
    let mut all: Vec<BTreeMap<&'static str, Value>> = hazards
        .iter()
        .map(|hazard| {
            let mut essentials: BTreeMap<&'static str, Value> =
                keys.iter().map(|key| (*key, hazard[*key].clone())).collect();
            for key in ["found_at", "closed_at"] {
                let day = hazard[key].as_str().map(|at| {
                    let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
                    at.with_timezone(&shanghai()).date_naive().to_string()
                });
                essentials.insert(key, json!(day));
            }
            essentials
        })
        .collect();
    all.sort_by_key(|one| one["number"].to_string());
    all
}

fn shanghai() -> chrono::FixedOffset {
    chrono::FixedOffset::east_opt(8 * 3600).unwrap()
}

/// Brings a file into records of their own, where the same institutions are and no hazards.
fn brought_in_elsewhere(backend: Backend, file: &[u8]) -> Option<Vec<BTreeMap<&'static str, Value>>> {
    let told = Mutex::new(None);
    TestApp::run(backend, async |app| {
        let world = World::build(app).await;
        let import = bring(app, &world.city_supervisor, "kind=hazards", file).await;
        assert_eq!(import["state"], "done", "{import} {:?}", errors(&world.city_supervisor, &import).await);
        assert_eq!(import["good"], import["rows"], "{import}");
        assert_sound(app).await;
        *told.lock().unwrap() = Some(essentials(&hazards(&world.city_supervisor).await));
    });
    told.into_inner().unwrap()
}

/// An ordinary role for each person of the office: kept here so that a new role is thought of.
#[test]
fn who_brings_ledgers_in_and_who_takes_them_out() {
    use anlao::access::{ExportRecords, ImportRecords, Permission};
    assert_eq!(ImportRecords::ROLES, [Role::Supervisor, Role::Admin]);
    assert_eq!(ExportRecords::ROLES.len(), Role::ALL.len());
}
