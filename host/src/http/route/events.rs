//! A session's state as it changes.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};

use crate::http::HttpState;
use crate::http::events::{Snapshot, events};
use crate::http::extract::{PathParams, TriedKey};
use crate::http::openapi::refusal::{BadRequest, NoSession, StreamUnavailable};
use crate::http::problem::Problem;
use crate::sessions::SessionError;
use levain_model::SessionStatus;

/// The id of the last event that a returning client has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells proxies to pass each event on at once.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Intermediaries may close a connection that is silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Watch a session
///
/// Server-Sent Events: `event: status` with the same JSON as the session's status, at once and whenever
/// it has changed, until the session is DESTROYED or FAILED or the host stops. Each event is the whole
/// state; its `id` is a digest of it.
#[utoipa::path(
    get,
    path = "/api/demo/sessions/{session_id}/events",
    tag = "sessions",
    params(
        ("session_id" = String, Path, description = "The session"),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that the client has: it is not told that one again"),
    ),
    responses(
        (status = 200, description = "Events, as they come.", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The session is over, and the client has the last event: there is nothing to come back for."),
        BadRequest, NoSession, StreamUnavailable,
    ),
)]
pub(super) async fn watch_session(
    State(state): State<HttpState>,
    client: StreamClient,
    PathParams(session_id): PathParams<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = state.streams.take(client.0, &session_id)?;
    let mut states = state.sessions.watch(&session_id);
    // Before the response begins: an unknown session gets a problem.
    let session = states.next().await?.ok_or(SessionError::Stopping)?;
    let first = Snapshot::of(&session)?;
    let known = headers
        .get(LAST_EVENT_ID)
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    let is_over = matches!(
        session.status,
        SessionStatus::Failed | SessionStatus::Destroyed
    );
    if is_over && known.as_ref() == Some(&first.id) {
        // 204 stops a client from connecting again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let events = Sse::new(events(first, states, known, place))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, events).into_response())
}

/// The address to count for a stream; `None` for the holder of the internal key, who may pass on the streams of many
/// visitors.
pub(super) struct StreamClient(Option<IpAddr>);

impl FromRequestParts<HttpState> for StreamClient {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Infallible> {
        let tried = parts.extensions.get::<TriedKey>();
        let is_internal = tried.is_some_and(|tried| tried.is_right());
        let client = || state.proxies.client_of(&parts.extensions, &parts.headers);
        Ok(Self((!is_internal).then(client)))
    }
}
