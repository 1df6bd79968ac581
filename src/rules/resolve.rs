//! Which version is in force at a place on a day. Pure.

use super::document::{Document, Head};
use super::kinds::{Content, Kind};
use crate::access::AreaColumns;
use crate::db::Instant;
use crate::hazards::deadlines::Timetable;
use crate::ids::{AdoptionId, AreaId};
use crate::refusal::{Code, Refusal};
use chrono::{Datelike, NaiveDate};
use std::collections::HashMap;
use std::sync::Arc;

/// An area, or the whole database, goes by a version from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    pub id: AdoptionId,
    /// Absent for the whole database.
    pub area: Option<AreaId>,
    pub document: String,
    pub version: u32,
    pub effective_from: NaiveDate,
    /// The last day; absent while no end is known.
    pub effective_to: Option<NaiveDate>,
    pub adopted_at: Instant,
}

impl Adoption {
    fn covers(&self, on: NaiveDate) -> bool {
        self.effective_from <= on && self.effective_to.is_none_or(|to| on <= to)
    }
}

/// A content with the head of its document.
#[derive(Debug)]
pub struct InForce<'a, T> {
    pub head: &'a Head,
    pub content: &'a T,
}

impl<T> Clone for InForce<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for InForce<'_, T> {}

impl<T> std::ops::Deref for InForce<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.content
    }
}

/// All documents and adoptions as they stood at one moment.
#[derive(Debug, Default)]
pub struct Rules {
    documents: HashMap<(String, u32), Arc<Document>>,
    /// The versions that come with the program and that hold where nothing was adopted, newest first.
    defaults: HashMap<Kind, Vec<Arc<Document>>>,
    adoptions: HashMap<(Kind, Option<AreaId>), Vec<Adoption>>,
}

impl Rules {
    /// `embedded` come with the program; of several ids of one kind the first is the default.
    pub fn new(embedded: &[Arc<Document>], loaded: Vec<Arc<Document>>, adoptions: Vec<Adoption>) -> Self {
        let mut defaults: HashMap<Kind, Vec<Arc<Document>>> = HashMap::new();
        for document in embedded {
            let of_kind = defaults.entry(document.head.kind).or_default();
            if of_kind.first().is_none_or(|first| first.head.id == document.head.id) {
                of_kind.push(Arc::clone(document));
            }
        }
        for versions in defaults.values_mut() {
            versions.sort_by_key(|document| std::cmp::Reverse(document.head.version));
        }
        let all = loaded.into_iter().chain(embedded.iter().cloned());
        let documents: HashMap<(String, u32), Arc<Document>> =
            all.map(|document| ((document.head.id.clone(), document.head.version), document)).collect();
        let mut by_place: HashMap<(Kind, Option<AreaId>), Vec<Adoption>> = HashMap::new();
        for adoption in adoptions {
            if let Some(document) = documents.get(&(adoption.document.clone(), adoption.version)) {
                by_place.entry((document.head.kind, adoption.area)).or_default().push(adoption);
            }
        }
        // The latest beginning wins, then the latest word.
        for of_place in by_place.values_mut() {
            of_place.sort_by_key(|one| std::cmp::Reverse((one.effective_from, one.adopted_at, one.id)));
        }
        Self { documents, defaults, adoptions: by_place }
    }

    /// One version of one document.
    pub fn document(&self, id: &str, version: u32) -> Option<&Arc<Document>> {
        self.documents.get(&(id.to_owned(), version))
    }

    /// What the document of that id is about, in every version.
    pub fn kind_of(&self, id: &str) -> Option<Kind> {
        self.documents.values().find(|document| document.head.id == id).map(|document| document.head.kind)
    }

    /// Every version of every document, by id and version.
    pub fn documents(&self) -> Vec<&Arc<Document>> {
        let mut all: Vec<&Arc<Document>> = self.documents.values().collect();
        all.sort_by(|one, other| (&one.head.id, one.head.version).cmp(&(&other.head.id, other.head.version)));
        all
    }

    /// What is in force for a kind: the adoption of the nearest area at or above the place, then that of the whole
    /// database, then the default that comes with the program.
    pub fn in_force(
        &self,
        kind: Kind,
        place: Option<&AreaColumns>,
        on: NaiveDate,
    ) -> Result<&Document, Refusal> {
        if !self.adoptions.is_empty()
            && let Some(adoption) = self.adoption(kind, place, on)
            && let Some(document) = self.document(&adoption.document, adoption.version)
        {
            return Ok(document);
        }
        let defaults = self.defaults.get(&kind).into_iter().flatten();
        let found = defaults.map(Arc::as_ref).find(|document| document.head.covers(on));
        found.ok_or_else(|| Self::nothing_in_force(kind, on))
    }

    /// The adoption that decides, if any.
    pub fn adoption(&self, kind: Kind, place: Option<&AreaColumns>, on: NaiveDate) -> Option<&Adoption> {
        self.adoptions_at(kind, place).find(|adoption| adoption.covers(on))
    }

    /// The adoptions of a place, those of the nearest area first, and of each area the latest first.
    fn adoptions_at(&self, kind: Kind, place: Option<&AreaColumns>) -> impl Iterator<Item = &Adoption> {
        let mut places: Vec<Option<AreaId>> = vec![None];
        places.extend(place.into_iter().flat_map(AreaColumns::ids).map(Some));
        places.into_iter().rev().flat_map(move |area| self.adoptions.get(&(kind, area)).into_iter().flatten())
    }

    /// Since when the document in force on a day is in force there without a break, whatever its version: where one
    /// version ends, another may go on. Not looked for beyond four years.
    pub fn in_force_since(&self, kind: Kind, place: &AreaColumns, on: NaiveDate) -> NaiveDate {
        let horizon = NaiveDate::from_ymd_opt(on.year() - 4, 1, 1).unwrap_or(NaiveDate::MIN);
        let Ok(current) = self.in_force(kind, Some(place), on) else { return on };
        let mut since = self.begins(kind, place, on);
        while let Some(before) = since.pred_opt().filter(|_| since > horizon) {
            match self.in_force(kind, Some(place), before) {
                Ok(found) if found.head.id == current.head.id => since = self.begins(kind, place, before),
                _ => break,
            }
        }
        since
    }

    /// The last day until `on` on which anything began that may decide there, or was over.
    fn begins(&self, kind: Kind, place: &AreaColumns, on: NaiveDate) -> NaiveDate {
        let after = |last: Option<NaiveDate>| last.and_then(|last| last.succ_opt());
        let adopted = self.adoptions_at(kind, Some(place));
        let adopted = adopted.flat_map(|one| [Some(one.effective_from), after(one.effective_to)]);
        let defaults = self.defaults.get(&kind).into_iter().flatten().map(|document| &document.head);
        let defaults = defaults.flat_map(|head| [Some(head.effective_from), after(head.effective_to)]);
        adopted.chain(defaults).flatten().filter(|day| *day <= on).max().unwrap_or(on)
    }

    /// The deadline policy with the calendar it counts by.
    pub fn timetable(&self, place: &AreaColumns, on: NaiveDate) -> Result<Timetable<'_>, Refusal> {
        Ok(Timetable { policy: self.deadlines(place, on)?, holidays: self.holidays(place, on).ok() })
    }

    pub(super) fn nothing_in_force(kind: Kind, on: NaiveDate) -> Refusal {
        Refusal::new(Code::NoRuleInForce).detail(format!("{kind}, {on}"))
    }

    /// The Chinese titles of all checklist items, of each in its newest version: what lists are searched by.
    pub fn item_titles(&self) -> HashMap<String, String> {
        let mut titles = HashMap::new();
        for document in self.documents() {
            if let Content::Checklist(checklist) = &document.content {
                titles
                    .extend(checklist.items().iter().map(|item| (item.code.clone(), item.title_zh.clone())));
            }
        }
        titles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn frequencies(text: &str) -> Arc<Document> {
        Arc::new(Document::parse(text).unwrap_or_else(|faults| panic!("{faults:?}")))
    }

    /// Document, version, area, from, until.
    type Adopted<'a> = (&'a str, u32, Option<AreaId>, &'a str, Option<&'a str>);

    fn rules(adopted: &[Adopted<'_>]) -> Rules {
        let embedded = [
            frequencies(include_str!("../../rules/drills.toml")),
            frequencies(include_str!("../../rules/drills-1.toml")),
            frequencies(include_str!("../../rules/drills-us-k712.toml")),
        ];
        let adoption =
            |(document, version, area, from, to): &(&str, u32, Option<AreaId>, &str, Option<&str>)| {
                Adoption {
                    id: AdoptionId::fresh(),
                    area: *area,
                    document: (*document).to_owned(),
                    version: *version,
                    effective_from: day(from),
                    effective_to: to.map(day),
                    adopted_at: Instant::from_micros(0).unwrap(),
                }
            };
        Rules::new(&embedded, Vec::new(), adopted.iter().map(adoption).collect())
    }

    #[test]
    fn a_document_is_in_force_since_the_last_break() {
        let (county, town) = (AreaId::fresh(), AreaId::fresh());
        let place = AreaColumns::root(county).child(town).unwrap();
        let (cn, us) = ("drills-cn", "drills-us-k712");
        let other_year = (us, 2, Some(county), "2025-01-01", Some("2025-12-31"));
        let cases = [
            (vec![], "2024-01-01"),
            // The county went by another document for a year: the default is back since then.
            (vec![other_year], "2026-01-01"),
            // A break elsewhere is none.
            (vec![(us, 2, Some(AreaId::fresh()), "2025-01-01", Some("2025-12-31"))], "2024-01-01"),
            // Another version of the same document goes on.
            (vec![(cn, 1, Some(county), "2025-01-01", Some("2025-12-31"))], "2024-01-01"),
            (vec![(cn, 1, Some(county), "2025-01-01", None)], "2024-01-01"),
            // What the nearer area adopted meanwhile was no break of its own.
            (vec![other_year, (cn, 2, Some(town), "2025-03-01", Some("2025-12-31"))], "2025-03-01"),
            (vec![(us, 2, Some(town), "2026-02-01", Some("2026-02-01"))], "2026-02-02"),
            // What begins later changes nothing now.
            (vec![(us, 2, Some(county), "2026-03-11", None)], "2024-01-01"),
            (vec![(us, 2, None, "2026-03-01", None)], "2026-03-01"),
        ];
        for (adopted, since) in cases {
            let found = rules(&adopted).in_force_since(Kind::Drills, &place, day("2026-03-10"));
            assert_eq!(found, day(since), "{adopted:?}");
        }
    }
}
