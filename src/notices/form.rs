//! What is sent to issue a notice or to say what became of it, and whether it can be meant. Pure.

use super::model::{NoticeKind, NoticeStepKind, ServiceMethod};
use crate::db::Instant;
use crate::db::sql_types::is_written_year;
use crate::fields::Fields;
use crate::ids::{AreaId, HazardId, InstitutionId};
use crate::refusal::{FieldCode, Refusal};
use chrono::{Datelike, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Hazards on one paper.
pub const MOST_HAZARDS: usize = 30;
/// Free paragraphs on one paper.
const MOST_PARAGRAPHS: usize = 10;

/// A notice as it is issued. Which of the facts are needed is said by the template.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "rectification_notice", "office_area_id": "0198f000-0000-7000-8000-000000000001",
    "institution_id": "0198f000-0000-7000-8000-000000000010", "inspected_on": "2026-03-01", "inspectors": "王芳、李强",
    "reply_to": "遂宁市船山区民政局养老服务科（0825-5550100）",
    "hazards": [{"hazard_id": "0198f000-0000-7000-8000-000000000040", "requirement": "立即拆除串接的插排，改由墙面插座供电"}]
}))]
pub struct NoticeForm {
    pub kind: NoticeKind,
    /// The area whose office issues it: one of the caller's own, and the institution lies in it.
    pub office_area_id: AreaId,
    pub institution_id: InstitutionId,
    /// The items of the paper, in this order.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub hazards: Vec<ListedHazard>,
    /// One of the templates of this kind; the first when absent.
    #[schema(min_length = 1, max_length = 60)]
    pub template: Option<String>,
    /// Whom it is addressed to; the institution when absent.
    #[schema(min_length = 1, max_length = 100)]
    pub recipient: Option<String>,
    /// 检查（复查、约谈）日期
    pub inspected_on: Option<NaiveDate>,
    /// 检查（约谈）地点
    #[schema(min_length = 1, max_length = 200)]
    pub place: Option<String>,
    /// 检查（复查）人员, with the numbers of their credentials.
    #[schema(min_length = 1, max_length = 200)]
    pub inspectors: Option<String>,
    /// 被检查单位在场人员
    #[schema(min_length = 1, max_length = 200)]
    pub present: Option<String>,
    /// 检查情况 / 有关情况
    #[schema(min_length = 1, max_length = 2000)]
    pub facts: Option<String>,
    /// 处理意见 / 复查意见 / 督办要求
    #[schema(min_length = 1, max_length = 2000)]
    pub handling: Option<String>,
    /// Where the answer (整改回执) goes.
    #[schema(min_length = 1, max_length = 300)]
    pub reply_to: Option<String>,
    /// More paragraphs, printed behind those of the template.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub paragraphs: Vec<FreeParagraph>,
}

/// One item of the paper.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedHazard {
    pub hazard_id: HazardId,
    /// What is to be done; the measure stated so far when absent.
    #[schema(min_length = 1, max_length = 500)]
    pub requirement: Option<String>,
    /// The legal basis; that of the checklist item when absent.
    #[schema(min_length = 1, max_length = 300)]
    pub basis: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreeParagraph {
    #[schema(min_length = 1, max_length = 1000)]
    pub text: String,
}

impl NoticeForm {
    /// Everything that can be said of the form by itself.
    pub fn check(&self, today: NaiveDate) -> Result<(), Refusal> {
        let mut fields = Fields::new();
        fields.optional_line("/template", self.template.as_deref(), 60);
        fields.optional_line("/recipient", self.recipient.as_deref(), 100);
        fields.optional_line("/place", self.place.as_deref(), 200);
        fields.optional_line("/inspectors", self.inspectors.as_deref(), 200);
        fields.optional_line("/present", self.present.as_deref(), 200);
        fields.optional_prose("/facts", self.facts.as_deref(), 2000);
        fields.optional_prose("/handling", self.handling.as_deref(), 2000);
        fields.optional_prose("/reply_to", self.reply_to.as_deref(), 300);
        if let Some(day) = self.inspected_on {
            self.check_day(&mut fields, day, today);
        }
        fields.check(self.hazards.len() <= MOST_HAZARDS, "/hazards", FieldCode::TooMany);
        let mut seen = HashSet::new();
        for (at, listed) in self.hazards.iter().enumerate() {
            let pointer = |name: &str| format!("/hazards/{at}/{name}");
            fields.check(seen.insert(listed.hazard_id), pointer("hazard_id"), FieldCode::Duplicate);
            fields.optional_prose(&pointer("requirement"), listed.requirement.as_deref(), 500);
            fields.optional_prose(&pointer("basis"), listed.basis.as_deref(), 300);
        }
        fields.check(self.paragraphs.len() <= MOST_PARAGRAPHS, "/paragraphs", FieldCode::TooMany);
        for (at, paragraph) in self.paragraphs.iter().enumerate() {
            fields.prose(&format!("/paragraphs/{at}/text"), &paragraph.text, 1..=1000);
        }
        fields.finish()
    }

    /// An inspection was, an interview will be; both within reach of today.
    fn check_day(&self, fields: &mut Fields, day: NaiveDate, today: NaiveDate) {
        const REACH: TimeDelta = TimeDelta::days(400);
        let pointer = "/inspected_on";
        if !is_written_year(day.year()) {
            return fields.fault(pointer, FieldCode::OutOfRange);
        }
        let coming = self.kind == NoticeKind::InterviewNotice;
        fields.check(coming || day <= today, pointer, FieldCode::InFuture);
        fields.check(day - today <= REACH, pointer, FieldCode::TooLate);
        fields.check(today - day <= REACH, pointer, FieldCode::TooEarly);
    }
}

/// What became of a notice. Which fields belong to it is said by its kind.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "serve", "how": "in_person", "served_at": "2026-03-02T02:10:00Z", "recipient": "李强（副院长）"}))]
pub struct NoticeStepForm {
    pub kind: NoticeStepKind,
    /// 送达方式, for `serve`.
    pub how: Option<ServiceMethod>,
    /// For `serve`.
    pub served_at: Option<Instant>,
    /// Who took it, or should have; for `serve`.
    #[schema(min_length = 1, max_length = 60)]
    pub recipient: Option<String>,
    /// 拒收, for `serve`: an attempt that was refused does not serve the paper, leaving it there does.
    pub refused: Option<bool>,
    /// A remark; the answer itself for `reply`, the reason for `void`.
    #[schema(min_length = 1, max_length = 2000)]
    pub text: Option<String>,
}

/// A phone's clock may run ahead by this much.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(10);

impl NoticeStepForm {
    pub fn check(&self, issued_at: Instant, now: Instant) -> Result<(), Refusal> {
        use NoticeStepKind as K;
        let mut fields = Fields::new();
        fields.optional_line("/recipient", self.recipient.as_deref(), 60);
        fields.optional_prose("/text", self.text.as_deref(), 2000);
        let given = [
            ("/how", self.how.is_some()),
            ("/served_at", self.served_at.is_some()),
            ("/recipient", self.recipient.is_some()),
        ];
        for (pointer, given) in given {
            match self.kind {
                K::Serve => fields.check(given, pointer, FieldCode::Required),
                _ => fields.check(!given, pointer, FieldCode::NotAllowedHere),
            }
        }
        fields.check(self.kind == K::Serve || self.refused.is_none(), "/refused", FieldCode::NotAllowedHere);
        let worded = !matches!(self.kind, K::Reply | K::Void) || self.text.is_some();
        fields.check(worded, "/text", FieldCode::Required);
        if let Some(at) = self.served_at {
            fields.check(at <= now.plus(CLOCK_TOLERANCE), "/served_at", FieldCode::InFuture);
            fields.check(at >= issued_at.plus(-CLOCK_TOLERANCE), "/served_at", FieldCode::TooEarly);
        }
        fields.finish()
    }

    /// Whether the addressee has the paper, or the law says so.
    pub fn is_served(&self) -> bool {
        self.kind == NoticeStepKind::Serve
            && (self.refused != Some(true) || self.how == Some(ServiceMethod::Left))
    }
}
