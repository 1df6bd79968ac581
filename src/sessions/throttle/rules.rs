//! When a guess at a password is checked, and when it has to wait. Pure.
//!
//! A guess is counted *before* it is checked, so that many at once cannot be more than are allowed. Nothing
//! here knows whether a name exists: the same numbers hold for all.

use crate::access::PasswordProfile;
use crate::db::Instant;
use chrono::TimeDelta;

/// NIST SP 800-63B-4: after a hundred failures in a row only another proof helps (a known device, or a
/// one-time token from an administrator).
pub const MOST_GUESSES: i64 = 100;
/// What is told when nothing but another proof helps: come back in an hour, and it will be the same.
const FOR_GOOD: TimeDelta = TimeDelta::hours(1);
/// Guesses without any waiting, for people who mistype.
const FREE: i64 = 9;
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);
/// An address may stand for a whole institution, so it is given more, and less long.
const ADDRESS_GUESSES: i64 = 100;
const ADDRESS_WINDOW: TimeDelta = TimeDelta::minutes(15);
const MLPS_GUESSES: i64 = 5;
const MLPS_WINDOW: TimeDelta = TimeDelta::minutes(10);

/// What guesses are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The name that was tried, by strangers.
    Name,
    /// The network address of the client.
    Address,
    /// One device on which the account has been used before.
    Device,
    /// Somebody logged in who is asked for their password or code again.
    Own,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Address => "address",
            Self::Device => "device",
            Self::Own => "own",
        }
    }
}

/// What is known of earlier guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// In a row, since the last proof.
    pub guesses: i64,
    /// Within the window that began at `window_started_at`.
    pub window_guesses: i64,
    pub window_started_at: Instant,
    pub unlocks_at: Option<Instant>,
}

impl Tally {
    /// Nothing yet.
    pub fn new(now: Instant) -> Self {
        Self { guesses: 0, window_guesses: 0, window_started_at: now, unlocks_at: None }
    }
}

/// Whether one more guess is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// It is; this is what is known then.
    Checked(Tally),
    /// It is not, whatever it was; ask again after so many seconds.
    Refused { retry_after: i64 },
}

/// Decides on one more guess.
pub fn guess(profile: PasswordProfile, kind: Kind, tally: Tally, now: Instant) -> Guess {
    if kind != Kind::Address && tally.guesses >= MOST_GUESSES {
        return Guess::Refused { retry_after: FOR_GOOD.num_seconds() };
    }
    if let Some(until) = tally.unlocks_at.filter(|until| now < *until) {
        let micros = until.micros() - now.micros();
        return Guess::Refused { retry_after: (micros + 999_999).div_euclid(1_000_000) };
    }
    let (window, allowed) = window(profile, kind);
    let fresh = now >= tally.window_started_at.plus(window);
    let window_guesses = if fresh { 1 } else { tally.window_guesses + 1 };
    let guesses = tally.guesses + 1;
    let wait = if allowed.is_some_and(|allowed| window_guesses >= allowed) {
        Some(window)
    } else if allowed.is_none() {
        wait_after(guesses)
    } else {
        None
    };
    Guess::Checked(Tally {
        guesses,
        window_guesses,
        // An address is busy all day, so its window stands; a name's begins anew with each guess.
        window_started_at: if fresh || kind != Kind::Address { now } else { tally.window_started_at },
        unlocks_at: wait.map(|wait| now.plus(wait)),
    })
}

/// What is known of an address after one of its guesses turned out right.
pub fn give_back(tally: Tally) -> Tally {
    let window_guesses = (tally.window_guesses - 1).max(0);
    Tally {
        guesses: (tally.guesses - 1).max(0),
        window_guesses,
        unlocks_at: tally.unlocks_at.filter(|_| window_guesses >= ADDRESS_GUESSES),
        ..tally
    }
}

/// The window in which guesses are counted, and how many it holds; none where waits grow with each guess.
fn window(profile: PasswordProfile, kind: Kind) -> (TimeDelta, Option<i64>) {
    match (kind, profile) {
        (Kind::Address, _) => (ADDRESS_WINDOW, Some(ADDRESS_GUESSES)),
        (_, PasswordProfile::Mlps) => (MLPS_WINDOW, Some(MLPS_GUESSES)),
        (_, PasswordProfile::Nist) => (LONGEST_WAIT, None),
    }
}

/// Half a minute after the tenth guess in a row, then twice as long each time, a quarter of an hour at most.
fn wait_after(guesses: i64) -> Option<TimeDelta> {
    let doublings = u32::try_from(guesses - FREE - 1).ok()?;
    let seconds = FIRST_WAIT.num_seconds() << doublings.min(10);
    Some(TimeDelta::seconds(seconds).min(LONGEST_WAIT))
}

/// Addresses are forgotten after so long without a guess.
pub const FORGET_ADDRESSES: TimeDelta = TimeDelta::days(1);
/// Names at which few guesses were made are forgotten after so long without another…
pub const FORGET_NAMES: TimeDelta = TimeDelta::days(90);
/// …and few are fewer than this. Beyond it a row stays until somebody proves who they are, whether the name
/// exists or not: forgetting would give a patient guesser another hundred.
pub const FORGET_BELOW: i64 = MLPS_GUESSES;

#[cfg(test)]
mod tests {
    use super::*;
    use PasswordProfile::{Mlps, Nist};

    fn at(seconds: i64) -> Instant {
        Instant::from_micros((1_750_000_000 + seconds) * 1_000_000).unwrap()
    }

    /// How many of so many guesses, one every `every` seconds, are checked.
    fn checked(profile: PasswordProfile, kind: Kind, tries: i64, every: i64) -> i64 {
        let mut tally = Tally::new(at(0));
        let mut checked = 0;
        for number in 0..tries {
            if let Guess::Checked(next) = guess(profile, kind, tally, at(number * every)) {
                (tally, checked) = (next, checked + 1);
            }
        }
        checked
    }

    #[test]
    fn how_many_guesses_are_checked() {
        // profile, kind, guesses, seconds between them, how many are checked
        let table = [
            (Nist, Kind::Name, 9, 0, 9),
            (Nist, Kind::Name, 10_000, 0, 10),
            (Nist, Kind::Name, 100, 30, 16),
            (Nist, Kind::Name, 10_000, 900, 100),
            (Nist, Kind::Device, 10_000, 900, 100),
            (Nist, Kind::Own, 10_000, 900, 100),
            (Nist, Kind::Address, 10_000, 0, 100),
            (Nist, Kind::Address, 3600, 1, 400),
            (Mlps, Kind::Name, 10_000, 0, 5),
            (Mlps, Kind::Name, 600, 1, 5),
            (Mlps, Kind::Name, 1200, 1, 10),
            (Mlps, Kind::Name, 1000, 600, 100),
            (Mlps, Kind::Address, 10_000, 0, 100),
        ];
        for (profile, kind, tries, every, expected) in table {
            assert_eq!(checked(profile, kind, tries, every), expected, "{profile} {kind:?} {tries} {every}");
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (9..=17).map(|n| wait_after(n).map(|wait| wait.num_seconds())).collect();
        let expected =
            [None, Some(30), Some(60), Some(120), Some(240), Some(480), Some(900), Some(900), Some(900)];
        assert_eq!(waits, expected);
        assert_eq!(wait_after(i64::MAX - 1), None, "no number breaks it");
    }

    #[test]
    fn a_refused_guess_lengthens_nothing() {
        let tally =
            Tally { guesses: 10, window_guesses: 10, window_started_at: at(0), unlocks_at: Some(at(30)) };
        assert_eq!(guess(Nist, Kind::Name, tally, at(1)), Guess::Refused { retry_after: 29 });
        assert_eq!(guess(Nist, Kind::Name, tally, at(29)), Guess::Refused { retry_after: 1 });
        assert!(matches!(guess(Nist, Kind::Name, tally, at(30)), Guess::Checked(_)));
    }

    #[test]
    fn a_right_guess_is_given_back_to_its_address() {
        let full =
            Tally { guesses: 100, window_guesses: 100, window_started_at: at(0), unlocks_at: Some(at(900)) };
        let after = give_back(full);
        assert_eq!((after.window_guesses, after.unlocks_at), (99, None));
        assert!(matches!(guess(Nist, Kind::Address, after, at(1)), Guess::Checked(_)));
    }

    #[test]
    fn after_a_hundred_time_does_not_help() {
        let tally = Tally { guesses: 100, window_guesses: 0, window_started_at: at(0), unlocks_at: None };
        for profile in [Nist, Mlps] {
            let far = at(86_400 * 365);
            assert_eq!(guess(profile, Kind::Name, tally, far), Guess::Refused { retry_after: 3600 });
        }
    }
}
