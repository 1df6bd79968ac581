//! The hand-over log: who took command from whom, when, and what was known then. Entries are only ever added.

pub mod routes;

use super::queries;
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::digest;
use crate::db::Instant;
use crate::db::schema::handovers;
use crate::fields::Fields;
use crate::ids::{DrillId, HandoverId, InstitutionId, UserId};
use crate::institutions;
use crate::refusal::{FieldCode, Outcome, Refusal};
use crate::staff::Person;
use crate::staff::check_belong;
use crate::staff::rules::check_person;
use crate::stored::Stored;
use crate::{json_column, text_enum};
use chrono::TimeDelta;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

text_enum! {
    /// Whether gas or power is cut.
    pub enum SupplyState {
        On = "on",
        Off = "off",
        Unknown = "unknown",
    }
}

/// What is known when command changes hands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"counted": 58, "missing": 1, "missing_who": "3楼305", "fire_place": "3楼东侧库房", "gas": "off", "power": "off"}))]
pub struct HandoverFacts {
    /// How many were counted in safety.
    #[schema(minimum = 0, maximum = 20000)]
    pub counted: Option<u32>,
    #[schema(minimum = 0, maximum = 20000)]
    pub missing: Option<u32>,
    #[schema(min_length = 1, max_length = 300)]
    pub missing_who: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    pub fire_place: Option<String>,
    pub gas: Option<SupplyState>,
    pub power: Option<SupplyState>,
    #[schema(min_length = 1, max_length = 1000)]
    pub notes: Option<String>,
}

/// A change of command.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "real_event": false, "at": "2026-03-09T19:12:00Z",
    "from": {"name": "陈静"}, "to": {"name": "赵队长"}, "to_organisation": "船山区消防救援大队", "facts": {"counted": 58, "missing": 1, "gas": "off", "power": "off"}
}))]
pub struct HandoverForm {
    pub institution_id: InstitutionId,
    /// 真实事件; else it was a drill, or a change of shift.
    pub real_event: bool,
    pub at: Instant,
    /// Absent when somebody took command first.
    pub from: Option<Person>,
    pub to: Person,
    /// Where they belong, if not to the home.
    #[schema(min_length = 1, max_length = 100)]
    pub to_organisation: Option<String>,
    #[serde(default)]
    pub facts: HandoverFacts,
}

/// Who, to whom, and what was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct HandoverContent {
    pub from: Option<Person>,
    pub to: Person,
    pub to_organisation: Option<String>,
    pub facts: HandoverFacts,
}

json_column!(HandoverContent);

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = handovers)]
pub struct Handover {
    pub id: HandoverId,
    pub institution_id: InstitutionId,
    /// The drill in which it was, where the drill's record names it.
    pub drill_id: Option<DrillId>,
    pub real_event: bool,
    pub at: Instant,
    pub content: HandoverContent,
    pub entered_by: UserId,
    pub entered_at: Instant,
    pub digest: String,
}

/// A phone's clock may run ahead by this much.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(10);
const OLDEST: TimeDelta = TimeDelta::days(400);

fn check(form: &HandoverForm, now: Instant) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.check(form.at <= now.plus(CLOCK_TOLERANCE), "/at", FieldCode::InFuture);
    fields.check(form.at >= now.plus(-OLDEST), "/at", FieldCode::TooEarly);
    if let Some(from) = &form.from {
        check_person(&mut fields, "/from", from);
    }
    check_person(&mut fields, "/to", &form.to);
    fields.optional_line("/to_organisation", form.to_organisation.as_deref(), 100);
    let facts = &form.facts;
    fields.number("/facts/counted", &facts.counted.unwrap_or(0), 0..=20_000);
    fields.number("/facts/missing", &facts.missing.unwrap_or(0), 0..=20_000);
    fields.optional_prose("/facts/missing_who", facts.missing_who.as_deref(), 300);
    fields.optional_line("/facts/fire_place", facts.fire_place.as_deref(), 200);
    fields.optional_prose("/facts/notes", facts.notes.as_deref(), 1000);
    fields.finish()
}

/// Adds an entry to the log, or confirms that it was added so. `drill` is named by the drill's own record.
pub fn enter(
    tx: &mut WriteTx<'_>,
    id: HandoverId,
    form: &HandoverForm,
    drill: Option<DrillId>,
) -> Outcome<(Stored, Handover)> {
    let digest = digest(&json!({ "form": form, "drill_id": drill }));
    if queries::find_any_handover(tx.conn, id)?.is_some() {
        let there = queries::find_handover(tx.conn, &tx.actor.scope, id)?;
        return Ok((Stored::confirmed(there.digest == digest)?, there));
    }
    let home = institutions::named_and_not_closed(tx, form.institution_id)?;
    check(form, tx.now)?;
    let mut named = vec![("/to".to_owned(), &form.to)];
    named.extend(form.from.as_ref().map(|from| ("/from".to_owned(), from)));
    check_belong(tx.conn, home.id, &named)?;
    let form = form.clone();
    let new = Handover {
        id,
        institution_id: home.id,
        drill_id: drill,
        real_event: form.real_event,
        at: form.at,
        content: HandoverContent {
            from: form.from,
            to: form.to,
            to_organisation: form.to_organisation,
            facts: form.facts,
        },
        entered_by: tx.actor.id,
        entered_at: tx.now,
        digest,
    };
    let entry = audit::Entry {
        chain: home.id.into(),
        action: "command.handed_over",
        object_kind: "handover",
        object_id: Some(id.0),
        content: told(&new),
    };
    audit::record(tx, entry)?;
    queries::insert_handover(tx.conn, new.clone())?;
    Ok((Stored::Created, new))
}

/// The trail is for ever: what is written of residents in words stays out of it, and the digest stands for all of it.
fn told(of: &Handover) -> serde_json::Value {
    let HandoverContent { from, to, to_organisation, facts } = &of.content;
    json!({ "at": of.at, "real_event": of.real_event, "drill_id": of.drill_id, "from": from, "to": to,
        "to_organisation": to_organisation, "counted": facts.counted, "missing": facts.missing, "gas": facts.gas,
        "power": facts.power, "digest": of.digest })
}
