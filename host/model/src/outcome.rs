//! The outcome of each domain and trigger of a tenant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EntityCounts, Failure, Phase};

/// The outcome of one domain of one tenant; stored as JSON in the tenant's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainOutcome {
    pub domain: String,
    /// `pending`, `cloning`, `completed` or `failed`.
    pub status: DomainStatus,
    pub records: EntityCounts,
    /// How long prepare, clone and checks took, in milliseconds.
    pub duration_ms: Option<f64>,
    pub plugin_digest: Option<String>,
    pub fixture_digest: Option<String>,
    pub content_digest: Option<String>,
    /// The largest linear memory that the component held, in bytes.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// References into domains that failed in this session.
    #[serde(default)]
    pub unavailable_references: u32,
    /// Set if it failed.
    pub error: Option<Failure>,
}

/// The status of one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ServiceStatus)]
pub enum DomainStatus {
    Pending,
    Cloning,
    /// Cloned and checked.
    Completed,
    /// Not cloned; see its error.
    Failed,
    /// Cloned, and deleted since by a call for this domain.
    Deleted,
    /// Cloned and checked, but discarded because the session FAILED.
    Discarded,
}

/// The outcome of one trigger for one tenant; stored as JSON in the tenant's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggerOutcome {
    pub trigger: String,
    /// The domain whose plugin is called.
    pub domain: String,
    pub phase: Phase,
    /// The time in a record.
    pub status: TriggerStatus,
    /// Records that it created.
    pub records: u32,
    /// Records per value of their field `status`, where they have one.
    #[serde(default)]
    pub by_status: BTreeMap<String, u32>,
    /// How long the call and the checks took, in milliseconds.
    pub duration_ms: Option<f64>,
    pub plugin_digest: Option<String>,
    pub content_digest: Option<String>,
    /// The largest linear memory that the component held, in bytes.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// Set if it failed.
    pub error: Option<Failure>,
    /// Why it did not run; set if it was skipped or is disabled.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The status of one trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TriggerStatus {
    Pending,
    Running,
    /// Its records passed the checks and are stored.
    Completed,
    /// Nothing of it is stored; see its error.
    Failed,
    /// It did not run because a domain that it reads is missing; see its reason.
    Skipped,
    /// It did not run because its phase is switched off.
    Disabled,
}

impl TriggerOutcome {
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

/// The unit of replacement: all records that a clone, or one trigger, wrote into a domain of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub tenant_id: Uuid,
    /// The domain that owns the records.
    pub domain: String,
    /// The trigger's slug; empty for a clone.
    pub part: String,
}

impl DomainOutcome {
    /// Marks a cloned domain as failed: its records are not stored.
    pub fn reject(&mut self, error: Failure) {
        self.status = DomainStatus::Failed;
        self.records.clear();
        self.content_digest = None;
        self.error = Some(error);
    }

    #[must_use]
    pub fn pending(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            status: DomainStatus::Pending,
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
