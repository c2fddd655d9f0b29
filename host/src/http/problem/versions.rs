//! Errors of plugin versions as problems.

use axum::http::StatusCode;

use super::session::{unavailable, unknown};
use super::{Problem, Violation};
use crate::revisions::{Finding, RevisionError};

impl From<RevisionError> for Problem {
    fn from(error: RevisionError) -> Self {
        let detail = error.to_string();
        match error {
            RevisionError::UnknownDomain { asked, known } => {
                let title = "There is no such domain";
                let status = StatusCode::NOT_FOUND;
                unknown(status, "unknown_domain", title, &detail, &asked, &known)
            }
            RevisionError::NoPlugin { .. } => {
                let title = "The domain has no plugin of its own";
                Self::new(StatusCode::CONFLICT, "no_plugin", title, detail)
            }
            RevisionError::Misuse { reason } => Self::invalid(vec![Violation::at("", reason)]),
            RevisionError::Refused { domain, refusal } => {
                let title = "The component may not serve";
                let violation = Violation::at(format!("/{domain}"), refusal.to_string());
                Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "plugin_refused",
                    title,
                    detail,
                )
                .with_errors(vec![violation])
                .with_hint("what served before serves on")
            }
            RevisionError::Disproved { findings, seed, .. } => {
                let title = "The proof failed";
                Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "proof_failed",
                    title,
                    detail,
                )
                .with_errors(findings.iter().flat_map(violations).collect::<Vec<_>>())
                .with_hint(format!(
                    "what served before serves on; the same proof is repeated with seed={seed}"
                ))
            }
            RevisionError::NothingBefore { .. } => {
                let title = "There is no version to go back to";
                Self::new(StatusCode::CONFLICT, "nothing_before", title, detail)
            }
            RevisionError::Changed { .. } => {
                let title = "The plugins were changed meanwhile";
                Self::new(StatusCode::CONFLICT, "plugins_changed", title, detail)
                    .with_hint("look at what serves now, and ask again")
            }
            RevisionError::Busy => {
                unavailable("proof_under_way", "Another change is being proven", detail)
            }
            RevisionError::Session(error) => error.into(),
        }
    }
}

/// A finding, and the records that show it.
fn violations(finding: &Finding) -> Vec<Violation> {
    let pointer = format!("/{}", finding.domain);
    let faults = finding.faults.iter();
    std::iter::once(finding.to_string())
        .chain(faults.map(ToString::to_string))
        .map(|detail| Violation::at(&pointer, detail))
        .collect()
}
