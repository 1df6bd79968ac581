//! The demonstration city: Suining's counties, its institutions and eighteen months of hazards, made
//! through the very same use cases that requests go through, with the clock moved.

use crate::app::Parts;
use crate::cli::CommandError;
use crate::config::Config;

pub struct Size {
    pub institutions: usize,
    pub hazards: usize,
    pub seed: u64,
}
pub struct Account {
    pub username: String,
    pub role: String,
    pub display_name: String,
}
pub fn password(_: &Config) -> Result<String, CommandError> {
    Ok(String::new())
}
pub fn fill(
    _: &Parts,
    _: impl Fn(&str, u64) -> indicatif::ProgressBar,
    _: &Size,
    _: &str,
) -> Result<(), CommandError> {
    Ok(())
}
pub fn accounts(_: &Parts) -> Result<Vec<Account>, CommandError> {
    Ok(Vec::new())
}
