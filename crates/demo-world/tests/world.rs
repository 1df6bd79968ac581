//! The city as its users see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::{HashMap, HashSet};

use anlao_demo_world::{
    AreaLevel, comment, drill_problem, extension_reason, hazard_text, hazard_text_for, institutions,
    is_credit_code, person_name, phone, recheck_fail_reason, self_check_note, suining_areas, void_reason,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn rules(name: &str) -> toml::Table {
    let path = format!("{}/../../rules/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn items() -> Vec<toml::Table> {
    rules("checklist")["item"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_table().unwrap().clone())
        .collect()
}

fn text<'a>(item: &'a toml::Table, key: &str) -> &'a str {
    item[key].as_str().unwrap_or_else(|| panic!("{key} of {item}"))
}

#[test]
fn the_checklist_is_whole() {
    let mut counts = HashMap::new();
    for item in items() {
        *counts.entry(text(&item, "code").chars().next().unwrap()).or_insert(0) += 1;
    }
    let expected = [('E', 19), ('F', 25), ('G', 15), ('C', 8), ('K', 20), ('W', 6)];
    assert_eq!(counts, HashMap::from(expected));
}

#[test]
fn every_item_is_well_formed() {
    let mut codes = HashSet::new();
    for item in items() {
        assert!(codes.insert(text(&item, "code").to_owned()), "{item}");
        for key in ["title_zh", "title_en", "violation_zh", "violation_en", "basis"] {
            assert!(!text(&item, key).is_empty(), "{key} of {item}");
        }
        assert!(["electricity", "fire", "gas", "food", "other"].contains(&text(&item, "category")), "{item}");
        assert!(["core", "extended", "winter"].contains(&text(&item, "pack")), "{item}");
        assert!(["general", "candidate_major"].contains(&text(&item, "severity")), "{item}");
        assert!(["before_after", "one", "document", "none"].contains(&text(&item, "photo")), "{item}");
        assert!((0..=30).contains(&item["days"].as_integer().unwrap()), "{item}");
        item["urgent"].as_bool().unwrap();
        item["verified"].as_bool().unwrap();
        assert!(text(&item, "severity") == "general" || item.contains_key("candidate_note"), "{item}");
    }
}

#[test]
fn the_core_pack_has_its_counts() {
    let of = |category: &str| {
        items()
            .iter()
            .filter(|item| text(item, "pack") == "core" && text(item, "category") == category)
            .count()
    };
    assert_eq!((of("electricity"), of("fire"), of("gas"), of("food")), (19, 20, 20, 20));
}

#[test]
fn the_deadline_table_names_its_days() {
    let table = rules("deadlines");
    let days = |section: &str, key: &str| table[section][key].as_integer().unwrap();
    assert_eq!(table["id"].as_str(), Some("deadline-default"));
    assert_eq!(
        ["fixed_on_spot", "urgent", "general", "works", "major"].map(|key| days("days", key)),
        [0, 1, 7, 15, 30]
    );
    assert_eq!(
        (days("recheck", "general_days"), days("recheck", "major_days"), days("rework", "days")),
        (3, 10, 3)
    );
    assert_eq!(days("extension", "max_days"), 90);
    assert_eq!((days("reopen", "within_days"), days("recurrence", "within_days")), (180, 180));
}

#[test]
fn areas_form_a_tree() {
    let areas = suining_areas();
    let codes: HashSet<&str> = areas.iter().map(|area| area.code.as_str()).collect();
    assert_eq!(codes.len(), areas.len());
    for area in &areas {
        match (area.level, &area.parent) {
            (AreaLevel::City, parent) => assert_eq!(*parent, None),
            (AreaLevel::County, Some(parent)) => {
                assert!(area.code.len() == 6 && codes.contains(parent.as_str()))
            }
            (AreaLevel::Township, Some(parent)) => {
                assert!(area.code.len() == 9 && area.code.starts_with(parent))
            }
            (_, None) => panic!("{area:?} has no parent"),
        }
    }
}

#[test]
fn institutions_are_distinct_and_plausible() {
    let areas: HashSet<String> = suining_areas().into_iter().map(|area| area.code).collect();
    for n in [150, 5_000] {
        let homes = institutions(7, n);
        assert_eq!(homes.len(), n);
        let distinct = |of: &dyn Fn(usize) -> String| (0..n).map(of).collect::<HashSet<_>>().len();
        assert_eq!(distinct(&|at| homes[at].name_zh.clone()), n);
        assert_eq!(distinct(&|at| homes[at].credit_code.clone()), n);
        assert_eq!(distinct(&|at| homes[at].filing_number.clone()), n);
        for home in &homes {
            assert!(is_credit_code(&home.credit_code), "{home:?}");
            assert!(
                areas.contains(&home.area_code) && home.credit_code[2..8] == home.area_code[..6],
                "{home:?}"
            );
            assert!(home.residents <= home.beds && home.disabled_residents <= home.residents, "{home:?}");
            assert!(
                (30.0..31.2).contains(&home.latitude) && (105.0..106.0).contains(&home.longitude),
                "{home:?}"
            );
        }
    }
}

#[test]
fn a_nation_of_homes_still_has_no_double() {
    let homes = institutions(3, 41_000);
    let names: HashSet<&str> = homes.iter().map(|home| home.name_zh.as_str()).collect();
    let codes: HashSet<&str> = homes.iter().map(|home| home.credit_code.as_str()).collect();
    assert_eq!((names.len(), codes.len()), (41_000, 41_000));
}

#[test]
fn the_same_seed_gives_the_same_city() {
    assert_eq!(institutions(11, 300), institutions(11, 300));
    assert_eq!(institutions(11, 40), institutions(11, 300)[..40]);
    assert_ne!(institutions(11, 40), institutions(12, 40));
}

#[test]
fn findings_name_items_of_the_checklist() {
    let categories: HashMap<String, String> = items()
        .iter()
        .map(|item| (text(item, "code").to_owned(), text(item, "category").to_owned()))
        .collect();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut seen: HashMap<&str, HashSet<String>> = HashMap::new();
    for _ in 0..20_000 {
        let finding = hazard_text(&mut rng);
        assert_eq!(categories.get(finding.checklist_item).map(String::as_str), Some(finding.category));
        for words in
            [&finding.location_zh, &finding.description_zh, &finding.measure_zh, &finding.recheck_note_zh]
        {
            assert!(!words.is_empty() && !words.contains(['{', '}']), "{finding:?}");
        }
        seen.entry(finding.checklist_item).or_default().insert(finding.description_zh);
    }
    let varied = seen.values().filter(|wordings| wordings.len() >= 3).count();
    assert!(varied >= 40, "{varied} items in three wordings or more");
}

#[test]
fn findings_can_be_asked_for_by_item() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    assert_eq!(hazard_text_for(&mut rng, "K07").map(|finding| finding.category), Some("food"));
    assert_eq!(hazard_text_for(&mut rng, "X99"), None);
}

#[test]
fn remarks_leave_no_blank_open() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    for _ in 0..200 {
        let remarks = [
            extension_reason(&mut rng),
            void_reason(&mut rng),
            recheck_fail_reason(&mut rng),
            comment(&mut rng),
            self_check_note(&mut rng),
            drill_problem(&mut rng),
            person_name(&mut rng),
        ];
        for remark in remarks {
            assert!(!remark.is_empty() && !remark.contains(['{', '}']), "{remark}");
        }
        let number = phone(&mut rng);
        assert!(number.len() == 11 && number.starts_with("154000"), "{number}");
    }
}
