//! The records as a caller may use them.

use super::Actor;
use crate::db::{Conn, Instant};
use crate::http::client_network;
use crate::office::Office;

/// Where a request came from, for the audit trail.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub request_id: String,
    /// Method and path, for what is refused.
    pub asked: String,
    pub address: Option<String>,
    pub device: Option<String>,
}

impl Origin {
    /// The address, or its IPv6 /64: what guesses are counted by.
    pub fn network(&self) -> Option<String> {
        let address = self.address.as_deref()?.parse().ok()?;
        Some(client_network(address).to_string())
    }
}

/// A snapshot of the records with the caller's eyes.
pub struct ReadTx<'a> {
    pub conn: &'a mut Conn,
    pub actor: &'a Actor,
    pub office: &'a Office,
    pub now: Instant,
}

/// A change in the making: it commits with its audit entries or not at all.
pub struct WriteTx<'a> {
    pub conn: &'a mut Conn,
    pub actor: &'a Actor,
    pub office: &'a Office,
    pub origin: &'a Origin,
    pub now: Instant,
}

impl WriteTx<'_> {
    /// The same records for reading.
    pub fn reading(&mut self) -> ReadTx<'_> {
        ReadTx { conn: self.conn, actor: self.actor, office: self.office, now: self.now }
    }
}
