//! What the crate promises, on pictures that the tests make themselves; `corpora` also takes real ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "tests"
)]

use anlao_test_pictures::{make, tiff};

mod bombs;
mod copies;
mod corpora;
mod facts;
mod hostile;
mod mutants;
mod table;
mod types;
mod upright;
