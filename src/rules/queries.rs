//! The rule library in the database.

use super::document::Document;
use super::model::{AdoptionRow, LoadedDocument};
use super::resolve::Adoption;
use crate::access::Scope;
use crate::db::schema::{areas, database_facts as facts, rule_adoptions, rule_documents};
use crate::db::{Conn, Instant};
use crate::ids::{AdoptionId, AreaId, RulesStateId, UserId};
use crate::in_area_scope;
use crate::refusal::{Code, Failure, Outcome};
use chrono::NaiveDate;
use diesel::prelude::*;
use std::sync::Arc;

/// The word that is another one after every change of the library.
const STATE: &str = "rules";

/// The state of the library; `None` while nothing was ever loaded or adopted.
pub fn state(conn: &mut Conn) -> Outcome<Option<RulesStateId>> {
    let text: Option<String> = facts::table.find(STATE).select(facts::value).first(conn).optional()?;
    Ok(text.and_then(|text| uuid::Uuid::try_parse(&text).ok()).map(RulesStateId))
}

/// Says to every node that the library is another one now.
pub fn touch(conn: &mut Conn) -> Outcome<()> {
    let state = RulesStateId::fresh().to_string();
    let changed = diesel::update(facts::table.find(STATE)).set(facts::value.eq(&state)).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(facts::table)
            .values((facts::name.eq(STATE), facts::value.eq(state)))
            .execute(conn)?;
    }
    Ok(())
}

/// Stands for the whole library where two changes must not pass each other.
const LIBRARY: uuid::Uuid = uuid::Uuid::from_u128(0x5275_6c65_7320_6f66_2074_6865_2064_6179);

/// Keeps the library still until the transaction ends.
pub fn hold(conn: &mut Conn) -> Outcome<()> {
    conn.lock(LIBRARY)
}

/// Every document that was loaded, read.
pub fn documents(conn: &mut Conn) -> Outcome<Vec<Arc<Document>>> {
    let texts: Vec<(String, String)> = rule_documents::table
        .select((rule_documents::id, rule_documents::content))
        .order((rule_documents::id, rule_documents::version))
        .load(conn)?;
    let mut documents = Vec::with_capacity(texts.len());
    for (id, text) in texts {
        match Document::parse(&text) {
            Ok(document) => documents.push(Arc::new(document)),
            // It was sound when it was loaded: a newer program asks for more. It cannot be gone by any more.
            Err(problems) => {
                tracing::error!(%id, problem = ?problems.first(), "a rule document cannot be read")
            }
        }
    }
    Ok(documents)
}

pub fn adoptions(conn: &mut Conn) -> Outcome<Vec<Adoption>> {
    let rows: Vec<AdoptionRow> = rule_adoptions::table.select(AdoptionRow::as_select()).load(conn)?;
    Ok(rows.iter().map(Adoption::from).collect())
}

impl From<&AdoptionRow> for Adoption {
    fn from(row: &AdoptionRow) -> Self {
        Self {
            id: row.id,
            area: row.area_id,
            document: row.document_id.clone(),
            version: u32::try_from(row.document_version).unwrap_or_default(),
            effective_from: row.effective_from,
            effective_to: row.effective_to,
            adopted_at: row.adopted_at,
        }
    }
}

/// A version as a column holds it.
pub fn column(version: u32) -> Outcome<i32> {
    i32::try_from(version).map_err(|_too_large| Code::NotFound.into())
}

/// The version of the document that was loaded, if it was.
pub fn find(conn: &mut Conn, id: &str, version: u32) -> Outcome<Option<LoadedDocument>> {
    let version = column(version)?;
    Ok(rule_documents::table
        .find((id, version))
        .select(LoadedDocument::as_select())
        .first(conn)
        .optional()?)
}

/// What was loaded, without the texts' being read.
pub fn loaded(conn: &mut Conn) -> Outcome<Vec<LoadedDocument>> {
    Ok(rule_documents::table.select(LoadedDocument::as_select()).load(conn)?)
}

pub fn insert(conn: &mut Conn, document: LoadedDocument) -> Outcome<()> {
    diesel::insert_into(rule_documents::table).values(document).execute(conn)?;
    touch(conn)
}

pub fn retire(
    conn: &mut Conn,
    id: &str,
    version: u32,
    by: UserId,
    because: &str,
    now: Instant,
) -> Outcome<()> {
    let version = column(version)?;
    diesel::update(rule_documents::table.find((id, version)))
        .set((
            rule_documents::retired_by.eq(by),
            rule_documents::retired_at.eq(now),
            rule_documents::retired_because.eq(because),
        ))
        .execute(conn)?;
    touch(conn)
}

/// Whether anybody goes by that version on that day or later.
pub fn is_adopted(conn: &mut Conn, id: &str, version: u32, today: NaiveDate) -> Outcome<bool> {
    let version = column(version)?;
    let ends: Vec<Option<NaiveDate>> = rule_adoptions::table
        .filter(rule_adoptions::document_id.eq(id).and(rule_adoptions::document_version.eq(version)))
        .select(rule_adoptions::effective_to)
        .load(conn)?;
    Ok(ends.iter().any(|end| end.is_none_or(|end| end >= today)))
}

/// The adoption, whoever asks.
pub fn find_adoption(conn: &mut Conn, id: AdoptionId) -> Outcome<Option<AdoptionRow>> {
    Ok(rule_adoptions::table.find(id).select(AdoptionRow::as_select()).first(conn).optional()?)
}

/// The adoptions of areas within the scope, and those of the whole database, after `after`.
pub fn list_adoptions(
    conn: &mut Conn,
    scope: &Scope,
    after: Option<AdoptionId>,
    limit: i64,
) -> Outcome<Vec<AdoptionRow>> {
    let own: Vec<AreaId> = match scope {
        Scope::All => Vec::new(),
        _ => areas::table.filter(in_area_scope!(areas, scope)).select(areas::id).load(conn)?,
    };
    let mut query = rule_adoptions::table
        .select(AdoptionRow::as_select())
        .order(rule_adoptions::id)
        .limit(limit)
        .into_boxed();
    if *scope != Scope::All {
        let own: Vec<Option<AreaId>> = own.into_iter().map(Some).collect();
        query = query.filter(rule_adoptions::area_id.is_null().or(rule_adoptions::area_id.eq_any(own)));
    }
    if let Some(after) = after {
        query = query.filter(rule_adoptions::id.gt(after));
    }
    Ok(query.load(conn)?)
}

pub fn adopt(conn: &mut Conn, adoption: AdoptionRow) -> Outcome<()> {
    diesel::insert_into(rule_adoptions::table).values(adoption).execute(conn)?;
    touch(conn)
}

/// Writes the end of an adoption over version `version - 1`.
pub fn end(conn: &mut Conn, adoption: &AdoptionRow) -> Outcome<()> {
    let same = rule_adoptions::id.eq(adoption.id).and(rule_adoptions::version.eq(adoption.version - 1));
    let changed = diesel::update(rule_adoptions::table.filter(same))
        .set((
            rule_adoptions::effective_to.eq(adoption.effective_to),
            rule_adoptions::version.eq(adoption.version),
            rule_adoptions::updated_at.eq(adoption.updated_at),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(Failure::from(Code::Stale));
    }
    touch(conn)
}
