//! What is printed, frozen when a notice is issued: every later print says the same, whatever becomes of the hazards,
//! the institution or the template. Pure.

use super::form::{ListedHazard, NoticeForm};
use super::model::NoticeKind;
use super::templates::{NAMES, NoticeTemplates, OfficeName, Piece, Template, fill, pieces};
use crate::checklists::{Category, ChecklistItem};
use crate::db::Instant;
use crate::evidence::{Evidence, EvidenceRole, EvidenceStateKind};
use crate::hazards::model::{Hazard, MajorJudgement, Severity, Status};
use crate::ids::{EvidenceId, HazardId};
use crate::institutions::Institution;
use crate::refusal::{Code, FieldCode, Refusal};
use crate::rules::kinds::Content as RuleContent;
use crate::rules::{InForce, Rules};
use crate::text_enum;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Photos of one hazard that are printed, and of one paper.
pub const MOST_PHOTOS: (usize, usize) = (2, 30);

text_enum! {
    /// What a re-check found (复查结果).
    pub enum RecheckResult {
        /// 已整改，销号
        Closed = "closed",
        /// 未通过，继续整改
        SentBack = "sent_back",
    }
}

/// The whole paper in words; a new field must have a default, or old papers could not be printed any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub kind: NoticeKind,
    pub number: String,
    pub title: String,
    /// Printed on every page while the words are samples.
    pub mark: Option<String>,
    pub template: TemplateUsed,
    pub office: String,
    pub institution: String,
    pub addressee: String,
    pub opening: String,
    pub before_items: Vec<Paragraph>,
    pub items_heading: String,
    pub items: Vec<Item>,
    pub sections: Vec<Paragraph>,
    pub paragraphs: Vec<String>,
    pub closing: Vec<String>,
    pub signatures: Vec<String>,
    pub issued_on: NaiveDate,
    pub issued_at: Instant,
    /// What the QR code opens, without the digest of this content.
    pub live_address: String,
}

/// Which words were used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateUsed {
    pub document: String,
    pub version: u32,
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paragraph {
    pub heading: String,
    pub text: String,
}

/// One hazard as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub hazard_id: HazardId,
    pub number: String,
    pub category: Category,
    pub title: Option<String>,
    pub location: String,
    pub description: String,
    pub severity: Severity,
    pub urgent: bool,
    pub found_on: NaiveDate,
    pub basis: Option<String>,
    /// Whether somebody has read the basis in its source.
    pub basis_verified: bool,
    /// 重大隐患判定依据
    pub criterion: Option<String>,
    pub requirement: Option<String>,
    pub deadline: NaiveDate,
    pub fixed_on_spot: bool,
    pub result: Option<RecheckResult>,
    pub closed_on: Option<NaiveDate>,
    pub photos: Vec<PhotoShown>,
}

/// A photo by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoShown {
    pub evidence_id: EvidenceId,
    pub sha256: String,
    pub role: EvidenceRole,
    pub pixels: i64,
    pub taken_on: Option<NaiveDate>,
}

/// A hazard as it was listed, with what the paper says of it.
pub struct Listed<'a> {
    pub form: &'a ListedHazard,
    pub hazard: Hazard,
    /// As the list stood by which it was found.
    pub item: Option<&'a ChecklistItem>,
    /// The criterion by which it was judged major, in words.
    pub criterion: Option<String>,
    pub evidence: Vec<Evidence>,
}

impl<'a> Listed<'a> {
    /// With the words of the very versions of the rules that the hazard names.
    pub fn of(form: &'a ListedHazard, hazard: Hazard, evidence: Vec<Evidence>, rules: &'a Rules) -> Self {
        let checklist = hazard.details.checklist.as_ref();
        let document = checklist.and_then(|used| rules.document(&used.id, used.version));
        let item = match (document.map(|document| &document.content), &hazard.checklist_item) {
            (Some(RuleContent::Checklist(checklist)), Some(code)) => checklist.item(code),
            _ => None,
        };
        let criterion = hazard.details.major.as_ref().map(|major| criterion(major, rules));
        Self { form, item, criterion, hazard, evidence }
    }
}

/// A criterion as it is written; its bare code where its document is not known any more.
fn criterion(major: &MajorJudgement, rules: &Rules) -> String {
    let document = major.document.as_ref().and_then(|used| rules.document(&used.id, used.version));
    let found = document.and_then(|document| match &document.content {
        RuleContent::MajorAccidentCriteria(criteria) | RuleContent::MajorFireCriteria(criteria) => {
            Some((&document.head.title_zh, criteria.find(&major.criterion)?))
        }
        _ => None,
    });
    match found {
        Some((title, found)) => {
            let item = found.item.as_deref().unwrap_or_default();
            format!("《{title}》{}{item}：{}", found.article, found.text_zh)
        }
        None => major.criterion.clone(),
    }
}

/// Everything a paper is made from.
pub struct Sources<'a> {
    pub form: &'a NoticeForm,
    pub templates: InForce<'a, NoticeTemplates>,
    pub template: &'a Template,
    pub office: &'a OfficeName,
    pub institution: &'a Institution,
    pub listed: Vec<Listed<'a>>,
    pub number: String,
    pub issued_at: Instant,
    pub live_address: String,
    /// The local date of a moment.
    pub date: &'a dyn Fn(Instant) -> NaiveDate,
}

/// A date as papers write it: 2026年3月1日.
pub fn written(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// Freezes the paper. Facts that the template needs and nobody gave are refused, and so are facts that it would not print.
pub fn compose(sources: Sources<'_>) -> Result<Content, Refusal> {
    let template = sources.template;
    let values = values(&sources);
    check_facts(template, &values)?;
    let words = |text: &str| {
        fill(text, &values).map_err(|missing| Refusal::new(Code::Invalid).detail(missing.join(", ")))
    };
    let section = |section: &super::templates::Section| {
        words(&section.text).map(|text| Paragraph { heading: section.heading.clone(), text })
    };
    let (before, behind): (Vec<_>, Vec<_>) = template.section.iter().partition(|one| one.before_items);
    Ok(Content {
        kind: template.kind,
        title: template.title.clone(),
        mark: sources.templates.sample.then(|| sources.templates.mark.clone()),
        template: TemplateUsed {
            document: sources.templates.head.id.clone(),
            version: sources.templates.head.version,
            id: template.id.clone(),
        },
        office: sources.office.name.clone(),
        institution: sources.institution.name.clone(),
        addressee: words(&template.addressee)?,
        opening: words(&template.opening)?,
        before_items: before.into_iter().map(section).collect::<Result<_, _>>()?,
        items_heading: words(&template.items_heading)?,
        sections: behind.into_iter().map(section).collect::<Result<_, _>>()?,
        paragraphs: sources.form.paragraphs.iter().map(|paragraph| paragraph.text.clone()).collect(),
        closing: template.closing.iter().map(|closing| words(&closing.text)).collect::<Result<_, _>>()?,
        signatures: template.signature.iter().map(|signature| signature.label.clone()).collect(),
        issued_on: (sources.date)(sources.issued_at),
        issued_at: sources.issued_at,
        items: items(&sources),
        number: sources.number,
        live_address: sources.live_address,
    })
}

/// What the names of the texts stand for; facts that were not given have no value.
fn values(sources: &Sources<'_>) -> BTreeMap<&'static str, String> {
    let Sources { form, institution, office, .. } = sources;
    let unknown = || "未登记".to_owned();
    let recipient = form.recipient.clone().unwrap_or_else(|| institution.name.clone());
    let known = [
        ("recipient", Some(recipient)),
        ("institution", Some(institution.name.clone())),
        ("credit_code", Some(institution.credit_code.clone().unwrap_or_else(unknown))),
        ("address", Some(institution.address.clone().unwrap_or_else(unknown))),
        ("principal", Some(institution.principal.clone().unwrap_or_else(unknown))),
        ("office", Some(office.name.clone())),
        ("issued_on", Some(written((sources.date)(sources.issued_at)))),
        ("count", Some(sources.listed.len().to_string())),
        ("inspected_on", form.inspected_on.map(written)),
        ("place", form.place.clone()),
        ("inspectors", form.inspectors.clone()),
        ("present", form.present.clone()),
        ("facts", form.facts.clone()),
        ("handling", form.handling.clone()),
        ("reply_to", form.reply_to.clone()),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The form gives exactly the facts that the template prints.
fn check_facts(template: &Template, values: &BTreeMap<&'static str, String>) -> Result<(), Refusal> {
    let texts = [&template.addressee, &template.opening, &template.items_heading];
    let texts = texts.into_iter().chain(template.section.iter().map(|section| &section.text));
    let texts = texts.chain(template.closing.iter().map(|closing| &closing.text));
    let mut used = HashSet::new();
    for text in texts {
        let names = pieces(text).unwrap_or_default().into_iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name),
            Piece::Text(_) => None,
        });
        used.extend(names);
    }
    let mut refusal = Refusal::new(Code::Invalid);
    for (name, pointer) in NAMES.iter().filter(|(_, pointer)| !pointer.is_empty()) {
        refusal = match (used.contains(name), values.contains_key(name)) {
            (true, false) => refusal.field(*pointer, FieldCode::Required),
            (false, true) => refusal.field(*pointer, FieldCode::NotAllowedHere),
            _ => refusal,
        };
    }
    if refusal.fields.is_empty() { Ok(()) } else { Err(refusal) }
}

fn items(sources: &Sources<'_>) -> Vec<Item> {
    let mut photos_left = MOST_PHOTOS.1;
    let kind = sources.template.kind;
    sources
        .listed
        .iter()
        .map(|listed| {
            let photos = photos(kind, listed, sources.date, photos_left);
            photos_left = photos_left.saturating_sub(photos.len());
            item(kind, listed, sources.date, photos)
        })
        .collect()
}

fn item(
    kind: NoticeKind,
    listed: &Listed<'_>,
    date: &dyn Fn(Instant) -> NaiveDate,
    photos: Vec<PhotoShown>,
) -> Item {
    let Listed { form, hazard, item, .. } = listed;
    let of_item = item.map(|item| (item.basis.clone(), item.verified));
    let (basis, basis_verified) = match (form.basis.clone(), of_item) {
        // The issuer's own word is the issuer's to answer for.
        (Some(own), _) => (Some(own), true),
        (None, Some((basis, verified))) => (Some(basis), verified),
        (None, None) => (None, true),
    };
    let stated = &hazard.details.rectification;
    let rechecked = kind == NoticeKind::RecheckOpinion;
    let closed = hazard.status == Status::Closed;
    Item {
        hazard_id: hazard.id,
        number: hazard.number.clone(),
        category: hazard.category,
        title: item.map(|item| item.title_zh.clone()),
        location: hazard.location.clone(),
        description: hazard.description.clone(),
        severity: hazard.severity,
        urgent: hazard.urgent,
        found_on: date(hazard.found_at),
        basis,
        basis_verified,
        criterion: listed.criterion.clone(),
        requirement: form.requirement.clone().or_else(|| stated.measure.clone()),
        deadline: hazard.deadline,
        fixed_on_spot: hazard.fixed_on_spot,
        result: rechecked.then_some(if closed { RecheckResult::Closed } else { RecheckResult::SentBack }),
        closed_on: hazard.closed_at.map(date),
        photos,
    }
}

/// The first pictures that show it: what was found, and after a re-check also what was done.
fn photos(
    kind: NoticeKind,
    listed: &Listed<'_>,
    date: &dyn Fn(Instant) -> NaiveDate,
    left: usize,
) -> Vec<PhotoShown> {
    let of = |role: EvidenceRole| {
        let stored = move |one: &&Evidence| one.state == EvidenceStateKind::Stored && one.role == role;
        listed.evidence.iter().filter(stored)
    };
    let (most, behind): (usize, Vec<&Evidence>) = match kind {
        // One of each.
        NoticeKind::RecheckOpinion => (1, of(EvidenceRole::After).take(1).collect()),
        _ => (MOST_PHOTOS.0, Vec::new()),
    };
    let shown = of(EvidenceRole::Before).take(most).chain(behind).take(left);
    shown
        .map(|photo| PhotoShown {
            evidence_id: photo.id,
            sha256: photo.sha256.clone(),
            role: photo.role,
            pixels: i64::from(photo.width.unwrap_or(0)) * i64::from(photo.height.unwrap_or(0)),
            taken_on: photo.captured_at.map(date),
        })
        .collect()
}

/// What a file of the paper is called, percent-encoded: its title and its number.
pub fn file_name(content: &Content) -> String {
    let name = format!("{} {}", content.title, content.number);
    name.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
