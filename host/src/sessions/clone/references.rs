//! The references of a whole session, and what they mean for its domains.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::failure::call_failed;
use crate::metrics;
use crate::sandbox::Purpose;
use crate::sessions::Inner;
use levain_catalog::CheckedTenant;
use levain_model::{DomainOutcome, Failure, Session};

/// Longer than the references of any session take.
const LIMIT: Duration = Duration::from_secs(60);

/// What the session's references say about its domains.
pub(in crate::sessions) struct ReferenceOutcome {
    unavailable: u32,
    error: Option<Failure>,
}

impl ReferenceOutcome {
    pub(in crate::sessions) fn apply(self, service: &mut DomainOutcome) {
        service.unavailable_references = self.unavailable;
        if let Some(error) = self.error {
            service.reject(error);
        }
    }

    /// References into domains that are not there.
    pub(in crate::sessions) const fn unavailable(&self) -> u32 {
        self.unavailable
    }

    pub(in crate::sessions) fn into_error(self) -> Option<Failure> {
        self.error
    }
}

/// Checks every reference of the session, and takes out the domains whose references do not
/// hold: a reference into a domain that failed is unavailable, not a fault.
pub(in crate::sessions) async fn check_references(
    inner: &Arc<Inner>,
    session: &Session,
    tenants: Vec<CheckedTenant>,
    purpose: Purpose,
) -> (Vec<CheckedTenant>, Vec<(Uuid, String, ReferenceOutcome)>) {
    let worker = Arc::clone(inner);
    let instant = session.session_created_at;
    let checked = inner
        .parts
        .sandbox
        .run(LIMIT, move || {
            let report = worker.parts.catalog.check_references(instant, &tenants);
            (tenants, report)
        })
        .await;
    let (mut tenants, report) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            // Nothing may be kept that was not checked.
            let error = call_failed(&error);
            let failures: Vec<_> = session
                .tenants
                .iter()
                .flat_map(|tenant| tenant.services.iter().map(move |service| (tenant, service)))
                .map(|(tenant, service)| {
                    let outcome = ReferenceOutcome {
                        unavailable: 0,
                        error: Some(error.clone()),
                    };
                    (tenant.tenant_id, service.domain.clone(), outcome)
                })
                .collect();
            if purpose == Purpose::Session {
                for (_, domain, _) in &failures {
                    metrics::cloning_failed(&session.account, domain, &error.code);
                }
            }
            return (Vec::new(), failures);
        }
    };
    let mut outcomes = Vec::new();
    for ((tenant_id, domain), found) in report.domains {
        let error = (found.total > 0)
            .then(|| Failure::of_faults("broken_reference", found.faults, found.total));
        if let Some(error) = &error {
            if purpose == Purpose::Session {
                metrics::cloning_failed(&session.account, &domain, &error.code);
            }
            tracing::warn!(%tenant_id, %domain, fault_count = error.fault_count, "references do not hold");
            for tenant in tenants
                .iter_mut()
                .filter(|tenant| tenant.scope.tenant_id == tenant_id)
            {
                tenant.domains.remove(&domain);
            }
        }
        outcomes.push((
            tenant_id,
            domain,
            ReferenceOutcome {
                unavailable: found.unavailable,
                error,
            },
        ));
    }
    (tenants, outcomes)
}
