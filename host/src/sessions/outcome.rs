//! What becomes of a session when its domains have ended: a pure decision.

use levain_model::{DomainStatus, SessionStatus, Tenant};

/// READY where every domain was cloned, FAILED where a required one was not, PARTIAL otherwise.
/// Source: domain specification, section 2.
pub(super) fn decide(tenants: &[Tenant], required: impl Fn(&str) -> bool) -> SessionStatus {
    let missing: Vec<&str> = tenants
        .iter()
        .flat_map(|tenant| &tenant.services)
        .filter(|service| service.status != DomainStatus::Completed)
        .map(|service| service.domain.as_str())
        .collect();
    if missing.is_empty() {
        SessionStatus::Ready
    } else if missing.into_iter().any(required) {
        SessionStatus::Failed
    } else {
        SessionStatus::Partial
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use levain_model::DomainOutcome;

    fn tenant(services: &[(&str, DomainStatus)]) -> Tenant {
        Tenant {
            tenant_id: Uuid::nil(),
            base_tenant_id: Uuid::nil(),
            outlet: None,
            name: String::new(),
            services: services
                .iter()
                .map(|(domain, status)| DomainOutcome {
                    status: *status,
                    ..DomainOutcome::pending(domain)
                })
                .collect(),
            triggers: Vec::new(),
        }
    }

    #[test]
    fn one_failed_required_domain_in_any_tenant_fails_the_session() {
        use DomainStatus::{Completed, Failed};
        let required = |domain: &str| domain == "shelf";
        let whole = tenant(&[("shelf", Completed), ("book", Completed)]);
        let without_book = tenant(&[("shelf", Completed), ("book", Failed)]);
        let without_shelf = tenant(&[("shelf", Failed), ("book", Completed)]);
        assert_eq!(
            decide(std::slice::from_ref(&whole), required),
            SessionStatus::Ready
        );
        assert_eq!(
            decide(&[whole.clone(), without_book], required),
            SessionStatus::Partial
        );
        assert_eq!(
            decide(&[whole, without_shelf], required),
            SessionStatus::Failed
        );
    }
}
