//! What differs between two versions of a document, path by path. Pure.

use crate::text_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

text_enum! {
    /// What happened to a value.
    pub enum Change {
        Added = "added",
        Removed = "removed",
        Changed = "changed",
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Like `item[E03].days`.
    pub path: String,
    pub change: Change,
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Of the entry that it belongs to.
    pub title_zh: Option<String>,
    pub title_en: Option<String>,
}

/// What an entry of a list is told from the others by, and what people call it.
const KEYS: [&str; 4] = ["code", "year", "level", "name_zh"];
const TITLES: [(&str, &str); 4] =
    [("title_zh", "title_en"), ("label_zh", "label_en"), ("name_zh", "name_en"), ("text_zh", "text_en")];

/// What leads from one content to another.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(&Place::default(), Some(before), Some(after), &mut found);
    found
}

#[derive(Debug, Clone, Default)]
struct Place {
    path: String,
    titles: (Option<String>, Option<String>),
}

impl Place {
    fn key(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { path, titles: self.titles.clone() }
    }

    /// An entry of a list; its titles are those of the later version.
    fn entry(&self, name: &str, entry: Option<&Value>) -> Self {
        let said = |key: &str| Some(entry?.get(key)?.as_str()?.to_owned());
        let own = TITLES.iter().find_map(|(zh, en)| Some((Some(said(zh)?), said(en))));
        Self { path: format!("{}[{name}]", self.path), titles: own.unwrap_or_else(|| self.titles.clone()) }
    }
}

fn compare(place: &Place, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let change = match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            return tables(place, before, after, found);
        }
        (Some(Value::Array(before)), Some(Value::Array(after)))
            if are_entries(before) && are_entries(after) =>
        {
            return lists(place, before, after, found);
        }
        (None | Some(Value::Null), _) => Change::Added,
        (_, None | Some(Value::Null)) => Change::Removed,
        _ => Change::Changed,
    };
    let told = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    let (title_zh, title_en) = place.titles.clone();
    let (before, after) = (told(before), told(after));
    found.push(Difference { path: place.path.clone(), change, before, after, title_zh, title_en });
}

fn tables(
    place: &Place,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let new = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(new) {
        compare(&place.key(key), before.get(key), after.get(key), found);
    }
}

fn lists(place: &Place, before: &[Value], after: &[Value], found: &mut Vec<Difference>) {
    let find = |all: &'_ [Value], name: &str| all.iter().position(|one| named(one).as_deref() == Some(name));
    let names = before.iter().filter_map(named);
    let new = after.iter().filter_map(named).filter(|name| find(before, name).is_none());
    for name in names.chain(new) {
        let old = find(before, &name).and_then(|at| before.get(at));
        let new = find(after, &name).and_then(|at| after.get(at));
        compare(&place.entry(&name, new.or(old)), old, new, found);
    }
}

/// What an entry is told from the others by.
fn named(entry: &Value) -> Option<String> {
    KEYS.iter().find_map(|key| match entry.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

fn are_entries(list: &[Value]) -> bool {
    list.iter().all(|entry| named(entry).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entries_are_compared_by_their_code_and_keep_their_titles() {
        let before = json!({"days": {"general": 7}, "item": [{"code": "E01", "title_zh": "甲", "title_en": "A", "days": 1}, {"code": "E02"}]});
        let after = json!({"days": {"general": 10}, "item": [{"code": "E03"}, {"code": "E01", "title_zh": "甲", "title_en": "A", "days": 2}]});
        let found = differences(&before, &after);
        let told: Vec<(&str, Change)> = found.iter().map(|one| (one.path.as_str(), one.change)).collect();
        assert_eq!(
            told,
            [
                ("days.general", Change::Changed),
                ("item[E01].days", Change::Changed),
                ("item[E02]", Change::Removed),
                ("item[E03]", Change::Added),
            ]
        );
        assert_eq!(found.get(1).and_then(|one| one.title_zh.as_deref()), Some("甲"));
    }

    #[test]
    fn nothing_differs_from_itself() {
        let content = json!({"a": [1, 2], "b": null});
        assert_eq!(differences(&content, &content), []);
    }
}
