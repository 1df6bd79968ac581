//! The secrets of the office: token keys, the refresh key and the key that signs the audit trail.

use crate::db::Instant;
use crate::ids::{SessionId, UserId};
use crate::refusal::{Code, Failure, Outcome};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::path::Path;

/// How long an access token is good for, in seconds. Everything it grants is looked up again at each
/// request; the limit only bounds a token that was stolen together with its session.
pub const ACCESS_SECONDS: i64 = 900;
const ISSUER: &str = "anlao";
const TOKEN_TYPE: &str = "at+jwt";

/// The secret file as it lies on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    /// The first key signs, all verify.
    token_keys: Vec<TokenKeyFile>,
    refresh_key: String,
    audit_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenKeyFile {
    id: String,
    secret: String,
}

struct TokenKey {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

pub struct Keys {
    tokens: Vec<TokenKey>,
    refresh: Vec<u8>,
    audit: SigningKey,
}

/// Who a valid access token speaks for. What they may do is looked up, not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenClaims {
    pub user: UserId,
    pub session: SessionId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

/// The only header we accept: nothing in it can name a key, a place to fetch one, or an extension.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    kid: String,
    typ: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot read the secret file {path}: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("the secret file {path} can be read by others; set its mode to 0600")]
    Open { path: String },
    #[error("the secret file {path} is not valid: {reason}")]
    Invalid { path: String, reason: String },
    #[error("cannot write the secret file {path}: {error}")]
    Write { path: String, error: std::io::Error },
}

impl Keys {
    /// New keys from the system's randomness.
    pub fn generate() -> Self {
        Self::from_parts(vec![("k1".into(), random(32))], random(32), &random_seed())
    }

    /// Keys with one token key of known id and secret.
    pub fn with_token_key(id: &str, secret: &[u8]) -> Self {
        Self::from_parts(vec![(id.into(), secret.to_vec())], random(32), &random_seed())
    }

    fn from_parts(tokens: Vec<(String, Vec<u8>)>, refresh: Vec<u8>, audit: &[u8; 32]) -> Self {
        let tokens = tokens.into_iter().map(|(id, secret)| TokenKey {
            id,
            encoding: EncodingKey::from_secret(&secret),
            decoding: DecodingKey::from_secret(&secret),
        });
        Self { tokens: tokens.collect(), refresh, audit: SigningKey::from_bytes(audit) }
    }

    /// Reads the secret file; refuses one that others can read.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let shown = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| KeyError::Read { path: shown.clone(), error })?;
        if !is_private(path) {
            return Err(KeyError::Open { path: shown });
        }
        let invalid = |reason: &str| KeyError::Invalid { path: shown.clone(), reason: reason.into() };
        let file: SecretFile = toml::from_str(&text).map_err(|error| invalid(error.message()))?;
        let decode = |text: &str| {
            BASE64
                .decode(text)
                .ok()
                .filter(|bytes| bytes.len() >= 32)
                .ok_or_else(|| invalid("a key is not 32 bytes"))
        };
        let tokens = file.token_keys.iter().map(|key| Ok((key.id.clone(), decode(&key.secret)?)));
        let tokens = tokens.collect::<Result<Vec<_>, KeyError>>()?;
        if tokens.is_empty() {
            return Err(invalid("it holds no token key"));
        }
        let audit: [u8; 32] =
            decode(&file.audit_key)?.try_into().map_err(|_long| invalid("the audit key is not 32 bytes"))?;
        Ok(Self::from_parts(tokens, decode(&file.refresh_key)?, &audit))
    }

    /// Writes a new secret file that only its owner can read. Never replaces one.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        Self::create_with(path, &random(32))
    }

    /// A secret file whose audit key anyone can derive, so that the same seed gives the same signatures:
    /// for the demonstration city only, never for real records.
    pub fn create_for_demo(path: &Path, seed: u64) -> Result<Self, KeyError> {
        use sha2::Digest;
        Self::create_with(path, &Sha256::digest(format!("anlao demonstration audit {seed}")))
    }

    fn create_with(path: &Path, audit_key: &[u8]) -> Result<Self, KeyError> {
        use std::io::Write;
        let shown = path.display().to_string();
        let fail = |error| KeyError::Write { path: shown.clone(), error };
        let file = SecretFile {
            token_keys: vec![TokenKeyFile { id: "k1".into(), secret: BASE64.encode(random(32)) }],
            refresh_key: BASE64.encode(random(32)),
            audit_key: BASE64.encode(audit_key),
        };
        let text = toml::to_string(&file)
            .map_err(|error| KeyError::Invalid { path: shown.clone(), reason: error.to_string() })?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(path).map_err(fail)?;
        out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(fail)?;
        Self::read(path)
    }

    /// An access token for this user and session.
    pub fn issue_access(&self, user: UserId, session: SessionId, now: Instant) -> Outcome<String> {
        let key = self.tokens.first().ok_or(Failure::Internal("no token key"))?;
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TOKEN_TYPE.into());
        header.kid = Some(key.id.clone());
        let iat = now.utc().timestamp();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: user,
            sid: session,
            iat,
            exp: iat + ACCESS_SECONDS,
        };
        jsonwebtoken::encode(&header, &claims, &key.encoding)
            .map_err(|_error| Failure::Internal("cannot sign a token"))
    }

    /// What a valid, unexpired access token says. Every fault gets the same answer.
    pub fn verify_access(&self, token: &str, now: Instant) -> Outcome<TokenClaims> {
        let read = || {
            let (typ, payload) = self.verified_payload(token)?;
            let claims: Claims = serde_json::from_slice(&payload).ok()?;
            let seconds = now.utc().timestamp();
            let valid = typ.as_deref() == Some(TOKEN_TYPE)
                && claims.iss == ISSUER
                && claims.aud == ISSUER
                && claims.exp > seconds
                && claims.iat <= seconds + 60
                && claims.exp - claims.iat == ACCESS_SECONDS;
            valid.then_some(TokenClaims { user: claims.sub, session: claims.sid })
        };
        read().ok_or_else(|| Code::Unauthenticated.into())
    }

    /// The type and payload of a compact JWS, if one of our keys signed it with the one algorithm we use
    /// (RFC 8725: the algorithm is ours to choose, not the token's).
    pub fn verified_payload(&self, token: &str) -> Option<(Option<String>, Vec<u8>)> {
        if token.len() > 4096 {
            return None;
        }
        let mut parts = token.split('.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || signature.is_empty() {
            return None;
        }
        let strict: StrictHeader = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
        let key = self.tokens.iter().find(|key| key.id == strict.kid)?;
        if strict.alg != "HS256" {
            return None;
        }
        let message = token.get(..header.len() + 1 + payload.len())?;
        let genuine =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.decoding, Algorithm::HS256)
                .ok()?;
        genuine.then(|| BASE64.decode(payload).ok()).flatten().map(|bytes| (strict.typ, bytes))
    }

    /// The refresh secret of one generation of a session. It is derived, not stored, so that an answer
    /// lost on the way can be given again.
    pub fn refresh_secret(&self, session: SessionId, generation: i64) -> Outcome<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.refresh)
            .map_err(|_length| Failure::Internal("the refresh key is unusable"))?;
        mac.update(session.0.as_bytes());
        mac.update(&generation.to_be_bytes());
        Ok(mac.finalize().into_bytes().into())
    }

    pub fn sign(&self, message: &[u8]) -> String {
        hex::encode(self.audit.sign(message).to_bytes())
    }

    /// The public half of the audit key, in hexadecimal: what an outside verifier needs.
    pub fn audit_public(&self) -> String {
        hex::encode(self.audit.verifying_key().to_bytes())
    }
}

/// Whether `signature` (hexadecimal) is that of `public` (hexadecimal) under `message`.
pub fn signature_holds(public: &str, message: &[u8], signature: &str) -> bool {
    let check = || {
        let public: [u8; 32] = hex::decode(public).ok()?.try_into().ok()?;
        let signature: [u8; 64] = hex::decode(signature).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&public).ok()?;
        key.verify_strict(message, &Signature::from_bytes(&signature)).ok()
    };
    check().is_some()
}

/// So many bytes of the system's randomness.
pub fn random(bytes: usize) -> Vec<u8> {
    let mut fresh = vec![0; bytes];
    rand::rng().fill_bytes(&mut fresh);
    fresh
}

fn random_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    rand::rng().fill_bytes(&mut seed);
    seed
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}
