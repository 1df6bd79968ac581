//! The city as a plan, and the stages in which it becomes records.

use super::calendar::Calendar;
use super::deeds::{Deed, origin};
use super::facts::{self, Founding};
use super::filling::{BATCH, Bars, carry_out};
use super::history::{Source, of_home};
use super::people::Cast;
use super::places::{Home, Places};
use super::scripts::{Script, deal};
use crate::access::{Actor, AreaColumns, Role, Scope, WriteTx};
use crate::app::Parts;
use crate::audit;
use crate::ids::{AreaId, UserId};
use crate::refusal::{Failure, Outcome};
use crate::users::routes::create;
use crate::{areas, institutions};
use indicatif::ProgressBar;
use std::sync::Arc;

/// Histories are planned for so many hazards at a time, which bounds the memory of a nation.
const BLOCK: usize = 40_000;
/// Records without photos are committed in such numbers.
const ROUND: usize = 200;

/// How a bar of this name and length is shown.
pub type Progress<'a> = &'a dyn Fn(&str, u64) -> ProgressBar;

pub struct City {
    founding: Founding,
    calendar: Calendar,
    places: Arc<Places>,
    cast: Arc<Cast>,
}

impl City {
    pub fn plan(founding: Founding, zone: chrono_tz::Tz) -> Self {
        let calendar = Calendar { zone, now: founding.now };
        let places = Places::plan(&founding, &calendar);
        let cast = Cast::plan(founding.seed, &places);
        Self { founding, calendar, places: Arc::new(places), cast: Arc::new(cast) }
    }

    pub fn cast(&self) -> &Arc<Cast> {
        &self.cast
    }

    /// Registers the areas and institutions; those that are there already are confirmed.
    pub fn register_places(&self, parts: &Parts, progress: Progress<'_>) -> Outcome<()> {
        let bar =
            progress("areas and institutions", length(self.places.areas.len() + self.places.homes.len()));
        let places = self.places.clone();
        self.rounds(parts, places.areas.len(), &bar, move |tx, number| match places.areas.get(number) {
            Some((id, form)) => areas::routes::register(tx, *id, form).map(|_| ()),
            None => Ok(()),
        })?;
        let places = self.places.clone();
        self.rounds(parts, places.homes.len(), &bar, move |tx, number| match places.homes.get(number) {
            Some(home) => institutions::routes::register(tx, home.id, &home.form).map(|_| ()),
            None => Ok(()),
        })?;
        bar.finish();
        Ok(())
    }

    /// Creates the accounts, all with one password.
    pub fn create_accounts(&self, parts: &Parts, hash: &str, progress: Progress<'_>) -> Outcome<()> {
        let bar = progress("accounts", length(self.cast.accounts.len()));
        let (cast, hash) = (self.cast.clone(), hash.to_owned());
        self.rounds(parts, cast.accounts.len(), &bar, move |tx, number| match cast.accounts.get(number) {
            Some((id, form)) => create(tx, *id, form, Some(hash.clone())).map(|_| ()),
            None => Ok(()),
        })?;
        bar.finish();
        Ok(())
    }

    /// Does something for each number, in rounds that are committed one by one.
    fn rounds(
        &self,
        parts: &Parts,
        count: usize,
        bar: &ProgressBar,
        each: impl Fn(&mut WriteTx<'_>, usize) -> Outcome<()> + Send + Sync + 'static,
    ) -> Outcome<()> {
        let now = self.places.registered_at;
        let each = Arc::new(each);
        for start in (0..count).step_by(ROUND) {
            let end = (start + ROUND).min(count);
            let (office, each) = (parts.office.clone(), each.clone());
            parts.db.write_blocking(move |conn| {
                let founder = founder();
                let origin = origin();
                let mut tx = WriteTx { conn, actor: &founder, office: &office, origin: &origin, now };
                (start..end).try_for_each(|number| each(&mut tx, number))
            })?;
            bar.inc(length(end - start));
        }
        Ok(())
    }

    /// Lives through the eighteen months, going on where an earlier start was cut off.
    pub fn live(&self, parts: &Parts, progress: Progress<'_>) -> Outcome<usize> {
        let cast = self.cast.clone();
        let actors = Arc::new(parts.db.read_blocking(move |conn| cast.actors(conn))?);
        let done = parts.db.read_blocking(facts::batches_done)?;
        let dealt = deal(&self.founding, &self.places.homes);
        let bars = Bars {
            hazards: progress("hazards", length(self.founding.hazards)),
            photos: progress("photos", 0),
        };
        let (mut first, mut refused) = (0, 0);
        for block in blocks(&self.places.homes, &dealt) {
            let deeds = self.history(parts, &block)?;
            let batches = deeds.len().div_ceil(BATCH);
            bars.photos.inc_length(length(deeds.iter().map(|deed| deed.shots.len()).sum()));
            if first + batches > done || done == 0 {
                refused += carry_out(parts, &actors, deeds, first, done, &bars)?;
            }
            first += batches;
        }
        bars.hazards.finish();
        bars.photos.finish();
        Ok(refused)
    }

    /// The deeds at some homes, in the order they happen.
    fn history(&self, parts: &Parts, block: &[(&Home, &Vec<Script>)]) -> Outcome<Vec<Deed>> {
        // Nothing is adopted in the city: what comes with the program holds, wherever it is asked for.
        let (rules, anywhere) = (parts.office.rules.base(), AreaColumns::root(AreaId(uuid::Uuid::nil())));
        let checklist = rules.checklist(&anywhere, self.calendar.today())?.content;
        let rules = rules.timetable(&anywhere, self.calendar.today())?;
        let mut deeds = Vec::new();
        for (home, scripts) in block {
            let county = self.places.counties.get(home.county);
            let county = county.ok_or(Failure::Internal("a home lies in no county"))?;
            let source = Source {
                seed: self.founding.seed,
                calendar: self.calendar,
                checklist,
                rules,
                home,
                county,
                staff: self.cast.staff(home),
            };
            deeds.extend(of_home(&source, scripts));
        }
        deeds.sort_by_key(|deed| deed.at);
        Ok(deeds)
    }

    /// Signs the trail as it stands and says that the city is whole.
    pub fn finish(&self, parts: &Parts) -> Outcome<()> {
        let (office, now) = (parts.office.clone(), self.founding.now);
        parts.db.write_blocking(move |conn| {
            audit::anchor(conn, &office.keys, now)?;
            facts::note_ready(conn)
        })
    }
}

/// Who registers places and accounts before there is anybody: nobody, with every right, as at the shell.
fn founder() -> Actor {
    Actor { id: UserId(uuid::Uuid::nil()), role: Role::Admin, scope: Scope::All, session: None }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The homes with their scripts, in blocks of a bounded number of hazards.
fn blocks<'a>(homes: &'a [Home], dealt: &'a [Vec<Script>]) -> Vec<Vec<(&'a Home, &'a Vec<Script>)>> {
    let mut blocks = vec![Vec::new()];
    let mut size = 0;
    for (home, scripts) in homes.iter().zip(dealt) {
        if size >= BLOCK {
            blocks.push(Vec::new());
            size = 0;
        }
        size += scripts.len();
        if let Some(block) = blocks.last_mut() {
            block.push((home, scripts));
        }
    }
    blocks
}
