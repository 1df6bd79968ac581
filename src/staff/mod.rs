//! The people who work in an institution (工作人员): most of them have no account.

pub mod person;

pub use person::Person;
