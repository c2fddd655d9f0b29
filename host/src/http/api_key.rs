//! The keys of the internal and the plugin API.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The key, as its digest: neither a log nor a dump of memory shows it, and digests are of one
/// length, so that a comparison tells nothing of the key's.
#[derive(Clone)]
pub struct ApiKey(Arc<[u8; 32]>);

impl ApiKey {
    /// The key that callers must give.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(Arc::new(digest(key.as_bytes())))
    }

    /// Whether this is the key, in a time that does not depend on what differs.
    #[must_use]
    pub fn is(&self, given: &[u8]) -> bool {
        self.0.ct_eq(&digest(given)).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_is_the_key_and_nothing_shows_it() {
        let key = ApiKey::new("correct horse");
        assert!(key.is(b"correct horse"));
        assert!(!key.is(b"correct hors"));
        assert!(!key.is(b"correct horse "));
        assert!(!key.is(b""));
        assert_eq!(format!("{key:?}"), "ApiKey(..)");
    }
}
