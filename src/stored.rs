//! Whether a request made something or only confirmed it: the word that use cases and answers share.

/// Whether a `PUT` made something or found it already there with the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    Created,
    Replayed,
}
