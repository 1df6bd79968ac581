//! A hazard as a row of the 35 columns.

use super::cells::{category_word, severity_word, status_word};
use super::columns::{LedgerColumn as C, Named};
use super::queries;
use super::writer::Value;
use crate::areas;
use crate::db::{Conn, Instant};
use crate::evidence::EvidenceRole;
use crate::hazards::model::{Hazard, Status};
use crate::ids::{AreaId, HazardId, InstitutionId, UserId};
use crate::institutions;
use crate::office::Office;
use crate::refusal::Outcome;
use crate::rules::{Content, Rules};
use crate::users;
use chrono::NaiveDate;
use std::collections::HashMap;

/// In which language headers and words are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Chinese,
    English,
}

impl Language {
    fn pick<'a>(self, (zh, en): (&'a str, &'a str)) -> &'a str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }

    pub fn header(self) -> Vec<&'static str> {
        C::ALL
            .iter()
            .map(|column| {
                let (zh, en, _) = column.names();
                self.pick((zh, en))
            })
            .collect()
    }
}

/// What rows are made from beside the hazards; names are kept for the next page.
pub struct Rows<'a> {
    office: &'a Office,
    /// What each item of a checklist rests on, in its newest version.
    laws: HashMap<String, String>,
    today: NaiveDate,
    language: Language,
    position: i64,
    institutions: HashMap<InstitutionId, String>,
    areas: HashMap<AreaId, (String, String)>,
    users: HashMap<UserId, String>,
}

/// What belongs to the hazards of one page.
struct Beside {
    photos: HashMap<HazardId, Vec<(EvidenceRole, String)>>,
    rechecks: HashMap<HazardId, (bool, UserId, Instant)>,
}

impl<'a> Rows<'a> {
    pub fn new(office: &'a Office, rules: &Rules, today: NaiveDate, language: Language) -> Self {
        let mut laws = HashMap::new();
        for document in rules.documents() {
            if let Content::Checklist(checklist) = &document.content {
                laws.extend(checklist.items().iter().map(|item| (item.code.clone(), item.basis.clone())));
            }
        }
        let (institutions, areas, users) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { office, laws, today, language, position: 0, institutions, areas, users }
    }

    /// The rows of one page.
    pub fn of(&mut self, conn: &mut Conn, page: &[Hazard]) -> Outcome<Vec<Vec<Value>>> {
        let ids: Vec<HazardId> = page.iter().map(|hazard| hazard.id).collect();
        let mut beside = Beside { photos: HashMap::new(), rechecks: HashMap::new() };
        for (hazard, role, sha256) in queries::photos(conn, ids.iter().map(|id| (*id).into()).collect())? {
            beside.photos.entry(HazardId(hazard.0)).or_default().push((role, sha256));
        }
        for (hazard, kind, by, at) in queries::rechecks(conn, ids)? {
            beside.rechecks.insert(hazard, (kind == "recheck_pass", by, at));
        }
        self.learn(conn, page, &beside)?;
        Ok(page.iter().map(|hazard| self.row(hazard, &beside)).collect())
    }

    /// Looks up the names that are not known yet.
    fn learn(&mut self, conn: &mut Conn, page: &[Hazard], beside: &Beside) -> Outcome<()> {
        let mut homes: Vec<InstitutionId> = page.iter().map(|hazard| hazard.institution_id).collect();
        unknown(&mut homes, &self.institutions);
        self.institutions.extend(institutions::queries::names(conn, homes)?);
        let mut areas: Vec<AreaId> =
            page.iter().flat_map(|hazard| hazard.place.ids().collect::<Vec<_>>()).collect();
        unknown(&mut areas, &self.areas);
        let named = areas::queries::names(conn, areas)?;
        self.areas.extend(named.into_iter().map(|(id, code, name)| (id, (code, name))));
        let people = page.iter().flat_map(|hazard| [Some(hazard.registered_by), hazard.closed_by]).flatten();
        let mut people: Vec<UserId> = people.chain(beside.rechecks.values().map(|(_, by, _)| *by)).collect();
        unknown(&mut people, &self.users);
        self.users.extend(users::queries::display_names(conn, people)?);
        Ok(())
    }

    /// The county, where the tree has one: its code is of six digits that do not end in zeros.
    fn county(&self, hazard: &Hazard) -> Option<String> {
        let named = |id: AreaId| self.areas.get(&id);
        let ids: Vec<AreaId> = hazard.place.ids().collect();
        let county =
            ids.iter().filter_map(|id| named(*id)).find(|(code, _)| code.len() == 6 && !code.ends_with("00"));
        county.or_else(|| named(hazard.place.deepest())).map(|(_, name)| name.clone())
    }

    fn user(&self, id: UserId) -> Option<String> {
        self.users.get(&id).cloned()
    }

    fn yes(&self, yes: bool) -> Value {
        Value::from(self.language.pick(if yes { ("是", "yes") } else { ("否", "no") }))
    }

    fn row(&mut self, hazard: &Hazard, beside: &Beside) -> Vec<Value> {
        self.position += 1;
        let story = Told::of(self, hazard, beside);
        C::ALL.iter().map(|column| self.value(*column, hazard, beside, &story)).collect()
    }

    fn value(&self, column: C, hazard: &Hazard, beside: &Beside, story: &Told) -> Value {
        let imported = hazard.details.imported.as_ref();
        let stated = &hazard.details.rectification;
        let word = |words: (&'static str, &'static str)| Value::from(self.language.pick(words));
        match column {
            C::Position => Value::Number(self.position),
            C::Institution => self.institutions.get(&hazard.institution_id).cloned().into(),
            C::County => self.county(hazard).into(),
            C::FoundOn => Value::Date(self.office.date(hazard.found_at)),
            C::Kind => match imported {
                Some(imported) => imported.kind.clone().into(),
                None => word(if hazard.self_found {
                    ("自查自报", "self-inspection")
                } else {
                    ("检查", "inspection")
                }),
            },
            C::Unit => imported.and_then(|imported| imported.unit.clone()).into(),
            C::FoundBy => match imported {
                Some(imported) => imported.found_by.as_str().into(),
                None => self.user(hazard.registered_by).into(),
            },
            C::Number => hazard.number.as_str().into(),
            C::Category => word(category_word(hazard.category)),
            C::Location => hazard.location.as_str().into(),
            C::Description => hazard.description.as_str().into(),
            C::Basis => self.basis(hazard).into(),
            C::Severity => word(severity_word(hazard.severity)),
            C::Criterion => {
                let judged = hazard.details.major.as_ref().map(|major| major.criterion.clone());
                judged.or_else(|| imported?.criterion.clone()).into()
            }
            C::Measure => stated.measure.clone().into(),
            C::Department => imported.and_then(|imported| imported.department.clone()).into(),
            C::Responsible => stated.responsible_person.clone().into(),
            C::Phone => imported.and_then(|imported| imported.phone.clone()).into(),
            C::Funds => stated.funds_yuan.into(),
            C::Deadline => Value::Date(hazard.deadline),
            C::Extended => self.yes(!hazard.deadline_basis.extensions.is_empty()),
            C::Interim => stated.contingency_plan.clone().into(),
            C::RectifiedOn => story.rectified_on.into(),
            C::Rectified => imported.and_then(|imported| imported.rectified.clone()).into(),
            C::Before => self.photos(hazard, beside, EvidenceRole::Before),
            C::After => self.photos(hazard, beside, EvidenceRole::After),
            C::RecheckOn => story.recheck.as_ref().map(|(on, ..)| *on).into(),
            C::RecheckBy => story.recheck.as_ref().and_then(|(_, by, _)| by.clone()).into(),
            C::RecheckResult => match &story.recheck {
                Some((.., true)) => word(("合格", "passed")),
                Some((.., false)) => word(("不合格", "failed")),
                None => Value::Empty,
            },
            C::Listed => self.yes(hazard.listed),
            C::ListingUnit => {
                let listing = hazard.details.listing.as_ref().map(|listing| listing.unit.clone());
                listing.or_else(|| imported?.listing_unit.clone()).into()
            }
            C::ClosedOn => story.closed_on.into(),
            C::OverdueDays => {
                let late = hazard.is_overdue(self.today);
                late.then(|| (self.today - hazard.deadline).num_days()).into()
            }
            C::Status => word(status_word(hazard.status)),
            C::Remarks => match (imported, &hazard.details.transfer) {
                (Some(imported), _) => imported.remarks.clone().into(),
                (None, Some(to)) if hazard.status == Status::Transferred => {
                    Value::Text(format!("{}：{}", to.department, to.reason))
                }
                _ => Value::Empty,
            },
        }
    }

    /// `[E03] 消防法第二十七条`: the code is what the import knows the item by.
    fn basis(&self, hazard: &Hazard) -> Option<String> {
        let said = hazard.details.imported.as_ref().and_then(|imported| imported.basis.clone());
        let Some(code) = &hazard.checklist_item else { return said };
        let law = self.laws.get(code).cloned();
        Some(format!("[{code}] {}", said.or(law).unwrap_or_default()).trim_end().to_owned())
    }

    /// `2: 9f86d081, 60303ae2`: how many, and the heads of their digests.
    fn photos(&self, hazard: &Hazard, beside: &Beside, role: EvidenceRole) -> Value {
        let photos = beside.photos.get(&hazard.id).into_iter().flatten().filter(|(one, _)| *one == role);
        let heads: Vec<&str> = photos.filter_map(|(_, sha256)| sha256.get(..8)).collect();
        if heads.is_empty() {
            Value::Empty
        } else {
            Value::Text(format!("{}: {}", heads.len(), heads.join(", ")))
        }
    }
}

/// What became of a hazard, from its steps here or as a ledger told it.
struct Told {
    rectified_on: Option<NaiveDate>,
    recheck: Option<(NaiveDate, Option<String>, bool)>,
    closed_on: Option<NaiveDate>,
}

impl Told {
    fn of(rows: &Rows<'_>, hazard: &Hazard, beside: &Beside) -> Self {
        let date = |at: Instant| rows.office.date(at);
        let imported = hazard.details.imported.as_ref();
        let closed_on = hazard.closed_at.map(date);
        let step = beside.rechecks.get(&hazard.id);
        let here = step.map(|(passed, by, at)| (date(*at), rows.user(*by), *passed));
        // Put right on the spot: whoever closed it looked at it.
        let spot = closed_on.zip(hazard.closed_by).map(|(on, by)| (on, rows.user(by), true));
        let told = imported.and_then(|imported| imported.recheck.as_ref());
        let told = told.map(|recheck| (recheck.on, Some(recheck.by.clone()), recheck.passed));
        let submitted = hazard.details.rectification.submitted_at.map(date);
        let fixed = submitted.or_else(|| imported?.rectified_on);
        Self { rectified_on: fixed, recheck: here.or(spot).or(told), closed_on }
    }
}

/// Leaves each id that is not known yet, once.
fn unknown<I: Ord + Copy + std::hash::Hash, V>(ids: &mut Vec<I>, known: &HashMap<I, V>) {
    ids.sort_unstable();
    ids.dedup();
    ids.retain(|id| !known.contains_key(id));
}
