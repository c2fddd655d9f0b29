//! The plugins: which component serves each domain, and what changes that.

use axum::Json;
use axum::extract::State;

use crate::http::HttpState;
use crate::http::extract::{AdminCaller, ComponentBody, JsonObject, PathParams, QueryPairs};
use crate::http::openapi::refusal::{
    AdminRefused, BadBody, BadComponent, BadRequest, NoDomain, NotChanged, NotProven, ProofBusy,
    StoreUnavailable,
};
use crate::http::params::{CallerParams, InstallParams, RollbackParams, read_components};
use crate::http::problem::Problem;
use crate::http::view::{InstallationView, PluginView, PluginsView, RollbackView};
use crate::revisions::{Candidate, Install, InstallTurn, RevisionError, Rollback};

/// List the plugins
///
/// Per domain: the component that serves it, since when and by whom, and what a rollback leads to.
#[utoipa::path(
    get,
    path = "/api/plugins",
    tag = "plugins",
    security(("admin_key" = [])),
    responses(
        (status = 200, description = "Every domain that has a plugin.", body = PluginsView),
        AdminRefused, StoreUnavailable,
    ),
)]
pub(super) async fn list_plugins(
    _: AdminCaller,
    State(state): State<HttpState>,
) -> Result<Json<PluginsView>, Problem> {
    let (revision, domains) = state.revisions.versions().await?;
    Ok(Json(PluginsView::new(revision, &domains)))
}

/// Show a domain's plugin
#[utoipa::path(
    get,
    path = "/api/plugins/{domain}",
    tag = "plugins",
    params(("domain" = String, Path, description = "The domain")),
    security(("admin_key" = [])),
    responses(
        (status = 200, description = "The versions of the domain.", body = PluginView),
        BadRequest, AdminRefused, NoDomain, StoreUnavailable,
    ),
)]
pub(super) async fn get_plugin(
    _: AdminCaller,
    State(state): State<HttpState>,
    PathParams(domain): PathParams<String>,
) -> Result<Json<PluginView>, Problem> {
    let (_, domains) = state.revisions.versions().await?;
    let found = domains.iter().find(|one| one.domain == domain);
    let found = found.ok_or_else(|| RevisionError::UnknownDomain {
        asked: domain.clone(),
        known: domains.iter().map(|one| one.domain.clone()).collect(),
    })?;
    Ok(Json(PluginView::from(found)))
}

/// Install a plugin
///
/// The component is admitted, compiled, and proven on the real fixtures of every account that has the domain;
/// what it makes differently from the one that serves is told; and it serves, as a new revision. Sessions that
/// are being made go on with what they began with. `dry_run` does all of this but the last.
#[utoipa::path(
    put,
    path = "/api/plugins/{domain}",
    tag = "plugins",
    params(
        ("domain" = String, Path, description = "The domain"),
        InstallParams,
    ),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component"),
    security(("admin_key" = [])),
    responses(
        (status = 200, description = "It is proven and, but for a dry run, serves.", body = InstallationView),
        BadComponent, AdminRefused, NoDomain, NotChanged, NotProven, ProofBusy,
    ),
)]
pub(super) async fn install_plugin(
    _: AdminCaller,
    State(state): State<HttpState>,
    PathParams(domain): PathParams<String>,
    query: QueryPairs,
    body: ComponentBody,
) -> Result<Json<InstallationView>, Problem> {
    let params = InstallParams::read(query)?;
    // Before the body: a caller that is not served now need not send it.
    let turn = state.revisions.take_turn()?;
    let bytes = body.component(&state).await?;
    install(&state, turn, params, vec![Candidate { domain, bytes }]).await
}

/// Install several plugins
///
/// As one: they are proven together, and serve together or not at all.
#[utoipa::path(
    put,
    path = "/api/plugins",
    tag = "plugins",
    params(
        InstallParams,
    ),
    request_body(content = crate::http::view::ComponentsView, description = "The components"),
    security(("admin_key" = [])),
    responses(
        (status = 200, description = "They are proven and, but for a dry run, serve.", body = InstallationView),
        BadBody, AdminRefused, NoDomain, NotChanged, NotProven, ProofBusy,
    ),
)]
pub(super) async fn install_plugins(
    _: AdminCaller,
    State(state): State<HttpState>,
    query: QueryPairs,
    body: ComponentBody,
) -> Result<Json<InstallationView>, Problem> {
    let params = InstallParams::read(query)?;
    // Before the body: a caller that is not served now need not send it.
    let turn = state.revisions.take_turn()?;
    let largest = state.largest_component;
    let components = body.parse(&state, move |body| read_components(body, largest));
    install(&state, turn, params, components.await?).await
}

async fn install(
    state: &HttpState,
    turn: InstallTurn,
    params: InstallParams,
    candidates: Vec<Candidate>,
) -> Result<Json<InstallationView>, Problem> {
    let asked = Install {
        candidates,
        by: params.by,
        activate: !params.dry_run,
        seed: params.seed,
    };
    let installation = state.revisions.install_in(turn, asked).await?;
    Ok(Json(InstallationView::new(&installation, params.dry_run)))
}

/// Roll a plugin back
///
/// The version before serves, at once: nothing is compiled or proven. Once more, it goes back once more.
#[utoipa::path(
    post,
    path = "/api/plugins/{domain}/rollback",
    tag = "plugins",
    params(
        ("domain" = String, Path, description = "The domain"),
        CallerParams,
    ),
    security(("admin_key" = [])),
    responses(
        (status = 200, description = "The version before serves.", body = RollbackView),
        BadRequest, AdminRefused, NoDomain, NotChanged, StoreUnavailable,
    ),
)]
pub(super) async fn roll_back_plugin(
    _: AdminCaller,
    State(state): State<HttpState>,
    PathParams(domain): PathParams<String>,
    query: QueryPairs,
) -> Result<Json<RollbackView>, Problem> {
    roll_back(&state, query, vec![domain]).await
}

/// Roll several plugins back
///
/// As one: all of them, or none.
#[utoipa::path(
    post,
    path = "/api/plugins/rollback",
    tag = "plugins",
    params(CallerParams),
    request_body(content = RollbackParams, description = "The domains"),
    security(("admin_key" = [])),
    responses(
        (status = 200, description = "The versions before serve.", body = RollbackView),
        BadBody, AdminRefused, NoDomain, NotChanged, StoreUnavailable,
    ),
)]
pub(super) async fn roll_back_plugins(
    _: AdminCaller,
    State(state): State<HttpState>,
    query: QueryPairs,
    body: JsonObject,
) -> Result<Json<RollbackView>, Problem> {
    let params = RollbackParams::read(body)?;
    roll_back(&state, query, params.domains).await
}

async fn roll_back(
    state: &HttpState,
    query: QueryPairs,
    domains: Vec<String>,
) -> Result<Json<RollbackView>, Problem> {
    let by = CallerParams::read(query)?.by;
    let asked = Rollback {
        domains: domains.clone(),
        by,
    };
    let revision = state.revisions.roll_back(asked).await?;
    let (_, versions) = state.revisions.versions().await?;
    let changed = versions.iter().filter(|one| domains.contains(&one.domain));
    Ok(Json(RollbackView::new(revision, changed)))
}
