//! Where a session is: its status, its phase, and how far each domain and trigger is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Ordered, total};
use levain_model::{
    DomainOutcome, DomainStatus, Session, SessionStatus, Tenant, TriggerOutcome, TriggerStatus,
};

/// Where a session is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusView {
    /// The session.
    session_id: String,
    /// Where it is in its life.
    status: SessionStatus,
    /// When its data closes, on the real clock.
    expires_at: DateTime<Utc>,
    /// What is being done.
    phase: Phase,
    /// Domains that ended, well or not.
    domains_done: usize,
    /// Domains in all.
    domains_total: usize,
    /// How far each domain is: by tenant, then by domain.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, ProgressView>>)]
    progress: Ordered<Ordered<ProgressView>>,
    /// Triggers that ended, well or not.
    triggers_done: usize,
    /// Triggers in all.
    triggers_total: usize,
    /// How far each trigger is: by tenant, then by its name.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, TriggerProgressView>>)]
    triggers: Ordered<Ordered<TriggerProgressView>>,
}

/// How far one trigger is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = TriggerProgress)]
pub struct TriggerProgressView {
    /// Where it is.
    status: TriggerStatus,
    /// Records that it made.
    records: u32,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: Option<f64>,
}

/// How far one domain is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Progress)]
pub struct ProgressView {
    /// Where it is.
    status: DomainStatus,
    /// Records cloned.
    records: u64,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: Option<f64>,
}

/// What is being done (domain specification, section 2). Domains of all tenants may run at once;
/// the phase is the first one that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The account's own tenant is being cloned.
    CloneTenant,
    /// The outlets are being cloned.
    CloneOutlets,
    /// Every domain ended; alerts are being looked for.
    Alerts,
    /// Insights are being computed.
    Insights,
    /// KPIs are being computed, and the whole is being committed.
    Finish,
    /// It was created, or its creation ended without success.
    Done,
    /// Its data is being deleted.
    CleanUp,
}

impl From<&Session> for StatusView {
    fn from(row: &Session) -> Self {
        let services = || row.tenants.iter().flat_map(|tenant| &tenant.services);
        Self {
            session_id: row.session_id.clone(),
            status: row.status,
            expires_at: row.expires_at,
            phase: phase(row),
            domains_done: services().filter(|service| has_ended(service)).count(),
            domains_total: services().count(),
            progress: row.tenants.iter().map(progress).collect(),
            triggers_done: triggers(row).filter(|trigger| has_run(trigger)).count(),
            triggers_total: triggers(row).count(),
            triggers: row.tenants.iter().map(trigger_progress).collect(),
        }
    }
}

fn progress(tenant: &Tenant) -> (String, Ordered<ProgressView>) {
    let domains = tenant.services.iter().map(|service| {
        let view = ProgressView {
            status: service.status,
            records: total(&service.records),
            duration_ms: service.duration_ms,
        };
        (service.domain.clone(), view)
    });
    (tenant.tenant_id.to_string(), domains.collect())
}

fn trigger_progress(tenant: &Tenant) -> (String, Ordered<TriggerProgressView>) {
    let triggers = tenant.triggers.iter().map(|trigger| {
        let view = TriggerProgressView {
            status: trigger.status,
            records: trigger.records,
            duration_ms: trigger.duration_ms,
        };
        (trigger.trigger.clone(), view)
    });
    (tenant.tenant_id.to_string(), triggers.collect())
}

fn triggers(row: &Session) -> impl Iterator<Item = &TriggerOutcome> {
    row.tenants.iter().flat_map(|tenant| &tenant.triggers)
}

fn has_run(trigger: &TriggerOutcome) -> bool {
    !matches!(
        trigger.status,
        TriggerStatus::Pending | TriggerStatus::Running
    )
}

fn phase(row: &Session) -> Phase {
    match row.status {
        SessionStatus::Cloning => {
            let under_way = |outlet: bool| {
                row.tenants
                    .iter()
                    .filter(|tenant| tenant.outlet.is_some() == outlet)
                    .flat_map(|tenant| &tenant.services)
                    .any(|service| !has_ended(service))
            };
            let looked_for = |phase: levain_model::Phase| {
                triggers(row).any(|trigger| trigger.phase == phase && !has_run(trigger))
            };
            if under_way(false) {
                Phase::CloneTenant
            } else if under_way(true) {
                Phase::CloneOutlets
            } else if looked_for(levain_model::Phase::Alerts) {
                Phase::Alerts
            } else if looked_for(levain_model::Phase::Insights) {
                Phase::Insights
            } else {
                Phase::Finish
            }
        }
        SessionStatus::Destroying => Phase::CleanUp,
        SessionStatus::Ready
        | SessionStatus::Partial
        | SessionStatus::Failed
        | SessionStatus::Expired
        | SessionStatus::Destroyed => Phase::Done,
    }
}

fn has_ended(service: &DomainOutcome) -> bool {
    !matches!(
        service.status,
        DomainStatus::Pending | DomainStatus::Cloning
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::session;

    #[test]
    fn every_status_has_a_phase() {
        use SessionStatus::{Cloning, Destroyed, Destroying, Expired, Failed, Partial, Ready};
        for (status, expected) in [
            (Cloning, Phase::CloneTenant),
            (Ready, Phase::Done),
            (Partial, Phase::Done),
            (Failed, Phase::Done),
            (Expired, Phase::Done),
            (Destroying, Phase::CleanUp),
            (Destroyed, Phase::Done),
        ] {
            assert_eq!(phase(&session(status)), expected, "{status}");
        }
        let mut cloned = session(Cloning);
        cloned.tenants[0].services[0].status = DomainStatus::Completed;
        assert_eq!(phase(&cloned), Phase::Finish);
    }
}
