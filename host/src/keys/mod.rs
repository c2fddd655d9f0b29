//! Owns the host's keys: those of the settings, and those that it creates at its first start in files that only it can
//! read.
//!
//! Never: what a key opens or signs.

mod error;

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use pasetors::keys::{AsymmetricKeyPair, AsymmetricSecretKey, Generate as _};
use pasetors::version4::V4;

pub use error::{KeyError, OtherKey};

use levain_model::{KeyFingerprint, KeyName, Secret, hex, sha256_hex, unhex};

/// The file of the internal API's key, within the data directory.
pub const INTERNAL_KEY_FILE: &str = "keys/internal-api-key";

/// The file of the plugin API's key, within the data directory.
pub const ADMIN_KEY_FILE: &str = "keys/admin-api-key";

/// The file of the key that signs tokens, within the data directory.
const TOKEN_KEY_FILE: &str = "keys/token-key";

/// The file of the key that signs receipts, within the data directory.
const RECEIPT_KEY_FILE: &str = "keys/receipt-key";

/// The file of the key that verifies compiled code, within the data directory.
const CACHE_KEY_FILE: &str = "keys/cache-key";

/// The fewest characters of an API key.
const SHORTEST_KEY: usize = 16;

/// Bytes of the seed that an Ed25519 key begins with.
const SEED_BYTES: usize = 32;

/// Random bytes of a new key of the internal API.
const KEY_BYTES: usize = 32;

/// The keys that the settings give, and the directory of the others.
#[derive(Debug, Clone)]
pub struct KeySettings {
    /// The data directory.
    pub data_dir: PathBuf,
    /// Where the HTTP API listens: beyond loopback the API keys must be given.
    pub listen: SocketAddr,
    /// The key of the internal API.
    pub internal_api_key: Option<Secret>,
    /// The key of the plugin API.
    pub admin_api_key: Option<Secret>,
    /// The key that signs access tokens.
    pub token_key: Option<Secret>,
    /// The key that signs receipts.
    pub receipt_key: Option<Secret>,
}

/// Where a data directory keeps the internal API's key.
#[must_use]
pub fn internal_key_file(data_dir: &Path) -> PathBuf {
    data_dir.join(INTERNAL_KEY_FILE)
}

/// Where a data directory keeps the plugin API's key.
#[must_use]
pub fn admin_key_file(data_dir: &Path) -> PathBuf {
    data_dir.join(ADMIN_KEY_FILE)
}

/// A key that was just made and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeKey {
    /// Which: `internal` or `admin`.
    pub name: &'static str,
    /// Where it is kept.
    pub file: PathBuf,
    /// The key.
    pub key: Secret,
}

/// The keys of a running host.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Opens the internal API.
    pub internal_api_key: Secret,
    /// Opens the plugin API.
    pub admin_api_key: Secret,
    /// What was just made, so that it can be said once.
    pub made: Vec<MadeKey>,
    token_key: Vec<u8>,
    receipt_key: Vec<u8>,
    cache_key: Vec<u8>,
}

impl Keys {
    /// What the host verifies compiled code with.
    #[must_use]
    pub fn cache_key(&self) -> &[u8] {
        &self.cache_key
    }

    /// The 64 bytes of the Ed25519 key that signs receipts: the seed and its public key.
    #[must_use]
    pub fn receipt_key(&self) -> &[u8] {
        &self.receipt_key
    }

    /// The 64 bytes of the PASETO v4.public secret key that signs access tokens.
    #[must_use]
    pub fn token_key(&self) -> &[u8] {
        &self.token_key
    }

    /// What a store may know of the keys that sign.
    #[must_use]
    pub fn fingerprints(&self) -> [KeyFingerprint; 2] {
        [
            (KeyName::Token, &self.token_key),
            (KeyName::Receipt, &self.receipt_key),
        ]
        .map(|(name, key)| KeyFingerprint {
            name,
            // The public half follows the seed.
            fingerprint: sha256_hex(key.get(SEED_BYTES..).unwrap_or_default()),
        })
    }

    /// Whether the hosts of a store sign with the same keys.
    ///
    /// # Errors
    /// [`KeyError::Other`] names each key that differs from the one that the store knows.
    pub fn refuse_others(&self, known: &[KeyFingerprint]) -> Result<(), KeyError> {
        let short = |fingerprint: &str| fingerprint.chars().take(16).collect();
        let own = self.fingerprints();
        let pairs = own.iter().zip(known);
        let others: Vec<OtherKey> = pairs
            .filter(|(own, known)| own != known)
            .map(|(own, known)| {
                let (variable, file) = match own.name {
                    KeyName::Token => ("LEVAIN_TOKEN_KEY", TOKEN_KEY_FILE),
                    KeyName::Receipt => ("LEVAIN_RECEIPT_KEY", RECEIPT_KEY_FILE),
                };
                OtherKey {
                    name: own.name,
                    known: short(&known.fingerprint),
                    own: short(&own.fingerprint),
                    variable,
                    file,
                }
            })
            .collect();
        match others.is_empty() {
            true => Ok(()),
            false => Err(KeyError::Other { others }),
        }
    }
}

impl KeySettings {
    /// The keys: those that were given, or else those of the data directory, which are made
    /// where they are missing. Asking again gives the same keys.
    ///
    /// # Errors
    /// [`KeyError::Required`] where the host would listen beyond loopback with a key that nobody
    /// chose; the others where the data directory cannot be used.
    pub fn open(&self) -> Result<Keys, KeyError> {
        // Both are checked before one is created.
        let internal = self.given(
            "internal",
            "INTERNAL_API_KEY",
            self.internal_api_key.as_ref(),
        )?;
        let admin = self.given("admin", "ADMIN_API_KEY", self.admin_api_key.as_ref())?;
        let mut made = Vec::new();
        let mut api_key_of = |name, given: Option<&Secret>, file: PathBuf| match given {
            Some(given) => Ok(given.clone()),
            None => {
                let (key, new) = keep(&file, new_api_key, api_key)?;
                if new {
                    let key = key.clone();
                    made.push(MadeKey { name, file, key });
                }
                Ok::<_, KeyError>(key)
            }
        };
        let internal_api_key = api_key_of("internal", internal, internal_key_file(&self.data_dir))?;
        let admin_api_key = api_key_of("admin", admin, admin_key_file(&self.data_dir))?;
        let token_key = self.signing_key(self.token_key.as_ref(), TOKEN_KEY_FILE)?;
        // Never shared: who has it can have the host run any code.
        let cache_key = keep(&self.data_dir.join(CACHE_KEY_FILE), new_api_key, api_key)?.0;
        let cache_key = cache_key.reveal().as_bytes().to_vec();
        let receipt_key = self.signing_key(self.receipt_key.as_ref(), RECEIPT_KEY_FILE)?;
        Ok(Keys {
            internal_api_key,
            admin_api_key,
            made,
            token_key,
            receipt_key,
            cache_key,
        })
    }

    /// The given key of an API; beyond loopback it is required.
    fn given<'k>(
        &self,
        key: &'static str,
        variable: &'static str,
        given: Option<&'k Secret>,
    ) -> Result<Option<&'k Secret>, KeyError> {
        let listen = self.listen;
        match given {
            None if !listen.ip().is_loopback() => Err(KeyError::Required {
                key,
                variable,
                listen,
            }),
            given => Ok(given),
        }
    }

    /// The key that was given, or that of a file of the data directory.
    fn signing_key(&self, given: Option<&Secret>, file: &str) -> Result<Vec<u8>, KeyError> {
        let file = self.data_dir.join(file);
        let key = match given {
            Some(given) => given.clone(),
            None => keep(&file, new_signing_key, signing_key)?.0,
        };
        unhex(key.reveal()).ok_or_else(|| KeyError::Malformed {
            file,
            reason: "it is not hexadecimal".to_owned(),
        })
    }
}

fn new_api_key() -> Result<String, KeyError> {
    let mut bytes = [0_u8; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(hex(&bytes))
}

fn new_signing_key() -> Result<String, KeyError> {
    let pair = AsymmetricKeyPair::<V4>::generate().map_err(|_| KeyError::Random)?;
    let secret: &AsymmetricSecretKey<V4> = &pair.secret;
    Ok(hex(secret.as_bytes()))
}

/// Reads a key file, or creates it; returns whether it was created.
fn keep(
    file: &Path,
    make: fn() -> Result<String, KeyError>,
    check: fn(&str) -> Result<Secret, String>,
) -> Result<(Secret, bool), KeyError> {
    let unusable = |source| KeyError::File {
        file: file.to_owned(),
        source,
    };
    let mut made = false;
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            made = publish(file, &make()?).map_err(unusable)?;
            fs::read_to_string(file).map_err(unusable)?
        }
        read => read.map_err(unusable)?,
    };
    let secret = check(text.trim_end()).map_err(|reason| KeyError::Malformed {
        file: file.to_owned(),
        reason: format!("it {reason}"),
    })?;
    Ok((secret, made))
}

/// Creates a file that only its owner can read, whole or not at all. Returns `false` where another process was first:
/// its key is then the host's.
fn publish(file: &Path, text: &str) -> std::io::Result<bool> {
    let directory = file.parent().unwrap_or(Path::new("."));
    create_private_directory(directory)?;
    let mut draft = tempfile::NamedTempFile::new_in(directory)?;
    writeln!(draft, "{text}")?;
    draft.as_file().sync_all()?;
    match draft.persist_noclobber(file) {
        Ok(_) => Ok(true),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(failed) => Err(failed.error),
    }
}

fn create_private_directory(directory: &Path) -> std::io::Result<()> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// An API key: long enough, and valid in a header.
pub fn api_key(text: &str) -> Result<Secret, String> {
    if text.len() < SHORTEST_KEY || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(format!(
            "is not a key: {SHORTEST_KEY} or more visible ASCII characters without spaces"
        ));
    }
    Ok(Secret::new(text))
}

/// A key that signs: the 64 bytes of an Ed25519 seed and its public key, which is what a PASETO
/// v4.public secret key is, in hexadecimal.
pub fn signing_key(text: &str) -> Result<Secret, String> {
    unhex(text)
        // An all-zero seed makes the cryptography crate panic instead of refuse.
        .filter(|bytes| bytes.iter().take(32).any(|byte| *byte != 0))
        .filter(|bytes| AsymmetricSecretKey::<V4>::from(bytes).is_ok())
        .map(|_| Secret::new(text))
        .ok_or_else(|| {
            "is not the 64 bytes of an Ed25519 seed and its public key in hexadecimal".to_owned()
        })
}

#[cfg(test)]
mod tests;
