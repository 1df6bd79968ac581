//! Everybody whom the record of a drill names.

use super::forms::{DrillRecord, People};
use crate::staff::belong::Named;

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
