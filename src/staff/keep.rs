//! Keeping the list of who works in a home: written whole, confirmed when it is so already, changed over a version.

use super::model::{Qualification, Qualifications, StaffMember};
use super::{queries, rules};
use crate::access::{Role, Scope, WriteTx};
use crate::audit;
use crate::canonical::digest;
use crate::ids::{InstitutionId, StaffId, UserId};
use crate::institutions::{self};
use crate::refusal::{FieldCode, Outcome, Refusal};
use crate::stored::Written;
use crate::users;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Somebody who works in a home.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "name": "陈静", "post": "护理员", "phone": "13900000001",
    "started_on": "2025-06-01", "qualifications": [{"name": "现场指挥官培训", "obtained_on": "2026-01-12"}]
}))]
pub struct StaffForm {
    pub institution_id: InstitutionId,
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    /// 岗位: what they are there.
    #[schema(min_length = 1, max_length = 60)]
    pub post: String,
    #[schema(min_length = 1, max_length = 40)]
    pub phone: Option<String>,
    /// Their account, if they have one that covers this home.
    pub user_id: Option<UserId>,
    pub started_on: NaiveDate,
    /// The last day of work.
    pub left_on: Option<NaiveDate>,
    #[serde(default)]
    #[schema(max_items = 30)]
    pub qualifications: Vec<Qualification>,
    /// To change what is there: the version the caller saw. `If-Match` does as well.
    pub expected_version: Option<i64>,
}

/// Writes somebody into the list, over the version `seen` where they are there already.
pub fn keep(
    tx: &mut WriteTx<'_>,
    id: StaffId,
    form: &StaffForm,
    seen: Option<i64>,
) -> Outcome<(Written, StaffMember)> {
    let content = StaffForm { expected_version: None, ..form.clone() };
    let digest = digest(&content);
    let there = match queries::find_any(tx.conn, id)? {
        Some(_) => Some(queries::find(tx.conn, &tx.actor.scope, id)?),
        None => None,
    };
    let came_to = Written::over(there.as_ref().map(|one| (one.digest.as_str(), one.version)), &digest, seen)?;
    if let (Written::Confirmed, Some(there)) = (came_to, &there) {
        return Ok((came_to, there.clone()));
    }
    let home = match there {
        Some(_) => institutions::named(tx, form.institution_id)?,
        None => institutions::named_and_not_closed(tx, form.institution_id)?,
    };
    if there.as_ref().is_some_and(|one| one.institution_id != home.id) {
        return Err(Refusal::invalid("/institution_id", FieldCode::Mismatch).into());
    }
    rules::check(form)?;
    check_account(tx, home.id, form.user_id)?;
    let new = StaffMember {
        id,
        institution_id: home.id,
        name: content.name,
        post: content.post,
        phone: content.phone,
        user_id: content.user_id,
        started_on: content.started_on,
        left_on: content.left_on,
        qualifications: Qualifications(content.qualifications),
        digest,
        version: there.as_ref().map_or(1, |one| one.version + 1),
        created_at: there.as_ref().map_or(tx.now, |one| one.created_at),
        updated_at: tx.now,
    };
    let entry = audit::Entry {
        chain: home.id.into(),
        action: if there.is_some() { "staff.changed" } else { "staff.entered" },
        object_kind: "staff",
        object_id: Some(id.0),
        content: json!({ "name": new.name, "post": new.post, "phone": new.phone, "user_id": new.user_id,
            "started_on": new.started_on, "left_on": new.left_on, "qualifications": new.qualifications,
            "version": new.version }),
    };
    audit::record(tx, entry)?;
    match there {
        Some(_) => queries::update(tx.conn, &new)?,
        None => queries::insert(tx.conn, new.clone())?,
    }
    Ok((came_to, new))
}

/// An account may stand beside a name only where it covers this home: no other account's existence is told.
fn check_account(tx: &mut WriteTx<'_>, home: InstitutionId, account: Option<UserId>) -> Outcome<()> {
    let Some(account) = account else { return Ok(()) };
    let found = users::queries::find_any(tx.conn, account)?.filter(|user| user.role == Role::Manager);
    let covers = match found {
        Some(user) => users::queries::scope(tx.conn, account, user.scope_kind)?,
        None => Scope::Institutions(Vec::new()),
    };
    match covers {
        Scope::Institutions(own) if own.contains(&home) => Ok(()),
        _ => Err(Refusal::invalid("/user_id", FieldCode::UnknownReference).into()),
    }
}
