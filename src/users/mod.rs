//! Accounts: who may log in, in which role, over which places.

pub mod model;
pub mod password;
pub mod queries;
pub mod routes;
pub mod rules;
