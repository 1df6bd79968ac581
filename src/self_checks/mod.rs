//! What institutions check by themselves (自查): fire patrols, night patrols, monthly checks. Entries are only ever added.
//! What is missing is computed from the standing intervals; what looks odd is flagged and never blocked.

pub mod enter;
pub mod model;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod status;

pub use model::SelfCheckKind;
pub use rules::StandingIntervals;
