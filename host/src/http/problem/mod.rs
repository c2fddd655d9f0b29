//! Refusals as `application/problem+json` (RFC 9457): what went wrong, where, and what to do.
//!
//! A code is stable: clients may compare it. Texts are for people and may change. No internal
//! path, SQL text or backtrace gets into one: what a refusal says is written here, or is the
//! word of a room that speaks to callers.

mod nearest;
mod session;
mod versions;

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use nearest::nearest;
pub(super) use session::{not_found, reset_failed};

use super::view::TenantServices;

/// The media type of a refusal.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// How long a caller should wait before it tries again: nothing that a host waits
/// for takes longer to come back than it takes to notice.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A refusal.
#[derive(Debug, Clone)]
pub struct Problem(Box<Refusal>);

#[derive(Debug, Clone)]
struct Refusal {
    status: StatusCode,
    view: ProblemView,
    retry_after_s: Option<u64>,
    challenge: Option<&'static str>,
}

/// The body of every refusal (RFC 9457).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// `urn:levain:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(format = "uri", example = "urn:levain:problem:session_not_found")]
    kind: String,
    /// What kind of problem it is, the same for every one of its code.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The stable name of the problem.
    #[schema(example = "session_not_found")]
    code: &'static str,
    /// What happened this time.
    detail: String,
    /// Every fault of the request, or of what was to be made of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Violation>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hint: Option<String>,
    /// The session that failed; it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session_id: Option<String>,
    /// What became of each domain of the session that failed, by tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    services: Option<TenantServices>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Violation {
    /// Where in the body, as a JSON pointer (RFC 6901); empty for the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/demo_account_type")]
    pub pointer: Option<String>,
    /// Which parameter of the path or the query, or which header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "limit")]
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

impl Violation {
    /// A fault of the body.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            detail: detail.into(),
        }
    }

    /// A fault of a parameter or a header.
    pub fn of(parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(parameter.into()),
            detail: detail.into(),
        }
    }
}

impl Problem {
    /// A problem of this status, code and title.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Refusal {
            status,
            view: ProblemView {
                kind: format!("urn:levain:problem:{code}"),
                title,
                status: status.as_u16(),
                code,
                detail: detail.into(),
                errors: Vec::new(),
                hint: None,
                session_id: None,
                services: None,
            },
            retry_after_s: None,
            challenge: None,
        }))
    }

    /// The request breaks its own rules; every fault is listed.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let detail = match violations.as_slice() {
            [only] => only.detail.clone(),
            many => format!("the request has {} faults", many.len()),
        };
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The request is not valid",
            detail,
        )
        .with_errors(violations)
    }

    /// Something of ours failed; the log says what.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The host failed",
            "the host failed; its log says why, under the request's id",
        )
    }

    /// Another code, for a refusal that is otherwise the same.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.0.view.code = code;
        self.0.view.kind = format!("urn:levain:problem:{code}");
        self
    }

    /// Every fault.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Violation>) -> Self {
        self.0.view.errors = errors;
        self
    }

    /// What to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.view.hint = Some(hint.into());
        self
    }

    /// It may work a moment later.
    #[must_use]
    pub fn with_retry(self) -> Self {
        self.with_retry_after(RETRY_AFTER)
    }

    /// It may work after this time: told in whole seconds, rounded up (RFC 9110, section 10.2.3).
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        let begun = u64::from(wait.subsec_nanos() > 0);
        self.0.retry_after_s = Some(wait.as_secs().saturating_add(begun).max(1));
        self
    }

    /// How to authenticate (RFC 9110, section 11.6.1).
    #[must_use]
    pub fn with_challenge(mut self, challenge: &'static str) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    /// The session that it is about.
    #[must_use]
    pub fn with_session(mut self, session_id: String, services: TenantServices) -> Self {
        self.0.view.session_id = Some(session_id);
        self.0.view.services = Some(services);
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.view.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let refusal = *self.0;
        let body = serde_json::to_vec(&refusal.view).unwrap_or_default();
        let mut response = (refusal.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = refusal.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = refusal.challenge {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        response
    }
}
