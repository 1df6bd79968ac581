//! Text search that works for Chinese: people type two characters (插排, 灭火), so texts are indexed by
//! every pair of neighbouring characters, the same way on both databases.

use super::connection::{Backend, MultiBackend};
use super::sql_types::UuidSql;
use crate::ids::HazardId;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Text;

/// The searchable form: lower case, full-width forms made narrow, runs of white space made one blank.
pub fn normalise(text: &str) -> String {
    let narrow = text.chars().map(|c| match u32::from(c) {
        0x3000 => ' ',
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        _ => c,
    });
    let lower: String = narrow.flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The index words of a text: each pair of neighbours as ten hexadecimal digits, the last character
/// paired with nothing, so that no tokenizer of either database has anything to decide.
pub fn index_words(text: &str) -> String {
    let characters: Vec<char> = normalise(text).chars().collect();
    let mut words: Vec<String> = pairs(&characters).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// One spelling for a place in a building: blanks do not matter in it at all.
pub fn place_key(text: &str) -> String {
    normalise(text).replace(' ', "")
}

/// The query that finds every text containing all words of `text`, or `None` when it is blank.
pub fn query_words(text: &str, backend: Backend) -> Option<String> {
    let (and, prefix) = match backend {
        Backend::Sqlite => (" AND ", "*"),
        Backend::Postgres => (" & ", ":*"),
    };
    let mut terms: Vec<String> = Vec::new();
    for word in normalise(text).split(' ') {
        let characters: Vec<char> = word.chars().collect();
        match characters.as_slice() {
            [] => {}
            [only] => terms.push(format!("x{:05x}{prefix}", u32::from(*only))),
            many => terms.extend(pairs(many).take(many.len() - 1)),
        }
    }
    if terms.is_empty() { None } else { Some(terms.join(and)) }
}

/// The SQL condition on `hazards` that the query words bind to.
pub fn condition(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "hazards.seq IN (SELECT rowid FROM hazard_search WHERE hazard_search MATCH ",
        Backend::Postgres => {
            "hazards.seq IN (SELECT s.seq FROM hazard_search s WHERE s.words @@ to_tsquery('simple', "
        }
    }
}

/// What closes [`condition`] after the bound words.
pub fn condition_end(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => ")",
        Backend::Postgres => "))",
    }
}

/// The statement that stores the index words of a hazard. Its text never changes, so it is prepared once.
#[derive(Debug, Clone, QueryId)]
pub struct StoreWords {
    pub words: String,
    pub hazard: HazardId,
}

impl QueryFragment<MultiBackend> for StoreWords {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let (start, middle) = match out.backend() {
            MultiBackend::Sqlite(_) => ("INSERT INTO hazard_search (words, rowid) SELECT ", ""),
            MultiBackend::Postgres(_) => {
                ("INSERT INTO hazard_search (words, seq) SELECT to_tsvector('simple', ", ")")
            }
        };
        out.push_sql(start);
        out.push_bind_param::<Text, _>(&self.words)?;
        out.push_sql(middle);
        out.push_sql(", seq FROM hazards WHERE id = ");
        out.push_bind_param::<UuidSql, _>(&self.hazard)
    }
}

impl<C> RunQueryDsl<C> for StoreWords {}

fn pairs(characters: &[char]) -> impl Iterator<Item = String> {
    characters.iter().enumerate().map(|(at, first)| {
        let second = characters.get(at + 1).map_or(0, |c| u32::from(*c));
        format!("x{:05x}{second:05x}", u32::from(*first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_characters_are_found_in_a_sentence() {
        let index = index_words("二楼东侧走廊私拉插排");
        for word in query_words("插排", Backend::Sqlite).unwrap().split(" AND ") {
            assert!(index.contains(word));
        }
    }

    #[test]
    fn one_character_is_a_prefix_even_at_the_end() {
        let index = index_words("燃气灶");
        let query = query_words("灶", Backend::Postgres).unwrap();
        assert!(index.contains(query.trim_end_matches(":*")));
    }

    #[test]
    fn width_case_and_blanks_do_not_matter() {
        assert_eq!(normalise("ＬＰＧ　 瓶"), "lpg 瓶");
        assert_eq!(query_words("  ", Backend::Sqlite), None);
    }
}
