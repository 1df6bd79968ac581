//! The rows of accounts.

use super::rules::Standing;
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
    /// Only a new password opens more than the own account.
    pub must_change_password: bool,
    /// When a second factor was set up, if there is one.
    pub second_factor_at: Option<Instant>,
}

impl User {
    /// Whatever was due of the password is done with it.
    pub fn take_password(&mut self, hash: String, now: Instant) {
        self.password_hash = Some(hash);
        self.password_changed_at = Some(now);
        self.must_change_password = false;
    }

    /// What decides whether the account must be put in order first.
    pub fn standing(&self) -> Standing {
        Standing {
            role: self.role,
            must_change_password: self.must_change_password,
            password_changed_at: self.password_changed_at,
            has_second_factor: self.second_factor_at.is_some(),
        }
    }
}

/// Which places an account covers: exactly one of the three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields, from = "WrittenScope")]
#[schema(example = json!({"kind": "areas", "areas": ["0198f000-0000-7000-8000-000000000001"]}))]
pub enum ScopeForm {
    /// Everything this server holds.
    All,
    /// These areas and all below them.
    Areas {
        #[schema(min_items = 1, max_items = 500)]
        areas: Vec<AreaId>,
    },
    /// These institutions only.
    Institutions {
        #[schema(min_items = 1, max_items = 500)]
        institutions: Vec<InstitutionId>,
    },
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
