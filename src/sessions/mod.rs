//! Logging in and staying logged in: short access tokens, refresh tokens that are used once, sessions
//! that the user and an administrator can see and end.

pub mod devices;
pub mod login;
pub mod model;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod setup;
pub mod throttle;

pub use crate::keys::TokenClaims;
pub use queries::actor;
