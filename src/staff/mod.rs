//! The people who work in an institution (工作人员): most of them have no account.

pub mod belong;
pub mod keep;
pub mod model;
pub mod person;
pub mod queries;
pub mod routes;
pub mod rules;

pub use belong::check_belong;
pub use person::Person;
