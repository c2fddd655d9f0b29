//! Owns notices to operators: log events, sent to a webhook as well where one is configured.
//!
//! Never: what is worth telling. That is the sessions' to decide.

mod message;
mod notice;
mod signature;
mod webhook;

use std::time::Duration;

use crate::clock::SharedClock;
use crate::metrics;

pub use self::notice::{KINDS, Notice};
pub use self::signature::secret_bytes;
use self::webhook::Webhook;
pub use self::webhook::WebhookSettings;

/// Sends notices without waiting. Cheap to clone. The default sends to the log alone.
#[derive(Clone, Default)]
pub struct Notices {
    webhook: Option<Webhook>,
}

impl Notices {
    /// Sends to a webhook too. Call it within a runtime: the sender is a task there.
    #[must_use]
    pub fn with_webhook(settings: &WebhookSettings, clock: SharedClock) -> Self {
        Self {
            webhook: Some(Webhook::open(settings, clock)),
        }
    }

    /// Sends a notice.
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
