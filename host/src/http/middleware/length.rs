//! Refuses a body that is said to be too large before any of it is read, on every route. One that
//! does not say its length is bounded where it is read.

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use crate::http::HttpState;
use crate::http::extract::too_large;
use crate::http::problem::Problem;

/// Where components are sent to.
const PLUGINS: &str = "/api/plugins";

/// Bounds `Content-Length`.
pub(in crate::http) async fn bound_length(
    State(state): State<HttpState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    let most = match request.uri().path().starts_with(PLUGINS) {
        true => state.largest_plugins_body(),
        false => state.max_body_bytes,
    };
    match length {
        Some(bytes) if bytes > u64::try_from(most).unwrap_or(u64::MAX) => {
            Err(too_large(Some(most)))
        }
        _ => Ok(next.run(request).await),
    }
}
