//! The routes: one file per resource.

mod accounts;
mod data;
mod docs;
mod events;
mod health;
mod metrics;
mod plugins;
mod products;
mod receipts;
mod services;
mod sessions;
mod triggers;

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
        .routes(routes!(sessions::extend_session))
        .routes(routes!(sessions::reset_session))
        .routes(routes!(receipts::get_receipt))
        .routes(routes!(receipts::verify_session))
        .routes(routes!(receipts::get_receipt_key))
        .routes(routes!(events::watch_session))
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(data::list_records))
        .routes(routes!(products::list_alerts))
        .routes(routes!(products::list_insights))
        .routes(routes!(products::list_kpis))
        .routes(routes!(products::list_tenant_alerts))
        .routes(routes!(services::clone_domain))
        .routes(routes!(services::delete_tenant))
        .routes(routes!(services::find_record))
        .routes(routes!(services::export_tenant))
        .routes(routes!(triggers::create_child))
        .routes(routes!(triggers::run_trigger))
        .routes(routes!(triggers::run_grouped_trigger))
        .routes(routes!(plugins::list_plugins, plugins::install_plugins))
        .routes(routes!(plugins::get_plugin, plugins::install_plugin))
        .routes(routes!(plugins::roll_back_plugin))
        .routes(routes!(plugins::roll_back_plugins))
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_readiness))
        .routes(routes!(metrics::get_metrics))
        .split_for_parts();
    complete(&mut description);
    let router = router
        .route("/docs", get(docs::get_docs))
        .route("/docs/page.css", get(docs::get_style))
        .route("/docs/page.js", get(docs::get_script));
    (router, description)
}
