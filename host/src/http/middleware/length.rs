//! Rejects URLs that are too long, and bodies whose `Content-Length` is too large, before the body is read. A body
//! without a stated length is bounded by its extractor.

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::HttpState;
use crate::http::extract::too_large;
use crate::http::problem::Problem;

/// Where components are sent to.
const PLUGINS: &str = "/api/plugins";

/// Bytes of a path and its query. Proxies and servers commonly take 8 KiB (RFC 9112, section 3, asks for 8,000
/// octets at least).
const LONGEST_URL: usize = 8 << 10;

/// Bounds the URL and `Content-Length`.
pub(in crate::http) async fn bound_length(
    State(state): State<HttpState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if url_bytes(request.uri()) > LONGEST_URL {
        return Err(url_too_long());
    }
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

fn url_bytes(url: &Uri) -> usize {
    url.path().len() + url.query().map_or(0, |query| query.len() + 1)
}

fn url_too_long() -> Problem {
    let title = "The URL is too long";
    let detail = format!("the path and its query may have at most {LONGEST_URL} bytes");
    Problem::new(StatusCode::URI_TOO_LONG, "url_too_long", title, detail)
        .with_hint("ask for less at once: fewer filters, or fewer values of one")
}
