//! The words of the papers and how offices number them: a kind of rule document (`rules/notice_templates.toml`), which an
//! office replaces by its own. Pure.

use super::model::NoticeKind;
use crate::refusal::FieldCode;
use crate::rules::kinds::Readable;
use crate::rules::{Read, Section as Part};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a document of this kind holds.
#[derive(Debug, Clone, Serialize)]
pub struct NoticeTemplates {
    /// While true every paper carries `mark`.
    pub sample: bool,
    pub mark: String,
    office: Vec<OfficeName>,
    template: Vec<Template>,
}

/// How an office calls itself and its numbers.
#[derive(Debug, Clone, Serialize)]
pub struct OfficeName {
    pub area_code: String,
    pub name: String,
    /// The office's part of a number: `遂民` in `遂民安责改〔2026〕12号`.
    pub word: String,
}

/// The words of one kind of paper.
#[derive(Debug, Clone, Serialize)]
pub struct Template {
    pub id: String,
    pub kind: NoticeKind,
    pub title: String,
    /// The kind's part of a number: `安责改`.
    pub word: String,
    pub addressee: String,
    pub opening: String,
    pub items_heading: String,
    pub section: Vec<Section>,
    pub closing: Vec<Closing>,
    pub signature: Vec<Signature>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Section {
    pub heading: String,
    pub text: String,
    /// Stands before the table of hazards instead of behind it.
    pub before_items: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Closing {
    pub text: String,
}

/// A line to be filled in by hand.
#[derive(Debug, Clone, Serialize)]
pub struct Signature {
    pub label: String,
}

/// Every name that may stand in a text, with the field of the form that gives it, or "" where the records do.
pub const NAMES: [(&str, &str); 15] = [
    ("recipient", ""),
    ("institution", ""),
    ("credit_code", ""),
    ("address", ""),
    ("principal", ""),
    ("office", ""),
    ("issued_on", ""),
    ("count", ""),
    ("inspected_on", "/inspected_on"),
    ("place", "/place"),
    ("inspectors", "/inspectors"),
    ("present", "/present"),
    ("facts", "/facts"),
    ("handling", "/handling"),
    ("reply_to", "/reply_to"),
];

/// A text with names in it, cut at them.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Cuts a text at its `{names}`; a brace without its partner is a fault.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}').ok_or("a { has no }")?;
        if before.contains('}') || name.contains('{') {
            return Err("braces do not match".into());
        }
        if !NAMES.iter().any(|(known, _)| *known == name) {
            return Err(format!("{{{name}}} is not known"));
        }
        found.extend([Piece::Text(before), Piece::Name(name)]);
        rest = after;
    }
    if rest.contains('}') {
        return Err("a } has no {".into());
    }
    found.push(Piece::Text(rest));
    Ok(found)
}

/// The text with its names replaced; `Err` holds the names that have no value.
pub fn fill(text: &str, values: &BTreeMap<&'static str, String>) -> Result<String, Vec<String>> {
    let pieces = pieces(text).unwrap_or_else(|_checked_when_read| vec![Piece::Text(text)]);
    let (mut filled, mut missing) = (String::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Name(name) => match values.get(name) {
                Some(value) => filled.push_str(value),
                None => missing.push(name.to_owned()),
            },
        }
    }
    if missing.is_empty() { Ok(filled) } else { Err(missing) }
}

/// The longest text of a template, in characters.
const LONGEST: usize = 1000;

impl Readable for NoticeTemplates {
    fn read(root: &Part<'_>) -> Read<Self> {
        let (sample, mark) = (root.flag("sample"), root.text("mark", 60));
        if let (Ok(true), Ok(true)) = (&sample, root.flag("verified")) {
            return Err(root.refuse("sample", FieldCode::Mismatch, "a sample cannot be verified"));
        }
        let office = root.optional_list("office", "area_code", |one| {
            let (area_code, name, word) = (one.code("area_code"), one.text("name", 60), one.text("word", 12));
            Ok(OfficeName { area_code: area_code?, name: name?, word: word? })
        });
        let template = root.list("template", "id", read_template)?;
        for kind in NoticeKind::ALL {
            if !template.iter().any(|template| template.kind == *kind) {
                return Err(root.refuse(
                    "template",
                    FieldCode::Required,
                    format!("no template is for `{kind}`"),
                ));
            }
        }
        Ok(Self { sample: sample?, mark: mark?, office: office?, template })
    }
}

fn read_template(one: &Part<'_>) -> Read<Template> {
    let (id, kind) = (one.id("id"), one.choice("kind", NoticeKind::parse));
    let (title, word) = (one.text("title", 30), one.text("word", 12));
    let (addressee, opening) = (named(one, "addressee"), named(one, "opening"));
    let items_heading = named(one, "items_heading");
    let section = one.optional_list("section", "heading", |one| {
        let (heading, text) = (one.text("heading", 60), named(one, "text"));
        let before_items = one.optional_flag("before_items", false);
        Ok(Section { heading: heading?, text: text?, before_items: before_items? })
    });
    let closing = one.optional_list("closing", "text", |one| Ok(Closing { text: named(one, "text")? }));
    let signature =
        one.optional_list("signature", "label", |one| Ok(Signature { label: one.text("label", 40)? }));
    Ok(Template {
        id: id?,
        kind: kind?,
        title: title?,
        word: word?,
        addressee: addressee?,
        opening: opening?,
        items_heading: items_heading?,
        section: section?,
        closing: closing?,
        signature: signature?,
    })
}

/// A text with names in it.
fn named(of: &Part<'_>, key: &'static str) -> Read<String> {
    let text = of.text(key, LONGEST)?;
    match pieces(&text) {
        Ok(_) => Ok(text),
        Err(fault) => Err(of.refuse(key, FieldCode::UnknownValue, fault)),
    }
}

impl NoticeTemplates {
    /// The first template of a kind.
    pub fn of_kind(&self, kind: NoticeKind) -> Option<&Template> {
        self.template.iter().find(|template| template.kind == kind)
    }

    /// The template with this id, if it is for this kind.
    pub fn find(&self, id: &str, kind: NoticeKind) -> Option<&Template> {
        self.template.iter().find(|template| template.id == id && template.kind == kind)
    }

    /// How the office of an area calls itself and its numbers.
    pub fn office(&self, area_code: &str, area_name: &str) -> OfficeName {
        let listed = self.office.iter().find(|office| office.area_code == area_code);
        listed.cloned().unwrap_or_else(|| {
            let short = area_name.trim_end_matches(['市', '区', '县']);
            let word = if short.is_empty() { area_name } else { short };
            OfficeName {
                area_code: area_code.to_owned(),
                name: format!("{area_name}民政局"),
                word: format!("{word}民"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Document, Kind, kinds::Content};

    const EMBEDDED: &str = include_str!("../../rules/notice_templates.toml");

    fn templates(text: &str) -> NoticeTemplates {
        match Document::parse(text).unwrap().content {
            Content::NoticeTemplates(templates) => templates,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_samples_are_whole_and_say_that_they_are_samples() {
        let document = Document::parse(EMBEDDED).unwrap();
        assert_eq!(document.head.kind, Kind::NoticeTemplates);
        assert!(!document.head.verified);
        let templates = templates(EMBEDDED);
        assert!(templates.sample && templates.mark.contains("样本"));
        for kind in NoticeKind::ALL {
            assert!(templates.of_kind(*kind).is_some(), "{kind}");
        }
        let notice = templates.of_kind(NoticeKind::RectificationNotice).unwrap();
        for words in ["第四十五条第（四）项", "行政复议", "{reply_to}"] {
            assert!(notice.section.iter().any(|section| section.text.contains(words)), "{words}");
        }
    }

    #[test]
    fn an_office_that_is_not_listed_has_a_name_and_a_word() {
        let templates = templates(EMBEDDED);
        assert_eq!(templates.office("510900", "随便").word, "遂民");
        let office = templates.office("510921", "蓬溪县");
        assert_eq!((office.name.as_str(), office.word.as_str()), ("蓬溪县民政局", "蓬溪民"));
        assert_eq!(templates.office("1", "市").word, "市民");
    }

    /// A line, what stands there instead, and how that must be told.
    type Break = (&'static str, &'static str, &'static str, FieldCode);

    const BREAKS: [Break; 21] = [
        ("sample = true", "sample = 1", "sample", FieldCode::BadFormat),
        ("verified = false", "verified = true", "sample", FieldCode::Mismatch),
        ("mark = \"样本文书", "mark = \"样本\\n文书", "mark", FieldCode::Control),
        (
            "area_code = \"510903\"",
            "area_code = \"510900\"",
            "office[510900].area_code",
            FieldCode::Duplicate,
        ),
        ("area_code = \"510903\"", "area_code = \"船山\"", "office[船山].area_code", FieldCode::BadFormat),
        ("word = \"遂民\"", "word = \" \"", "office[510900].word", FieldCode::Required),
        ("name = \"遂宁市民政局\"", "name = \"\"", "office[510900].name", FieldCode::Required),
        (
            "id = \"inspection-record\"",
            "id = \"rectification-notice\"",
            "template[rectification-notice].id",
            FieldCode::Duplicate,
        ),
        (
            "kind = \"recheck_opinion\"",
            "kind = \"recheck\"",
            "template[recheck-opinion].kind",
            FieldCode::UnknownValue,
        ),
        ("kind = \"interview_notice\"", "kind = \"transfer_letter\"", "template", FieldCode::Required),
        (
            "title = \"现场检查记录\"",
            "title = \"\"",
            "template[inspection-record].title",
            FieldCode::Required,
        ),
        (
            "word = \"安责改\"",
            "word = \"安责改安责改安责改安责改安\"",
            "template[rectification-notice].word",
            FieldCode::TooLong,
        ),
        (
            "addressee = \"{recipient}：\"",
            "addressee = \"{recipent}：\"",
            "template[rectification-notice].addressee",
            FieldCode::UnknownValue,
        ),
        ("{count}项可能", "{count项可能", "template[rectification-notice].opening", FieldCode::UnknownValue),
        (
            "opening = \"检查时间",
            "beginning = \"检查时间",
            "template[inspection-record].opening",
            FieldCode::Required,
        ),
        (
            "items_heading = \"一、隐患",
            "items_heading = \"{一、隐患",
            "template[rectification-notice].items_heading",
            FieldCode::UnknownValue,
        ),
        (
            "text = \"{handling}\"",
            "text = \"handling}\"",
            "template[inspection-record].section[三、处理意见].text",
            FieldCode::UnknownValue,
        ),
        (
            "heading = \"二、法律依据\"",
            "heading = \"\"",
            "template[rectification-notice].section[].heading",
            FieldCode::Required,
        ),
        (
            "before_items = true",
            "before_item = true",
            "template[inspection-record].section[一、检查情况].before_item",
            FieldCode::UnknownField,
        ),
        (
            "before_items = true",
            "before_items = 1",
            "template[inspection-record].section[一、检查情况].before_items",
            FieldCode::BadFormat,
        ),
        (
            "label = \"签收日期\"",
            "label = \"\"",
            "template[rectification-notice].signature[].label",
            FieldCode::Required,
        ),
    ];

    /// Each field broken in turn: each break is found, and told with its place.
    #[test]
    fn each_field_broken_is_told_with_its_place() {
        for (from, to, path, code) in BREAKS {
            let text = EMBEDDED.replacen(from, to, 1);
            assert_ne!(text, EMBEDDED, "{from} is not in the document");
            let problems = Document::parse(&text).unwrap_err();
            assert!(problems.iter().any(|one| one.path == path && one.code == code), "{from}: {problems:?}");
        }
    }

    #[test]
    fn values_are_put_in_as_they_are() {
        let values = BTreeMap::from([("recipient", "{facts}<b>".to_owned())]);
        assert_eq!(fill("致{recipient}：", &values).unwrap(), "致{facts}<b>：");
        assert_eq!(fill("{recipient}{place}{facts}", &values).unwrap_err(), ["place", "facts"]);
    }
}
