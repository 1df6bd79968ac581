//! Slowing down whoever guesses passwords: per name, per address, and apart from both per known device,
//! so that the owner of an account is not locked out by strangers. Kept in the database: every node counts
//! the same guesses.
//!
//! The order is: [`look`] (cheap, on a snapshot) → [`count`] (before the check, so that guesses made at once
//! cannot exceed what is allowed) → the check → [`proved`] when it was right.

pub mod queries;
pub mod rules;

use crate::access::{Origin, PasswordProfile};
use crate::db::{Conn, Instant};
use crate::ids::UserId;
use crate::keys::Keys;
use crate::refusal::{Code, Outcome, Refusal};
use rules::{Guess, Kind, Tally};

/// One thing that guesses are counted by. The key is a keyed digest: the table tells no names.
#[derive(Debug, Clone)]
pub struct Subject {
    pub kind: Kind,
    pub key: String,
}

impl Subject {
    fn new(keys: &Keys, kind: Kind, text: &str) -> Outcome<Self> {
        Ok(Self { kind, key: keys.keyed_digest(kind.as_str(), text.as_bytes())? })
    }

    /// A login from a device that was used for this account before: counted by the device alone.
    pub fn device(keys: &Keys, device_hash: &str) -> Outcome<Vec<Self>> {
        Ok(vec![Self::new(keys, Kind::Device, device_hash)?])
    }

    /// A login by a stranger: counted by the name and by the network it comes from.
    pub fn stranger(keys: &Keys, name: &str, origin: &Origin) -> Outcome<Vec<Self>> {
        let mut subjects = Self::address(keys, origin)?;
        subjects.push(Self::new(keys, Kind::Name, name)?);
        Ok(subjects)
    }

    /// Only the network: for secrets that are no passwords.
    pub fn address(keys: &Keys, origin: &Origin) -> Outcome<Vec<Self>> {
        let network = origin.network();
        Ok(vec![Self::new(keys, Kind::Address, network.as_deref().unwrap_or("unknown"))?])
    }

    /// Somebody logged in who is asked once more.
    pub fn own(keys: &Keys, user: UserId) -> Outcome<Vec<Self>> {
        Ok(vec![Self::new(keys, Kind::Own, &user.to_string())?])
    }
}

fn refused(retry_after: i64) -> Refusal {
    Refusal::new(Code::LoginThrottled).retry_after(retry_after)
}

fn decide(
    conn: &mut Conn,
    profile: PasswordProfile,
    subjects: &[Subject],
    now: Instant,
) -> Outcome<Vec<(String, Kind, Tally)>> {
    let mut next = Vec::new();
    let mut longest = None;
    for subject in subjects {
        let tally = queries::find(conn, &subject.key)?.unwrap_or(Tally::new(now));
        match rules::guess(profile, subject.kind, tally, now) {
            Guess::Checked(tally) => next.push((subject.key.clone(), subject.kind, tally)),
            Guess::Refused { retry_after } => longest = longest.max(Some(retry_after)),
        }
    }
    match longest {
        Some(seconds) => Err(refused(seconds).into()),
        None => Ok(next),
    }
}

/// Refuses early, without a write, what [`count`] would refuse.
pub fn look(conn: &mut Conn, profile: PasswordProfile, subjects: &[Subject], now: Instant) -> Outcome<()> {
    decide(conn, profile, subjects, now).map(|_| ())
}

/// Counts one guess for each subject, or refuses it for all. Says for how many seconds none follows.
pub fn count(
    conn: &mut Conn,
    profile: PasswordProfile,
    subjects: &[Subject],
    now: Instant,
) -> Outcome<Option<i64>> {
    for subject in subjects {
        conn.lock_digest(&subject.key)?;
    }
    let mut waits = None;
    for (key, kind, tally) in decide(conn, profile, subjects, now)? {
        queries::store(conn, &key, kind, tally, now)?;
        let wait = tally.unlocks_at.map(|until| (until.micros() - now.micros()) / 1_000_000);
        waits = waits.max(wait);
    }
    Ok(waits)
}

/// Forgets the guesses at an account after its owner proved who they are; an address gets the one back.
pub fn proved(conn: &mut Conn, subjects: &[Subject]) -> Outcome<()> {
    for subject in subjects {
        conn.lock_digest(&subject.key)?;
        match (subject.kind, queries::find(conn, &subject.key)?) {
            (Kind::Address, Some(tally)) => queries::replace(conn, &subject.key, rules::give_back(tally))?,
            (_, Some(_)) => queries::forget(conn, &subject.key)?,
            (_, None) => {}
        }
    }
    Ok(())
}

/// Everything counted against an account, whichever way: its owner has just proved who they are.
pub fn clear(conn: &mut Conn, keys: &Keys, username: &str, user: UserId) -> Outcome<()> {
    let name = Subject::new(keys, Kind::Name, username)?;
    let own = Subject::own(keys, user)?;
    for subject in [name].into_iter().chain(own) {
        queries::forget(conn, &subject.key)?;
    }
    Ok(())
}
