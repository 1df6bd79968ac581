//! The secret file on disk, and changing its token keys while servers run.
//!
//! A new key is written first and signs only some seconds later, when every server that reads the file knows
//! it; the old ones go on verifying until they are retired. So nobody is logged out by a rotation.

use super::{BASE64, KeyError, Keys, TokenKey, random};
use base64::Engine;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

/// The secret file as it lies on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretFile {
    /// The newest first; the newest that may sign already does, all verify.
    token_keys: Vec<TokenKeyFile>,
    refresh_key: String,
    audit_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenKeyFile {
    id: String,
    secret: String,
    /// Seconds since 1970 from which this key may sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs_from: Option<i64>,
}

fn write_error(path: &Path) -> impl Fn(std::io::Error) -> KeyError {
    let shown = path.display().to_string();
    move |error| KeyError::Write { path: shown.clone(), error }
}

impl SecretFile {
    /// One token key, a refresh key, and this audit key.
    pub(super) fn fresh(audit_key: &[u8]) -> Self {
        let first = TokenKeyFile { id: "k1".into(), secret: BASE64.encode(random(32)), signs_from: None };
        Self {
            token_keys: vec![first],
            refresh_key: BASE64.encode(random(32)),
            audit_key: BASE64.encode(audit_key),
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self, KeyError> {
        let shown = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| KeyError::Read { path: shown.clone(), error })?;
        if !is_private(path) {
            return Err(KeyError::Open { path: shown });
        }
        toml::from_str(&text)
            .map_err(|error| KeyError::Invalid { path: shown, reason: error.message().into() })
    }

    /// The keys it holds, if they are strong enough.
    pub(super) fn keys(&self, path: &Path) -> Result<Keys, KeyError> {
        let invalid =
            |reason: &str| KeyError::Invalid { path: path.display().to_string(), reason: reason.into() };
        let decode = |text: &str| {
            BASE64
                .decode(text)
                .ok()
                .filter(|bytes| bytes.len() >= 32)
                .ok_or_else(|| invalid("a key is not 32 bytes"))
        };
        let token = |key: &TokenKeyFile| {
            Ok(TokenKey::new(&key.id, key.signs_from.unwrap_or(0), &decode(&key.secret)?))
        };
        let tokens = self.token_keys.iter().map(token).collect::<Result<Vec<_>, KeyError>>()?;
        if tokens.is_empty() {
            return Err(invalid("it holds no token key"));
        }
        let audit: [u8; 32] =
            decode(&self.audit_key)?.try_into().map_err(|_long| invalid("the audit key is not 32 bytes"))?;
        Ok(Keys::from_parts(tokens, decode(&self.refresh_key)?, &audit))
    }

    /// Writes it where there is none; only its owner can read it.
    pub(super) fn create(&self, path: &Path) -> Result<(), KeyError> {
        let fail = write_error(path);
        let mut out = private_options().open(path).map_err(&fail)?;
        out.write_all(self.text(path)?.as_bytes()).and_then(|()| out.sync_all()).map_err(&fail)
    }

    /// Puts it in the place of the old one at a stroke: a server that reads meanwhile sees one or the other.
    fn replace(&self, path: &Path) -> Result<(), KeyError> {
        let fail = write_error(path);
        let beside = path.with_extension("toml.new");
        let _ = std::fs::remove_file(&beside);
        self.create(&beside)?;
        std::fs::rename(&beside, path).map_err(&fail)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::File::open(folder.unwrap_or(Path::new("."))).map_err(&fail)?;
        folder.sync_all().map_err(&fail)
    }

    fn text(&self, path: &Path) -> Result<String, KeyError> {
        let invalid = |error: toml::ser::Error| KeyError::Invalid {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        toml::to_string(self).map_err(invalid)
    }

    /// The place of the key that signs at this second.
    fn signing(&self, now: i64) -> Option<usize> {
        let ready = self.token_keys.iter().position(|key| key.signs_from.unwrap_or(0) <= now);
        ready.or(self.token_keys.len().checked_sub(1))
    }
}

/// What is known of a token key without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenKeyInfo {
    pub id: String,
    pub signs: bool,
}

/// The token keys of a secret file, the newest first.
pub fn token_keys(path: &Path, now: i64) -> Result<Vec<TokenKeyInfo>, KeyError> {
    let file = SecretFile::read(path)?;
    let signing = file.signing(now);
    let info =
        |(at, key): (usize, &TokenKeyFile)| TokenKeyInfo { id: key.id.clone(), signs: signing == Some(at) };
    Ok(file.token_keys.iter().enumerate().map(info).collect())
}

/// Adds a token key that signs from `now + delay` on, and returns its id. The old ones stay good.
pub fn rotate(path: &Path, now: i64, delay: i64) -> Result<String, KeyError> {
    let mut file = SecretFile::read(path)?;
    file.keys(path)?;
    let numbers = file.token_keys.iter().filter_map(|key| key.id.strip_prefix('k')?.parse::<u32>().ok());
    let id = format!("k{}", numbers.max().unwrap_or(0) + 1);
    let key =
        TokenKeyFile { id: id.clone(), secret: BASE64.encode(random(32)), signs_from: Some(now + delay) };
    file.token_keys.insert(0, key);
    file.replace(path)?;
    Ok(id)
}

/// Removes a token key: what it signed is refused as soon as the servers have read the file.
pub fn retire(path: &Path, id: &str, now: i64) -> Result<(), KeyError> {
    let mut file = SecretFile::read(path)?;
    let at = file.token_keys.iter().position(|key| key.id == id);
    let at = at.ok_or_else(|| KeyError::Refused(format!("there is no token key {id}")))?;
    if file.signing(now) == Some(at) {
        return Err(KeyError::Refused(format!(
            "{id} is the key that signs now; add another first (anlao keys rotate) and wait until it signs"
        )));
    }
    file.token_keys.remove(at);
    file.replace(path)
}

fn private_options() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
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
