//! The accounts of the city, and who of them deals with which home.

use super::chance::{dice, id};
use super::places::{FIRST_COUNTY, Home, Places};
use crate::access::{Actor, Role};
use crate::db::Conn;
use crate::ids::UserId;
use crate::refusal::{Failure, Outcome};
use crate::users::model::{Locale, ScopeForm};
use crate::users::queries as accounts;
use crate::users::routes::UserForm;
use rand::Rng;
use std::collections::HashMap;

/// One inspector for so many homes of a county, three at least.
const HOMES_PER_INSPECTOR: usize = 40;

/// Who of the cast deals with one home, by position in [`Cast::accounts`].
pub struct Staff {
    /// The home's own people: the one who usually answers, and a second one where there is one.
    pub managers: Vec<usize>,
    pub inspectors: Vec<usize>,
    pub county_supervisor: usize,
    /// Who the inspectors are: their accounts, and the names they are shown by.
    pub people: HashMap<usize, (UserId, String)>,
}

/// Everybody with an account.
pub struct Cast {
    pub accounts: Vec<(UserId, UserForm)>,
    county_supervisors: Vec<usize>,
    inspectors: Vec<Vec<usize>>,
    managers: Vec<Vec<usize>>,
    chance: super::chance::Dice,
}

/// `admin` and `supervisor`, by position: they stand first.
pub const ADMIN: usize = 0;
pub const CITY_SUPERVISOR: usize = 1;

impl Cast {
    pub fn plan(seed: u64, places: &Places) -> Self {
        let mut cast = Self {
            accounts: Vec::new(),
            county_supervisors: Vec::new(),
            inspectors: Vec::new(),
            managers: places.homes.iter().map(|_| Vec::new()).collect(),
            chance: dice(seed, "people", 0),
        };
        let city = || ScopeForm::Areas { areas: vec![places.city] };
        cast.add(places, "admin", None, Role::Admin, ScopeForm::All);
        cast.add(places, "supervisor", None, Role::Supervisor, city());
        cast.add(places, "auditor", None, Role::Auditor, city());
        cast.add_counties(places);
        cast.add_managers(places);
        cast
    }

    fn add(
        &mut self,
        places: &Places,
        username: &str,
        name: Option<String>,
        role: Role,
        scope: ScopeForm,
    ) -> usize {
        let name = name.unwrap_or_else(|| anlao_demo_world::person_name(&mut self.chance));
        let form = UserForm {
            username: username.to_owned(),
            display_name: name,
            phone: Some(anlao_demo_world::phone(&mut self.chance)),
            role,
            scope,
            locale: Locale::Chinese,
            password: None,
        };
        self.accounts.push((UserId(id(&mut self.chance, places.registered_at)), form));
        self.accounts.len() - 1
    }

    fn add_counties(&mut self, places: &Places) {
        for (position, county) in places.counties.iter().enumerate() {
            let scope = || ScopeForm::Areas { areas: vec![county.id] };
            let homes = places.homes.iter().filter(|home| home.county == position).count();
            let username = format!("supervisor-{}", county.code);
            let supervisor = self.add(places, &username, None, Role::Supervisor, scope());
            self.county_supervisors.push(supervisor);
            let inspectors = (1..=(homes / HOMES_PER_INSPECTOR).max(3)).map(|number| {
                let username = match number {
                    1 if county.code == FIRST_COUNTY => "inspector".to_owned(),
                    1 => format!("inspector-{}", county.code),
                    _ => format!("inspector-{}-{number}", county.code),
                };
                self.add(places, &username, None, Role::Inspector, scope())
            });
            let inspectors = inspectors.collect();
            self.inspectors.push(inspectors);
        }
    }

    /// `manager` answers for three homes; every home also has a manager of its own, so that the three have two.
    fn add_managers(&mut self, places: &Places) {
        let own = places.managers_own(&places.homes);
        let of_all = |numbers: &[usize]| ScopeForm::Institutions {
            institutions: numbers.iter().filter_map(|n| places.homes.get(*n)).map(|home| home.id).collect(),
        };
        let manager = self.add(places, "manager", None, Role::Manager, of_all(&own));
        for home in &places.homes {
            let username = format!("manager-{:03}", home.number + 1);
            let name = home.form.principal.clone();
            let second = self.add(places, &username, name, Role::Manager, of_all(&[home.number]));
            if let Some(managers) = self.managers.get_mut(home.number) {
                let first = own.contains(&home.number).then_some(manager);
                managers.extend(first.into_iter().chain([second]));
            }
        }
    }

    pub fn staff(&self, home: &Home) -> Staff {
        let inspectors = self.inspectors.get(home.county).cloned().unwrap_or_default();
        let named = |at: &usize| {
            let (id, form) = self.accounts.get(*at)?;
            Some((*at, (*id, form.display_name.clone())))
        };
        Staff {
            people: inspectors.iter().filter_map(named).collect(),
            managers: self.managers.get(home.number).cloned().unwrap_or_default(),
            inspectors,
            county_supervisor: self.county_supervisors.get(home.county).copied().unwrap_or(CITY_SUPERVISOR),
        }
    }

    /// The accounts as actors, with the scopes that the records give them.
    pub fn actors(&self, conn: &mut Conn) -> Outcome<Vec<Actor>> {
        let actor = |(id, form): &(UserId, UserForm)| {
            let scope = accounts::scope(conn, *id, form.scope.kind())?;
            Ok(Actor { id: *id, role: form.role, scope, session: None })
        };
        self.accounts.iter().map(actor).collect()
    }
}

impl Staff {
    /// Whoever of the home's people usually answers.
    pub fn manager(&self) -> usize {
        self.managers.first().copied().unwrap_or_default()
    }

    /// The inspector who visits on one day: the same for everything found then.
    pub fn inspector(&self, visit: usize) -> usize {
        let place = visit.checked_rem(self.inspectors.len()).unwrap_or(0);
        self.inspectors.get(place).copied().unwrap_or_default()
    }

    /// Who re-checks what the home found by itself: a second person of the home where there is one.
    pub fn second_pair_of_eyes(&self, chance: &mut impl Rng) -> usize {
        match self.managers.get(1) {
            Some(second) => *second,
            None => self.inspector(chance.random_range(0..97)),
        }
    }
}

/// The actor at a position of the cast.
pub fn actor(actors: &[Actor], at: usize) -> Outcome<&Actor> {
    actors.get(at).ok_or(Failure::Internal("the demonstration has nobody for a step"))
}
