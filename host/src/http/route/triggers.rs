//! What a domain's service is told to do again after cloning: triggers, and an outlet's own record.
//! For other services, with the internal key.

use axum::Json;
use axum::extract::State;

use crate::http::HttpState;
use crate::http::extract::{InternalCaller, JsonObject, PathParams};
use crate::http::openapi::refusal::{
    BadBody, DomainFailed, HostBusy, KeyRefused, NotOpen, NothingThere, SessionOver, TriggerNotRun,
};
use crate::http::params::{ChildParams, TriggerParams};
use crate::http::problem::Problem;
use crate::http::view::{DomainCloneView, TriggerRunView};
use crate::sessions::{CallTrigger, redacted};

/// Clone an outlet's tenant again
///
/// The tenant domain of an outlet of an open session, under all checks. The other domains of the
/// outlet are cloned by their own services.
#[utoipa::path(
    post,
    path = "/services/tenant/internal/demo/create-child",
    tag = "services",
    request_body = ChildParams,
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "It is cloned and in place.", body = DomainCloneView),
        BadBody, KeyRefused, NothingThere, NotOpen, SessionOver, DomainFailed, HostBusy,
    ),
)]
pub(super) async fn create_child(
    State(state): State<HttpState>,
    _: InternalCaller,
    body: JsonObject,
) -> Result<Json<DomainCloneView>, Problem> {
    let asked = ChildParams::read(body)?;
    tracing::Span::current().record("session", redacted(&asked.session_id));
    let service = state.sessions.clone_child(asked).await?;
    Ok(Json(service.into()))
}

/// Run a trigger again
///
/// On the records of an open session as they are stored. What it makes replaces what it had made for
/// the tenant, and what reads that is computed again. The same records give the same bytes.
#[utoipa::path(
    post,
    path = "/services/{domain}/internal/{trigger}/trigger",
    tag = "services",
    params(
        ("domain" = String, Path, description = "The domain's slug"),
        ("trigger" = String, Path, description = "The trigger's path in the catalog"),
    ),
    request_body = TriggerParams,
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "It has run, and what it made is in place.", body = TriggerRunView),
        BadBody, KeyRefused, NothingThere, SessionOver, TriggerNotRun, HostBusy,
    ),
)]
pub(super) async fn run_trigger(
    State(state): State<HttpState>,
    _: InternalCaller,
    PathParams((domain, trigger)): PathParams<(String, String)>,
    body: JsonObject,
) -> Result<Json<TriggerRunView>, Problem> {
    let asked = TriggerParams::read(domain, trigger, body)?;
    run(&state, asked).await
}

/// Run a trigger of a group again
///
/// As a trigger whose path has one part.
#[utoipa::path(
    post,
    path = "/services/{domain}/internal/{group}/{trigger}/trigger",
    tag = "services",
    params(
        ("domain" = String, Path, description = "The domain's slug"),
        ("group" = String, Path, description = "The first part of the trigger's path in the catalog"),
        ("trigger" = String, Path, description = "The second part"),
    ),
    request_body = TriggerParams,
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "It has run, and what it made is in place.", body = TriggerRunView),
        BadBody, KeyRefused, NothingThere, SessionOver, TriggerNotRun, HostBusy,
    ),
)]
pub(super) async fn run_grouped_trigger(
    State(state): State<HttpState>,
    _: InternalCaller,
    PathParams((domain, group, trigger)): PathParams<(String, String, String)>,
    body: JsonObject,
) -> Result<Json<TriggerRunView>, Problem> {
    let asked = TriggerParams::read(domain, format!("{group}/{trigger}"), body)?;
    run(&state, asked).await
}

async fn run(state: &HttpState, asked: CallTrigger) -> Result<Json<TriggerRunView>, Problem> {
    let tenant_id = asked.tenant_id;
    let row = state.sessions.run_trigger(asked).await?;
    Ok(Json(TriggerRunView::new(tenant_id, row)))
}
