//! The routes: one file per resource.

mod accounts;
mod data;
mod docs;
mod health;
mod services;
mod sessions;

use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;
use super::openapi::{ApiDoc, complete};

/// Every route, and the description that is made of them.
pub(super) fn routes() -> (axum::Router<HttpState>, utoipa::openapi::OpenApi) {
    let (router, mut description) = OpenApiRouter::with_openapi(ApiDoc::openapi())
        .routes(routes!(sessions::create_session, sessions::list_sessions))
        .routes(routes!(sessions::get_session, sessions::delete_session))
        .routes(routes!(sessions::get_session_status))
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(data::list_records))
        .routes(routes!(services::clone_domain))
        .routes(routes!(services::delete_tenant))
        .routes(routes!(services::find_record))
        .routes(routes!(services::export_tenant))
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_readiness))
        .split_for_parts();
    complete(&mut description);
    let router = router
        .route("/docs", get(docs::get_docs))
        .route("/docs/page.css", get(docs::get_style))
        .route("/docs/page.js", get(docs::get_script));
    (router, description)
}
