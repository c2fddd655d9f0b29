//! The outcome of each domain and trigger of a tenant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EntityCounts, Failure, Phase};

/// What became of one domain of one tenant; kept as JSON in the tenant's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainOutcome {
    /// The domain.
    pub domain: String,
    /// `pending`, `cloning`, `completed` or `failed`.
    pub status: DomainStatus,
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
    pub error: Option<Failure>,
}

/// Where one domain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ServiceStatus)]
pub enum DomainStatus {
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
pub struct TriggerOutcome {
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
    pub error: Option<Failure>,
    /// Why it did not run, where it was skipped or is disabled.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Where one trigger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

impl TriggerOutcome {
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

impl DomainOutcome {
    /// It was cloned, and cannot be kept.
    pub fn reject(&mut self, error: Failure) {
        self.status = DomainStatus::Failed;
        self.records.clear();
        self.content_digest = None;
        self.error = Some(error);
    }

    /// A domain that was not begun.
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
