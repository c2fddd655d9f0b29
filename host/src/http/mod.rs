//! Owns the HTTP API: routes, extraction, views, refusals as problem+json, access tokens and the
//! internal key, and the description of it all.
//!
//! Never: decisions. The sessions decide what a session is and may become.
//!
//! A request goes through `middleware` to a handler in `route`, which reads it with `extract` and `params`, calls
//! [`Sessions`], and returns a `view` or a `problem`.

mod access;
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
#[cfg(test)]
mod testing;
mod token;
mod view;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Router, middleware as layer};
use tower_http::catch_panic::CatchPanicLayer;

use crate::sessions::Sessions;

pub use client::{ClientRate, Guesses, Pace, ReadBounds, Reads, TrustedProxies};
pub use events::{EventStreams, StreamBounds};
pub use extract::ApiKey;
pub use problem::{Problem, ProblemView, Violation, Violations};
pub use serve::{ServeBounds, listen, serve};
pub use token::{Claims, TokenError, Tokens};

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    /// The sessions, their catalog and the versions of the plugins.
    pub sessions: Sessions,
    /// Signs access tokens and verifies them.
    pub tokens: Arc<Tokens>,
    /// Opens the service API and the fields that reproduce a session.
    pub internal_key: ApiKey,
    /// Opens the plugin API.
    pub admin_key: ApiKey,
    /// The largest component that is admitted, in bytes.
    pub largest_component: usize,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// Proxies that are trusted to name the address of a client.
    pub proxies: Arc<TrustedProxies>,
    /// How often one client may create.
    pub rate: Arc<ClientRate>,
    /// How much one client may read.
    pub reads: Arc<Reads>,
    /// Bounds the wrong keys of one client.
    pub guesses: Arc<Guesses>,
    /// How many streams of events may be open.
    pub streams: EventStreams,
}

impl HttpState {
    /// The fields of an entity's records, in the order of its schema; empty for an unknown entity.
    fn fields(&self, domain: &str, entity: &str) -> Vec<&str> {
        let schema = self.sessions.catalog().schema(domain, entity);
        let columns = schema.map(|schema| schema.columns()).unwrap_or_default();
        columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The largest body of a request with several components: a few of the largest, as base64.
    fn largest_plugins_body(&self) -> usize {
        const COMPONENTS: usize = 4;
        self.largest_component
            .saturating_mul(COMPONENTS)
            .saturating_mul(4)
            / 3
    }
}

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
