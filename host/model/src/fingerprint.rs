//! Fingerprints of the keys that the hosts of one store sign with.
//!
//! Hosts that sign with different keys refuse each other's tokens, and nobody can tell which receipt is whose. A
//! store therefore knows the fingerprints of its hosts' keys, and never the keys.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyName {
    Token,
    Receipt,
}

/// The SHA-256 of a key's public half, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFingerprint {
    pub name: KeyName,
    pub fingerprint: String,
}

impl KeyName {
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
