//! Rule documents as they are written: what comes with the program is sound, and any broken field is told with its
//! line and the reason.

use anlao::checklists::{Category, ItemSeverity};
use anlao::refusal::FieldCode;
use anlao::rules::{Content, Document, Kind, Library, Problem};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The documents that come with the program.
fn documents() -> Vec<Document> {
    let library = Library::embedded().unwrap();
    library.base().documents().into_iter().map(|document| Document::clone(document)).collect()
}

fn problems(text: &str) -> Vec<Problem> {
    Document::parse(text).err().unwrap_or_default()
}

#[test]
fn every_kind_comes_with_the_program() {
    let kinds: HashSet<Kind> = documents().iter().map(|document| document.head.kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len());
}

/// Section 3 of the field's rules: so many items in each area, each with everything an inspector needs.
#[test]
fn the_catalogue_is_whole() {
    let documents = documents();
    let mut catalogues = documents.iter().filter_map(|document| match &document.content {
        Content::Checklist(checklist) => Some(checklist),
        _ => None,
    });
    let items = catalogues.next_back().unwrap().items();
    let mut counts: BTreeMap<(Category, bool), usize> = BTreeMap::new();
    items.iter().for_each(|item| *counts.entry((item.category, item.pack == "winter")).or_default() += 1);
    let of = |category| counts[&(category, false)];
    assert_eq!(
        (of(Category::Electricity), of(Category::Fire), of(Category::Gas), of(Category::Food)),
        (19, 25, 23, 20)
    );
    let winter: usize = counts.iter().filter(|((_, winter), _)| *winter).map(|(_, count)| count).sum();
    assert_eq!((winter, items.len()), (6, 93));
    let candidates: Vec<&str> = items
        .iter()
        .filter(|item| item.severity == ItemSeverity::CandidateMajor)
        .map(|item| item.code.as_str())
        .collect();
    assert_eq!(candidates, ["F12", "F15", "G07", "G10", "C01", "C03", "C07", "K01"]);
    let with_document: Vec<&str> =
        items.iter().filter(|item| item.also_document).map(|item| item.code.as_str()).collect();
    assert_eq!(with_document, ["F08", "F15", "G15"]);
    let conditional: Vec<&str> = items
        .iter()
        .filter(|item| item.severity == ItemSeverity::General && item.candidate_note.is_some())
        .map(|item| item.code.as_str())
        .collect();
    assert_eq!(conditional, ["E19", "F01", "F06", "F07", "F11", "F13", "F18", "F19", "F23", "G06"]);
}

/// What may be left out of a table without its being a fault.
const OPTIONAL: &[&str] = &[
    "also_document",
    "before_items",
    "before_work",
    "calls",
    "candidate_note",
    "clause",
    "counted",
    "days_note",
    "each_shift",
    "effective_to",
    "gaps_en",
    "gaps_zh",
    "general_counted",
    "groups",
    "item",
    "major_counted",
    "note_en",
    "note_zh",
    "only_shifts",
    "real_event_replaces",
    "resident_mix_points",
    "shifts",
    "shown_by",
    "training",
    "workdays",
];

/// A field of a document: its line, counted from 0, its name, and the line of the table it stands in.
struct Field {
    at: usize,
    key: String,
    value: String,
    table: usize,
}

fn fields(text: &str) -> Vec<Field> {
    let mut table = 0;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            table = at;
        } else if let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let value = value.split("  #").next().unwrap().to_owned();
            found.push(Field { at, key: key.to_owned(), value, table });
        }
    }
    found
}

/// The text with one line put in the place of another.
fn with_line(text: &str, at: usize, line: &str) -> String {
    let lines: Vec<&str> =
        text.lines().enumerate().map(|(n, old)| if n == at { line } else { old }).collect();
    format!("{}\n", lines.join("\n"))
}

/// What a broken field must be told as.
struct Broken {
    what: &'static str,
    text: String,
    line: usize,
    codes: &'static [FieldCode],
}

/// Every way of breaking one field.
fn broken(text: &str, field: &Field) -> Vec<Broken> {
    use FieldCode as F;
    let Field { at, key, value, table } = field;
    let mut all = vec![
        Broken {
            what: "another type",
            text: with_line(text, *at, &format!("{key} = 12.5")),
            line: at + 1,
            codes: &[F::BadFormat],
        },
        Broken {
            what: "a table",
            text: with_line(text, *at, &format!("{key} = {{ a = 1 }}")),
            line: at + 1,
            codes: &[F::BadFormat],
        },
        Broken {
            what: "an unknown field",
            text: with_line(text, *at, &format!("{key} = {value}\nstrange_{at} = 1")),
            line: at + 2,
            codes: &[F::UnknownField],
        },
        Broken {
            what: "the field twice",
            text: with_line(text, *at, &format!("{key} = {value}\n{key} = {value}")),
            line: at + 2,
            codes: &[F::Duplicate],
        },
        Broken {
            what: "no value",
            text: with_line(text, *at, &format!("{key} =")),
            line: at + 1,
            codes: &[F::BadFormat],
        },
    ];
    if !OPTIONAL.contains(&key.as_str()) {
        // What is missing is told at its table.
        let line = table + 1;
        all.push(Broken { what: "nothing", text: with_line(text, *at, "#"), line, codes: &[F::Required] });
    }
    let wrong = match value.as_bytes().first() {
        Some(b'"') => {
            let long = format!("{key} = \"{}\"", "长".repeat(5_000));
            let codes = &[F::TooLong, F::BadFormat, F::UnknownValue][..];
            all.push(Broken { what: "far too long", text: with_line(text, *at, &long), line: at + 1, codes });
            let control = format!("{key} = \"a\\u0007b\"");
            let codes = &[F::Control, F::BadFormat, F::UnknownValue][..];
            all.push(Broken {
                what: "a control character",
                text: with_line(text, *at, &control),
                line: at + 1,
                codes,
            });
            Some((format!("{key} = \"\""), &[F::Required, F::BadFormat, F::UnknownValue][..]))
        }
        Some(b'0'..=b'9') => Some((format!("{key} = 999999999"), &[F::OutOfRange][..])),
        Some(b'[') => Some((format!("{key} = [\"nonsense\"]"), &[F::UnknownValue, F::BadFormat][..])),
        _ => None,
    };
    if let Some((line_text, codes)) = wrong {
        all.push(Broken {
            what: "out of range",
            text: with_line(text, *at, &line_text),
            line: at + 1,
            codes,
        });
    }
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        let text = with_line(text, *at, &format!("{key} = -1"));
        all.push(Broken { what: "a negative number", text, line: at + 1, codes: &[F::OutOfRange] });
    }
    all
}

/// Every field of every document that comes with the program, broken in every way: always a fault at that line, with
/// its code and a reason.
#[test]
fn a_broken_field_is_told_with_its_line() {
    let (mut tried, mut wrong) = (0_u64, Vec::new());
    for document in documents() {
        let text = &document.text;
        assert!(problems(text).is_empty());
        let lines: Vec<&str> = text.lines().collect();
        let mut seen: HashMap<(&str, String), u64> = HashMap::new();
        for field in fields(text) {
            // Of the same field of the same sort of table a few tell as much as all of them.
            let alike = seen.entry((lines[field.table], field.key.clone())).or_default();
            *alike += 1;
            if *alike > anlao_testbed::tries(3, 10_000) {
                continue;
            }
            for broken in broken(text, &field) {
                tried += 1;
                let told = problems(&broken.text);
                let fits = |problem: &Problem| {
                    problem.line == broken.line
                        && broken.codes.contains(&problem.code)
                        && problem.reason.len() > 5
                };
                if !told.iter().any(fits) {
                    let first: Vec<String> =
                        told.iter().take(3).map(|one| format!("{one} ({:?})", one.code)).collect();
                    wrong.push(format!(
                        "{} line {} `{}`, {}: {first:?}",
                        document.head.id, broken.line, field.key, broken.what
                    ));
                }
            }
        }
    }
    anlao_testbed::tally(
        "rules",
        "broken fields of rule documents told with their line",
        tried,
        wrong.len() as u64,
    );
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.iter().take(30).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(tried > 2_500, "{tried}");
}

/// A code that stands twice in a list is told at the second.
#[test]
fn codes_stand_once() {
    let mut tried = 0;
    for document in documents() {
        let text = &document.text;
        let lines: Vec<&str> = text.lines().collect();
        let tables: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("[[")).collect();
        for at in tables {
            let end = (at + 1..lines.len()).find(|line| lines[*line].starts_with('[')).unwrap_or(lines.len());
            let entry = lines[at..end].join("\n");
            // A year comes with its days, and an inner list begins anew in each entry.
            let inner = entry.lines().next().unwrap().contains('.') && !entry.starts_with("[[year.holiday");
            if entry.starts_with("[[year]]") || inner {
                continue;
            }
            // Right behind itself: an inner entry belongs to the table before it.
            let twice = [&lines[..end], &[entry.as_str()], &lines[end..]].concat().join("\n");
            let told = problems(&twice);
            assert!(
                told.iter().any(|one| one.code == FieldCode::Duplicate && one.line > end),
                "{}: {entry}: {told:?}",
                document.head.id
            );
            tried += 1;
        }
    }
    assert!(tried > 140, "{tried}");
}

/// All faults at once, not only the first.
#[test]
fn all_faults_are_told_at_once() {
    let text = include_str!("../../rules/checklist.toml")
        .replace("days = 15", "days = 1500")
        .replace("category = \"food\"", "category = \"feed\"")
        .replace("version = 2", "version = 0");
    let told = problems(&text);
    assert!(told.len() > 25, "{}", told.len());
    assert!(told.windows(2).all(|pair| pair[0].line <= pair[1].line), "in the order of the lines");
    assert!(told.iter().any(|one| one.path == "item[K01].category"), "an entry is named by its code");
}

/// What no single field shows: dates the wrong way round, a workday that is none, a day that stands twice.
#[test]
fn fields_must_fit_each_other() {
    let calendar = include_str!("../../rules/holidays.toml");
    let cases = [
        (calendar.replace("from = \"2026-10-01\"", "from = \"2026-10-09\""), FieldCode::OutOfRange),
        (calendar.replace("\"2026-10-10\"", "\"2026-10-12\""), FieldCode::Mismatch),
        (calendar.replace("\"2026-10-10\"", "\"2026-10-04\""), FieldCode::Duplicate),
        (calendar.replace("to = \"2026-10-07\"", "to = \"2027-10-07\""), FieldCode::OutOfRange),
        (
            calendar.replace(
                "effective_from = \"2024-01-01\"",
                "effective_from = \"2024-01-01\"\neffective_to = \"2023-01-01\"",
            ),
            FieldCode::TooEarly,
        ),
        (
            include_str!("../../rules/colours.toml").replace("night_patrols_of = 14", "night_patrols_of = 2"),
            FieldCode::Mismatch,
        ),
        (
            include_str!("../../rules/colours.toml")
                .replace("urgent_overdue_days = 3", "urgent_overdue_days = 30"),
            FieldCode::Mismatch,
        ),
    ];
    for (text, code) in cases {
        let told = problems(&text);
        assert!(told.iter().any(|one| one.code == code && one.line > 1), "{code:?}: {told:?}");
    }
    assert!(!problems("").is_empty());
    assert!(!problems("kind = \"nonsense\"\n").is_empty());
    assert_eq!(problems("a = [1, 2\nb = 3\n")[0].code, FieldCode::BadFormat);
}
