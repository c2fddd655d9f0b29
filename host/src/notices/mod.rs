//! Owns what operators must be told: as an event of the log, and to a webhook where there is one.
//!
//! Never: what is worth telling. That is the sessions' to decide.

mod message;
mod signature;
mod webhook;

use std::time::Duration;

use serde::Serialize;

use crate::clock::SharedClock;
use crate::config::Secret;
use crate::metrics;

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
}

/// What a notice can be.
pub const KINDS: [&str; 2] = ["cleanup.given_up", "sweep.failed"];

impl Notice {
    /// What it is, in a word that receivers can rely on.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CleanupGivenUp { .. } => KINDS[0],
            Self::SweepFailed { .. } => KINDS[1],
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
