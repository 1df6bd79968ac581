//! The rows of notices and their words.

use crate::access::AreaColumns;
use crate::db::Instant;
use crate::db::schema::{notice_steps, notices};
use crate::ids::{AreaId, InstitutionId, NoticeId, NoticeStepId, UserId};
use crate::text_enum;
use diesel::prelude::*;

text_enum! {
    /// Which paper it is.
    pub enum NoticeKind {
        /// 责令限期整改通知书
        RectificationNotice = "rectification_notice",
        /// 现场检查记录
        InspectionRecord = "inspection_record",
        /// 整改复查意见书
        RecheckOpinion = "recheck_opinion",
        /// 移送函
        TransferLetter = "transfer_letter",
        /// 督办函
        SupervisionLetter = "supervision_letter",
        /// 约谈通知书
        InterviewNotice = "interview_notice",
    }
}

text_enum! {
    /// How far a notice has come.
    pub enum NoticeState {
        /// 已出具
        Issued = "issued",
        /// 已送达
        Served = "served",
        /// 已签收: the addressee says so.
        Acknowledged = "acknowledged",
        /// 已回复 (整改回执)
        Answered = "answered",
        /// 已作废: keeps its number.
        Void = "void",
    }
}

text_enum! {
    /// What may happen to a notice.
    pub enum NoticeStepKind {
        Serve = "serve",
        Acknowledge = "acknowledge",
        Reply = "reply",
        Void = "void",
    }
}

text_enum! {
    /// How it was served (送达方式).
    pub enum ServiceMethod {
        /// 直接送达
        InPerson = "in_person",
        /// 留置送达: left there because it was not accepted.
        Left = "left",
        /// 邮寄送达
        Post = "post",
        /// 电子送达
        Electronic = "electronic",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = notices)]
pub struct Notice {
    pub id: NoticeId,
    pub institution_id: InstitutionId,
    #[diesel(select_expression = (notices::area_1, notices::area_2, notices::area_3, notices::area_4, notices::area_5, notices::area_6))]
    #[diesel(select_expression_type = PlaceColumns)]
    pub place: AreaColumns,
    pub office_area_id: AreaId,
    pub office_level: i32,
    pub kind: NoticeKind,
    pub year: i32,
    pub number: i32,
    pub number_text: String,
    pub state: NoticeState,
    /// What was printed, as canonical JSON: [`super::content::Content`].
    pub content: String,
    /// SHA-256 of `content`.
    pub digest: String,
    pub issued_at: Instant,
    pub issued_by: UserId,
    pub served_at: Option<Instant>,
    pub acknowledged_at: Option<Instant>,
    pub answered_at: Option<Instant>,
    pub voided_at: Option<Instant>,
    pub form_digest: String,
    pub version: i64,
    pub updated_at: Instant,
}

type PlaceColumns =
    (notices::area_1, notices::area_2, notices::area_3, notices::area_4, notices::area_5, notices::area_6);

/// A step as it is kept for the story and for answering the same id again.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notice_steps)]
pub struct StoredStep {
    pub id: NoticeStepId,
    pub notice_id: NoticeId,
    pub step: i32,
    pub kind: NoticeStepKind,
    pub actor_id: UserId,
    pub actor_role: String,
    pub at: Instant,
    pub state_after: NoticeState,
    pub content: String,
    pub digest: String,
}
