//! Owns what operators must be told: as an event of the log, and to a webhook where there is one.
//!
//! Never: what is worth telling. That is the sessions' to decide.

mod message;
mod signature;
mod webhook;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::clock::SharedClock;
use crate::metrics;
use levain_model::Secret;

pub use self::signature::secret_bytes;
use self::webhook::Webhook;

/// Something that an operator must see to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Notice {
    /// A session's data could not be deleted, and the host has stopped trying.
    CleanupGivenUp {
        /// The session, shortened.
        session: String,
        /// How often it was tried.
        failures: u32,
        /// Why it failed the last time.
        reason: String,
    },
    /// More of a sweep failed than may.
    SweepFailed {
        /// Sessions that could not be destroyed.
        failed: u64,
        /// Sessions that were due.
        of: u64,
    },
    /// Calls of a plugin hit a limit again and again, and are failed fast.
    CircuitOpened {
        /// The domain.
        domain: String,
        /// The component's digest.
        digest: String,
        /// The kind of call.
        call: String,
        /// How many of them in a row.
        failures: u32,
        /// How the last one failed.
        reason: String,
        /// When the next one is made, as a probe.
        probe_at: DateTime<Utc>,
    },
    /// A call of the kind ended within its limits, and all of them are made again.
    CircuitClosed {
        /// The domain.
        domain: String,
        /// The component's digest.
        digest: String,
        /// The kind of call.
        call: String,
    },
    /// Sessions failed after a version was activated, and the versions before serve again.
    VersionsRolledBack {
        /// The domains that changed.
        domains: Vec<String>,
        /// The revision that failed.
        revision: u32,
        /// The revision that serves now.
        serves: u32,
        /// Sessions that failed in these domains.
        failed: u32,
        /// Sessions of the revision that this host made.
        of: u32,
        /// How the last one failed.
        reason: String,
    },
    /// Sessions failed after a version was activated, and it could not be rolled back.
    RollbackFailed {
        /// The domains that changed.
        domains: Vec<String>,
        /// The revision that failed, and serves on.
        revision: u32,
        /// Why it could not be rolled back.
        reason: String,
    },
}

/// What a notice can be.
pub const KINDS: [&str; 6] = [
    "cleanup.given_up",
    "sweep.failed",
    "circuit.opened",
    "circuit.closed",
    "versions.rolled_back",
    "versions.rollback_failed",
];

impl Notice {
    /// What it is, in a word that receivers can rely on.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CleanupGivenUp { .. } => KINDS[0],
            Self::SweepFailed { .. } => KINDS[1],
            Self::CircuitOpened { .. } => KINDS[2],
            Self::CircuitClosed { .. } => KINDS[3],
            Self::VersionsRolledBack { .. } => KINDS[4],
            Self::RollbackFailed { .. } => KINDS[5],
        }
    }
}

/// Where notices are sent, and what they are signed with.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Where to; it may hold a secret of its own.
    pub url: Secret,
    /// `whsec_` and base64.
    pub secret: Secret,
}

/// Tells operators. Cheap to clone; sending waits for nobody. The default tells the log alone.
#[derive(Clone, Default)]
pub struct Notices {
    webhook: Option<Webhook>,
}

impl Notices {
    /// Tells a webhook too. Within a runtime, where its sender runs.
    #[must_use]
    pub fn with_webhook(settings: &WebhookSettings, clock: SharedClock) -> Self {
        Self {
            webhook: Some(Webhook::open(settings, clock)),
        }
    }

    /// Tells them.
    pub fn send(&self, notice: Notice) {
        metrics::noticed(notice.kind());
        match &notice {
            Notice::CleanupGivenUp {
                session,
                failures,
                reason,
            } => {
                tracing::warn!(
                    session,
                    failures,
                    reason,
                    "operator notice: a session's data could not be deleted"
                );
            }
            Notice::SweepFailed { failed, of } => {
                tracing::warn!(failed, of, "operator notice: too much of a sweep failed");
            }
            Notice::CircuitOpened {
                domain,
                digest,
                call,
                failures,
                reason,
                probe_at,
            } => {
                tracing::warn!(domain, digest, call, failures, reason, %probe_at, "operator notice: calls of a plugin are failed fast");
            }
            Notice::CircuitClosed {
                domain,
                digest,
                call,
            } => {
                tracing::warn!(
                    domain,
                    digest,
                    call,
                    "operator notice: calls of a plugin are made again"
                );
            }
            Notice::VersionsRolledBack {
                domains,
                revision,
                serves,
                failed,
                of,
                reason,
            } => {
                tracing::warn!(
                    ?domains,
                    revision,
                    serves,
                    failed,
                    of,
                    reason,
                    "operator notice: sessions failed after an activation, and it was rolled back"
                );
            }
            Notice::RollbackFailed {
                domains,
                revision,
                reason,
            } => {
                tracing::error!(
                    ?domains,
                    revision,
                    reason,
                    "operator notice: sessions fail after an activation, and it could not be rolled back"
                );
            }
        }
        if let Some(webhook) = &self.webhook {
            webhook.send(&notice);
        }
    }

    /// Sends what still waits, for `limit` at most, and ends.
    pub async fn close(&self, limit: Duration) {
        if let Some(webhook) = &self.webhook {
            webhook.close(limit).await;
        }
    }
}
