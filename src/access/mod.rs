//! Who is asking, what they may do, and how far they may see.
//!
//! [`Access`] is the only way from a request to the records: it carries a [`Permission`] in its type and
//! hands out a [`ReadTx`] or [`WriteTx`] with the caller's scope. A handler that asks for neither it nor
//! [`Public`] has no records to work with.

mod actor;
mod extractor;
mod permissions;
mod policy;
mod scope;
mod transaction;

pub use actor::{Actor, Role, ScopeKind};
pub use extractor::{Access, Gate, Public};
pub use permissions::*;
pub use policy::{AccessPolicy, PasswordProfile, SecondFactor};
pub use scope::{AreaColumns, Condition, Scope, ScopeArea};
pub use transaction::{Origin, ReadTx, WriteTx};
