//! Accounts: who may log in, in which role, over which places.

pub mod accounts;
pub mod model;
pub mod own;
pub mod password;
pub mod password_tokens;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod second_factor;
