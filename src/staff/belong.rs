//! Whoever is named by the list of staff is on that of the institution.

use super::person::Person;
use super::queries;
use crate::db::Conn;
use crate::fields::Fields;
use crate::ids::{InstitutionId, StaffId};
use crate::refusal::{FieldCode, Outcome};

/// Somebody named, and where in the body.
pub type Named<'a> = (String, &'a Person);

/// Refuses every `staff_id` that is not on the institution's list, each at its place.
pub fn check_belong(conn: &mut Conn, institution: InstitutionId, named: &[Named<'_>]) -> Outcome<()> {
    let ids: Vec<StaffId> = named.iter().filter_map(|(_, person)| person.staff_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let strange = queries::belong(conn, institution, &ids)?;
    let mut fields = Fields::new();
    for (pointer, person) in named {
        let known = person.staff_id.is_none_or(|id| !strange.contains(&id));
        fields.check(known, format!("{pointer}/staff_id"), FieldCode::UnknownReference);
    }
    Ok(fields.finish()?)
}
