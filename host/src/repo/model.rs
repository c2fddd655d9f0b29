//! What the store keeps of a session: its row, its tenants, their services and triggers.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog::Phase;
use crate::fault::{Fault, first_faults, shortened};
use crate::segment::EntityCounts;

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct SessionRow {
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
    pub tenants: Vec<TenantRow>,
}

impl SessionRow {
    /// The account's own tenant.
    #[must_use]
    pub fn root(&self) -> Option<&TenantRow> {
        self.tenants.first()
    }
}

/// A virtual tenant of a session: table `demo_tenants`.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantRow {
    /// The virtual tenant.
    pub tenant_id: Uuid,
    /// The tenant that its fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The outlet's slug; `None` for the account's own tenant.
    pub outlet: Option<String>,
    /// Display name.
    pub name: String,
    /// What became of each domain, in the catalog's order.
    pub services: Vec<ServiceRow>,
    /// What became of each trigger that runs for this tenant, in the catalog's order.
    pub triggers: Vec<TriggerRow>,
}

/// What became of one domain of one tenant; kept as JSON in the tenant's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceRow {
    /// The domain.
    pub domain: String,
    /// `pending`, `cloning`, `completed` or `failed`.
    pub status: ServiceStatus,
    /// Records per entity.
    pub records: EntityCounts,
    /// How long prepare, clone and checks took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// The component's digest.
    pub plugin_digest: Option<String>,
    /// The fixture slice's digest.
    pub fixture_digest: Option<String>,
    /// The digest over its segments.
    pub content_digest: Option<String>,
    /// The largest linear memory that the component held, in bytes.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// References into domains that failed in this session.
    #[serde(default)]
    pub unavailable_references: u32,
    /// Why it failed, where it did.
    pub error: Option<ServiceError>,
}

/// Where one domain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceStatus {
    /// Not begun.
    Pending,
    /// Under way.
    Cloning,
    /// Cloned and checked.
    Completed,
    /// Not cloned; see its error.
    Failed,
    /// Cloned, and deleted since by the domain's own service call.
    Deleted,
    /// Cloned and checked, and not kept, since the session FAILED.
    Discarded,
}

/// What became of one trigger for one tenant; kept as JSON in the tenant's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggerRow {
    /// The trigger's slug.
    pub trigger: String,
    /// The domain whose plugin answers it.
    pub domain: String,
    /// What it makes.
    pub phase: Phase,
    /// Where it is.
    pub status: TriggerStatus,
    /// Records that it made.
    pub records: u32,
    /// Records per value of their field `status`, where they have one.
    #[serde(default)]
    pub by_status: BTreeMap<String, u32>,
    /// How long the call and the checks took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// The component's digest.
    pub plugin_digest: Option<String>,
    /// The digest over its segments.
    pub content_digest: Option<String>,
    /// The largest linear memory that the component held, in bytes.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// Why it failed, where it did.
    pub error: Option<ServiceError>,
    /// Why it did not run, where it was skipped or is disabled.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Where one trigger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TriggerStatus {
    /// Not begun.
    Pending,
    /// Under way.
    Running,
    /// What it made was checked and is kept.
    Completed,
    /// It made nothing that could be kept; see its error.
    Failed,
    /// It did not run, since something that it reads is not there; see its reason.
    Skipped,
    /// It did not run, since its phase is switched off.
    Disabled,
}

impl TriggerRow {
    /// A trigger that was not begun.
    #[must_use]
    pub fn pending(trigger: &str, domain: &str, phase: Phase) -> Self {
        Self {
            trigger: trigger.to_owned(),
            domain: domain.to_owned(),
            phase,
            status: TriggerStatus::Pending,
            records: 0,
            by_status: BTreeMap::new(),
            duration_ms: None,
            plugin_digest: None,
            content_digest: None,
            peak_memory_bytes: None,
            error: None,
            reason: None,
        }
    }
}

/// What is replaced as one: all that a clone, or one trigger, wrote into a domain of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The domain that owns the records.
    pub domain: String,
    /// The trigger's slug; empty for what a clone made.
    pub part: String,
}

/// Why a domain was not cloned, or a trigger made nothing. It has at most [`ServiceError::MOST_BYTES`], whatever the
/// plugin said and however much of its output is wrong: it is answered, logged, and kept in the ledger for weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceError {
    /// A stable code: `timeout`, `memory_limit`, `trap`, `invalid_output`, ...
    pub code: String,
    /// What happened and what to do, in a sentence or two.
    pub message: String,
    /// The faults of its records, at most a page of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// How many faults there were in all.
    #[serde(default)]
    pub fault_count: u32,
}

impl ServiceError {
    /// The most bytes of a failure, its faults in JSON.
    pub const MOST_BYTES: usize = 16 << 10;
    /// The most bytes of its message.
    const MESSAGE: usize = 2 << 10;

    /// A failure without faults. What is longer than its message may be is cut, and says so.
    #[must_use]
    pub fn new(code: &str, message: impl std::fmt::Display) -> Self {
        Self {
            code: code.to_owned(),
            message: shortened(message, Self::MESSAGE),
            faults: Vec::new(),
            fault_count: 0,
        }
    }

    /// A failure with the first of its `total` faults, as many as it has room for. Its message tells the first.
    #[must_use]
    pub fn of_faults(code: &str, faults: Vec<Fault>, total: usize) -> Self {
        let first = faults.first().map(Fault::to_string).unwrap_or_default();
        let message = match total {
            1 => first,
            _ => format!("{total} faults, the first: {first}"),
        };
        let error = Self::new(code, message);
        let left = Self::MOST_BYTES - Self::MESSAGE;
        Self {
            faults: first_faults(faults, left),
            fault_count: u32::try_from(total).unwrap_or(u32::MAX),
            ..error
        }
    }
}

impl ServiceRow {
    /// It was cloned, and cannot be kept.
    pub fn reject(&mut self, error: ServiceError) {
        self.status = ServiceStatus::Failed;
        self.records.clear();
        self.content_digest = None;
        self.error = Some(error);
    }

    /// A domain that was not begun.
    #[must_use]
    pub fn pending(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            status: ServiceStatus::Pending,
            records: EntityCounts::new(),
            duration_ms: None,
            plugin_digest: None,
            fixture_digest: None,
            content_digest: None,
            peak_memory_bytes: None,
            unavailable_references: 0,
            error: None,
        }
    }
}
