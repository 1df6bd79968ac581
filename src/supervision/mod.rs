//! What a supervisor sees at a glance: totals, what is overdue and where. Reads every domain; none reads it.

pub mod overview;
pub mod queries;
pub mod routes;
