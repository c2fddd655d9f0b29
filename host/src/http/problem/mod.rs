//! Refusals as `application/problem+json` (RFC 9457): what went wrong, where, and what to do.
//!
//! A code is stable: clients may compare it. Texts are for people and may change. None has an internal path, SQL or a
//! backtrace in it: a text is written here, or is an error that a room meant for callers.

mod session;
mod text;
mod versions;
mod violations;

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use session::{not_found, reset_failed};
pub(super) use text::{echo, printable};
pub use violations::{Violation, Violations};

use super::view::TenantServices;
use levain_model::fault::shortened;

/// The media type of a refusal.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Time before a caller should try again: every transient fault of a host is noticed within it.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Bytes of a detail or a hint.
const LONGEST_DETAIL: usize = 2000;

/// A refusal. Its size is bounded: of texts, and of the faults that it lists.
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
    /// The faults of the request, or of what was to be made of it: the first 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    errors: Vec<Violation>,
    /// How many more faults there are.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false, minimum = 1)]
    further_errors: usize,
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
                detail: shortened(detail.into(), LONGEST_DETAIL),
                errors: Vec::new(),
                further_errors: 0,
                hint: None,
                session_id: None,
                services: None,
            },
            retry_after_s: None,
            challenge: None,
        }))
    }

    /// The request breaks its own rules.
    pub fn invalid(violations: impl Into<Violations>) -> Self {
        let violations = violations.into();
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The request is not valid",
            violations.summary(),
        )
        .with_errors(violations)
    }

    /// The host failed; the log has the cause.
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

    /// The faults.
    #[must_use]
    pub fn with_errors(mut self, errors: impl Into<Violations>) -> Self {
        let (kept, left) = errors.into().into_parts();
        self.0.view.errors = kept;
        self.0.view.further_errors = left;
        self
    }

    /// What to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.view.hint = Some(shortened(hint.into(), LONGEST_DETAIL));
        self
    }

    /// It may succeed a moment later.
    #[must_use]
    pub fn with_retry(self) -> Self {
        self.with_retry_after(RETRY_AFTER)
    }

    /// It may succeed after this time: in whole seconds, rounded up (RFC 9110, section 10.2.3).
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

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(count: &usize) -> bool {
    *count == 0
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
