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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use axum::routing::get;
    use axum::{Router, middleware};
    use tower::ServiceExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn log_names_the_route_and_never_the_session() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .finish();
        // With a single dispatcher, a thread without one may disable a call site for every thread.
        let _second = tracing::Dispatch::new(tracing_subscriber::registry());
        let guard = tracing::subscriber::set_default(subscriber);
        let id = "demo_3f1c0d5e8a7b49d2b6c4e1f00a9d8c7b";
        let router = Router::new()
            .route("/api/demo/sessions/{session_id}/status", get(|| async {}))
            .layer(middleware::from_fn(observe));
        for below in ["status", "elsewhere"] {
            let request = Request::get(format!("{SESSION_PATH}{id}/{below}"))
                .header("authorization", "Bearer v4.public.token")
                .body(Body::empty());
            router.clone().oneshot(request.unwrap()).await.unwrap();
        }
        drop(guard);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        for expected in [
            "method=GET",
            "route=\"/api/demo/sessions/{session_id}/status\"",
            "route=\"none\"",
            "status=404",
            "latency_ms=",
            &redacted(id),
        ] {
            assert!(text.contains(expected), "{expected} is not in {text}");
        }
        assert!(!text.contains(id) && !text.contains("v4.public"), "{text}");
    }
}
