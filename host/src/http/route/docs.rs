//! `/docs`: a page that shows `/openapi.json`. All of it is here; nothing is loaded from
//! elsewhere.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

/// What the page may load: its own style, script and description.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub(super) async fn get_docs() -> Response {
    let policy = [(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    )];
    (policy, Html(include_str!("../docs/page.html"))).into_response()
}

/// Its style.
pub(super) async fn get_style() -> Response {
    text("text/css; charset=utf-8", include_str!("../docs/page.css"))
}

/// Its script.
pub(super) async fn get_script() -> Response {
    text(
        "text/javascript; charset=utf-8",
        include_str!("../docs/page.js"),
    )
}

fn text(kind: &'static str, text: &'static str) -> Response {
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        text,
    )
        .into_response()
}
