//! Why the plugins stay as they were.

use super::draw::Seed;
use super::finding::Finding;
use crate::plugins::{Refusal, VersionError};
use crate::sessions::SessionError;
use levain_store::RepoError;

/// A change of the plugins that was not made.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The catalog has no such domain.
    #[error("there is no domain `{asked}`")]
    UnknownDomain {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The domain's records are made by the plugins of others.
    #[error("domain `{domain}` has no plugin of its own: its records are made by triggers")]
    NoPlugin {
        /// The domain.
        domain: String,
    },
    /// Nothing was named, or a domain twice.
    #[error("{reason}")]
    Misuse {
        /// What is wrong.
        reason: String,
    },
    /// A candidate may not serve.
    #[error("the candidate for domain `{domain}` is refused: {refusal}")]
    Refused {
        /// The domain.
        domain: String,
        /// Why.
        refusal: Refusal,
    },
    /// The candidates do not do what a plugin must.
    #[error("the proof failed: {}", first(findings, *total))]
    Disproved {
        /// The first findings.
        findings: Vec<Finding>,
        /// How many there were.
        total: usize,
        /// What the proof drew from: with it, the same proof is repeated.
        seed: Seed,
    },
    /// There is no version to go back to.
    #[error("domain `{domain}` has no version before the one that serves")]
    NothingBefore {
        /// The domain.
        domain: String,
    },
    /// Another change of the plugins was committed first.
    #[error("the plugins were changed by somebody else meanwhile (revision {revision} serves)")]
    Changed {
        /// What serves now.
        revision: u32,
    },
    /// Another change is being proven.
    #[error("another change of the plugins is being proven on this host")]
    Busy,
    /// The active versions cannot be read, or the host failed.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<VersionError> for RevisionError {
    fn from(error: VersionError) -> Self {
        SessionError::from(error).into()
    }
}

impl From<RepoError> for RevisionError {
    fn from(error: RepoError) -> Self {
        SessionError::from(error).into()
    }
}

fn first(findings: &[Finding], total: usize) -> String {
    let first = findings.first().map(ToString::to_string);
    let first = first.unwrap_or_default();
    match total {
        1 => first,
        _ => format!("{total} findings, the first: {first}"),
    }
}
