//! What makes a hazard major (重大隐患判定): criteria that a person chooses from; the program never decides.

use super::Readable;
use crate::rules::reader::{Read, Section};
use crate::text_enum;
use serde::Serialize;
use utoipa::ToSchema;

text_enum! {
    /// How a criterion leads to a judgement.
    pub enum DecisionMode {
        /// 直接判定
        Direct = "direct",
        /// 综合判定: after consulting departments or experts.
        Consult = "consult",
    }
}

/// One circumstance that makes a hazard major.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Criterion {
    /// What a hazard names it by.
    pub code: String,
    pub article: String,
    pub item: Option<String>,
    pub text_zh: String,
    pub text_en: String,
    pub decision: DecisionMode,
    /// Whether its text was read in the source.
    pub verified: bool,
}

/// A document of criteria.
#[derive(Debug, Clone, Serialize)]
pub struct Criteria {
    /// Who decides by it.
    pub decided_by_zh: String,
    pub decided_by_en: String,
    /// What is known to be missing from the document.
    pub gaps_zh: Option<String>,
    pub gaps_en: Option<String>,
    pub criterion: Vec<Criterion>,
}

impl Criteria {
    pub fn find(&self, code: &str) -> Option<&Criterion> {
        self.criterion.iter().find(|criterion| criterion.code == code)
    }
}

impl Readable for Criteria {
    fn read(root: &Section<'_>) -> Read<Self> {
        let (decided_by_zh, decided_by_en) =
            (root.text("decided_by_zh", 100), root.text("decided_by_en", 100));
        let (gaps_zh, gaps_en) = (root.optional_text("gaps_zh", 300), root.optional_text("gaps_en", 400));
        let criterion = root.list("criterion", "code", |one| {
            let (code, article) = (one.code("code"), one.text("article", 60));
            let item = one.optional_text("item", 60);
            let (text_zh, text_en) = (one.text("text_zh", 500), one.text("text_en", 700));
            let decision = one.choice("decision", DecisionMode::parse);
            let verified = one.flag("verified");
            Ok(Criterion {
                code: code?,
                article: article?,
                item: item?,
                text_zh: text_zh?,
                text_en: text_en?,
                decision: decision?,
                verified: verified?,
            })
        });
        Ok(Self {
            decided_by_zh: decided_by_zh?,
            decided_by_en: decided_by_en?,
            gaps_zh: gaps_zh?,
            gaps_en: gaps_en?,
            criterion: criterion?,
        })
    }
}
