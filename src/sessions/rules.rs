//! What a refresh token is worth. Pure.

use super::model::Session;
use crate::access::Role;
use crate::db::Instant;
use crate::ids::SessionId;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;

/// A phone may be offline for weeks, but not for ever.
pub const LONGEST: TimeDelta = TimeDelta::days(90);
const IDLE: TimeDelta = TimeDelta::days(14);
/// Whoever manages accounts works at a desk, and leaves it.
const ADMIN_IDLE: TimeDelta = TimeDelta::minutes(30);
/// An answer lost on a bad line may be asked for once more within this time.
const LOST_ANSWER: TimeDelta = TimeDelta::seconds(10);

/// A refresh token taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    pub session: SessionId,
    pub generation: i64,
    pub secret: [u8; 32],
}

impl RefreshToken {
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 56] = BASE64.decode(text).ok()?.try_into().ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, secret) = rest.split_first_chunk::<8>()?;
        Some(Self {
            session: SessionId(uuid::Uuid::from_bytes(*session)),
            generation: i64::from_be_bytes(*generation),
            secret: secret.try_into().ok()?,
        })
    }

    pub fn encode(&self) -> String {
        let mut bytes = self.session.0.as_bytes().to_vec();
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(self.secret);
        BASE64.encode(bytes)
    }

    /// The form that is stored.
    pub fn hash(&self) -> String {
        crate::canonical::sha256_hex(self.encode().as_bytes())
    }
}

/// What happens to a session when a genuine token of its family is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// The newest token: it is spent and the next one given.
    Rotate,
    /// The one before, moments after it was spent: the same answer again.
    Repeat,
    /// An older one: somebody else has it too. The family ends.
    Reuse,
    /// The session is over.
    Over,
}

/// How long a login of this role may go without being renewed.
fn idle(role: Role) -> TimeDelta {
    if role == Role::Admin { ADMIN_IDLE } else { IDLE }
}

pub fn refresh(session: &Session, role: Role, generation: i64, now: Instant) -> Refresh {
    let idle = now >= session.last_used_at.plus(idle(role));
    if idle || !is_alive(session.ended_at, session.expires_at, now) {
        Refresh::Over
    } else if generation == session.generation {
        Refresh::Rotate
    } else if generation + 1 == session.generation && now < session.rotated_at.plus(LOST_ANSWER) {
        Refresh::Repeat
    } else {
        Refresh::Reuse
    }
}

/// Whether requests with an access token of this session are still heard.
pub fn is_alive(ended_at: Option<Instant>, expires_at: Instant, now: Instant) -> bool {
    ended_at.is_none() && now < expires_at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    fn session() -> Session {
        let start = Instant::from_micros(1_750_000_000_000_000).unwrap();
        Session {
            id: SessionId::fresh(),
            user_id: UserId::fresh(),
            created_at: start,
            last_used_at: start,
            expires_at: start.plus(LONGEST),
            ended_at: None,
            ended_because: None,
            device: None,
            address: None,
            generation: 5,
            refresh_hash: String::new(),
            rotated_at: start,
            proved_at: None,
        }
    }

    #[test]
    fn a_token_is_good_once_and_its_loss_is_forgiven_for_ten_seconds() {
        let session = session();
        let at = |seconds| session.rotated_at.plus(TimeDelta::seconds(seconds));
        assert_eq!(refresh(&session, Role::Inspector, 5, at(600)), Refresh::Rotate);
        assert_eq!(refresh(&session, Role::Inspector, 4, at(9)), Refresh::Repeat);
        assert_eq!(refresh(&session, Role::Inspector, 4, at(10)), Refresh::Reuse);
        assert_eq!(refresh(&session, Role::Inspector, 3, at(1)), Refresh::Reuse);
    }

    #[test]
    fn sessions_end_when_idle_or_old() {
        let session = session();
        assert_eq!(refresh(&session, Role::Inspector, 5, session.last_used_at.plus(IDLE)), Refresh::Over);
        assert_eq!(refresh(&session, Role::Admin, 5, session.last_used_at.plus(ADMIN_IDLE)), Refresh::Over);
        assert_eq!(
            refresh(&session, Role::Admin, 5, session.last_used_at.plus(TimeDelta::minutes(29))),
            Refresh::Rotate
        );
        assert!(!is_alive(None, session.expires_at, session.expires_at));
    }

    #[test]
    fn tokens_survive_their_text_form() {
        let token = RefreshToken { session: SessionId::fresh(), generation: 7, secret: [3; 32] };
        assert_eq!(RefreshToken::parse(&token.encode()), Some(token));
        assert_eq!(RefreshToken::parse("rubbish"), None);
    }
}
