//! The secrets of the office: token keys, the refresh key and the key that signs the audit trail.
//!
//! Token keys can be changed while the program runs (see [`mod@file`]); the other two cannot: refresh tokens,
//! second factors and throttles are derived from one, and every signature of the trail belongs to the other.

pub mod file;

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
use std::sync::{Arc, PoisonError, RwLock};

/// How long an access token is good for, in seconds. Everything it grants is looked up again at each
/// request; the limit only bounds a token that was stolen together with its session.
pub const ACCESS_SECONDS: i64 = 900;
const ISSUER: &str = "anlao";
const TOKEN_TYPE: &str = "at+jwt";

struct TokenKey {
    id: String,
    /// Seconds since 1970 from which it may sign: every node must know a key before one of them uses it.
    signs_from: i64,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl TokenKey {
    fn new(id: &str, signs_from: i64, secret: &[u8]) -> Self {
        let (encoding, decoding) = (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        Self { id: id.into(), signs_from, encoding, decoding }
    }
}

pub struct Keys {
    /// The newest first.
    tokens: RwLock<Arc<Vec<TokenKey>>>,
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
    #[error("{0}")]
    Refused(String),
}

impl Keys {
    /// New keys from the system's randomness.
    pub fn generate() -> Self {
        Self::from_parts(vec![TokenKey::new("k1", 0, &random(32))], random(32), &random_seed())
    }

    /// Keys with one token key of known id and secret.
    pub fn with_token_key(id: &str, secret: &[u8]) -> Self {
        Self::from_parts(vec![TokenKey::new(id, 0, secret)], random(32), &random_seed())
    }

    fn from_parts(tokens: Vec<TokenKey>, refresh: Vec<u8>, audit: &[u8; 32]) -> Self {
        Self { tokens: RwLock::new(Arc::new(tokens)), refresh, audit: SigningKey::from_bytes(audit) }
    }

    fn token_keys(&self) -> Arc<Vec<TokenKey>> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the secret file; refuses one that others can read.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        file::SecretFile::read(path)?.keys(path)
    }

    /// Takes the token keys of a changed secret file; everything else stays as it was at the start. Says
    /// whether refresh or audit key differ, which only a restart would take.
    pub fn reload_tokens(&self, path: &Path) -> Result<bool, KeyError> {
        let fresh = Self::read(path)?;
        let differs = fresh.refresh != self.refresh || fresh.audit.to_bytes() != self.audit.to_bytes();
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = fresh.token_keys();
        Ok(differs)
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
        file::SecretFile::fresh(audit_key).create(path)?;
        Self::read(path)
    }

    /// An access token for this user and session.
    pub fn issue_access(&self, user: UserId, session: SessionId, now: Instant) -> Outcome<String> {
        let iat = now.utc().timestamp();
        let tokens = self.token_keys();
        let ready = tokens.iter().find(|key| key.signs_from <= iat);
        let key = ready.or(tokens.last()).ok_or(Failure::Internal("no token key"))?;
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TOKEN_TYPE.into());
        header.kid = Some(key.id.clone());
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
        let tokens = self.token_keys();
        let key = tokens.iter().find(|key| key.id == strict.kid)?;
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

    /// A digest that nobody without the secret file can make or test guesses against. The purpose keeps
    /// digests of different things apart.
    pub fn keyed_digest(&self, purpose: &str, text: &[u8]) -> Outcome<String> {
        Ok(hex::encode(self.derived(purpose, text)?))
    }

    /// A secret that follows from the refresh key, a purpose and a public text.
    pub fn derived(&self, purpose: &str, text: &[u8]) -> Outcome<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.refresh)
            .map_err(|_length| Failure::Internal("the refresh key is unusable"))?;
        // Refresh secrets have 24 bytes here and no zero-terminated purpose.
        mac.update(b"anlao derived secret\0");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text);
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
