//! Whether a request made something or only confirmed it: the word that use cases and answers share.

use crate::refusal::{Code, Refusal};

/// Whether a `PUT` made something or found it already there with the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    Created,
    Replayed,
}

impl Stored {
    /// The same id again: the same content is confirmed, other content refused.
    pub fn confirmed(same: bool) -> Result<Self, Refusal> {
        if same { Ok(Self::Replayed) } else { Err(Code::IdTaken.into()) }
    }
}
