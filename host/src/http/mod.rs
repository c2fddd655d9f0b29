//! Owns the HTTP API: routes, extraction, views, refusals as problem+json, access tokens and the
//! internal key, and the description of it all.
//!
//! Never: decisions. The sessions decide what a session is and may become.
//!
//! A request goes through `middleware` to a handler in `route`, which reads it with `extract` and `params`, calls
//! [`Sessions`](crate::sessions::Sessions), and returns a `view` or a `problem`.

mod access;
mod api_key;
mod client;
mod events;
mod extract;
#[doc(hidden)]
pub mod fuzzing;
mod middleware;
mod openapi;
mod params;
mod problem;
mod records;
mod route;
mod serve;
mod state;
#[cfg(test)]
mod testing;
mod token;
mod view;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Router, middleware as layer};
use tower_http::catch_panic::CatchPanicLayer;

pub use api_key::ApiKey;
pub use client::{ClientRate, Guesses, Pace, ReadBounds, Reads, TrustedProxies};
pub use events::{EventStreams, StreamBounds};
pub use problem::{Problem, ProblemView, Violation, Violations};
pub use serve::{ServeBounds, listen, serve};
pub use state::HttpState;
pub use token::{Claims, TokenError, Tokens};

/// Every route, inside the middleware of every request.
pub fn router(state: HttpState) -> Router {
    let (routes, description) = route::routes();
    // Serialised once: it never changes, and every response shares the bytes.
    let description = openapi::described(&description, state.sessions.catalog()).to_string();
    let description = Bytes::from(description);
    let describe = move || {
        let json = HeaderValue::from_static("application/json");
        let described = ([(header::CONTENT_TYPE, json)], description.clone()).into_response();
        std::future::ready(described)
    };
    routes
        .route("/openapi.json", get(describe))
        .fallback(middleware::route_not_found)
        .method_not_allowed_fallback(middleware::method_not_allowed)
        .layer(DefaultBodyLimit::max(state.max_body_bytes))
        .layer(layer::from_fn_with_state(
            state.clone(),
            middleware::bound_reads,
        ))
        .layer(layer::from_fn_with_state(
            state.clone(),
            middleware::bound_length,
        ))
        .layer(CatchPanicLayer::custom(middleware::panicked))
        .layer(layer::from_fn(middleware::harden))
        .layer(layer::from_fn(middleware::observe))
        .with_state(state)
}
