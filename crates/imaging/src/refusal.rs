//! Why a picture is not taken.

/// Why a picture is refused. The texts are for logs and tests; no file name and no content is in them.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum Refusal {
    #[error("not a photograph of an accepted type")]
    UnknownType,
    #[error("{pixels} pixels, at most {limit} are accepted")]
    TooManyPixels { pixels: u64, limit: u64 },
    #[error("a side of {side} pixels, at most {limit} are accepted")]
    SideTooLong { side: u32, limit: u32 },
    /// The file, or the memory that decoding it would need, is too large; `limit` tells which.
    #[error("{bytes} bytes, at most {limit} are accepted")]
    TooManyBytes { bytes: u64, limit: u64 },
    #[error("damaged picture: {0}")]
    Damaged(String),
    /// A genuine picture of which no preview is made: HEIC, animated WebP, JPEG with a scan for each colour.
    #[error("no preview is made of this kind of picture")]
    NoPreview,
}

impl Refusal {
    pub(crate) fn damaged(why: &str) -> Self {
        Self::Damaged(why.to_owned())
    }

    /// A decoder's own words, cut short: they are English, meant for the log, and may quote numbers at length.
    pub(crate) fn decoder(error: &impl std::fmt::Display) -> Self {
        let text: String = error.to_string().chars().filter(|c| !c.is_control()).take(120).collect();
        Self::Damaged(text)
    }
}
