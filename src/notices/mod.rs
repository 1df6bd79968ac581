//! Notices to institutions (责令限期整改通知书) and their companion papers: numbered without gaps, printed from what was
//! frozen when they were issued, served, acknowledged, answered.
//!
//! `rules.rs` decides what may be issued and which steps follow; `templates.rs` reads the words; `content.rs` freezes what
//! is printed; all pure. `issue.rs` and `step.rs` carry a decision out in one transaction with its audit entry. `paper/`
//! prints what was frozen, as HTML and as DOCX; `live/` is what the QR code on the paper opens.

pub mod content;
pub mod form;
pub mod issue;
pub mod live;
pub mod model;
pub mod paper;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod step;
pub mod templates;
pub mod view;

pub use templates::NoticeTemplates;
