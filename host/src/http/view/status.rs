//! Where a session is: its status, its phase, and how far each domain is.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Ordered, ServiceState, total};
use crate::repo::{ServiceRow, ServiceStatus, SessionRow, SessionStatus, TenantRow};

/// Where a session is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusView {
    /// The session.
    session_id: String,
    /// Where it is in its life.
    status: SessionState,
    /// What is being done.
    phase: Phase,
    /// Domains that ended, well or not.
    domains_done: usize,
    /// Domains in all.
    domains_total: usize,
    /// How far each domain is: by tenant, then by domain.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, ProgressView>>)]
    progress: Ordered<Ordered<ProgressView>>,
}

/// How far one domain is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Progress)]
pub struct ProgressView {
    /// Where it is.
    status: ServiceState,
    /// Records cloned.
    records: u64,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: Option<f64>,
}

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = SessionStatus)]
pub enum SessionState {
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

/// What is being done (domain specification, section 2). Domains of all tenants may run at once;
/// the phase is the first one that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The account's own tenant is being cloned.
    CloneTenant,
    /// The outlets are being cloned.
    CloneOutlets,
    /// Every domain ended; the whole is being checked and committed.
    Finish,
    /// It was created, or its creation ended without success.
    Done,
    /// Its data is being deleted.
    CleanUp,
}

impl From<&SessionRow> for StatusView {
    fn from(row: &SessionRow) -> Self {
        let services = || row.tenants.iter().flat_map(|tenant| &tenant.services);
        Self {
            session_id: row.session_id.clone(),
            status: row.status.into(),
            phase: phase(row),
            domains_done: services().filter(|service| has_ended(service)).count(),
            domains_total: services().count(),
            progress: row.tenants.iter().map(progress).collect(),
        }
    }
}

fn progress(tenant: &TenantRow) -> (String, Ordered<ProgressView>) {
    let domains = tenant.services.iter().map(|service| {
        let view = ProgressView {
            status: service.status.into(),
            records: total(&service.records),
            duration_ms: service.duration_ms,
        };
        (service.domain.clone(), view)
    });
    (tenant.tenant_id.to_string(), domains.collect())
}

fn phase(row: &SessionRow) -> Phase {
    match row.status {
        SessionStatus::Cloning => {
            let under_way = |outlet: bool| {
                row.tenants
                    .iter()
                    .filter(|tenant| tenant.outlet.is_some() == outlet)
                    .flat_map(|tenant| &tenant.services)
                    .any(|service| !has_ended(service))
            };
            if under_way(false) {
                Phase::CloneTenant
            } else if under_way(true) {
                Phase::CloneOutlets
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

fn has_ended(service: &ServiceRow) -> bool {
    !matches!(
        service.status,
        ServiceStatus::Pending | ServiceStatus::Cloning
    )
}

impl From<SessionStatus> for SessionState {
    fn from(status: SessionStatus) -> Self {
        match status {
            SessionStatus::Cloning => Self::Cloning,
            SessionStatus::Ready => Self::Ready,
            SessionStatus::Partial => Self::Partial,
            SessionStatus::Failed => Self::Failed,
            SessionStatus::Expired => Self::Expired,
            SessionStatus::Destroying => Self::Destroying,
            SessionStatus::Destroyed => Self::Destroyed,
        }
    }
}
