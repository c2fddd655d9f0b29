//! A session and its tenants.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{DomainOutcome, TriggerOutcome};

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SessionStatus {
    /// Its domains are being cloned; nothing of it is visible.
    Cloning,
    /// Every domain was cloned.
    Ready,
    /// Every required domain was cloned, some other was not.
    Partial,
    /// A required domain was not cloned; it holds no data.
    Failed,
    /// Its time is over; its data is closed.
    Expired,
    /// Its data is being deleted.
    Destroying,
    /// Its data is gone; the row stays for the ledger.
    Destroyed,
}

impl SessionStatus {
    /// The name in the store and in the API.
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

    /// Whether its data can be read.
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

/// A session as it is stored: table `demo_sessions`.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// `demo_` and an unguessable part.
    pub session_id: String,
    /// The account's slug.
    pub account: String,
    /// The digest of the catalog that it was made from.
    pub catalog_digest: String,
    /// Where it is in its life.
    pub status: SessionStatus,
    /// The data clock.
    pub session_created_at: DateTime<Utc>,
    /// When it was asked for, on the real clock.
    pub created_at: DateTime<Utc>,
    /// When its data closes, on the real clock.
    pub expires_at: DateTime<Utc>,
    /// When cloning ended, on the real clock.
    pub cloning_completed_at: Option<DateTime<Utc>>,
    /// How long cloning took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// When it was destroyed.
    pub destroyed_at: Option<DateTime<Utc>>,
    /// Extensions used so far.
    pub extensions: u32,
    /// Why it failed, where it did.
    pub error: Option<String>,
    /// Counts who changed its data: 1 while it is created.
    pub epoch: u32,
    /// The revision of the registry that it is wholly of; 0 where there was none.
    pub plugin_revision: u32,
    /// Its tenants, the account's own first, then its outlets.
    pub tenants: Vec<Tenant>,
}

impl Session {
    /// The account's own tenant.
    #[must_use]
    pub fn root(&self) -> Option<&Tenant> {
        self.tenants.first()
    }
}

/// A virtual tenant of a session: table `demo_tenants`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// The virtual tenant.
    pub tenant_id: Uuid,
    /// The tenant that its fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The outlet's slug; `None` for the account's own tenant.
    pub outlet: Option<String>,
    /// Display name.
    pub name: String,
    /// What became of each domain, in the catalog's order.
    pub services: Vec<DomainOutcome>,
    /// What became of each trigger that runs for this tenant, in the catalog's order.
    pub triggers: Vec<TriggerOutcome>,
}

/// How many sessions there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// Open ones whose time is not over, by account.
    pub active: BTreeMap<String, u64>,
    /// Ones whose time is over, or whose destruction was begun, and whose data is still there.
    pub pending_cleanup: u64,
}
