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

/// What writing a whole thing over what there is of it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Created,
    /// It is another version now.
    Changed,
    /// It was so already.
    Confirmed,
}

impl Written {
    /// Decides by what is there (its digest and version), what is sent, and the version that the sender saw. The same
    /// content is confirmed whatever version is named: a change whose answer was lost is sent once more.
    pub fn over(there: Option<(&str, i64)>, sent: &str, seen: Option<i64>) -> Result<Self, Refusal> {
        match (there, seen) {
            (None, None | Some(0)) => Ok(Self::Created),
            (None, Some(_)) => Err(Code::Stale.into()),
            (Some((digest, _)), _) if digest == sent => Ok(Self::Confirmed),
            (Some((_, version)), None) => {
                Err(Refusal::new(Code::IdTaken).current(serde_json::json!({ "version": version })))
            }
            (Some((_, version)), Some(seen)) if version == seen => Ok(Self::Changed),
            (Some((_, version)), Some(_)) => {
                Err(Refusal::new(Code::Stale).current(serde_json::json!({ "version": version })))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_write_comes_to() {
        let says = |there, sent, seen| Written::over(there, sent, seen).map_err(|refusal| refusal.code);
        assert_eq!(says(None, "a", None), Ok(Written::Created));
        assert_eq!(says(None, "a", Some(1)), Err(Code::Stale));
        assert_eq!(says(Some(("a", 3)), "a", None), Ok(Written::Confirmed));
        assert_eq!(says(Some(("a", 3)), "a", Some(2)), Ok(Written::Confirmed));
        assert_eq!(says(Some(("a", 3)), "b", None), Err(Code::IdTaken));
        assert_eq!(says(Some(("a", 3)), "b", Some(2)), Err(Code::Stale));
        assert_eq!(says(Some(("a", 3)), "b", Some(3)), Ok(Written::Changed));
    }
}
