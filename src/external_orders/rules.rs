//! What an order must say, and when it binds. Pure.

use super::model::ExternalOrder;
use super::record::{ExternalOrderForm, LiftForm};
use crate::evidence::rules::check_each;
use crate::fields::Fields;
use crate::refusal::{FieldCode, Refusal};
use chrono::{Datelike, NaiveDate};

/// Photos and documents one order can hold.
pub const MOST_PHOTOS: usize = 20;

/// Whether the order binds on this local date: from its first day to its last, or until it is lifted.
pub fn in_force(order: &ExternalOrder, on: NaiveDate) -> bool {
    order.valid_from <= on
        && order.valid_to.is_none_or(|last| on <= last)
        && order.lifted_on.is_none_or(|lifted| on < lifted)
}

/// Checks an order as it is written down on the local date `today`.
pub fn check(form: &ExternalOrderForm, today: NaiveDate) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.line("/issuer", &form.issuer, 1..=100);
    fields.optional_line("/number", form.number.as_deref(), 60);
    fields.check(form.issued_on.year() >= 1990, "/issued_on", FieldCode::TooEarly);
    fields.check(form.issued_on <= today, "/issued_on", FieldCode::InFuture);
    let from = form.valid_from.unwrap_or(form.issued_on);
    fields.check(from >= form.issued_on, "/valid_from", FieldCode::Mismatch);
    fields.check(from.year() <= today.year() + 10, "/valid_from", FieldCode::TooLate);
    fields.check(form.valid_to.is_none_or(|to| to >= from), "/valid_to", FieldCode::Mismatch);
    fields.check(
        form.valid_to.is_none_or(|to| to.year() <= today.year() + 50),
        "/valid_to",
        FieldCode::TooLate,
    );
    fields.prose("/text", &form.text, 1..=4000);
    fields.check(form.evidence.len() <= MOST_PHOTOS, "/evidence", FieldCode::TooMany);
    check_each(&mut fields, "/evidence", &form.evidence);
    fields.finish()
}

/// Checks the lifting of an order on the local date `today`.
pub fn check_lift(
    order: &ExternalOrder,
    form: &LiftForm,
    today: NaiveDate,
    photos: usize,
) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.check(form.lifted_on >= order.valid_from, "/lifted_on", FieldCode::TooEarly);
    fields.check(form.lifted_on <= today, "/lifted_on", FieldCode::InFuture);
    fields.prose("/reason", &form.reason, 1..=500);
    fields.check(photos + form.evidence.len() <= MOST_PHOTOS, "/evidence", FieldCode::TooMany);
    check_each(&mut fields, "/evidence", &form.evidence);
    fields.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::external_orders::OrderKind;
    use crate::ids::{ExternalOrderId, InstitutionId, UserId};

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, number).unwrap_or_default()
    }

    fn order(to: Option<u32>, lifted: Option<u32>) -> ExternalOrder {
        let nil = uuid::Uuid::nil();
        let at = crate::db::Instant::new(chrono::DateTime::UNIX_EPOCH);
        ExternalOrder {
            id: ExternalOrderId(nil),
            institution_id: InstitutionId(nil),
            kind: OrderKind::StopUse,
            issuer: "消防救援大队".into(),
            number: None,
            issued_on: day(3),
            valid_from: day(5),
            valid_to: to.map(day),
            text: "停止使用厨房".into(),
            recorded_by: UserId(nil),
            recorded_at: at,
            lifted_on: lifted.map(day),
            lift_reason: None,
            lifted_by: None,
            lifted_at: None,
            digest: String::new(),
            version: 1,
        }
    }

    #[test]
    fn an_order_binds_from_its_first_day_to_its_last_or_until_it_is_lifted() {
        let days =
            |order: &ExternalOrder| (1..=12).filter(|one| in_force(order, day(*one))).collect::<Vec<_>>();
        assert_eq!(days(&order(None, None)), (5..=12).collect::<Vec<_>>());
        assert_eq!(days(&order(Some(8), None)), [5, 6, 7, 8]);
        assert_eq!(days(&order(Some(8), Some(7))), [5, 6]);
        assert_eq!(days(&order(None, Some(7))), [5, 6]);
        assert_eq!(days(&order(Some(6), Some(9))), [5, 6]);
        assert_eq!(days(&order(None, Some(5))), Vec::<u32>::new());
    }
}
