//! The demonstration city: Suining's counties, its institutions and eighteen months of hazards, made
//! through the very same use cases that requests go through, with the clock moved.
//!
//! `places.rs` and `people.rs` plan who and where; `scripts.rs` deals out what becomes of each hazard;
//! `plots.rs`, `steps.rs` and `story.rs` tell it, `visits.rs` what happens beside it, `papers.rs` puts it on paper;
//! `readiness.rs` (`homefolk.rs`, `plans.rs`, `rehearsals.rs`) has people, plans and drills; `history.rs` puts a home's stories in order; `filling.rs`
//! draws the photos and carries everything out. Only what day it is comes from the clock: it is noted when
//! the filling begins, so a filling that was cut off goes on as if nothing had happened.

mod calendar;
mod chance;
mod city;
mod deeds;
mod facts;
mod filling;
mod findings;
mod history;
mod homefolk;
mod papers;
mod password;
mod people;
mod photos;
mod places;
mod plans;
mod plots;
mod readiness;
mod rehearsals;
mod scripts;
mod steps;
mod story;
mod visits;

use crate::app::Parts;
use crate::cli::CommandError;
use crate::refusal::Outcome;
use crate::users::queries as accounts;
use city::City;
pub use city::Progress;
use facts::Founding;
pub use password::of_folder as password;

/// How big the city is. What is not said is what the folder holds, or the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Size {
    pub institutions: Option<usize>,
    pub hazards: Option<usize>,
    pub seed: Option<u64>,
}

pub const INSTITUTIONS: usize = 150;
pub const HAZARDS: usize = 6000;
pub const SEED: u64 = 20_241_209;

/// An account as it is announced.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Account {
    pub username: String,
    pub role: String,
    pub display_name: String,
}

/// What a start of the demonstration found or made.
#[derive(Debug)]
pub struct Ready {
    pub accounts: Vec<Account>,
    /// Steps of the plan that the rules refused; none while the plan is right.
    pub refused: usize,
    /// Whether the city was whole before.
    pub was_there: bool,
}

/// Makes sure that the records hold a whole city whose accounts have this password.
pub fn prepare(
    parts: &Parts,
    size: &Size,
    password: &str,
    progress: Progress<'_>,
) -> Result<Ready, CommandError> {
    let founding = founding(parts, size)?;
    let city = City::plan(founding, parts.office.zone);
    let hash = password::shared_hash(parts, password)?;
    let was_there = parts.db.read_blocking(facts::is_ready)?;
    let mut refused = 0;
    if !was_there {
        if !founding.is_of_this_program() {
            return Err(CommandError::Other(
                "this folder holds half a city of another version; remove it and start again".into(),
            ));
        }
        city.register_places(parts, progress)?;
        city.create_accounts(parts, &hash, progress)?;
        refused = city.live(parts, progress)?;
        city.finish(parts)?;
    }
    password::follow(parts, city.cast(), &hash)?;
    Ok(Ready { accounts: announced(&city), refused, was_there })
}

/// The seed of a new city, which its audit key is made from.
pub fn seed(size: &Size) -> u64 {
    size.seed.unwrap_or(SEED)
}

/// Whether these records are a city that was not finished: it must not be served.
pub fn is_half_filled(parts: &Parts) -> Outcome<bool> {
    parts.db.read_blocking(|conn| Ok(facts::founding(conn)?.is_some() && !facts::is_ready(conn)?))
}

/// The founding of the folder's city, or of a new one in empty records. Real records are left alone.
fn founding(parts: &Parts, size: &Size) -> Result<Founding, CommandError> {
    if let Some(kept) = parts.db.read_blocking(facts::founding)? {
        let same = size.institutions.is_none_or(|asked| asked == kept.institutions)
            && size.hazards.is_none_or(|asked| asked == kept.hazards)
            && size.seed.is_none_or(|asked| asked == kept.seed);
        return if same { Ok(kept) } else { Err(CommandError::Other(another(&kept))) };
    }
    if parts.db.read_blocking(accounts::any)? {
        return Err(CommandError::Other(
            "these records are not a demonstration; choose another --data-dir or database".into(),
        ));
    }
    let (institutions, hazards) =
        (size.institutions.unwrap_or(INSTITUTIONS), size.hazards.unwrap_or(HAZARDS));
    if institutions == 0 {
        return Err(CommandError::Other("a city needs at least one institution".into()));
    }
    let new = Founding::new(seed(size), institutions, hazards, parts.clock.now());
    parts.db.write_blocking(move |conn| facts::found(conn, &new))?;
    Ok(new)
}

fn another(kept: &Founding) -> String {
    format!(
        "this folder holds the city of {} institutions, {} hazards and seed {}; choose another --data-dir for another city",
        kept.institutions, kept.hazards, kept.seed
    )
}

fn announced(city: &City) -> Vec<Account> {
    let account = |(_, form): &(_, crate::users::routes::UserForm)| Account {
        username: form.username.clone(),
        role: form.role.to_string(),
        display_name: form.display_name.clone(),
    };
    city.cast().accounts.iter().map(account).collect()
}
