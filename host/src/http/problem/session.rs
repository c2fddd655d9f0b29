//! Errors of the sessions as problems. A fault of the host is logged here, once.

use axum::http::StatusCode;

use super::{Problem, Violation};
use crate::http::view::tenant_services;
use crate::sessions::SessionError;
use levain_model::fault::{Fault, chain, nearest, shortened};
use levain_model::{DomainStatus, Failure, Session, SessionStatus};
use levain_store::RepoError;

/// Bytes of a sentence that repeats an unknown name.
const LONGEST_UNKNOWN: usize = 200;

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        let problem = refuse(&error);
        if problem.status().is_server_error() {
            let error = chain(&error);
            tracing::error!(code = problem.code(), error, "the request failed");
        }
        problem
    }
}

fn refuse(error: &SessionError) -> Problem {
    let detail = error.to_string();
    match error {
        SessionError::UnknownAccount { asked, known } => {
            let title = "There is no such account";
            unknown(
                StatusCode::BAD_REQUEST,
                "unknown_account",
                title,
                &detail,
                asked,
                known,
            )
            .with_errors(vec![Violation::at(
                "/demo_account_type",
                shortened(&detail, LONGEST_UNKNOWN),
            )])
        }
        SessionError::UnknownDomain { asked, known } => {
            let title = "There is no such domain";
            unknown(
                StatusCode::NOT_FOUND,
                "unknown_domain",
                title,
                &detail,
                asked,
                known,
            )
        }
        SessionError::UnknownEntity { asked, known, .. } => {
            let title = "The domain has no such entity";
            unknown(
                StatusCode::NOT_FOUND,
                "unknown_entity",
                title,
                &detail,
                asked,
                known,
            )
        }
        SessionError::UnknownTrigger { asked, known, .. } => {
            let title = "The domain's service has no such trigger";
            unknown(
                StatusCode::NOT_FOUND,
                "unknown_trigger",
                title,
                &detail,
                asked,
                known,
            )
        }
        SessionError::TriggerSkipped { .. } => Problem::new(
            StatusCode::CONFLICT,
            "trigger_skipped",
            "The trigger cannot run now",
            detail,
        )
        .with_hint("clone again what is missing; what the session held before is as it was"),
        SessionError::TriggerFailed { trigger, error } => {
            let title = "The trigger failed";
            Problem::new(StatusCode::BAD_GATEWAY, "trigger_failed", title, detail)
                .with_errors(service_violations(&format!("/{trigger}"), error))
                .with_hint("what the session held before is as it was")
        }
        SessionError::NotFound { what } => not_found(what),
        SessionError::Gone { status } => {
            let code = match status {
                SessionStatus::Expired => "session_expired",
                _ => "session_destroyed",
            };
            Problem::new(StatusCode::GONE, code, "The session is over", detail)
                .with_hint("create another session")
        }
        SessionError::NotOpen { status } => {
            let title = "The session's data cannot be read now";
            let problem = Problem::new(StatusCode::CONFLICT, "session_not_open", title, detail);
            match status {
                SessionStatus::Cloning => problem.with_retry(),
                _ => problem,
            }
        }
        SessionError::NotCloned { .. } => Problem::new(
            StatusCode::CONFLICT,
            "domain_not_cloned",
            "The domain has no data in this session",
            detail,
        ),
        SessionError::NoReceipt { .. } => {
            let title = "The session has no receipt";
            Problem::new(StatusCode::NOT_FOUND, "no_receipt", title, detail)
        }
        SessionError::NotReproducible { .. } => {
            let title = "The session cannot be made again";
            Problem::new(StatusCode::CONFLICT, "not_reproducible", title, detail)
        }
        SessionError::Conflict { .. } => Problem::new(
            StatusCode::CONFLICT,
            "conflict",
            "The name is taken",
            detail,
        ),
        SessionError::NoMoreExtensions { .. } => {
            let title = "The session cannot be extended again";
            Problem::new(StatusCode::CONFLICT, "no_more_extensions", title, detail)
                .with_hint("create another session")
        }
        SessionError::Changed => {
            let title = "The session was changed meanwhile";
            Problem::new(StatusCode::CONFLICT, "session_changed", title, detail).with_retry()
        }
        SessionError::Busy => {
            unavailable("too_many_clones", "Too many clones are under way", detail)
        }
        SessionError::KeyReused => {
            let title = "The idempotency key was used for another request";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::new(status, "idempotency_key_reused", title, detail)
                .with_errors(vec![Violation::of(
                    "Idempotency-Key",
                    "it stands for a request with another body",
                )])
                .with_hint("a key of its own for every request; the same for its repetitions")
        }
        SessionError::Cancelled => {
            let title = "The session was deleted meanwhile";
            Problem::new(StatusCode::CONFLICT, "session_cancelled", title, detail)
        }
        SessionError::LeaseOver { .. } => {
            let title = "The session took too long";
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "session_timed_out", title, detail)
                .with_hint("nothing of its data was kept; an operator raises lease_seconds, or gives the domains less time")
        }
        SessionError::CloneFailed { session } => session_failed(session, detail),
        SessionError::DomainFailed { domain, error } => domain_failed(domain, error, detail),
        SessionError::Invalid { faults } => Problem::invalid(violations(faults, "")),
        SessionError::NotExportable { .. } => {
            let title = "The data cannot be exported";
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "not_exportable",
                title,
                detail,
            )
        }
        SessionError::Stopping => unavailable("stopping", "The host is stopping", detail),
        SessionError::Host { .. } => Problem::internal(),
        // The same code, since a client reacts in the same way.
        SessionError::Store(RepoError::Full { .. }) => {
            unavailable("store_unavailable", "The store is unavailable", detail)
        }
        SessionError::Store(RepoError::Unavailable(_)) => {
            let detail = "the store cannot be reached, is locked or is out of space";
            unavailable("store_unavailable", "The store is unavailable", detail)
        }
        SessionError::Store(_) => Problem::internal().with_code("store_failed"),
    }
}

/// A reset that failed: the session is unchanged, not FAILED.
pub(in crate::http) fn reset_failed(attempt: &Session) -> Problem {
    let title = "The reset failed";
    let detail = "a required domain was not cloned again";
    tracing::error!(
        code = "reset_failed",
        error = attempt.error,
        "the request failed"
    );
    Problem::new(StatusCode::BAD_GATEWAY, "reset_failed", title, detail)
        .with_errors(failures(attempt))
        .with_hint("the session and what it held before are as they were")
        .with_session(attempt.session_id.clone(), tenant_services(attempt))
}

/// The same words for what does not exist and for what belongs to another session.
pub(in crate::http) fn not_found(what: &str) -> Problem {
    let (code, title) = match what {
        "tenant" => ("tenant_not_found", "There is no such tenant"),
        _ => ("session_not_found", "There is no such session"),
    };
    Problem::new(
        StatusCode::NOT_FOUND,
        code,
        title,
        format!("there is no such {what}"),
    )
}

pub(super) fn unavailable(
    code: &'static str,
    title: &'static str,
    detail: impl Into<String>,
) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail).with_retry()
}

pub(super) fn unknown(
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: &str,
    asked: &str,
    known: &[String],
) -> Problem {
    let problem = Problem::new(status, code, title, shortened(detail, LONGEST_UNKNOWN));
    match nearest(asked, known.iter().map(String::as_str)) {
        Some(name) => problem.with_hint(format!("did you mean `{name}`?")),
        None if known.is_empty() => problem,
        None => problem.with_hint(format!("there is: {}", known.join(", "))),
    }
}

/// 502: the request was valid, a plugin behind the host failed.
fn session_failed(session: &Session, detail: String) -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "session_failed",
        "The session FAILED",
        detail,
    )
    .with_errors(failures(session))
    .with_hint("the session can be read under its session_id; nothing of its data was kept")
    .with_session(session.session_id.clone(), tenant_services(session))
}

fn failures(session: &Session) -> Vec<Violation> {
    let mut errors = Vec::new();
    for tenant in &session.tenants {
        for service in &tenant.services {
            let pointer = format!("/services/{}/{}", tenant.tenant_id, service.domain);
            match (&service.error, service.status) {
                (Some(error), _) => errors.extend(service_violations(&pointer, error)),
                (None, DomainStatus::Completed | DomainStatus::Discarded) => {}
                (None, _) => errors.push(Violation::at(pointer, "it did not end")),
            }
        }
    }
    errors
}

fn domain_failed(domain: &str, error: &Failure, detail: String) -> Problem {
    let title = "The domain was not cloned";
    Problem::new(StatusCode::BAD_GATEWAY, "domain_failed", title, detail)
        .with_errors(service_violations(&format!("/{domain}"), error))
        .with_hint("what the session held before is as it was")
}

fn service_violations(pointer: &str, error: &Failure) -> Vec<Violation> {
    let mut all = vec![Violation::at(
        pointer,
        format!("{}: {}", error.code, error.message),
    )];
    // The message already has the first fault, whole.
    if error.faults.len() > 1 {
        all.extend(violations(&error.faults, pointer));
    }
    all
}

fn violations(faults: &[Fault], under: &str) -> Vec<Violation> {
    faults
        .iter()
        .map(|fault| match under {
            "" => Violation::at(&fault.pointer, &fault.message),
            _ => Violation::at(under, fault.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use serde_json::Value;

    use super::*;
    use crate::http::testing::session;

    async fn refusal(error: SessionError) -> (u16, String, bool, Value) {
        let response = Problem::from(error).into_response();
        let status = response.status().as_u16();
        let retries = response.headers().contains_key("retry-after");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await;
        let body: Value = serde_json::from_slice(&body.unwrap()).unwrap();
        let code = body["code"].as_str().unwrap().to_owned();
        (status, code, retries, body)
    }

    #[tokio::test]
    async fn errors_have_a_status_a_code_and_a_retry() {
        let corrupt = RepoError::Corrupt {
            what: "SELECT * FROM secrets",
            reason: "/var/lib/secret".to_owned(),
        };
        let unavailable = RepoError::Unavailable(sqlx::Error::PoolTimedOut);
        let not_open = |status| SessionError::NotOpen { status };
        let gone = |status| SessionError::Gone { status };
        for (error, status, code, retries) in [
            (
                SessionError::Store(unavailable),
                503,
                "store_unavailable",
                true,
            ),
            (SessionError::Store(corrupt), 500, "store_failed", false),
            (SessionError::Stopping, 503, "stopping", true),
            (SessionError::Busy, 503, "too_many_clones", true),
            (SessionError::Changed, 409, "session_changed", true),
            (
                not_open(SessionStatus::Cloning),
                409,
                "session_not_open",
                true,
            ),
            (
                not_open(SessionStatus::Failed),
                409,
                "session_not_open",
                false,
            ),
            (gone(SessionStatus::Expired), 410, "session_expired", false),
            (
                gone(SessionStatus::Destroyed),
                410,
                "session_destroyed",
                false,
            ),
        ] {
            let refused = refusal(error).await;
            assert_eq!(
                (refused.0, refused.1.as_str(), refused.2),
                (status, code, retries)
            );
            let text = refused.3.to_string();
            assert!(
                !text.contains("SELECT") && !text.contains("/var/lib"),
                "{text}"
            );
        }
    }

    #[test]
    fn failed_reset_does_not_report_a_failed_session() {
        let mut attempt = session(SessionStatus::Failed);
        let domain = &mut attempt.tenants[0].services[0];
        domain.reject(Failure::new("timeout", "it took more than 10 s"));
        let problem = reset_failed(&attempt);
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (502, "reset_failed")
        );
        let body = serde_json::to_value(&problem.0.view).unwrap();
        assert_eq!(
            body["errors"][0]["detail"],
            "timeout: it took more than 10 s"
        );
        assert!(!body.to_string().contains("FAILED"), "{body}");
    }
}
