//! Sessions. Whoever knows a session's id may see and end it; its data needs its token.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::HttpState;
use crate::http::extract::{Caller, InternalCaller, JsonObject, PathParams, Prefer, QueryPairs};
use crate::http::openapi::refusal::{
    BadBody, BadRequest, KeyRefused, KeyRequired, NoSession, SessionFailed, StoreUnavailable,
    TenantTaken,
};
use crate::http::params::{NewSessionParams, session_limit};
use crate::http::problem::Problem;
use crate::http::token::Claims;
use crate::http::view::{DeletionView, SessionView, SessionsView, StatusView};
use crate::repo::SessionRow;
use crate::sessions::redacted;

const PREFERENCE_APPLIED: &str = "preference-applied";

/// Create a session
///
/// Answers when the session is READY or PARTIAL, with the token that opens its data. The token is
/// given in this answer only. The work goes on when the caller goes away.
#[utoipa::path(
    post,
    path = "/api/demo/sessions",
    tag = "sessions",
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: answer 202 at once, while the session is CLONING")),
    request_body = NewSessionParams,
    security((), ("internal_key" = [])),
    responses(
        (status = 200, description = "The session, READY or PARTIAL.", body = SessionView),
        (status = 202, description = "The session, CLONING: asked for with `Prefer: respond-async`.", body = SessionView,
            headers(("Location" = String, description = "Where the session is"))),
        BadBody, KeyRefused, KeyRequired, TenantTaken, SessionFailed, StoreUnavailable,
    ),
)]
pub(super) async fn create_session(
    State(state): State<HttpState>,
    caller: Caller,
    prefer: Prefer,
    body: JsonObject,
) -> Result<Response, Problem> {
    let new = NewSessionParams::read(body, caller)?;
    if !prefer.respond_async {
        let session = state.sessions.create(new).await?.session;
        return Ok(Json(with_token(&state, &session)?).into_response());
    }
    let session = state.sessions.begin(new).await?.session;
    let mut response = (StatusCode::ACCEPTED, Json(with_token(&state, &session)?)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        PREFERENCE_APPLIED,
        HeaderValue::from_static("respond-async"),
    );
    let location = format!("/api/demo/sessions/{}", session.session_id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}

/// List sessions
///
/// The newest first, those that ended too, as long as the ledger keeps them.
#[utoipa::path(
    get,
    path = "/api/demo/sessions",
    tag = "sessions",
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "At most so many; 50 where it is not given")),
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "The sessions.", body = SessionsView),
        BadRequest, KeyRefused, StoreUnavailable,
    ),
)]
pub(super) async fn list_sessions(
    State(state): State<HttpState>,
    _: InternalCaller,
    query: QueryPairs,
) -> Result<Json<SessionsView>, Problem> {
    let sessions = state.sessions.list(session_limit(query)?).await?;
    let sessions = sessions
        .iter()
        .map(|session| view(&state, session))
        .collect();
    Ok(Json(SessionsView { sessions }))
}

/// Show a session
#[utoipa::path(
    get,
    path = "/api/demo/sessions/{session_id}",
    tag = "sessions",
    params(("session_id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "The session, whatever became of it.", body = SessionView),
        BadRequest, NoSession, StoreUnavailable,
    ),
)]
pub(super) async fn get_session(
    State(state): State<HttpState>,
    PathParams(session_id): PathParams<String>,
) -> Result<Json<SessionView>, Problem> {
    let session = state.sessions.find(&session_id).await?;
    Ok(Json(view(&state, &session)))
}

/// Show how far a session is
#[utoipa::path(
    get,
    path = "/api/demo/sessions/{session_id}/status",
    tag = "sessions",
    params(("session_id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "Its status, phase, and progress per domain.", body = StatusView),
        BadRequest, NoSession, StoreUnavailable,
    ),
)]
pub(super) async fn get_session_status(
    State(state): State<HttpState>,
    PathParams(session_id): PathParams<String>,
) -> Result<Json<StatusView>, Problem> {
    let session = state.sessions.find(&session_id).await?;
    Ok(Json(StatusView::from(&session)))
}

/// Destroy a session
///
/// Its data goes; what it was stays in the ledger for a while. Can be repeated. A session that is
/// being created is cancelled first.
#[utoipa::path(
    delete,
    path = "/api/demo/sessions/{session_id}",
    tag = "sessions",
    params(("session_id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "It is destroyed, by this call or an earlier one.", body = DeletionView),
        BadRequest, NoSession, StoreUnavailable,
    ),
)]
pub(super) async fn delete_session(
    State(state): State<HttpState>,
    PathParams(session_id): PathParams<String>,
) -> Result<Json<DeletionView>, Problem> {
    let destroyed = state.sessions.destroy(&session_id).await?;
    Ok(Json(destroyed.into()))
}

fn view(state: &HttpState, session: &SessionRow) -> SessionView {
    let account = state.sessions.account(&session.account);
    SessionView::new(session, account, state.sessions.policy())
}

fn with_token(state: &HttpState, session: &SessionRow) -> Result<SessionView, Problem> {
    tracing::Span::current().record("session", redacted(&session.session_id));
    let claims = Claims::of(session, state.sessions.policy());
    let token = state.tokens.issue(&claims).map_err(|error| {
        tracing::error!(%error, "the session has no token");
        Problem::internal()
    })?;
    Ok(view(state, session).with_token(token))
}
