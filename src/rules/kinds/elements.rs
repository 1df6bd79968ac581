//! The elements of the pre-mechanism (五预工作机制): which five is not settled, so they are data (domain 4.1).

use super::Readable;
use crate::rules::reader::{Read, Section};
use serde::Serialize;

/// One element.
#[derive(Debug, Clone, Serialize)]
pub struct PreElement {
    pub code: String,
    pub label_zh: String,
    pub label_en: String,
    /// Whether it is one of those that are used; the others are offered.
    pub active: bool,
    /// What is held for it.
    pub holds_zh: String,
    pub holds_en: String,
    /// What is computed for it.
    pub checked_zh: String,
    pub checked_en: String,
}

/// The elements in their order.
#[derive(Debug, Clone, Serialize)]
pub struct PreMechanism {
    /// A warning must be acknowledged within so many minutes.
    pub acknowledge_within_minutes: u32,
    pub element: Vec<PreElement>,
}

impl Readable for PreMechanism {
    fn read(root: &Section<'_>) -> Read<Self> {
        let acknowledge_within_minutes = root.number("acknowledge_within_minutes", 1..=1440);
        let element = root.list("element", "code", |one| {
            let code = one.code("code");
            let (label_zh, label_en) = (one.text("label_zh", 20), one.text("label_en", 40));
            let active = one.flag("active");
            let (holds_zh, holds_en) = (one.text("holds_zh", 300), one.text("holds_en", 400));
            let (checked_zh, checked_en) = (one.text("checked_zh", 200), one.text("checked_en", 300));
            Ok(PreElement {
                code: code?,
                label_zh: label_zh?,
                label_en: label_en?,
                active: active?,
                holds_zh: holds_zh?,
                holds_en: holds_en?,
                checked_zh: checked_zh?,
                checked_en: checked_en?,
            })
        });
        Ok(Self { acknowledge_within_minutes: acknowledge_within_minutes?, element: element? })
    }
}
