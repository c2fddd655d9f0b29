//! What each domain's service answers: clone, deletion, existence, export. For other services,
//! with the internal key.

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::http::HttpState;
use crate::http::client::ReadTurn;
use crate::http::extract::{InternalCaller, JsonObject, PathParams, QueryPairs, uuid_parameter};
use crate::http::openapi::refusal::{
    BadBody, BadRequest, DomainFailed, HostBusy, KeyRefused, NotOpen, NothingThere, SessionOver,
    StoreUnavailable,
};
use crate::http::params::{CloneParams, ExistsParams, ExportForm};
use crate::http::problem::Problem;
use crate::http::view::{DomainCloneView, DomainDeletionView};
use crate::sessions::{SessionError, redacted};

/// Clone a domain again
///
/// Clones one domain of an open session again, under all checks, and swaps it in. Repairs a
/// PARTIAL session.
#[utoipa::path(
    post,
    path = "/services/{domain}/internal/demo/clone",
    tag = "services",
    params(("domain" = String, Path, description = "The domain's slug")),
    request_body = CloneParams,
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "It is cloned and in place.", body = DomainCloneView),
        BadBody, KeyRefused, NothingThere, NotOpen, SessionOver, DomainFailed, HostBusy,
    ),
)]
pub(super) async fn clone_domain(
    State(state): State<HttpState>,
    _: InternalCaller,
    PathParams(domain): PathParams<String>,
    body: JsonObject,
) -> Result<Json<DomainCloneView>, Problem> {
    let asked = CloneParams::read(domain, body)?;
    tracing::Span::current().record("session", redacted(&asked.session_id));
    let service = state.sessions.clone_domain(asked).await?;
    Ok(Json(service.into()))
}

/// Delete a domain of a tenant
///
/// Can be repeated.
#[utoipa::path(
    delete,
    path = "/services/{domain}/internal/demo/tenant/{virtual_tenant_id}",
    tag = "services",
    params(
        ("domain" = String, Path, description = "The domain's slug"),
        ("virtual_tenant_id" = uuid::Uuid, Path, description = "The tenant"),
    ),
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "Nothing of it is left.", body = DomainDeletionView),
        BadRequest, KeyRefused, NothingThere, StoreUnavailable,
    ),
)]
pub(super) async fn delete_tenant(
    State(state): State<HttpState>,
    _: InternalCaller,
    PathParams((domain, virtual_tenant_id)): PathParams<(String, String)>,
) -> Result<Json<DomainDeletionView>, Problem> {
    let started = Instant::now();
    let tenant_id = uuid_parameter("virtual_tenant_id", &virtual_tenant_id)?;
    let deleted = state.sessions.delete_domain(&domain, tenant_id).await?;
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    Ok(Json(DomainDeletionView::new(
        domain,
        tenant_id,
        &deleted,
        duration_ms,
    )))
}

/// Ask whether a record exists
#[utoipa::path(
    head,
    path = "/services/{domain}/internal/demo/exists",
    tag = "services",
    params(
        ("domain" = String, Path, description = "The domain's slug"),
        ExistsParams,
    ),
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "It exists, in a session whose data can be read."),
        BadRequest, KeyRefused, NothingThere, StoreUnavailable,
    ),
)]
pub(super) async fn find_record(
    State(state): State<HttpState>,
    _: InternalCaller,
    PathParams(domain): PathParams<String>,
    query: QueryPairs,
    turn: ReadTurn,
) -> Result<StatusCode, Problem> {
    let asked = ExistsParams::read(query)?;
    let session = match state.sessions.session_of_tenant(asked.tenant_id).await {
        Err(SessionError::NotFound { .. }) => return Err(no_record()),
        found => found?,
    };
    if !session.status.is_open() {
        return Err(no_record());
    }
    let segments = state
        .sessions
        .segments(asked.tenant_id, &domain, &asked.entity)
        .await?;
    let found = turn.run(move || {
        let mut segments = segments.iter();
        segments.try_fold(false, |found, segment| {
            Ok(found || has_record(&segment.rows, asked.id)?)
        })
    });
    match found.await? {
        Ok(true) => Ok(StatusCode::OK),
        Ok(false) => Err(no_record()),
        Err::<_, serde_json::Error>(error) => {
            tracing::error!(%error, domain, "a stored segment cannot be read");
            Err(Problem::internal())
        }
    }
}

fn has_record(rows: &str, id: uuid::Uuid) -> Result<bool, serde_json::Error> {
    #[derive(Deserialize)]
    struct Record {
        id: uuid::Uuid,
    }
    let records: Vec<Record> = serde_json::from_str(rows)?;
    Ok(records.iter().any(|record| record.id == id))
}

/// HEAD is answered without a body, and with the headers that one would have.
fn no_record() -> Problem {
    let title = "There is no such record";
    let detail = "the tenant holds no such record";
    Problem::new(StatusCode::NOT_FOUND, "record_not_found", title, detail)
}

/// Export a domain of a tenant
///
/// One array of records per entity.
#[utoipa::path(
    get,
    path = "/services/{domain}/internal/demo/export/{tenant_id}",
    tag = "services",
    params(
        ("domain" = String, Path, description = "The domain's slug"),
        ("tenant_id" = uuid::Uuid, Path, description = "The tenant"),
        ("form" = Option<ExportForm>, Query, description = "`canonical`: RFC 8785, with base ids, the same for every session of one account and data clock; `stored` where it is not given"),
    ),
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "Its records, by entity.", body = std::collections::BTreeMap<String, Vec<serde_json::Value>>),
        BadRequest, KeyRefused, NothingThere, NotOpen, SessionOver, StoreUnavailable,
    ),
)]
pub(super) async fn export_tenant(
    State(state): State<HttpState>,
    _: InternalCaller,
    PathParams((domain, tenant_id)): PathParams<(String, String)>,
    query: QueryPairs,
) -> Result<Response, Problem> {
    let tenant_id = uuid_parameter("tenant_id", &tenant_id)?;
    let canonical = ExportForm::read(query)? == ExportForm::Canonical;
    let text = state.sessions.export(&domain, tenant_id, canonical).await?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], text).into_response())
}
