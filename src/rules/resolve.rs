//! Which version is in force at a place on a day. Pure.

use super::document::{Document, Head};
use super::kinds::{Content, Kind};
use crate::access::AreaColumns;
use crate::db::Instant;
use crate::hazards::deadlines::Timetable;
use crate::ids::{AdoptionId, AreaId};
use crate::refusal::{Code, Refusal};
use chrono::NaiveDate;
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
        let mut places: Vec<Option<AreaId>> = vec![None];
        places.extend(place.into_iter().flat_map(AreaColumns::ids).map(Some));
        places.iter().rev().find_map(|area| {
            self.adoptions.get(&(kind, *area)).into_iter().flatten().find(|adoption| adoption.covers(on))
        })
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
