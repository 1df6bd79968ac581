//! Access tokens and refresh tokens. The first byte says whether the rest is a token, or what a token signed with our own
//! key holds: so that what is behind the signature is reached too.

#![no_main]

use anlao::ids::{SessionId, UserId};
use anlao::keys::{ACCESS_SECONDS, Keys, TokenClaims};
use anlao::sessions::rules::RefreshToken;
use anlao_fuzz::{now, seeds};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, EncodingKey};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const SECRET: &[u8] = b"a secret of thirty-two bytes....";
const HEADER: &[u8] = br#"{"typ":"at+jwt","alg":"HS256","kid":"k1"}"#;

struct World {
    keys: Keys,
    own: TokenClaims,
    genuine: String,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let keys = Keys::with_token_key("k1", SECRET);
    let uuid = |last: u128| uuid::Uuid::from_u128(0x0198_f000_0000_7000_8000_0000_0000_0000 + last);
    let own = TokenClaims { user: UserId(uuid(1)), session: SessionId(uuid(2)) };
    let genuine = keys.issue_access(own.user, own.session, now()).expect("a token");
    let refresh = RefreshToken { session: own.session, generation: 7, secret: [3; 32] };
    let claims = format!(
        r#"{{"iss":"anlao","aud":"anlao","sub":"{}","sid":"{}","iat":{},"exp":{}}}"#,
        own.user,
        own.session,
        now().utc().timestamp(),
        now().utc().timestamp() + ACCESS_SECONDS
    );
    let with = |kind: u8, text: &str| [&[kind], text.as_bytes()].concat();
    seeds([with(0, &genuine), with(1, &claims), with(2, &refresh.encode())]);
    World { keys, own, genuine }
});

fuzz_target!(|data: &[u8]| {
    let world = &*WORLD;
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 3 {
        0 => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            if let Some((_, _)) = world.keys.verified_payload(text) {
                assert_eq!(text, world.genuine, "nothing else was ever signed");
            }
            let _ = world.keys.verify_access(text, now());
        }
        1 => {
            let message = format!("{}.{}", BASE64.encode(HEADER), BASE64.encode(rest));
            let key = EncodingKey::from_secret(SECRET);
            let signature =
                jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("signed");
            let token = format!("{message}.{signature}");
            assert!(
                world.keys.verified_payload(&token).is_some_and(|(_, payload)| payload == rest)
                    || token.len() > 4096
            );
            if world.keys.verify_access(&token, now()).is_ok_and(|claims| claims == world.own) {
                let claims: serde_json::Value = serde_json::from_slice(rest).expect("claims are JSON");
                assert_eq!(claims.as_object().expect("an object").len(), 6);
                assert!(claims["exp"].is_i64() && claims["iat"].is_i64(), "numbers, never texts");
            }
        }
        _ => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            if let Some(token) = RefreshToken::parse(text) {
                assert_eq!(token.encode(), text, "one token has one form");
            }
        }
    }
});
