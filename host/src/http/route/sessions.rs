//! Sessions. Whoever knows a session's id may see and end it; its data needs its token.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::HttpState;
use crate::http::extract::{
    Caller, IdempotencyKey, InternalCaller, JsonObject, MayCreate, PathParams, Prefer, QueryPairs,
};
use crate::http::openapi::refusal::{
    BadBody, BadRequest, HostBusy, KeyRefused, KeyRequired, KeyReused, NoSession, NotExtended,
    NotReset, SessionFailed, SessionOver, StoreUnavailable, TenantTaken, TooMany,
};
use crate::http::params::{NewSessionParams, SessionListParams};
use crate::http::problem::{Problem, reset_failed};
use crate::http::records::SessionCursor;
use crate::http::token::Claims;
use crate::http::view::{DeletionView, SessionView, SessionsView, StatusView};
use crate::sessions::{SessionError, redacted};
use levain_model::{Session, SessionStatus};
use levain_store::SessionPosition;

const PREFERENCE_APPLIED: &str = "preference-applied";

/// Create a session
///
/// Answers when the session is READY or PARTIAL, with the token that opens its data. The token is
/// given in this answer only. The work goes on when the caller goes away.
///
/// With an `Idempotency-Key`, the same request, sent again within 24 hours, gives the same session and
/// token, as the session is by then.
#[utoipa::path(
    post,
    path = "/api/demo/sessions",
    tag = "sessions",
    params(
        ("Prefer" = Option<String>, Header, description = "`respond-async`: answer 202 at once, while the session is CLONING"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 16, max_length = 255, pattern = "^[!-~]{16,255}$", description = "A name of the caller's own for this request, such as a UUID: visible ASCII characters without spaces"),
    ),
    request_body = NewSessionParams,
    security((), ("internal_key" = [])),
    responses(
        (status = 200, description = "The session, READY or PARTIAL.", body = SessionView),
        (status = 202, description = "The session, CLONING: asked for with `Prefer: respond-async`.", body = SessionView,
            headers(("Location" = String, description = "Where the session is"))),
        BadBody, KeyRefused, KeyRequired, TenantTaken, KeyReused, SessionOver, TooMany, SessionFailed,
        HostBusy,
    ),
)]
pub(super) async fn create_session(
    State(state): State<HttpState>,
    caller: Caller,
    _: MayCreate,
    prefer: Prefer,
    key: IdempotencyKey,
    body: JsonObject,
) -> Result<Response, Problem> {
    let new = NewSessionParams::read(body, caller, key)?;
    let session = match prefer.respond_async {
        true => state.sessions.begin(new).await?.session,
        false => state.sessions.create(new).await?.session,
    };
    // A request that is repeated may find its session further on.
    if session.status != SessionStatus::Cloning {
        return Ok(Json(with_token(&state, &session)?).into_response());
    }
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
    params(SessionListParams),
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
    let SessionListParams { limit, after } = SessionListParams::read(query)?;
    // One more than is asked for tells whether there is another page.
    let mut sessions = state.sessions.list(after.as_ref(), limit + 1).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = sessions.len() > most;
    sessions.truncate(most);
    let last = sessions.last().filter(|_| more).map(SessionPosition::of);
    Ok(Json(SessionsView {
        sessions: sessions
            .iter()
            .map(|session| view(&state, session))
            .collect(),
        next_cursor: last.as_ref().map(SessionCursor::write),
    }))
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

/// Extend a session
///
/// Another full duration, for it and its token, as often as `extensions_left` says.
#[utoipa::path(
    post,
    path = "/api/demo/sessions/{session_id}/extend",
    tag = "sessions",
    params(("session_id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "The session, with its new end.", body = SessionView),
        BadRequest, NoSession, NotExtended, SessionOver, StoreUnavailable,
    ),
)]
pub(super) async fn extend_session(
    State(state): State<HttpState>,
    PathParams(session_id): PathParams<String>,
) -> Result<Json<SessionView>, Problem> {
    let session = state.sessions.extend(&session_id).await?;
    Ok(Json(view(&state, &session)))
}

/// Reset a session
///
/// Fresh data, told from now, in the place of the old: its id, tenants, credentials, token and end stay.
/// The old data is there until the new is, and stays where the reset fails.
#[utoipa::path(
    post,
    path = "/api/demo/sessions/{session_id}/reset",
    tag = "sessions",
    params(("session_id" = String, Path, description = "The session")),
    security((), ("internal_key" = [])),
    responses(
        (status = 200, description = "The session, with its new data.", body = SessionView),
        BadRequest, KeyRefused, NoSession, NotReset, SessionOver, TooMany, HostBusy,
    ),
)]
pub(super) async fn reset_session(
    State(state): State<HttpState>,
    PathParams(session_id): PathParams<String>,
    _: MayCreate,
) -> Result<Json<SessionView>, Problem> {
    match state.sessions.reset(&session_id).await {
        Ok(session) => Ok(Json(view(&state, &session))),
        Err(SessionError::CloneFailed { session }) => Err(reset_failed(&session)),
        Err(error) => Err(error.into()),
    }
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

fn view(state: &HttpState, session: &Session) -> SessionView {
    let account = state.sessions.catalog().account(&session.account);
    SessionView::new(session, account, state.sessions.policy())
}

fn with_token(state: &HttpState, session: &Session) -> Result<SessionView, Problem> {
    tracing::Span::current().record("session", redacted(&session.session_id));
    let claims = Claims::of(session, state.sessions.policy());
    let token = state.tokens.issue(&claims).map_err(|error| {
        tracing::error!(%error, "the session has no token");
        Problem::internal()
    })?;
    Ok(view(state, session).with_token(token))
}
