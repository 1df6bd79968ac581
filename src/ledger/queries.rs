//! Imports and exports in the database, and what files are compared with.

use super::model::{Export, ExportState, Import, ImportError, ImportState};
use super::plan::Counts;
use crate::access::{Actor, Permission, Scope};
use crate::areas::model::Area;
use crate::db::schema::{
    areas, evidence, exports, hazard_actions, hazards, import_errors, imports, institutions, users,
};
use crate::db::search::normalise;
use crate::db::{Conn, Instant, one_of};
use crate::evidence::model::OwnerKind;
use crate::evidence::{EvidenceRole, EvidenceStateKind};
use crate::hazards::model::{Severity, Status};
use crate::ids::{ExportId, HazardId, ImportId, InstitutionId, OwnerId, UserId};
use crate::institutions::Institution;
use crate::institutions::model::OperatingStatus;
use crate::institutions::routes::InstitutionForm;
use crate::refusal::{Code, Outcome};
use crate::users::queries::scope;
use crate::{in_area_scope, in_scope};
use chrono::NaiveDate;
use diesel::prelude::*;

/// Rows read or written at once.
const PAGE: i64 = 2_000;

/// What of a hazard decides whether a row tells of it.
#[derive(Debug, Clone)]
pub struct Known {
    pub id: HazardId,
    pub number: String,
    pub found_at: Instant,
    pub severity: Severity,
    pub status: Status,
    pub deadline: NaiveDate,
    pub digest: String,
}

type KnownRow = (HazardId, String, Instant, Severity, Status, NaiveDate, String, String, String);

/// Tells of every hazard of an institution, with its place and its description.
pub fn known(
    conn: &mut Conn,
    institution: InstitutionId,
    tell: &mut dyn FnMut(Known, &str, &str),
) -> Outcome<()> {
    for status in Status::ALL {
        let mut after: Option<(Instant, HazardId)> = None;
        loop {
            let mut query = hazards::table
                .filter(hazards::institution_id.eq(institution).and(hazards::status.eq(*status)))
                .order((hazards::found_at, hazards::id))
                .select((
                    hazards::id,
                    hazards::number,
                    hazards::found_at,
                    hazards::severity,
                    hazards::status,
                    hazards::deadline,
                    hazards::digest,
                    hazards::location,
                    hazards::description,
                ))
                .limit(PAGE)
                .into_boxed();
            if let Some((at, id)) = after {
                let later = hazards::found_at.gt(at).or(hazards::found_at.eq(at).and(hazards::id.gt(id)));
                query = query.filter(hazards::found_at.ge(at).and(later));
            }
            let page: Vec<KnownRow> = query.load(conn)?;
            let Some(last) = page.last() else { break };
            after = Some((last.2, last.0));
            for (id, number, found_at, severity, status, deadline, digest, location, description) in page {
                let known = Known { id, number, found_at, severity, status, deadline, digest };
                tell(known, &location, &description);
            }
        }
    }
    Ok(())
}

/// Of these hazards those that are there.
pub fn existing(conn: &mut Conn, ids: Vec<HazardId>) -> Outcome<Vec<HazardId>> {
    Ok(hazards::table.filter(one_of(hazards::id, ids)).select(hazards::id).load(conn)?)
}

/// The institutions in sight with their normalised names: those of these names, or all.
pub fn institution_names(
    conn: &mut Conn,
    scope: &Scope,
    names: Option<Vec<String>>,
) -> Outcome<Vec<(InstitutionId, String, OperatingStatus)>> {
    let all = || {
        institutions::table.filter(in_scope!(institutions, id, scope)).order(institutions::id).select((
            institutions::id,
            institutions::name_key,
            institutions::status,
        ))
    };
    let Some(names) = names else { return Ok(all().load(conn)?) };
    let mut found = Vec::new();
    for some in names.chunks(500) {
        found.extend(all().filter(institutions::name_key.eq_any(some.to_vec())).load(conn)?);
    }
    Ok(found)
}

/// The areas that the scope covers.
pub fn areas(conn: &mut Conn, scope: &Scope) -> Outcome<Vec<Area>> {
    Ok(areas::table
        .filter(in_area_scope!(areas, scope))
        .order(areas::code)
        .select(Area::as_select())
        .load(conn)?)
}

/// The institution of the same credit code, or of the same name in the same area.
pub fn institution_like(conn: &mut Conn, form: &InstitutionForm) -> Outcome<Option<Institution>> {
    if let Some(code) = &form.credit_code {
        let same = institutions::table.filter(institutions::credit_code.assume_not_null().eq(code));
        if let Some(found) = same.select(Institution::as_select()).first(conn).optional()? {
            return Ok(Some(found));
        }
    }
    let same = institutions::name_key.eq(normalise(&form.name)).and(institutions::area_id.eq(form.area_id));
    Ok(institutions::table.filter(same).select(Institution::as_select()).first(conn).optional()?)
}

/// Whether a list says of an institution what is known of it; what it leaves out does not count.
pub fn says_the_same(there: &Institution, form: &InstitutionForm) -> bool {
    let same = |said: &Option<String>, known: &Option<String>| said.is_none() || said == known;
    there.area_id == form.area_id
        && there.name == form.name
        && there.beds == form.beds
        && there.residents == form.residents
        && there.disabled_residents == form.disabled_residents
        && same(&form.credit_code, &there.credit_code)
        && same(&form.principal, &there.principal)
        && same(&form.phone, &there.phone)
        && same(&form.address, &there.address)
}

/// The account as it may act now, if it still may.
pub fn actor<P: Permission>(conn: &mut Conn, id: UserId) -> Outcome<Actor> {
    let user = crate::users::queries::get(conn, id)?;
    if user.disabled || !P::ROLES.contains(&user.role) {
        return Err(Code::Forbidden.into());
    }
    Ok(Actor { id, role: user.role, scope: scope(conn, id, user.scope_kind)?, session: None })
}

/// The administrator who has been here longest, for what is done at the shell.
pub fn first_admin(conn: &mut Conn) -> Outcome<Option<UserId>> {
    use crate::access::{Role, ScopeKind};
    Ok(users::table
        .filter(users::role.eq(Role::Admin).and(users::scope_kind.eq(ScopeKind::All)))
        .filter(users::disabled.eq(false))
        .order((users::created_at, users::id))
        .select(users::id)
        .first(conn)
        .optional()?)
}

pub fn find_import(conn: &mut Conn, id: ImportId) -> Outcome<Option<Import>> {
    Ok(imports::table.find(id).select(Import::as_select()).first(conn).optional()?)
}

pub fn insert_import(conn: &mut Conn, import: Import) -> Outcome<()> {
    diesel::insert_into(imports::table).values(import).execute(conn)?;
    Ok(())
}

/// Imports that nobody has finished, for putting their jobs back on the table.
pub fn unfinished_imports(conn: &mut Conn) -> Outcome<Vec<ImportId>> {
    let over = [ImportState::Done, ImportState::Refused, ImportState::Failed];
    Ok(imports::table
        .filter(imports::state.ne_all(over))
        .order(imports::id)
        .select(imports::id)
        .load(conn)?)
}

/// Writes what a plan found, and what becomes of the import by it.
pub fn note_plan(
    conn: &mut Conn,
    id: ImportId,
    plan: Counts,
    state: ImportState,
    now: Instant,
) -> Outcome<()> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    diesel::update(imports::table.find(id))
        .set((
            imports::state.eq(state),
            imports::rows_total.eq(count(plan.rows)),
            imports::rows_done.eq(0),
            imports::good.eq(count(plan.good)),
            imports::duplicates.eq(count(plan.duplicates)),
            imports::changed.eq(count(plan.changed)),
            imports::refused.eq(count(plan.refused)),
            imports::finished_at.eq(state.is_over().then_some(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Adds what is to be said of rows, from this position on.
pub fn add_errors(
    conn: &mut Conn,
    id: ImportId,
    from: usize,
    errors: &[super::rows::RowError],
) -> Outcome<()> {
    for (at, error) in errors.iter().enumerate() {
        let row = ImportError {
            import_id: id,
            position: i64::try_from(from + at).unwrap_or(i64::MAX),
            level: error.level,
            sheet: error.sheet.clone(),
            row_number: error.row.into(),
            cell: error.cell.clone(),
            column_name: error.column.clone(),
            code: error.code.to_owned(),
            value: error.value.clone(),
        };
        diesel::insert_into(import_errors::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Takes back what was said of rows by a run that did not come to its end.
pub fn forget_errors(conn: &mut Conn, id: ImportId) -> Outcome<()> {
    diesel::delete(import_errors::table.filter(import_errors::import_id.eq(id))).execute(conn)?;
    Ok(())
}

/// What is to be said of rows after a position, at most `limit`.
pub fn errors(conn: &mut Conn, id: ImportId, after: i64, limit: i64) -> Outcome<Vec<ImportError>> {
    Ok(import_errors::table
        .filter(import_errors::import_id.eq(id).and(import_errors::position.gt(after)))
        .order(import_errors::position)
        .select(ImportError::as_select())
        .limit(limit)
        .load(conn)?)
}

pub fn set_import(
    conn: &mut Conn,
    id: ImportId,
    state: ImportState,
    done: Option<usize>,
    fault: Option<&str>,
    now: Instant,
) -> Outcome<()> {
    diesel::update(imports::table.find(id))
        .set((
            imports::state.eq(state),
            imports::fault.eq(fault),
            imports::finished_at.eq(state.is_over().then_some(now)),
        ))
        .execute(conn)?;
    if let Some(done) = done {
        let done = i64::try_from(done).unwrap_or(i64::MAX);
        diesel::update(imports::table.find(id)).set(imports::rows_done.eq(done)).execute(conn)?;
    }
    Ok(())
}

pub fn find_export(conn: &mut Conn, id: ExportId) -> Outcome<Option<Export>> {
    Ok(exports::table.find(id).select(Export::as_select()).first(conn).optional()?)
}

pub fn insert_export(conn: &mut Conn, export: Export) -> Outcome<()> {
    diesel::insert_into(exports::table).values(export).execute(conn)?;
    Ok(())
}

/// Writes how far an export is; its request never changes.
pub fn update_export(conn: &mut Conn, export: &Export) -> Outcome<()> {
    diesel::update(exports::table.find(export.id))
        .set((
            exports::state.eq(export.state),
            exports::rows_done.eq(export.rows_done),
            exports::size.eq(export.size),
            exports::sha256.eq(export.sha256.as_deref()),
            exports::fault.eq(export.fault.as_deref()),
            exports::finished_at.eq(export.finished_at),
            exports::expires_at.eq(export.expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Exports whose files are to go.
pub fn expired_exports(conn: &mut Conn, now: Instant) -> Outcome<Vec<ExportId>> {
    Ok(exports::table
        .filter(exports::state.eq(ExportState::Done).and(exports::expires_at.assume_not_null().le(now)))
        .order(exports::id)
        .select(exports::id)
        .limit(PAGE)
        .load(conn)?)
}

/// How many hazards there are, for a progress bar.
pub fn hazards(conn: &mut Conn) -> Outcome<u64> {
    let hazards: i64 = hazards::table.count().get_result(conn)?;
    Ok(u64::try_from(hazards).unwrap_or_default())
}

/// The photos of these hazards: whose, before or after, by which digest.
pub fn photos(conn: &mut Conn, of: Vec<OwnerId>) -> Outcome<Vec<(OwnerId, EvidenceRole, String)>> {
    Ok(evidence::table
        .filter(one_of(evidence::owner_id, of).and(evidence::owner_kind.eq(OwnerKind::Hazard)))
        .filter(evidence::state.eq(EvidenceStateKind::Stored))
        .order((evidence::owner_id, evidence::position))
        .select((evidence::owner_id, evidence::role, evidence::sha256))
        .load(conn)?)
}

/// The re-checks of these hazards, the last one last: whether it was passed, by whom, when.
pub fn rechecks(conn: &mut Conn, of: Vec<HazardId>) -> Outcome<Vec<(HazardId, String, UserId, Instant)>> {
    Ok(hazard_actions::table
        .filter(one_of(hazard_actions::hazard_id, of))
        .filter(hazard_actions::kind.eq_any(["recheck_pass", "recheck_fail"]))
        .order((hazard_actions::hazard_id, hazard_actions::step))
        .select((
            hazard_actions::hazard_id,
            hazard_actions::kind,
            hazard_actions::actor_id,
            hazard_actions::at,
        ))
        .load(conn)?)
}
