//! Whoever is named by the list of staff is on that of the institution.

use super::forms::{DrillRecord, People};
use crate::db::Conn;
use crate::fields::Fields;
use crate::ids::InstitutionId;
use crate::refusal::{FieldCode, Outcome};
use crate::staff::{self, Person};

/// Somebody named, and where.
pub(super) type Named<'a> = (String, &'a Person);

pub(super) fn check(conn: &mut Conn, institution: InstitutionId, named: &[Named<'_>]) -> Outcome<()> {
    let ids: Vec<_> = named.iter().filter_map(|(_, person)| person.staff_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let strangers = staff::queries::belong(conn, institution, &ids)?;
    let mut fields = Fields::new();
    for (pointer, person) in named {
        let known = person.staff_id.is_none_or(|id| !strangers.contains(&id));
        fields.check(known, format!("{pointer}/staff_id"), FieldCode::UnknownReference);
    }
    Ok(fields.finish()?)
}

/// Everybody whom a record names.
pub(super) fn of_record(form: &DrillRecord) -> Vec<Named<'_>> {
    let mut named: Vec<Named<'_>> = form.commander.iter().map(|one| ("/commander".to_owned(), one)).collect();
    named.extend(of(&form.staff_on_duty, "/staff_on_duty"));
    named.extend(of(&form.staff_taking_part, "/staff_taking_part"));
    named.extend(form.handovers.iter().enumerate().map(|(at, one)| (format!("/handovers/{at}/to"), &one.to)));
    for (at, one) in form.groups.iter().enumerate() {
        named.extend(of(&one.people, &format!("/groups/{at}/people")));
    }
    let observers = form.observers.iter().enumerate();
    named.extend(observers.map(|(at, one)| (format!("/observers/{at}/person"), &one.person)));
    named
}

fn of<'a>(people: &'a People, place: &str) -> Vec<Named<'a>> {
    people.names.iter().enumerate().map(|(at, one)| (format!("{place}/names/{at}"), one)).collect()
}
