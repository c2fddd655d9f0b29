//! Access to a session's data: by its token, or by the internal key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use uuid::Uuid;

use super::HttpState;
use super::extract::Caller;
use super::problem::{Problem, not_found};
use super::token::Claims;
use levain_model::{Session, Tenant};

/// How to authenticate.
const CHALLENGE: &str = "Bearer realm=\"session data\"";

/// How to authenticate after an invalid token (RFC 6750, section 3.1).
const CHALLENGE_INVALID: &str = "Bearer realm=\"session data\", error=\"invalid_token\"";

/// What a caller holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// The internal key: every session.
    Internal,
    /// A token: what it says.
    Token(Claims),
}

impl FromRequestParts<HttpState> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Problem> {
        if Caller::of(parts, state)? == Caller::Internal {
            return Ok(Self::Internal);
        }
        let Some(given) = parts.headers.get(header::AUTHORIZATION) else {
            return Err(refused(
                "token_missing",
                "the session's access token is missing",
                CHALLENGE,
            ));
        };
        let token = given.to_str().ok().and_then(bearer);
        match token.map(|token| state.tokens.verify(token)) {
            Some(Ok(claims)) => Ok(Self::Token(claims)),
            _ => Err(refused(
                "token_invalid",
                "the access token is not valid",
                CHALLENGE_INVALID,
            )),
        }
    }
}

impl Access {
    /// An open session and one of its tenants: its own where none is named.
    ///
    /// # Errors
    /// 404 for what the token does not open, in the same words as for what does not exist: a token reveals nothing
    /// of other sessions. Otherwise the error of the session itself.
    pub(super) async fn open(
        &self,
        state: &HttpState,
        session_id: &str,
        tenant_id: Option<Uuid>,
    ) -> Result<(Session, Tenant), Problem> {
        if let Self::Token(claims) = self {
            if claims.sid != session_id {
                return Err(not_found("session"));
            }
            if tenant_id.is_some_and(|id| !claims.tenants.contains(&id)) {
                return Err(not_found("tenant"));
            }
        }
        let opened = state.sessions.open_tenant(session_id, tenant_id).await;
        match (self, opened) {
            (_, Err(error)) => Err(Problem::from(error)),
            // The row comes first, so that a session that is over is reported as over, not its token as expired.
            (Self::Token(claims), Ok(_)) if claims.exp <= state.sessions.now() => Err(refused(
                "token_expired",
                "the access token has expired",
                CHALLENGE_INVALID,
            )),
            (_, Ok(opened)) => Ok(opened),
        }
    }
}

impl Access {
    /// The session of a tenant, in any status.
    ///
    /// # Errors
    /// 404 for an unknown tenant, and for one that the token does not open.
    pub(super) async fn session_of(
        &self,
        state: &HttpState,
        tenant_id: Uuid,
    ) -> Result<String, Problem> {
        match self {
            Self::Token(claims) if !claims.tenants.contains(&tenant_id) => Err(not_found("tenant")),
            Self::Token(claims) => Ok(claims.sid.clone()),
            Self::Internal => {
                let session = state.sessions.session_of_tenant(tenant_id).await?;
                Ok(session.session_id)
            }
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn refused(code: &'static str, detail: &str, challenge: &'static str) -> Problem {
    let title = "The session's access token is needed";
    Problem::new(StatusCode::UNAUTHORIZED, code, title, detail)
        .with_hint("Authorization: Bearer <credentials.access_token of the answer to the creation>")
        .with_challenge(challenge)
}
