//! What became of each trigger.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Ordered;
use super::service::ServiceErrorView;
use crate::http::problem::printable;
use levain_model::{Phase, Session, TriggerOutcome, TriggerStatus};

/// What became of one trigger for one tenant.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Trigger)]
pub struct TriggerView {
    /// The domain whose plugin answers it.
    domain: String,
    /// What it makes.
    phase: Phase,
    /// Where it is.
    status: TriggerStatus,
    /// Records that it made.
    records: u32,
    /// Records per status, of what has one.
    by_status: BTreeMap<String, u32>,
    /// How long the call and the checks took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: Option<f64>,
    /// The digest of the component that answered.
    plugin_version: Option<String>,
    /// The digest over its records as they are stored.
    content_digest: Option<String>,
    /// Why it failed, where it did.
    error: Option<ServiceErrorView>,
    /// Why it did not run, where it was skipped or is disabled.
    reason: Option<String>,
}

/// Triggers by tenant, then by their names, in the order of the session and the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Triggers, value_type = BTreeMap<String, BTreeMap<String, TriggerView>>)]
pub struct TenantTriggers(Ordered<Ordered<TriggerView>>);

/// What became of every trigger of a session.
#[must_use]
pub fn tenant_triggers(session: &Session) -> TenantTriggers {
    let by_name = |rows: &[TriggerOutcome]| {
        rows.iter()
            .map(|row| (row.trigger.clone(), TriggerView::from(row)))
            .collect()
    };
    let by_tenant = session.tenants.iter();
    TenantTriggers(
        by_tenant
            .map(|tenant| (tenant.tenant_id.to_string(), by_name(&tenant.triggers)))
            .collect(),
    )
}

/// A trigger that was run again.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = TriggerRun)]
pub struct TriggerRunView {
    /// The domain.
    service: String,
    /// The trigger.
    trigger: String,
    /// The tenant.
    virtual_tenant_id: Uuid,
    /// `completed`.
    status: TriggerStatus,
    /// Records that it made.
    records: u32,
    /// How long the call and the checks took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: Option<f64>,
}

impl TriggerRunView {
    /// What became of it for a tenant.
    #[must_use]
    pub fn new(tenant_id: Uuid, row: TriggerOutcome) -> Self {
        Self {
            service: row.domain,
            trigger: row.trigger,
            virtual_tenant_id: tenant_id,
            status: row.status,
            records: row.records,
            duration_ms: row.duration_ms,
        }
    }
}

impl From<&TriggerOutcome> for TriggerView {
    fn from(row: &TriggerOutcome) -> Self {
        Self {
            domain: row.domain.clone(),
            phase: row.phase,
            status: row.status,
            records: row.records,
            by_status: row.by_status.clone(),
            duration_ms: row.duration_ms,
            plugin_version: row.plugin_digest.clone(),
            content_digest: row.content_digest.clone(),
            error: row.error.as_ref().map(ServiceErrorView::from),
            reason: row.reason.as_deref().map(printable),
        }
    }
}
