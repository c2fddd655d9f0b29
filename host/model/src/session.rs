//! A session and its tenants.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{DomainOutcome, TriggerOutcome};

/// The status of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SessionStatus {
    /// Its domains are being cloned; none of its data is visible.
    Cloning,
    /// Every domain was cloned.
    Ready,
    /// Every required domain was cloned, another was not.
    Partial,
    /// A required domain was not cloned; it holds no data.
    Failed,
    /// It has expired; its data is closed.
    Expired,
    /// Its data is being deleted.
    Destroying,
    /// Its data is deleted; the row stays for the ledger.
    Destroyed,
}

impl SessionStatus {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cloning => "CLONING",
            Self::Ready => "READY",
            Self::Partial => "PARTIAL",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
            Self::Destroying => "DESTROYING",
            Self::Destroyed => "DESTROYED",
        }
    }

    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Ready | Self::Partial)
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SessionStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "CLONING" => Self::Cloning,
            "READY" => Self::Ready,
            "PARTIAL" => Self::Partial,
            "FAILED" => Self::Failed,
            "EXPIRED" => Self::Expired,
            "DESTROYING" => Self::Destroying,
            "DESTROYED" => Self::Destroyed,
            other => return Err(format!("unknown status {other:?}")),
        })
    }
}

/// A stored session: table `demo_sessions`.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// `demo_` and an unguessable part.
    pub session_id: String,
    pub account: String,
    /// The digest of the catalog that it was created from.
    pub catalog_digest: String,
    /// Where it is in its life.
    pub status: SessionStatus,
    /// The data clock.
    pub session_created_at: DateTime<Utc>,
    /// When it was requested, on the wall clock.
    pub created_at: DateTime<Utc>,
    /// When its data closes, on the wall clock.
    pub expires_at: DateTime<Utc>,
    /// When cloning ended, on the wall clock.
    pub cloning_completed_at: Option<DateTime<Utc>>,
    /// How long cloning took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// When it was destroyed.
    pub destroyed_at: Option<DateTime<Utc>>,
    /// Extensions used so far.
    pub extensions: u32,
    /// Set if it failed.
    pub error: Option<String>,
    /// Counts the changes of its data: 1 at creation.
    pub epoch: u32,
    /// The one revision that all its components are from; 0 if there was none.
    pub plugin_revision: u32,
    /// Its tenants, the account's own first, then its outlets.
    pub tenants: Vec<Tenant>,
}

impl Session {
    #[must_use]
    pub fn root(&self) -> Option<&Tenant> {
        self.tenants.first()
    }
}

/// A virtual tenant of a session: table `demo_tenants`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    pub tenant_id: Uuid,
    /// The tenant that its fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The outlet's slug; `None` for the account's own tenant.
    pub outlet: Option<String>,
    pub name: String,
    /// The outcome of each domain, in the catalog's order.
    pub services: Vec<DomainOutcome>,
    /// The outcome of each trigger that runs for this tenant, in the catalog's order.
    pub triggers: Vec<TriggerOutcome>,
}

/// How many sessions there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// Open ones that have not expired, by account.
    pub active: BTreeMap<String, u64>,
    /// Expired or half-destroyed ones whose data still exists.
    pub pending_cleanup: u64,
}
