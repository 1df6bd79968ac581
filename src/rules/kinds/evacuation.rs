//! How many hands each way of leaving takes at night: numbers that no statute gives, so an office may set its own (domain 1.4).

use super::Readable;
use crate::rules::reader::{Read, Section};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that the numbers take for granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"code": "reach", "text_zh": "只计1分钟内能到达该分区的夜班人员。", "text_en": "Only night staff who can reach the zone within one minute count."}))]
pub struct Assumption {
    pub code: String,
    pub text_zh: String,
    pub text_en: String,
}

/// The numbers, and what they take for granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"per_carried": 2, "per_wheeled": 1, "per_assisted": 1, "guided_per_helper": 3, "reach_minutes": 1, "assumption": []}))]
pub struct EvacuationNumbers {
    /// Helpers for each resident who is carried.
    pub per_carried: u32,
    pub per_wheeled: u32,
    pub per_assisted: u32,
    /// So many who are guided need one helper.
    pub guided_per_helper: u32,
    /// Who reaches the zone within so many minutes counts.
    pub reach_minutes: u32,
    /// Always shown with the result.
    pub assumption: Vec<Assumption>,
}

impl Readable for EvacuationNumbers {
    fn read(root: &Section<'_>) -> Read<Self> {
        let per_carried = root.number("per_carried", 1..=10);
        let per_wheeled = root.number("per_wheeled", 1..=10);
        let per_assisted = root.number("per_assisted", 1..=10);
        let guided_per_helper = root.number("guided_per_helper", 1..=20);
        let reach_minutes = root.number("reach_minutes", 1..=30);
        let assumption = root.list("assumption", "code", |one| {
            let code = one.code("code");
            let (text_zh, text_en) = (one.text("text_zh", 300), one.text("text_en", 400));
            Ok(Assumption { code: code?, text_zh: text_zh?, text_en: text_en? })
        });
        Ok(Self {
            per_carried: per_carried?,
            per_wheeled: per_wheeled?,
            per_assisted: per_assisted?,
            guided_per_helper: guided_per_helper?,
            reach_minutes: reach_minutes?,
            assumption: assumption?,
        })
    }
}
