//! A hazard and everything that is kept about it.

use crate::access::AreaColumns;
use crate::checklists::{Category, PhotoRule};
use crate::db::Instant;
use crate::db::schema::{hazard_actions, hazards};
use crate::ids::{ActionId, DrillId, EvidenceId, HazardId, ImportId, InspectionId, InstitutionId, UserId};
use crate::rules::{Counted, DocumentRef, SkippedDay};
use crate::{json_column, text_enum};
use chrono::NaiveDate;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Where a hazard stands. Overdue is not a state: it is computed from the deadline.
    pub enum Status {
        /// 待整改
        Pending = "pending",
        /// 整改中
        Rectifying = "rectifying",
        /// 待复查
        AwaitingRecheck = "awaiting_recheck",
        /// 已销号
        Closed = "closed",
        /// 已移送: another department owns it; it stays visible here.
        Transferred = "transferred",
        /// 误报撤销
        Void = "void",
    }
}

impl Status {
    /// Not yet at an end.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Void)
    }

    /// Whether the institution's clock runs.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Pending | Self::Rectifying)
    }
}

text_enum! {
    /// How bad (一般, 重大).
    pub enum Severity {
        General = "general",
        Major = "major",
    }
}

/// Where a deadline came from, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct DeadlineBasis {
    /// The rule document and its version.
    pub rule: String,
    pub version: u32,
    /// Which line of it: `item E03`, `urgent`, `general`, `major`, `fixed_on_spot`, `rework`, `recheck`, `given` or `imported`.
    pub because: String,
    /// The local date the days are counted from.
    pub start: NaiveDate,
    /// Days counted: calendar days where nothing else is said.
    pub days: i64,
    #[serde(default = "calendar", skip_serializing_if = "Counted::is_calendar")]
    pub counted: Counted,
    pub result: NaiveDate,
    /// The calendar that working days were counted by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<DocumentRef>,
    /// Days that were left out of the count, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedDay>,
    /// Saturdays and Sundays that counted, because they are worked (调休).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made_up: Vec<NaiveDate>,
    /// Years whose holidays were not known: there only weekends were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_years: Vec<i32>,
    /// Granted extensions, oldest first.
    pub extensions: Vec<GrantedExtension>,
}

fn calendar() -> Counted {
    Counted::Calendar
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantedExtension {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub reason: String,
    pub decided_by: UserId,
    pub decided_at: Instant,
}

/// What is known of a hazard beyond its searchable columns.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = Text)]
pub struct Details {
    /// Measures, funds, responsible person, contingency plan: with the deadline, the five parts (五落实).
    pub rectification: Rectification,
    /// The catalogue that its item is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checklist: Option<DocumentRef>,
    /// Its item asks for a document beside the pictures.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub also_document: bool,
    /// Why no criterion for major hazards was found to apply, where the item is a candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_criterion_because: Option<String>,
    /// Where the date of the re-check came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck_explained: Option<DeadlineBasis>,
    pub major: Option<MajorJudgement>,
    pub listing: Option<Listing>,
    pub transfer: Option<Transfer>,
    pub extension_request: Option<ExtensionRequest>,
    pub void_request: Option<VoidRequest>,
    /// What the ledger said, where it was brought in from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rectification {
    /// 整改措施
    pub measure: Option<String>,
    /// 责任人
    pub responsible_person: Option<String>,
    /// 整改资金, whole yuan.
    pub funds_yuan: Option<i64>,
    /// 应急预案 / 临时措施
    pub contingency_plan: Option<String>,
    pub submitted_at: Option<Instant>,
}

/// A row of a ledger that became a hazard. Its names are texts: they are nobody's accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    pub import_id: ImportId,
    /// The file's digest, and the row in it.
    pub file_sha256: String,
    pub sheet: String,
    pub row: u32,
    /// The category was guessed from the words of the finding.
    pub category_guessed: bool,
    /// 排查人
    pub found_by: String,
    /// 检查类型
    pub kind: Option<String>,
    /// 检查单位
    pub unit: Option<String>,
    /// 判定依据
    pub basis: Option<String>,
    /// 重大隐患判定条款, as the ledger names it; nobody here has judged by it.
    pub criterion: Option<String>,
    /// 责任部门
    pub department: Option<String>,
    /// 联系电话
    pub phone: Option<String>,
    /// 实际完成日期
    pub rectified_on: Option<NaiveDate>,
    /// 整改情况
    pub rectified: Option<String>,
    pub recheck: Option<ImportedRecheck>,
    /// 督办单位
    pub listing_unit: Option<String>,
    /// 备注
    pub remarks: Option<String>,
}

/// A re-check that a ledger tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRecheck {
    pub on: NaiveDate,
    pub by: String,
    pub passed: bool,
}

/// Who judged it major, by which criterion of which document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MajorJudgement {
    /// The criterion's code.
    pub criterion: String,
    /// The document it is of, as it was in force; absent on judgements older than the rule library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentRef>,
    pub judged_by: UserId,
    pub judged_at: Instant,
}

/// Under listed supervision (挂牌督办).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Listing {
    /// The listing body as it names itself.
    pub unit: String,
    /// The level of its area: only it or a higher one may accept or delist.
    pub level: u8,
    pub listed_by: UserId,
    pub listed_at: Instant,
}

/// Handed to the department that owns it (安全生产法 art. 69).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transfer {
    pub department: String,
    pub reason: String,
    /// Where it comes back to when it is returned.
    pub status_before: Status,
    pub transferred_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtensionRequest {
    pub deadline: NaiveDate,
    pub reason: String,
    pub requested_by: UserId,
    pub requested_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoidRequest {
    pub reason: String,
    pub requested_by: UserId,
    pub requested_at: Instant,
}

json_column!(DeadlineBasis, Details);

/// What a hazard was found in, if in something that is recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FoundIn {
    #[default]
    Nothing,
    Inspection(InspectionId),
    Drill(DrillId),
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = hazards)]
pub struct Hazard {
    pub id: HazardId,
    pub institution_id: InstitutionId,
    #[diesel(select_expression = (hazards::area_1, hazards::area_2, hazards::area_3, hazards::area_4, hazards::area_5, hazards::area_6))]
    #[diesel(select_expression_type = PlaceColumns)]
    pub place: AreaColumns,
    pub number: String,
    pub category: Category,
    pub checklist_item: Option<String>,
    pub location: String,
    pub description: String,
    pub severity: Severity,
    pub urgent: bool,
    pub status: Status,
    pub self_found: bool,
    pub fixed_on_spot: bool,
    pub found_at: Instant,
    pub registered_at: Instant,
    pub registered_by: UserId,
    pub deadline: NaiveDate,
    pub original_deadline: NaiveDate,
    pub deadline_basis: DeadlineBasis,
    pub recheck_due: Option<NaiveDate>,
    pub rework_count: i32,
    pub recurrence_of: Option<HazardId>,
    pub listed: bool,
    pub submitted_by: Option<UserId>,
    pub closed_at: Option<Instant>,
    pub closed_by: Option<UserId>,
    pub photo_rule: PhotoRule,
    /// Where it was found, if on an inspection.
    pub inspection_id: Option<InspectionId>,
    /// The drill that showed it, if one did.
    pub drill_id: Option<DrillId>,
    pub details: Details,
    pub digest: String,
    pub version: i64,
    pub updated_at: Instant,
}

type PlaceColumns =
    (hazards::area_1, hazards::area_2, hazards::area_3, hazards::area_4, hazards::area_5, hazards::area_6);

impl Hazard {
    /// Past its deadline's local midnight while it is still the institution's turn.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.status.is_running() && self.deadline < today
    }

    /// Sorts the most severe and newest first when ascending: major before urgent before the rest.
    pub fn severity_key(&self) -> i64 {
        let rank = match (self.severity, self.urgent) {
            (Severity::Major, true) => 0,
            (Severity::Major, false) => 1,
            (Severity::General, true) => 2,
            (Severity::General, false) => 3,
        };
        (rank << 55) | ((1 << 52) - self.found_at.micros().clamp(0, 1 << 52))
    }
}

/// A step as it is kept for the timeline and for answering the same id again.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = hazard_actions)]
pub struct StoredAction {
    pub id: ActionId,
    pub hazard_id: HazardId,
    pub step: i32,
    pub kind: String,
    pub actor_id: UserId,
    pub actor_role: String,
    pub at: Instant,
    pub status_before: String,
    pub status_after: String,
    pub content: String,
    pub digest: String,
}

/// What of the declared photos is on disk, as the rules need it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceState {
    /// Declared, not stored, not waived.
    pub missing: Vec<EvidenceId>,
    pub before: usize,
    pub after: usize,
    pub documents: usize,
}
