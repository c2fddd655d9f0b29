//! Receipts: what a session was made of, and whether it can be made again.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::http::HttpState;
use crate::http::extract::{InternalCaller, PathParams};
use crate::http::openapi::refusal::{
    BadRequest, HostBusy, KeyRefused, NoReceipt, NoSession, NotReproduced, SessionOver,
    StoreUnavailable,
};
use crate::http::problem::Problem;
use crate::http::view::{ReceiptKeyView, SealedReceiptView, VerificationView};

/// Show a session's receipt
///
/// What the session was made of: components, fixtures, and the digest of every segment, signed by this host.
/// `levain receipt verify` checks it without the host. It is there as long as the ledger has the session.
#[utoipa::path(
    get,
    path = "/api/demo/sessions/{session_id}/receipt",
    tag = "sessions",
    params(("session_id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "The receipt and its signature.", body = SealedReceiptView),
        BadRequest, NoReceipt, StoreUnavailable,
    ),
)]
pub(super) async fn get_receipt(
    State(state): State<HttpState>,
    PathParams(session_id): PathParams<String>,
) -> Result<Response, Problem> {
    let receipt = state.sessions.receipt(&session_id).await?;
    // As it was signed, to the byte.
    Ok(([(header::CONTENT_TYPE, "application/json")], receipt).into_response())
}

/// Show the key of receipts
#[utoipa::path(
    get,
    path = "/api/demo/receipt-key",
    tag = "sessions",
    responses((status = 200, description = "What this host's receipts are checked with.", body = ReceiptKeyView)),
)]
pub(super) async fn get_receipt_key(State(state): State<HttpState>) -> Json<ReceiptKeyView> {
    Json(ReceiptKeyView::from(state.sessions.receipt_key()))
}

/// Verify a session
///
/// Makes the session again in the sandbox, by the components that made it, and compares the outcome byte by
/// byte with what is stored, and with the receipt. Nothing is written.
#[utoipa::path(
    post,
    path = "/api/demo/sessions/{session_id}/verify",
    tag = "sessions",
    params(("session_id" = String, Path, description = "The session")),
    security(("internal_key" = [])),
    responses(
        (status = 200, description = "What is the same and what is not.", body = VerificationView),
        BadRequest, KeyRefused, NoSession, NotReproduced, SessionOver, HostBusy,
    ),
)]
pub(super) async fn verify_session(
    State(state): State<HttpState>,
    _: InternalCaller,
    PathParams(session_id): PathParams<String>,
) -> Result<Json<VerificationView>, Problem> {
    let verification = state.sessions.verify(&session_id).await?;
    Ok(Json(VerificationView::from(&verification)))
}
