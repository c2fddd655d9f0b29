//! What a clone has to do, in which order.

use std::sync::Arc;

use levain_model::{DomainStatus, Session};

use super::domain::Work;
use crate::sessions::Inner;
use crate::sessions::progress::Progress;
use crate::sessions::tenants::scope;

/// All domains of all tenants that are pending, the largest slice first: the last to end then ends soonest.
pub(super) fn plan(inner: &Inner, session: &Session, progress: &Progress) -> Vec<Work> {
    let catalog = &inner.parts.catalog;
    let Some(account) = catalog.account(&session.account) else {
        return Vec::new();
    };
    let mut works: Vec<Work> = session
        .tenants
        .iter()
        .flat_map(|tenant| {
            let slices = account.slices_of(tenant.outlet.as_deref());
            let pending = |domain: &str| {
                let mut services = tenant.services.iter();
                services.any(|service| {
                    service.domain == domain && service.status == DomainStatus::Pending
                })
            };
            let due = catalog
                .domains()
                .iter()
                .filter(move |domain| pending(&domain.slug));
            due.filter_map(move |domain| {
                Some(Work {
                    scope: scope(session, tenant),
                    slice: Arc::clone(slices?.get(&domain.slug)?),
                    domain: domain.clone(),
                    purpose: progress.purpose,
                    until: progress.until,
                })
            })
        })
        .collect();
    works.sort_by_key(|work| std::cmp::Reverse(work.slice.bytes()));
    works
}
