//! What the host counts.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};

use crate::http::HttpState;
use crate::metrics;

/// The text format that every Prometheus reads.
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Read the metrics
///
/// As Prometheus reads them. It answers also where the store does not: the numbers of sessions are then
/// missing.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, description = "The metrics, in the text format 0.0.4.", body = String, content_type = "text/plain")),
)]
pub(super) async fn get_metrics(
    State(state): State<HttpState>,
) -> ([(HeaderName, HeaderValue); 1], String) {
    let gauges = state.sessions.gauges().await;
    ([(header::CONTENT_TYPE, FORMAT)], metrics::render(&gauges))
}
