//! The keyword table that guesses a category (`rules/import_mapping.toml`). Pure.

use super::cells::word;
use crate::checklists::Category;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Mapping {
    pub id: String,
    pub version: u32,
    category: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    name: Category,
    words: Vec<String>,
}

impl Mapping {
    /// The table that comes with the program.
    pub fn embedded() -> Result<Self, String> {
        toml::from_str(include_str!("../../rules/import_mapping.toml"))
            .map_err(|error| format!("import mapping: {error}"))
    }

    /// The category of the first line with a word that stands in the text.
    pub fn guess(&self, text: &str) -> Option<Category> {
        let text = word(text);
        let line = self.category.iter().find(|line| line.words.iter().any(|one| text.contains(one.as_str())));
        line.map(|line| line.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_the_category() {
        let mapping = Mapping::embedded().unwrap();
        for (text, category) in [
            ("移动插排串接供气垫床", Some(Category::Electricity)),
            ("可燃气体报警器断电 厨房", Some(Category::Gas)),
            ("疏散通道堆放床垫", Some(Category::Fire)),
            ("留样不足 食堂", Some(Category::Food)),
            ("坡道结冰", None),
        ] {
            assert_eq!(mapping.guess(text), category, "{text}");
        }
    }
}
