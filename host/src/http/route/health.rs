//! Whether the host lives, and whether it can work.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::HttpState;
use crate::http::openapi::refusal::NotReady;
use crate::http::problem::Problem;
use crate::sessions::SessionError;
use levain_store::RepoError;

/// That all is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Health)]
pub(super) struct HealthView {
    /// `ok` or `ready`.
    status: &'static str,
}

/// Ask whether the host lives
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    responses((status = 200, description = "It lives.", body = HealthView)),
)]
pub(super) async fn get_health() -> Json<HealthView> {
    Json(HealthView { status: "ok" })
}

/// Ask whether the host can work
///
/// The store can be reached, its disk has space, and every required domain is served.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses((status = 200, description = "It can work.", body = HealthView), NotReady),
)]
pub(super) async fn get_readiness(
    State(state): State<HttpState>,
) -> Result<Json<HealthView>, Problem> {
    match state.sessions.ready().await {
        Ok(()) => Ok(Json(HealthView { status: "ready" })),
        // What is not served is said: that is what the question is for.
        Err(SessionError::Host { reason }) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "The host is not ready",
            reason,
        )
        .with_retry()),
        Err(SessionError::Store(error)) => {
            tracing::warn!(%error, "the store cannot be used");
            let title = "The store is unavailable";
            let detail = match error {
                RepoError::Full { .. } => error.to_string(),
                _ => "the store does not answer".to_owned(),
            };
            Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "store_unavailable",
                title,
                detail,
            )
            .with_retry())
        }
        Err(error) => Err(error.into()),
    }
}
