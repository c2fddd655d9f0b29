//! The keys: who holds the internal one may reproduce sessions, see all of them, and call services; who
//! holds the admin key may change the plugins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::http::HttpState;
use crate::http::client::too_many_guesses;
use crate::http::problem::Problem;

/// The header that carries the internal key.
const HEADER: &str = "x-internal-api-key";

/// The header that carries the admin key.
const ADMIN_HEADER: &str = "x-admin-api-key";

/// How to authenticate, where the admin key is needed.
const ADMIN_CHALLENGE: &str = "ApiKey realm=\"admin\", header=\"X-Admin-API-Key\"";

/// How to authenticate, where the internal key is needed.
const CHALLENGE: &str = "ApiKey realm=\"internal\", header=\"X-Internal-API-Key\"";

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

/// Who calls, where the key is optional. A wrong key is refused, not ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Caller {
    /// Anybody.
    Public,
    /// The holder of the internal key.
    Internal,
}

impl Caller {
    /// Looks for the key among the headers.
    ///
    /// # Errors
    /// 401 where there is one and it is wrong; 429 where too many wrong ones came from its address.
    pub(in crate::http) fn of(parts: &Parts, state: &HttpState) -> Result<Self, Problem> {
        let tried = parts.extensions.get::<TriedKey>().copied();
        let tried = tried.or_else(|| TriedKey::of(&parts.extensions, &parts.headers, state));
        match tried {
            None => Ok(Self::Public),
            Some(TriedKey(Ok(true))) => Ok(Self::Internal),
            Some(TriedKey(Ok(false))) => {
                Err(refused("internal_key_wrong", "the internal key is wrong"))
            }
            Some(TriedKey(Err(wait))) => Err(too_many_guesses(wait)),
        }
    }
}

/// Whether the internal key of a request is right, or how long its client has to wait before one is tried. It is
/// tried once for each request: a wrong one counts.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct TriedKey(Result<bool, Duration>);

impl TriedKey {
    /// Tries the key; `None` where there is none.
    pub(in crate::http) fn of(
        extensions: &Extensions,
        headers: &HeaderMap,
        state: &HttpState,
    ) -> Option<Self> {
        let given = headers.get(HEADER)?.as_bytes();
        let client = state.proxies.client_of(extensions, headers);
        let is_right = || state.internal_key.is(given);
        Some(Self(state.guesses.try_key(client, is_right)))
    }

    /// Whether the key was tried and is right.
    pub(in crate::http) fn is_right(self) -> bool {
        self.0 == Ok(true)
    }
}

impl FromRequestParts<HttpState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Problem> {
        Self::of(parts, state)
    }
}

/// The holder of the internal key, where it is required.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct InternalCaller;

impl FromRequestParts<HttpState> for InternalCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Problem> {
        match Caller::of(parts, state)? {
            Caller::Internal => Ok(Self),
            Caller::Public => Err(refused(
                "internal_key_missing",
                "the internal key is missing",
            )),
        }
    }
}

/// The holder of the admin key, where it is required.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct AdminCaller;

impl FromRequestParts<HttpState> for AdminCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Problem> {
        let refused = |code, detail| {
            let title = "The admin key is needed";
            Problem::new(StatusCode::UNAUTHORIZED, code, title, detail)
                .with_hint("X-Admin-API-Key: <the host's ADMIN_API_KEY>")
                .with_challenge(ADMIN_CHALLENGE)
        };
        let Some(given) = parts.headers.get(ADMIN_HEADER) else {
            return Err(refused("admin_key_missing", "the admin key is missing"));
        };
        let client = state.proxies.client_of(&parts.extensions, &parts.headers);
        let is_right = || state.admin_key.is(given.as_bytes());
        match state.guesses.try_key(client, is_right) {
            Ok(true) => Ok(Self),
            Ok(false) => Err(refused("admin_key_wrong", "the admin key is wrong")),
            Err(wait) => Err(too_many_guesses(wait)),
        }
    }
}

fn refused(code: &'static str, detail: &str) -> Problem {
    let title = "The internal key is needed";
    Problem::new(StatusCode::UNAUTHORIZED, code, title, detail)
        .with_hint("X-Internal-API-Key: <the host's INTERNAL_API_KEY>")
        .with_challenge(CHALLENGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_compares_equal_to_itself_only_and_is_not_shown() {
        let key = ApiKey::new("correct horse");
        assert!(key.is(b"correct horse"));
        assert!(!key.is(b"correct hors"));
        assert!(!key.is(b"correct horse "));
        assert!(!key.is(b""));
        assert_eq!(format!("{key:?}"), "ApiKey(..)");
    }
}
