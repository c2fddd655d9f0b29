//! The tenants of a session, and what each is checked against.

use levain_catalog::{Account, Catalog, TenantScope};
use levain_model::{DomainOutcome, Session, Tenant};
use levain_plugin::identity;
use uuid::Uuid;

use super::{Switches, trigger};

/// The account's own tenant, then its outlets in the order of the catalog. An outlet's virtual tenant
/// derives from the head's, so that a session can be reproduced from that one id.
pub(crate) fn tenants(
    catalog: &Catalog,
    account: &Account,
    tenant_id: Uuid,
    switches: Switches,
) -> Vec<Tenant> {
    let tenant = |tenant_id, base_tenant_id, outlet: Option<&str>, name: &str| {
        let slices = account.slices_of(outlet);
        let takes_part = |domain: &str| slices.is_some_and(|slices| slices.contains_key(domain));
        let services = catalog
            .domains()
            .iter()
            .filter(|domain| takes_part(&domain.slug))
            .map(|domain| DomainOutcome::pending(&domain.slug))
            .collect();
        Tenant {
            tenant_id,
            base_tenant_id,
            outlet: outlet.map(str::to_owned),
            name: name.to_owned(),
            services,
            triggers: trigger::pending(catalog.triggers(), takes_part, switches),
        }
    };
    let head = tenant(tenant_id, account.base_tenant_id, None, &account.name);
    let outlets = account.outlets.iter().map(|outlet| {
        let derived = identity::derive(&tenant_id, &outlet.base_tenant_id);
        tenant(
            derived,
            outlet.base_tenant_id,
            Some(&outlet.slug),
            &outlet.name,
        )
    });
    std::iter::once(head).chain(outlets).collect()
}

/// The scope of one tenant of a session: what its records are checked against.
pub(crate) fn scope(session: &Session, tenant: &Tenant) -> TenantScope {
    let parent_tenant_id = tenant
        .outlet
        .as_ref()
        .and_then(|_| session.root())
        .map(|root| root.tenant_id);
    TenantScope {
        account: session.account.clone(),
        tenant_id: tenant.tenant_id,
        base_tenant_id: tenant.base_tenant_id,
        outlet: tenant.outlet.clone(),
        parent_tenant_id,
        session_created_at: session.session_created_at,
    }
}
