//! What a session holds, as the checks and the triggers need it: the store keeps text.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::tenants::scope;
use super::{SessionError, Sessions};
use levain_catalog::{Catalog, CheckedTenant, TenantScope};
use levain_model::{DomainStatus, Part, Segment, Session, StoredSegment, Tenant};

/// Longer than the checks of any session take.
const LIMIT: Duration = Duration::from_secs(60);

/// What a session holds.
pub(super) struct Stored {
    /// What was cloned, checked again, in the session's order.
    pub(super) tenants: Vec<CheckedTenant>,
    /// What triggers made.
    products: Vec<StoredSegment>,
}

impl Stored {
    /// The triggers' products, without those to be replaced.
    pub(super) fn products_but(&self, replaced: &[Part]) -> Vec<StoredSegment> {
        let stays = |segment: &&StoredSegment| {
            !replaced.iter().any(|part| {
                part.tenant_id == segment.tenant_id
                    && part.domain == segment.domain
                    && part.part == segment.part
            })
        };
        self.products.iter().filter(stays).cloned().collect()
    }
}

impl Sessions {
    /// The session's segments, without those of one domain of one tenant if it is named.
    pub(super) async fn stored(
        &self,
        session: &Session,
        but: Option<(Uuid, &str)>,
    ) -> Result<Stored, SessionError> {
        let parts = &self.inner.parts;
        let mut products = Vec::new();
        let mut cloned = Vec::with_capacity(session.tenants.len());
        for tenant in &session.tenants {
            let stays = |domain: &str| but != Some((tenant.tenant_id, domain));
            // A completed domain without a record is there all the same: a reference into it dangles.
            let mut by_domain = completed(tenant, &stays);
            let held = parts.repo.find_segments(tenant.tenant_id, None, None);
            for segment in held.await? {
                if !segment.part.is_empty() {
                    products.push(segment);
                } else if stays(&segment.domain) {
                    by_domain.entry(segment.domain).or_default().push(Segment {
                        entity: segment.entity,
                        rows: segment.rows,
                    });
                }
            }
            cloned.push((scope(session, tenant), by_domain));
        }
        let catalog = Arc::clone(&parts.catalog);
        // Every record of the session: too much for an async thread.
        let checked = parts.sandbox.run(LIMIT, move || {
            cloned
                .into_iter()
                .map(|(scope, domains)| check(&catalog, scope, domains))
                .collect::<Result<_, _>>()
        });
        let tenants = checked.await.map_err(|error| SessionError::Host {
            reason: error.to_string(),
        })??;
        Ok(Stored { tenants, products })
    }
}

fn completed(tenant: &Tenant, stays: &impl Fn(&str) -> bool) -> BTreeMap<String, Vec<Segment>> {
    tenant
        .services
        .iter()
        .filter(|service| service.status == DomainStatus::Completed)
        .filter(|service| stays(&service.domain))
        .map(|service| (service.domain.clone(), Vec::new()))
        .collect()
}

fn check(
    catalog: &Catalog,
    scope: TenantScope,
    domains: BTreeMap<String, Vec<Segment>>,
) -> Result<CheckedTenant, SessionError> {
    let mut tenant = CheckedTenant::new(scope);
    for (slug, segments) in domains {
        let declared = catalog.domain(&slug).ok_or_else(|| SessionError::Host {
            reason: format!("what is stored of `{slug}` is of no domain of the catalog"),
        })?;
        let held = catalog
            .check_clone(&tenant.scope, declared, segments)
            .map_err(|rejection| SessionError::Host {
                reason: format!("what is stored of `{slug}` is not what was checked: {rejection}"),
            })?;
        tenant.domains.insert(slug, held);
    }
    Ok(tenant)
}
