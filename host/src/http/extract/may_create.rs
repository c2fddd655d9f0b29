//! Whether a request may create now: the holder of the internal key always, anybody else at a pace.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::Caller;
use crate::http::HttpState;
use crate::http::problem::Problem;

/// A request that may create a session or reset one. It is asked for before the body is read.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct MayCreate;

impl FromRequestParts<HttpState> for MayCreate {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Problem> {
        if Caller::of(parts, state)? == Caller::Internal {
            return Ok(Self);
        }
        let client = state.proxies.client_of(&parts.extensions, &parts.headers);
        match state.rate.count(client) {
            Ok(()) => Ok(Self),
            Err(wait) => Err(too_many(wait)),
        }
    }
}

fn too_many(wait: Duration) -> Problem {
    let title = "Too many sessions are asked for";
    let detail = "more sessions are asked for from this address than one may create in a minute";
    let status = StatusCode::TOO_MANY_REQUESTS;
    Problem::new(status, "too_many_requests", title, detail)
        .with_retry_after(wait)
        .with_hint("wait as long as Retry-After says; it is in seconds")
}
