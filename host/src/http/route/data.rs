//! The records of a session.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::http::HttpState;
use crate::http::access::Access;
use crate::http::client::ReadTurn;
use crate::http::extract::{PathParams, QueryPairs};
use crate::http::openapi::refusal::{
    BadRequest, NotOpen, NothingThere, SessionOver, StoreUnavailable, TokenRefused,
};
use crate::http::params::ListingParams;
use crate::http::problem::Problem;
use crate::http::records::{Cursor, digest_of, select};
use crate::http::view::RecordsView;
use crate::sessions::readable;

/// List the records of an entity
///
/// As they were cloned, in their own order, a page at a time; of what triggers made, trigger by trigger.
#[utoipa::path(
    get,
    path = "/api/demo/sessions/{session_id}/data/{domain}/{entity}",
    tag = "data",
    params(
        ("session_id" = String, Path, description = "The session"),
        ("domain" = String, Path, description = "The domain's slug"),
        ("entity" = String, Path, description = "The entity's slug"),
        ListingParams,
    ),
    security(("access_token" = []), ("internal_key" = [])),
    responses(
        (status = 200, description = "A page of records.", body = RecordsView<'static>),
        BadRequest, TokenRefused, NothingThere, NotOpen, SessionOver, StoreUnavailable,
    ),
)]
pub(super) async fn list_records(
    State(state): State<HttpState>,
    access: Access,
    PathParams((session_id, domain, entity)): PathParams<(String, String, String)>,
    query: QueryPairs,
    turn: ReadTurn,
) -> Result<Response, Problem> {
    let params = ListingParams::read(query)?;
    let (_, tenant) = access.open(&state, &session_id, params.tenant_id).await?;
    let segments = state
        .sessions
        .segments(tenant.tenant_id, &domain, &entity)
        .await?;
    let filters = params.filters(&state.fields(&domain, &entity))?;
    let catalog = state.sessions.catalog();
    if let Some(declared) = catalog.domain(&domain) {
        readable(&tenant, declared, catalog.triggers())?;
    }
    if segments.is_empty() {
        // No record, or all of them were deleted since the session was read.
        access.open(&state, &session_id, params.tenant_id).await?;
    }
    let digest = digest_of(&segments);
    let from = params.from(&digest)?;
    let (tenant_id, limit) = (tenant.tenant_id, params.limit());
    turn.run(move || {
        let rows = segments.iter().map(|segment| segment.rows.as_str());
        let page = select(rows, &filters, from, limit).map_err(|error| {
            tracing::error!(%error, domain, entity, "a stored segment cannot be read");
            Problem::internal()
        })?;
        let view = RecordsView {
            tenant_id,
            domain: &domain,
            entity: &entity,
            total: page.total,
            records: page.records,
            next_cursor: page.next.map(|position| Cursor::write(&digest, position)),
        };
        Ok(Json(view).into_response())
    })
    .await?
}
