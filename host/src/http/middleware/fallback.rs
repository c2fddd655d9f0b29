//! Answers where no handler gave one.

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

/// A handler panicked: a fault of ours, told to the log.
pub(in crate::http) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(message, "a handler panicked");
    Problem::internal().into_response()
}
