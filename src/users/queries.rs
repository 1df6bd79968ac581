//! Accounts and their scopes in the database.

use super::model::{ScopeForm, User};
use crate::access::{AreaColumns, Role, Scope, ScopeArea, ScopeKind};
use crate::db::schema::{areas, institutions, user_scopes, users};
use crate::db::{Conn, one_of};
use crate::ids::{AreaId, InstitutionId, UserId};
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use diesel::prelude::*;

/// The account, whoever asks: for login and for the caller's own page.
pub fn get(conn: &mut Conn, id: UserId) -> Outcome<User> {
    Ok(users::table.find(id).select(User::as_select()).first(conn)?)
}

/// The account, if there is one.
pub fn find_any(conn: &mut Conn, id: UserId) -> Outcome<Option<User>> {
    Ok(users::table.find(id).select(User::as_select()).first(conn).optional()?)
}

pub fn find_by_username(conn: &mut Conn, username: &str) -> Outcome<Option<User>> {
    Ok(users::table.filter(users::username.eq(username)).select(User::as_select()).first(conn).optional()?)
}

/// How far the account sees, with the levels of its areas as they are now.
pub fn scope(conn: &mut Conn, id: UserId, kind: ScopeKind) -> Outcome<Scope> {
    Ok(match kind {
        ScopeKind::All => Scope::All,
        ScopeKind::Areas => {
            let rows: Vec<(AreaId, i32)> = user_scopes::table
                .inner_join(areas::table)
                .filter(user_scopes::user_id.eq(id))
                .order(user_scopes::position)
                .select((areas::id, areas::level))
                .load(conn)?;
            let area =
                |(id, level): (AreaId, i32)| ScopeArea { id, level: u8::try_from(level).unwrap_or(u8::MAX) };
            Scope::Areas(rows.into_iter().map(area).collect())
        }
        ScopeKind::Institutions => Scope::Institutions(
            user_scopes::table
                .filter(user_scopes::user_id.eq(id))
                .order(user_scopes::position)
                .select(user_scopes::institution_id.assume_not_null())
                .load(conn)?,
        ),
    })
}

/// The scope as it was written: for showing and comparing.
pub fn scope_form(conn: &mut Conn, id: UserId, kind: ScopeKind) -> Outcome<ScopeForm> {
    Ok(match scope(conn, id, kind)? {
        Scope::All => ScopeForm::All,
        Scope::Areas(areas) => ScopeForm::Areas { areas: areas.into_iter().map(|area| area.id).collect() },
        Scope::Institutions(institutions) => ScopeForm::Institutions { institutions },
    })
}

/// Whether an administrator of scope `own` may manage an account of scope `other`.
pub fn within(conn: &mut Conn, own: &Scope, other: &ScopeForm) -> Outcome<bool> {
    if *own == Scope::All {
        return Ok(true);
    }
    Ok(match other {
        ScopeForm::All => false,
        ScopeForm::Areas { areas } => area_places(conn, areas)?.iter().all(|place| own.covers_area(place)),
        ScopeForm::Institutions { institutions } => {
            institution_places(conn, institutions)?.iter().all(|(id, place)| own.covers(*id, place))
        }
    })
}

/// Refuses a scope that names places which do not exist or lie outside the administrator's own.
pub fn check_scope(conn: &mut Conn, own: &Scope, form: &ScopeForm) -> Outcome<()> {
    let (pointer, wanted, found) = match form {
        ScopeForm::All => ("/scope", 0, 0),
        ScopeForm::Areas { areas } => ("/scope/areas", areas.len(), area_places(conn, areas)?.len()),
        ScopeForm::Institutions { institutions } => {
            ("/scope/institutions", institutions.len(), institution_places(conn, institutions)?.len())
        }
    };
    if wanted != found || !within(conn, own, form)? {
        return Err(Refusal::invalid(pointer, FieldCode::UnknownReference).into());
    }
    Ok(())
}

fn area_places(conn: &mut Conn, ids: &[AreaId]) -> Outcome<Vec<AreaColumns>> {
    Ok(areas::table
        .filter(areas::id.eq_any(ids.to_vec()))
        .select((areas::area_1, areas::area_2, areas::area_3, areas::area_4, areas::area_5, areas::area_6))
        .load(conn)?)
}

fn institution_places(conn: &mut Conn, ids: &[InstitutionId]) -> Outcome<Vec<(InstitutionId, AreaColumns)>> {
    use institutions::{area_1, area_2, area_3, area_4, area_5, area_6};
    Ok(institutions::table
        .filter(institutions::id.eq_any(ids.to_vec()))
        .select((institutions::id, (area_1, area_2, area_3, area_4, area_5, area_6)))
        .load(conn)?)
}

pub fn insert(conn: &mut Conn, user: User, scope: &ScopeForm) -> Outcome<()> {
    let id = user.id;
    diesel::insert_into(users::table).values(user).execute(conn)?;
    insert_scope(conn, id, scope)
}

fn insert_scope(conn: &mut Conn, user: UserId, scope: &ScopeForm) -> Outcome<()> {
    let (areas, institutions): (Vec<AreaId>, Vec<InstitutionId>) = match scope {
        ScopeForm::All => (Vec::new(), Vec::new()),
        ScopeForm::Areas { areas } => (areas.clone(), Vec::new()),
        ScopeForm::Institutions { institutions } => (Vec::new(), institutions.clone()),
    };
    let places = areas.into_iter().map(|id| (Some(id), None));
    let places = places.chain(institutions.into_iter().map(|id| (None, Some(id))));
    for (position, (area, institution)) in (0_i32..).zip(places) {
        diesel::insert_into(user_scopes::table)
            .values((
                user_scopes::user_id.eq(user),
                user_scopes::position.eq(position),
                user_scopes::area_id.eq(area),
                user_scopes::institution_id.eq(institution),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Writes the changed account over version `user.version - 1`, and its scope when that changed too.
pub fn update(conn: &mut Conn, user: User, scope: Option<&ScopeForm>) -> Outcome<()> {
    let (id, before) = (user.id, user.version - 1);
    let changed = diesel::update(users::table.filter(users::id.eq(id).and(users::version.eq(before))))
        .set(user)
        .execute(conn)?;
    if changed == 0 {
        return Err(Code::Stale.into());
    }
    if let Some(scope) = scope {
        diesel::delete(user_scopes::table.filter(user_scopes::user_id.eq(id))).execute(conn)?;
        insert_scope(conn, id, scope)?;
    }
    Ok(())
}

/// Accounts by user name, after `after`, at most `limit`.
pub fn list(
    conn: &mut Conn,
    role: Option<Role>,
    disabled: Option<bool>,
    after: Option<String>,
    limit: i64,
) -> Outcome<Vec<User>> {
    let mut query = users::table.select(User::as_select()).order(users::username).limit(limit).into_boxed();
    if let Some(role) = role {
        query = query.filter(users::role.eq(role));
    }
    if let Some(disabled) = disabled {
        query = query.filter(users::disabled.eq(disabled));
    }
    if let Some(after) = after {
        query = query.filter(users::username.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Administrators who can log in.
pub fn active_admins(conn: &mut Conn) -> Outcome<i64> {
    Ok(users::table
        .filter(
            users::role
                .eq(Role::Admin)
                .and(users::disabled.eq(false))
                .and(users::password_hash.is_not_null()),
        )
        .count()
        .get_result(conn)?)
}

pub fn any(conn: &mut Conn) -> Outcome<bool> {
    Ok(diesel::select(diesel::dsl::exists(users::table.select(users::id))).get_result(conn)?)
}

/// Whether somebody else can log in and act for an institution as its manager.
pub fn has_other_manager(conn: &mut Conn, of: InstitutionId, but: UserId) -> Outcome<bool> {
    let other = user_scopes::table
        .inner_join(users::table)
        .filter(user_scopes::institution_id.eq(of).and(users::id.ne(but)))
        .filter(users::role.eq(Role::Manager).and(users::disabled.eq(false)))
        .filter(users::password_hash.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(other)).get_result(conn)?)
}

/// The name one person is shown by.
pub fn display_name(conn: &mut Conn, id: UserId) -> Outcome<Option<String>> {
    Ok(users::table.find(id).select(users::display_name).first(conn).optional()?)
}

/// The names people are shown by, for timelines.
pub fn display_names(
    conn: &mut Conn,
    ids: Vec<UserId>,
) -> Outcome<std::collections::HashMap<UserId, String>> {
    let rows: Vec<(UserId, String)> =
        users::table.filter(one_of(users::id, ids)).select((users::id, users::display_name)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Writes an account that its owner changed, over version `user.version - 1`. Somebody who changed it at the
/// same moment is no reason to refuse: the step begins again.
pub fn update_own(conn: &mut Conn, user: User) -> Outcome<()> {
    match update(conn, user, None) {
        Err(Failure::Refused(refusal)) if refusal.code == Code::Stale => Err(Failure::Collision),
        other => other,
    }
}

pub fn institution_names(conn: &mut Conn, ids: &[InstitutionId]) -> Outcome<Vec<String>> {
    Ok(institutions::table
        .filter(institutions::id.eq_any(ids.to_vec()))
        .select(institutions::name)
        .limit(50)
        .load(conn)?)
}

/// Replaces a hash with old parameters by one of the same password.
pub fn rehash(conn: &mut Conn, id: UserId, hash: &str) -> Outcome<()> {
    diesel::update(users::table.find(id)).set(users::password_hash.eq(hash)).execute(conn)?;
    Ok(())
}
