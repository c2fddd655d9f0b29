//! Fingerprints of the keys that the hosts of one store sign with.
//!
//! Hosts that sign with different keys refuse each other's tokens, and nobody can tell which receipt is whose. A
//! store therefore knows the fingerprints of its hosts' keys, and never the keys.

use std::fmt;

/// A key that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyName {
    /// Signs access tokens.
    Token,
    /// Signs receipts.
    Receipt,
}

/// What a key is known by: the SHA-256 of its public half, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFingerprint {
    /// Which key.
    pub name: KeyName,
    /// The digest.
    pub fingerprint: String,
}

impl KeyName {
    /// The name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Receipt => "receipt",
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
