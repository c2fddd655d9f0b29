//! What became of each domain.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Counts, Ordered};
use crate::http::problem::printable;
use levain_model::fault::Fault;
use levain_model::{DomainOutcome, DomainStatus, Failure, Session};

/// What became of one domain of one tenant.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Service)]
pub struct ServiceView {
    /// Where it is.
    status: DomainStatus,
    /// Records per entity, and their `total`.
    records_cloned: Counts,
    /// How long prepare, clone and checks took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: Option<f64>,
    /// The digest of the component that cloned it.
    plugin_version: Option<String>,
    /// The digest of the fixtures that it was cloned from.
    fixture_digest: Option<String>,
    /// The digest over its records as they are stored.
    content_digest: Option<String>,
    /// References into domains that failed in this session.
    unavailable_references: u32,
    /// Why it failed, where it did.
    error: Option<ServiceErrorView>,
}

/// Why a domain was not cloned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceError)]
pub struct ServiceErrorView {
    /// A stable code.
    #[schema(example = "timeout")]
    code: String,
    /// What happened and what to do.
    message: String,
    /// The first faults of its records.
    faults: Vec<FaultView>,
    /// How many faults there were in all.
    fault_count: u32,
}

/// One thing that is wrong with what a plugin returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultView {
    /// The domain and entity.
    source: String,
    /// Where in it, as a JSON pointer (RFC 6901).
    pointer: String,
    /// The rule that was broken.
    rule: String,
    /// What is wrong and what was expected.
    message: String,
    /// The offending value, shortened.
    value: Option<String>,
}

/// Services by tenant, then by domain, in the order of the session and the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Services, value_type = BTreeMap<String, BTreeMap<String, ServiceView>>)]
pub struct TenantServices(Ordered<Ordered<ServiceView>>);

/// What became of every domain of a session.
#[must_use]
pub fn tenant_services(session: &Session) -> TenantServices {
    let by_domain = |services: &[DomainOutcome]| {
        services
            .iter()
            .map(|service| (service.domain.clone(), ServiceView::from(service)))
            .collect()
    };
    let by_tenant = session.tenants.iter();
    TenantServices(
        by_tenant
            .map(|tenant| (tenant.tenant_id.to_string(), by_domain(&tenant.services)))
            .collect(),
    )
}

impl From<&DomainOutcome> for ServiceView {
    fn from(row: &DomainOutcome) -> Self {
        Self {
            status: row.status,
            records_cloned: Counts::with_total(&row.records),
            duration_ms: row.duration_ms,
            plugin_version: row.plugin_digest.clone(),
            fixture_digest: row.fixture_digest.clone(),
            content_digest: row.content_digest.clone(),
            unavailable_references: row.unavailable_references,
            error: row.error.as_ref().map(ServiceErrorView::from),
        }
    }
}

impl From<&Failure> for ServiceErrorView {
    fn from(error: &Failure) -> Self {
        Self {
            code: error.code.clone(),
            message: printable(&error.message),
            faults: error.faults.iter().map(FaultView::from).collect(),
            fault_count: error.fault_count,
        }
    }
}

impl From<&Fault> for FaultView {
    fn from(fault: &Fault) -> Self {
        Self {
            source: printable(&fault.source),
            pointer: printable(&fault.pointer),
            rule: printable(&fault.rule),
            message: printable(&fault.message),
            value: fault.value.as_deref().map(printable),
        }
    }
}
