//! Whether a request may create now: the holder of the internal key always, anybody else at a pace.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::http::HttpState;
use crate::http::extract::Caller;
use crate::http::problem::Problem;

/// A request that may create a session or reset one. It is asked for before the body is read.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct MayCreate;

impl FromRequestParts<HttpState> for MayCreate {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Problem> {
        if Caller::of(&parts.headers, &state.internal_key)? == Caller::Internal {
            return Ok(Self);
        }
        let client = state.proxies.client(peer(parts), &parts.headers);
        match state.rate.count(client) {
            Ok(()) => Ok(Self),
            Err(wait) => Err(too_many(wait)),
        }
    }
}

/// Who holds the other end of the connection; where there is none, this machine.
fn peer(parts: &Parts) -> IpAddr {
    let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    connection.map_or(Ipv4Addr::LOCALHOST.into(), |ConnectInfo(peer)| peer.ip())
}

fn too_many(wait: Duration) -> Problem {
    let title = "Too many sessions are asked for";
    let detail = "more sessions are asked for from this address than one may create in a minute";
    let status = StatusCode::TOO_MANY_REQUESTS;
    Problem::new(status, "too_many_requests", title, detail)
        .with_retry_after(wait)
        .with_hint("wait as long as Retry-After says; it is in seconds")
}
