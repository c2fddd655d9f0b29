//! A span and a line in the log per request, and a name by which both can be found.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::Empty;
use uuid::Uuid;

use crate::metrics;
use crate::sessions::redacted;

/// The request's name: a caller's own, or one that is given to it; the answer has it too.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest name that a caller may give.
const LONGEST_ID: usize = 128;

/// Where a session's id stands in a path.
const SESSION_PATH: &str = "/api/demo/sessions/";

/// Watches over a request. The path itself is never logged: it may hold a session's id, which is
/// a capability.
pub(in crate::http) async fn observe(request: Request, next: Next) -> Response {
    let request_id = request_id(request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        %method,
        route,
        request_id = request_id.to_str().unwrap_or_default(),
        session = Empty,
    );
    if let Some(session_id) = session_in(request.uri().path()) {
        span.record("session", redacted(session_id));
    }
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let latency = started.elapsed();
    metrics::answered(method.as_str(), route, status, latency);
    let latency_ms = latency.as_secs_f64() * 1000.0;
    span.in_scope(|| tracing::info!(status, latency_ms, "answered"));
    response.headers_mut().insert(REQUEST_ID, request_id);
    response
}

/// The caller's name for the request where it is one that a log can hold, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    match headers.get(REQUEST_ID) {
        Some(given)
            if (1..=LONGEST_ID).contains(&given.len()) && given.as_bytes().iter().all(plain) =>
        {
            given.clone()
        }
        _ => HeaderValue::from_str(&Uuid::new_v4().to_string())
            .unwrap_or(HeaderValue::from_static("unnamed")),
    }
}

fn session_in(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(SESSION_PATH)?;
    rest.split('/')
        .next()
        .filter(|session_id| !session_id.is_empty())
}
