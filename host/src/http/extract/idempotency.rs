//! `Idempotency-Key`: a caller's name for a request that is to be done once, however often it is sent
//! (draft-ietf-httpapi-idempotency-key-header). The draft writes it as a quoted string; quotes, where
//! there are any, are part of the key here.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::problem::{Problem, Violation};
use levain_model::sha256_hex;

/// The header.
const HEADER: &str = "Idempotency-Key";

/// Characters of a key: fewer could be guessed, and a key opens the answer that it stands for.
const LENGTH: std::ops::RangeInclusive<usize> = 16..=255;

/// The digest of a caller's key, where it gave one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct IdempotencyKey(pub(in crate::http) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(HEADER).iter();
        let Some(key) = given.next() else {
            return Ok(Self(None));
        };
        if given.next().is_some() {
            return Err(refused("is given more than once"));
        }
        let key = key.as_bytes();
        if !LENGTH.contains(&key.len()) || !key.iter().all(u8::is_ascii_graphic) {
            return Err(refused(
                "must be 16 to 255 visible ASCII characters without spaces",
            ));
        }
        Ok(Self(Some(sha256_hex(key))))
    }
}

fn refused(fault: &str) -> Problem {
    Problem::invalid(vec![Violation::of(HEADER, format!("`{HEADER}` {fault}"))])
        .with_hint("a UUID of its own for every request; the same for its repetitions")
}
