//! What an import would do: the rows of a file compared with the records, before anything is written.
//!
//! A hazard is known by its institution, the day it was found, its place and its words, each in one spelling; where the
//! file gives a number of this program, by that too. Its id follows from these, so that the same row is the same hazard
//! wherever it stands in whichever file, and two imports of one ledger at the same time cannot double it.

use super::cells::word;
use super::lists::{self, Listed};
use super::mapping::Mapping;
use super::queries::{self, Known};
use super::rows::{
    self, ALREADY_THERE, CHANGED, CRITERION_MISSING, Draft, Drafts, GUESSED, Level, Reading, RowError,
};
use super::sheet::{Sheet, Unreadable};
use crate::access::Scope;
use crate::areas::model::Area;
use crate::canonical::{canonical, digest};
use crate::db::Conn;
use crate::db::search::{normalise, place_key};
use crate::hazards::model::{Severity, Status};
use crate::ids::{HazardId, InstitutionId};
use crate::institutions::model::OperatingStatus;
use crate::institutions::routes::InstitutionForm;
use crate::office::Office;
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use crate::rules::{Content, Rules};
use chrono::NaiveDate;
use std::collections::HashMap;

/// Errors and notes of one import that are kept.
pub const MOST_ERRORS: usize = 10_000;

/// A record to be written.
#[derive(Debug, Clone)]
pub enum Write {
    Hazard { id: HazardId, institution: InstitutionId, draft: Box<Draft>, digest: String },
    Institution { id: InstitutionId, form: Box<InstitutionForm> },
}

/// What an import would do, row by row.
#[derive(Debug, Default)]
pub struct Plan {
    pub rows: usize,
    pub duplicates: usize,
    pub changed: usize,
    pub refused: usize,
    pub errors: Vec<RowError>,
    /// The good rows, the oldest finding first.
    pub writes: Vec<Write>,
}

/// How many rows there are of each sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub rows: usize,
    pub good: usize,
    pub duplicates: usize,
    pub changed: usize,
    pub refused: usize,
}

impl Plan {
    pub fn counts(&self) -> Counts {
        let Self { rows, duplicates, changed, refused, .. } = *self;
        Counts { rows, good: self.writes.len(), duplicates, changed, refused }
    }

    fn note(&mut self, sheet: &str, row: u32, column: &str, code: &'static str, value: &str) {
        self.errors.push(RowError {
            level: Level::Note,
            sheet: sheet.to_owned(),
            row,
            cell: String::new(),
            column: column.to_owned(),
            code,
            value: value.chars().take(40).collect(),
        });
    }

    fn refuse(&mut self, error: RowError) {
        self.refused += 1;
        self.errors.push(error);
    }

    /// What is told: errors before notes, each by its row, and not without end.
    fn finish(mut self) -> Self {
        self.errors.sort_by_key(|error| (error.level, error.row));
        self.errors.truncate(MOST_ERRORS);
        self
    }
}

pub fn unreadable(fault: &Unreadable) -> Failure {
    Refusal::new(Code::UnreadableFile).detail(fault.to_string()).into()
}

/// The institutions that a ledger speaks of.
struct Institutions {
    /// Of the whole file, where it is said once.
    whole: Option<InstitutionId>,
    by_sheet: HashMap<String, InstitutionId>,
    by_name: HashMap<String, Vec<InstitutionId>>,
    closed: Vec<InstitutionId>,
}

/// What the rows of a ledger say, without a look at the records.
pub fn read_hazards(sheets: &[Sheet], rules: &Rules, today: NaiveDate) -> Outcome<Drafts> {
    let mapping = Mapping::embedded().map_err(|_error| Failure::Internal("the import mapping is damaged"))?;
    let guess = |text: &str| mapping.guess(text);
    let mut items = HashMap::new();
    for document in rules.documents() {
        if let Content::Checklist(checklist) = &document.content {
            items.extend(checklist.items().iter().map(|item| (item.code.as_str(), item.category)));
        }
    }
    let item = |code: &str| items.get(code).copied();
    rows::drafts(sheets, &Reading { today, guess: &guess, item: &item }).map_err(|fault| unreadable(&fault))
}

/// Compares a ledger with the hazards that are there.
pub fn hazards(
    conn: &mut Conn,
    office: &Office,
    scope: &Scope,
    given: Option<InstitutionId>,
    drafts: Drafts,
) -> Outcome<Plan> {
    let institutions = institutions(conn, scope, given, &drafts)?;
    let mut plan =
        Plan { rows: drafts.rows, refused: drafts.refused, errors: drafts.errors, ..Plan::default() };
    let mut known: HashMap<InstitutionId, Histories> = HashMap::new();
    let mut seen: HashMap<HazardId, String> = HashMap::new();
    for draft in drafts.good {
        let institution = match institution_of(&institutions, &draft, &drafts.institution_columns) {
            Ok(institution) => institution,
            Err(error) => {
                plan.refuse(error);
                continue;
            }
        };
        let histories = match known.entry(institution) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Histories::read(conn, office, institution)?)
            }
        };
        let (id, digest) = (key(institution, &draft), content(&draft));
        compare(&mut plan, histories, &mut seen, institution, id, draft, digest);
    }
    let found = |write: &Write| match write {
        Write::Hazard { draft, .. } => Some(draft.found_on),
        Write::Institution { .. } => None,
    };
    plan.writes.sort_by_key(found);
    Ok(plan.finish())
}

fn compare(
    plan: &mut Plan,
    histories: &Histories,
    seen: &mut HashMap<HazardId, String>,
    institution: InstitutionId,
    id: HazardId,
    draft: Draft,
    digest: String,
) {
    let (sheet, row) = (draft.sheet.as_str(), draft.row);
    if let Some(before) = seen.get(&id) {
        if *before == digest {
            plan.duplicates += 1;
            plan.note(sheet, row, "", ALREADY_THERE, &draft.description);
        } else {
            plan.refuse(whole_row(&draft, FieldCode::Duplicate));
        }
        return;
    }
    seen.insert(id, digest.clone());
    if let Some(there) = histories.find(institution, id, &draft) {
        if is_same(there, &draft, &digest) {
            plan.duplicates += 1;
            plan.note(sheet, row, "", ALREADY_THERE, &there.number);
        } else {
            plan.changed += 1;
            plan.note(sheet, row, "", CHANGED, &there.number);
        }
        return;
    }
    if draft.category_guessed {
        plan.note(sheet, row, "", GUESSED, draft.category.as_str());
    }
    if draft.severity == Severity::Major && draft.criterion.is_none() {
        plan.note(sheet, row, "", CRITERION_MISSING, &draft.description);
    }
    plan.writes.push(Write::Hazard { id, institution, draft: Box::new(draft), digest });
}

fn whole_row(draft: &Draft, code: FieldCode) -> RowError {
    RowError {
        level: Level::Error,
        sheet: draft.sheet.clone(),
        row: draft.row,
        cell: String::new(),
        column: String::new(),
        code: code.as_str(),
        value: draft.description.chars().take(40).collect(),
    }
}

/// What makes two rows tell of one hazard.
fn words_key(
    institution: InstitutionId,
    found_on: NaiveDate,
    location: &str,
    description: &str,
) -> uuid::Uuid {
    let words = canonical(&(found_on, place_key(location), normalise(description)));
    uuid::Uuid::new_v5(&institution.0, words.as_bytes())
}

fn key(institution: InstitutionId, draft: &Draft) -> HazardId {
    let words = words_key(institution, draft.found_on, &draft.location, &draft.description);
    let number = draft.number.as_deref();
    HazardId(number.map_or(words, |number| uuid::Uuid::new_v5(&words, number.as_bytes())))
}

/// The digest of what a row says beside what it is known by: that may be spelt otherwise and still be the same.
fn content(draft: &Draft) -> String {
    let (institution, location, description) = (None, String::new(), String::new());
    digest(&Draft { institution, location, description, ..draft.clone() })
}

/// The hazards of one institution as they are compared: by id, by words, by number.
struct Histories {
    known: Vec<Known>,
    by_words: HashMap<uuid::Uuid, Vec<usize>>,
    by_id: HashMap<HazardId, usize>,
}

impl Histories {
    fn read(conn: &mut Conn, office: &Office, institution: InstitutionId) -> Outcome<Self> {
        let mut histories = Self { known: Vec::new(), by_words: HashMap::new(), by_id: HashMap::new() };
        queries::known(conn, institution, &mut |known, location, description| {
            let words = words_key(institution, office.date(known.found_at), location, description);
            let at = histories.known.len();
            histories.by_words.entry(words).or_default().push(at);
            histories.by_id.insert(known.id, at);
            histories.known.push(known);
        })?;
        Ok(histories)
    }

    /// The hazard that a row tells of: the one of its id, or one of the same words that its number does not contradict.
    fn find(&self, institution: InstitutionId, id: HazardId, draft: &Draft) -> Option<&Known> {
        if let Some(at) = self.by_id.get(&id) {
            return self.known.get(*at);
        }
        let words = words_key(institution, draft.found_on, &draft.location, &draft.description);
        let mut alike = self.by_words.get(&words).into_iter().flatten().filter_map(|at| self.known.get(*at));
        alike.find(|known| draft.number.as_ref().is_none_or(|number| *number == known.number))
    }
}

/// Whether nothing of a row differs from the hazard that is there: the very same row, or the same in what counts.
fn is_same(there: &Known, draft: &Draft, digest: &str) -> bool {
    there.digest == digest
        || there.severity == draft.severity
            && there.status == draft.status
            && draft.deadline.is_none_or(|deadline| deadline == there.deadline)
}

fn institutions(
    conn: &mut Conn,
    scope: &Scope,
    given: Option<InstitutionId>,
    drafts: &Drafts,
) -> Outcome<Institutions> {
    let mut found =
        Institutions { whole: None, by_sheet: HashMap::new(), by_name: HashMap::new(), closed: Vec::new() };
    if let Some(given) = given {
        let institution = crate::institutions::queries::find(conn, scope, given)?;
        if institution.status == OperatingStatus::Closed {
            found.closed.push(given);
        }
        found.whole = Some(given);
        return Ok(found);
    }
    let mut names: Vec<String> =
        drafts.good.iter().filter_map(|draft| draft.institution.as_deref()).map(normalise).collect();
    names.sort_unstable();
    names.dedup();
    let mut title_needed = drafts.institution_columns.len() < drafts.titles.len();
    title_needed |= drafts.good.iter().any(|draft| draft.institution.is_none());
    let seen = if title_needed { queries::institution_names(conn, scope, None)? } else { Vec::new() };
    for (sheet, title) in drafts.titles.iter().filter(|_| title_needed) {
        if let Some(id) = named_in(&title.join("\n"), &seen) {
            found.by_sheet.insert(sheet.clone(), id);
        }
    }
    let named = queries::institution_names(conn, scope, Some(names))?;
    for (id, name, status) in named.into_iter().chain(seen) {
        if status == OperatingStatus::Closed && !found.closed.contains(&id) {
            found.closed.push(id);
        }
        let ids = found.by_name.entry(name).or_default();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let nowhere = found.by_sheet.is_empty() && drafts.institution_columns.is_empty();
    if nowhere && !drafts.good.is_empty() {
        let text = "no institution is named: neither as an option, nor in a column, nor in the title";
        return Err(Refusal::new(Code::UnreadableFile).detail(text).into());
    }
    Ok(found)
}

type Name = (InstitutionId, String, OperatingStatus);

/// The one institution whose name stands in a title; of names within names the longest.
fn named_in(title: &str, names: &[Name]) -> Option<InstitutionId> {
    let title = word(title);
    let inside = names.iter().filter(|(_, name, _)| title.contains(&word(name)));
    let inside: Vec<&Name> = inside.collect();
    let longest = inside.iter().map(|(_, name, _)| name.chars().count()).max()?;
    let mut longest = inside.iter().filter(|(_, name, _)| name.chars().count() == longest);
    let (id, ..) = longest.next()?;
    if longest.next().is_none() { Some(*id) } else { None }
}

fn institution_of(
    institutions: &Institutions,
    draft: &Draft,
    columns: &[(String, String)],
) -> Result<InstitutionId, RowError> {
    let column = columns.iter().find(|(sheet, _)| *sheet == draft.sheet).map(|(_, name)| name.clone());
    let error = |code: FieldCode| RowError {
        column: column.clone().unwrap_or_else(|| "机构名称".to_owned()),
        value: draft.institution.clone().unwrap_or_default(),
        ..whole_row(draft, code)
    };
    let id = match (institutions.whole, &draft.institution) {
        (Some(whole), _) => whole,
        (None, Some(name)) => match institutions.by_name.get(&normalise(name)).map(Vec::as_slice) {
            Some([only]) => *only,
            Some(_) => return Err(error(FieldCode::Ambiguous)),
            None => return Err(error(FieldCode::UnknownReference)),
        },
        (None, None) => *institutions.by_sheet.get(&draft.sheet).ok_or_else(|| error(FieldCode::Required))?,
    };
    // What is gone for good may have a past, but nothing that somebody still has to do.
    let open = !matches!(draft.status, Status::Closed | Status::Void);
    if open && institutions.closed.contains(&id) { Err(error(FieldCode::NotAllowedHere)) } else { Ok(id) }
}

/// Compares a list with the institutions that are there: by credit code, then by name and area.
pub fn lists(conn: &mut Conn, scope: &Scope, sheets: &[Sheet]) -> Outcome<Plan> {
    let read = lists::lists(sheets).map_err(|fault| unreadable(&fault))?;
    let mut plan = Plan { rows: read.rows, refused: read.refused, errors: read.errors, ..Plan::default() };
    let areas = queries::areas(conn, scope)?;
    let mut seen: HashMap<InstitutionId, InstitutionForm> = HashMap::new();
    for listed in read.good {
        let Some(area) = area_of(&areas, &listed) else {
            plan.refuse(listed.area_error.clone());
            continue;
        };
        let (sheet, row, name) = (listed.sheet.clone(), listed.row, listed.name.clone());
        let form = form(listed, area);
        let id = institution_key(&form);
        if let Some(before) = seen.get(&id) {
            if digest(before) == digest(&form) {
                plan.duplicates += 1;
                plan.note(&sheet, row, "", ALREADY_THERE, &name);
            } else {
                let level = Level::Error;
                let (cell, column, value) = (String::new(), String::new(), name);
                plan.refuse(RowError {
                    level,
                    sheet,
                    row,
                    cell,
                    column,
                    code: FieldCode::Duplicate.as_str(),
                    value,
                });
            }
            continue;
        }
        seen.insert(id, form.clone());
        match queries::institution_like(conn, &form)? {
            // Its code belongs to an institution of another area: that is all that is told.
            Some(there) if !scope.covers_area(&there.place) => {
                let (level, cell, code) = (Level::Error, String::new(), FieldCode::Duplicate.as_str());
                let (column, value) = ("统一社会信用代码".to_owned(), name);
                plan.refuse(RowError { level, sheet, row, cell, column, code, value });
            }
            Some(there) if queries::says_the_same(&there, &form) => {
                plan.duplicates += 1;
                plan.note(&sheet, row, "", ALREADY_THERE, &there.name);
            }
            Some(there) => {
                plan.changed += 1;
                plan.note(&sheet, row, "", CHANGED, &there.name);
            }
            None => plan.writes.push(Write::Institution { id, form: Box::new(form) }),
        }
    }
    Ok(plan.finish())
}

/// The area of a code, or the one area in sight of a name; `遂宁市船山区` is its last part.
fn area_of<'a>(areas: &'a [Area], listed: &Listed) -> Option<&'a Area> {
    if let Some(code) = &listed.area_code {
        return areas.iter().find(|area| area.code == *code);
    }
    let wanted = word(listed.area.as_deref()?);
    let only = |found: Vec<&'a Area>| if let [only] = found.as_slice() { Some(*only) } else { None };
    let code = areas.iter().find(|area| area.code == wanted);
    let named = || only(areas.iter().filter(|area| word(&area.name) == wanted).collect());
    let ending = || {
        let ends = areas.iter().filter(|area| wanted.ends_with(&word(&area.name)));
        let longest = ends.clone().map(|area| area.name.chars().count()).max()?;
        only(ends.filter(|area| area.name.chars().count() == longest).collect())
    };
    code.or_else(named).or_else(ending)
}

fn form(listed: Listed, area: &Area) -> InstitutionForm {
    InstitutionForm {
        area_id: area.id,
        name: listed.name,
        credit_code: listed.credit_code,
        status: listed.status,
        ownership: listed.ownership.unwrap_or(crate::institutions::model::Ownership::Private),
        legal_representative: listed.legal_representative,
        principal: listed.principal,
        phone: listed.phone,
        address: listed.address,
        filing_number: listed.filing_number,
        beds: listed.beds,
        residents: listed.residents,
        disabled_residents: listed.disabled_residents,
        meal_supply: listed.meal_supply,
        key_fire_unit: listed.key_fire_unit,
        fire_high_risk: listed.fire_high_risk,
        special_equipment: listed.special_equipment,
        risk_grade: listed.risk_grade,
        latitude: None,
        longitude: None,
    }
}

fn institution_key(form: &InstitutionForm) -> InstitutionId {
    let named = || format!("{}\n{}", form.area_id, normalise(&form.name));
    let key = form.credit_code.clone().unwrap_or_else(named);
    InstitutionId(uuid::Uuid::new_v5(
        &uuid::Uuid::NAMESPACE_URL,
        format!("anlao:institution:{key}").as_bytes(),
    ))
}
