//! The rows of accounts.

use crate::access::{Role, ScopeKind};
use crate::db::Instant;
use crate::db::schema::users;
use crate::ids::{AreaId, InstitutionId, UserId};
use crate::text_enum;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// The language an account reads.
    pub enum Locale {
        Chinese = "zh-CN",
        English = "en",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users)]
#[diesel(treat_none_as_null = true)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub phone: Option<String>,
    pub role: Role,
    pub scope_kind: ScopeKind,
    pub disabled: bool,
    pub password_hash: Option<String>,
    pub password_changed_at: Option<Instant>,
    pub locale: Locale,
    pub digest: String,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// Which places an account covers: exactly one of the three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields, from = "WrittenScope")]
#[schema(example = json!({"kind": "areas", "areas": ["0198f000-0000-7000-8000-000000000001"]}))]
pub enum ScopeForm {
    /// Everything this server holds.
    All,
    /// These areas and all below them.
    Areas { areas: Vec<AreaId> },
    /// These institutions only.
    Institutions { institutions: Vec<InstitutionId> },
}

/// A scope as it is read. Beside a variant without braces serde lets any field pass: "all" with a list of
/// areas would silently have meant everything.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum WrittenScope {
    All {},
    Areas { areas: Vec<AreaId> },
    Institutions { institutions: Vec<InstitutionId> },
}

impl From<WrittenScope> for ScopeForm {
    fn from(written: WrittenScope) -> Self {
        match written {
            WrittenScope::All {} => Self::All,
            WrittenScope::Areas { areas } => Self::Areas { areas },
            WrittenScope::Institutions { institutions } => Self::Institutions { institutions },
        }
    }
}

impl ScopeForm {
    pub fn kind(&self) -> ScopeKind {
        match self {
            Self::All => ScopeKind::All,
            Self::Areas { .. } => ScopeKind::Areas,
            Self::Institutions { .. } => ScopeKind::Institutions,
        }
    }
}
