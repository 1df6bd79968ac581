//! Identifiers: UUIDs made by whoever creates the thing, one type per kind so that they cannot be mixed up.

use crate::db::sql_types::{RawUuid, UuidSql};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, IsNull, Output, ToSql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow, Serialize, Deserialize)]
        #[diesel(sql_type = UuidSql)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh, time-ordered id.
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ToSql<UuidSql, diesel::pg::Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
                std::io::Write::write_all(out, self.0.as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl ToSql<UuidSql, diesel::sqlite::Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::sqlite::Sqlite>) -> serialize::Result {
                out.set_value(self.0.as_bytes().to_vec());
                Ok(IsNull::No)
            }
        }

        impl ToSql<UuidSql, crate::db::MultiBackend> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, crate::db::MultiBackend>) -> serialize::Result {
                out.set_value((UuidSql, self));
                Ok(IsNull::No)
            }
        }

        impl<DB: diesel::backend::Backend> FromSql<UuidSql, DB> for $name
        where
            RawUuid: FromSql<UuidSql, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(Self(RawUuid::from_sql(value)?.0))
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                crate::db::sql_types::text_schema(utoipa::openapi::KnownFormat::Uuid)
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// An adoption of a rule document.
    AdoptionId
    /// An area (行政区划).
    AreaId
    /// An elder-care institution (养老机构).
    InstitutionId
    /// An account.
    UserId
    /// A login and its refresh tokens.
    SessionId
    /// A hazard (隐患).
    HazardId
    /// One step in a hazard's life.
    ActionId
    /// A photo or document that is evidence.
    EvidenceId
    /// The record that a piece of evidence belongs to; its kind stands beside it.
    OwnerId
    /// An inspection (检查): planned, or handed in with its record.
    InspectionId
    /// A campaign (专项行动).
    CampaignId
    /// An order of another authority (外部指令).
    ExternalOrderId
    /// What an institution checked by itself (自查).
    SelfCheckId
    /// A ledger or list brought in from a file.
    ImportId
    /// A ledger written out to a file.
    ExportId
    /// A piece of background work.
    JobId
    /// One node's hold on a job.
    LeaseId
    /// A notice to an institution (通知书).
    NoticeId
    /// One step in a notice's life.
    NoticeStepId
    /// An evacuation plan (灭火和应急疏散预案), in one version.
    PlanId
    /// One step in a plan's life.
    PlanStepId
    /// Somebody who works in an institution, with or without an account.
    StaffId
    /// A resident's row in the evacuation table (帮扶对应表).
    ResidentId
    /// Who commands in one stretch of time (现场指挥官排班).
    CommandAssignmentId
    /// One entry of the hand-over log.
    HandoverId
    /// A drill (演练), or a real event recorded the same way.
    DrillId
    /// One step in a drill's life.
    DrillStepId
    /// A phone that observes a drill.
    ObserverId
    /// One tap on an observer's stopwatch.
    TapId
    /// A training or an education session (培训、宣传教育).
    TrainingId
    /// A warning that was received (预警).
    WarningId
    /// What an institution reports while a warning holds.
    WarningReportId
    /// A monthly judgement of the risks of an institution (研判).
    ForesightId
    /// One state of the rule library: another one after every change.
    RulesStateId
    /// An audit chain: an institution's id, or the nil id for the system's own.
    ChainId
}

macro_rules! owners {
    ($($name:ident)*) => {$(
        impl From<$name> for OwnerId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
    )*};
}

owners! {
    DrillId ExternalOrderId HazardId InspectionId PlanId SelfCheckId TrainingId WarningId WarningReportId
}

impl From<InstitutionId> for ChainId {
    fn from(id: InstitutionId) -> Self {
        Self(id.0)
    }
}

impl ChainId {
    /// The chain of everything that belongs to no institution: accounts, areas, logins.
    pub const SYSTEM: Self = Self(Uuid::nil());
}
