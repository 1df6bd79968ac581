//! From an HTTP request to a transaction with a permission.

use super::{Actor, Origin, Permission, ReadTx, WriteTx};
use crate::audit;
use crate::clock::Clock;
use crate::db::{Conn, Db, Instant};
use crate::http::{admit, client_of, openapi};
use crate::office::Office;
use crate::refusal::{Code, Failure, Kind, Outcome};
use crate::request_id::RequestId;
use crate::sessions::{self, TokenClaims};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

/// Holds the records. It is registered with the server but private to this module's extractors.
#[derive(Clone)]
pub struct Gate(Arc<GateInner>);

struct GateInner {
    db: Db,
    office: Arc<Office>,
    clock: Clock,
}

impl Gate {
    pub fn new(db: Db, office: Arc<Office>, clock: Clock) -> Self {
        Self(Arc::new(GateInner { db, office, clock }))
    }

    fn of(req: &HttpRequest) -> Result<Self, Failure> {
        req.app_data::<Self>().cloned().ok_or(Failure::Internal("the gate is not registered"))
    }
}

/// A caller who has logged in and asks to do `P`. Whether they may is decided inside the transaction,
/// by the records as they are then: a role taken away is gone with the next request, on every node.
pub struct Access<P> {
    gate: Gate,
    claims: TokenClaims,
    origin: Origin,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for Access<P> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Gate::of(req).and_then(|gate| {
            let token = bearer(req).ok_or(Code::Unauthenticated)?;
            let claims = gate.0.office.keys.verify_access(token, gate.0.clock.now())?;
            admit(req, claims.user)?;
            check_query(req)?;
            Ok(Self { gate, claims, origin: origin(req), permission: PhantomData })
        }))
    }
}

impl<P: Permission> Access<P> {
    pub fn office(&self) -> &Arc<Office> {
        &self.gate.0.office
    }

    pub fn now(&self) -> Instant {
        self.gate.0.clock.now()
    }

    /// Runs `read` on a snapshot, if the caller may do `P`.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut ReadTx<'_>) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (inner, claims) = (Arc::clone(&self.gate.0), self.claims);
        let now = inner.clock.now();
        let seen = self
            .gate
            .0
            .db
            .read(move |conn| {
                let (actor, due) = sessions::actor(conn, &inner.office.policy, &claims, now)?;
                if !P::ROLES.contains(&actor.role) {
                    return Ok(Err(actor));
                }
                if let Some(due) = due.filter(|_| !P::ALWAYS) {
                    return Err(due.into());
                }
                read(&mut ReadTx { conn, actor: &actor, office: &inner.office, now }).map(Ok)
            })
            .await?;
        match seen {
            Ok(value) => Ok(value),
            Err(actor) => Err(refuse(&self.gate, actor, self.origin.clone(), P::NAME, now).await),
        }
    }

    /// Runs `change` and its audit entries as one, if the caller may do `P`. A refusal undoes the change
    /// and leaves an entry of its own.
    pub async fn write<T: Send + 'static>(
        &self,
        mut change: impl FnMut(&mut WriteTx<'_>) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let now = self.gate.0.clock.now();
        let (inner, claims, origin) = (Arc::clone(&self.gate.0), self.claims, self.origin.clone());
        let (teller, said) = (Arc::clone(&inner), origin.clone());
        self.gate
            .0
            .db
            .write_noting(
                move |conn| {
                    let (actor, due) = sessions::actor(conn, &inner.office.policy, &claims, now)?;
                    if !P::ROLES.contains(&actor.role) {
                        return Err(Code::Forbidden.into());
                    }
                    if let Some(due) = due.filter(|_| !P::ALWAYS) {
                        return Err(due.into());
                    }
                    let office = &inner.office;
                    change(&mut WriteTx { conn, actor: &actor, office, origin: &origin, now })
                },
                |refusal| matches!(refusal.code.kind(), Kind::Forbidden | Kind::Conflict),
                move |conn, refusal| {
                    let office = &teller.office;
                    let (actor, due) = sessions::actor(conn, &office.policy, &claims, now)?;
                    if !P::ROLES.contains(&actor.role) {
                        return audit::record_denied(conn, &office.keys, &actor, &said, P::NAME, now);
                    }
                    // What is due is told with every request until it is done.
                    if due.is_some_and(|due| !P::ALWAYS && due == refusal.code) {
                        return Ok(());
                    }
                    audit::record_refused(conn, &office.keys, &actor, &said, P::NAME, refusal, now)
                },
            )
            .await
    }
}

async fn refuse(
    gate: &Gate,
    actor: Actor,
    origin: Origin,
    permission: &'static str,
    now: Instant,
) -> Failure {
    let inner = Arc::clone(&gate.0);
    let recorded = gate
        .0
        .db
        .write(move |conn| audit::record_denied(conn, &inner.office.keys, &actor, &origin, permission, now))
        .await;
    match recorded {
        Ok(()) => Code::Forbidden.into(),
        Err(failure) => failure,
    }
}

/// The door for callers who are nobody yet: login, refresh and first set-up. Deliberately clumsy to name.
pub struct Public {
    gate: Gate,
    pub origin: Origin,
}

impl FromRequest for Public {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Gate::of(req).and_then(|gate| {
            check_query(req)?;
            Ok(Self { gate, origin: origin(req) })
        }))
    }
}

impl Public {
    pub fn office(&self) -> &Arc<Office> {
        &self.gate.0.office
    }

    pub fn now(&self) -> Instant {
        self.gate.0.clock.now()
    }

    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        self.gate.0.db.read(read).await
    }

    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        self.gate.0.db.write(change).await
    }
}

/// An operation without query parameters refuses all of them; the others read theirs strictly.
fn check_query(req: &HttpRequest) -> Outcome<()> {
    let expected = openapi::takes_query(req.match_pattern().as_deref(), req.method().as_str());
    if expected || req.query_string().is_empty() { Ok(()) } else { Err(Code::InvalidQuery.into()) }
}

fn bearer(req: &HttpRequest) -> Option<&str> {
    let value = req.headers().get(actix_web::http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn origin(req: &HttpRequest) -> Origin {
    let device = req.headers().get(actix_web::http::header::USER_AGENT).and_then(|v| v.to_str().ok());
    Origin {
        request_id: req.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default(),
        asked: format!("{} {}", req.method(), req.path()),
        address: client_of(req).map(|address| address.to_string()),
        device: device.map(|text| text.chars().take(200).collect()),
    }
}
