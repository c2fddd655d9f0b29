//! Responses to requests that no handler served.

use std::any::Any;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::http::problem::{Problem, echo};

/// There is nothing at this path.
pub(in crate::http) async fn route_not_found() -> Problem {
    let title = "There is no such route";
    Problem::new(
        StatusCode::NOT_FOUND,
        "route_not_found",
        title,
        "nothing is served at this path",
    )
    .with_hint("GET /openapi.json describes every route")
}

/// There is something at this path, but not for this method.
pub(in crate::http) async fn method_not_allowed(method: Method) -> Problem {
    let title = "The method is not allowed";
    let detail = format!(
        "this path does not answer {}; the header Allow lists what it answers",
        echo(method.as_str())
    );
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        title,
        detail,
    )
}

/// 500 for a handler that panicked; the message goes to the log only.
pub(in crate::http) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(message, "a handler panicked");
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_returns_500_without_its_message() {
        let response = panicked(Box::new("SELECT 1 at /var/lib/secret"));
        assert_eq!(response.status(), 500);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await;
        let body: serde_json::Value = serde_json::from_slice(&body.unwrap()).unwrap();
        assert_eq!(body["code"], "internal");
        assert!(!body.to_string().contains("secret"), "{body}");
    }
}
