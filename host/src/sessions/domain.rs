//! One domain of one tenant by itself: cloned again under all checks, or deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::clone::{Work, check_references, clone_domain};
use super::create::scope;
use super::{SessionError, Sessions, outcome, read};
use crate::catalog::CheckedTenant;
use crate::fault::Fault;
use crate::repo::{ServiceRow, ServiceStatus, SessionRow, SessionStatus, TenantRow};
use crate::segment::{EntityCounts, Segment};

/// Which domain of which tenant is to be cloned again, and what the caller takes the session to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneDomain {
    /// The domain.
    pub domain: String,
    /// The tenant that the fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The virtual tenant.
    pub virtual_tenant_id: Uuid,
    /// The account's slug.
    pub account: String,
    /// The session.
    pub session_id: String,
    /// The session's data clock.
    pub session_created_at: DateTime<Utc>,
}

impl Sessions {
    /// Clones one domain of an open session again and swaps it in, when every check of the whole
    /// session holds with it. Repairs a PARTIAL session.
    ///
    /// # Errors
    /// [`SessionError::NotFound`] for a session or tenant that there is not;
    /// [`SessionError::Invalid`] where the request contradicts the session;
    /// [`SessionError::DomainFailed`] where the clone or a check failed, and all is as it was.
    pub async fn clone_domain(&self, asked: CloneDomain) -> Result<ServiceRow, SessionError> {
        let sessions = self.clone();
        self.tracked(async move { sessions.repair(asked).await })
            .await
    }

    async fn repair(&self, asked: CloneDomain) -> Result<ServiceRow, SessionError> {
        let parts = &self.inner.parts;
        let domain = self.known_domain(&asked.domain)?.clone();
        let _turn = self.inner.turns.take(&asked.session_id).await;
        let mut session = self.find(&asked.session_id).await?;
        read::open(&session)?;
        let tenant = session
            .tenants
            .iter()
            .find(|tenant| tenant.tenant_id == asked.virtual_tenant_id)
            .cloned()
            .ok_or(SessionError::NotFound { what: "tenant" })?;
        contradictions(&asked, &session, &tenant)?;
        let slice = parts
            .catalog
            .account(&session.account)
            .and_then(|account| account.slices.get(&domain.slug))
            .map(Arc::clone)
            .ok_or_else(|| SessionError::UnknownDomain {
                asked: domain.slug.clone(),
                known: tenant
                    .services
                    .iter()
                    .map(|service| service.domain.clone())
                    .collect(),
            })?;

        let work = Work {
            scope: scope(&session, &tenant),
            domain,
            slice,
        };
        let ended = clone_domain(&self.inner, &session.session_id, work).await;
        let mut service = ServiceRow::pending(&asked.domain);
        ended.describe(&mut service);
        let failed = |error| SessionError::DomainFailed {
            domain: asked.domain.clone(),
            error: Box::new(error),
        };
        let checked = ended.into_result().map_err(failed)?;
        let segments = checked.segments.clone();

        // The references of the others into this one, and its own into them.
        let mut tenants = self.stored(&session, &asked).await?;
        if let Some(own) = tenants
            .iter_mut()
            .find(|t| t.scope.tenant_id == asked.virtual_tenant_id)
        {
            own.domains.insert(asked.domain.clone(), checked);
        }
        let (_, outcomes) = check_references(&self.inner, &session, tenants).await;
        for (tenant_id, domain, found) in outcomes {
            let own = tenant_id == asked.virtual_tenant_id && domain == asked.domain;
            if own {
                found.apply(&mut service);
                if let Some(error) = service.error.take() {
                    return Err(failed(error));
                }
            } else {
                let unavailable = found.unavailable();
                if let Some(error) = found.into_error() {
                    return Err(failed(error));
                }
                for other in service_mut(&mut session, tenant_id, &domain) {
                    other.unavailable_references = unavailable;
                }
            }
        }

        replace_service(&mut session, asked.virtual_tenant_id, service.clone());
        let required = |name: &str| {
            parts
                .catalog
                .domain(name)
                .is_some_and(|domain| domain.required)
        };
        // It is open and stays so: a required domain that was deleted can be cloned again.
        session.status = match outcome::decide(&session.tenants, required) {
            SessionStatus::Failed => SessionStatus::Partial,
            decided => decided,
        };
        let kept = parts
            .repo
            .replace_domain(&session, asked.virtual_tenant_id, &asked.domain, &segments)
            .await?;
        if kept {
            Ok(service)
        } else {
            Err(SessionError::Gone {
                status: SessionStatus::Destroyed,
            })
        }
    }

    /// Deletes what is held of one domain of a tenant; answers the records deleted. Can be
    /// repeated. The session is PARTIAL from then on.
    ///
    /// # Errors
    /// [`SessionError::UnknownDomain`], [`SessionError::Store`].
    pub async fn delete_domain(
        &self,
        domain: &str,
        tenant_id: Uuid,
    ) -> Result<EntityCounts, SessionError> {
        let domain = self.known_domain(domain)?.slug.clone();
        let sessions = self.clone();
        self.tracked(async move { sessions.delete(&domain, tenant_id).await })
            .await
    }

    async fn delete(&self, domain: &str, tenant_id: Uuid) -> Result<EntityCounts, SessionError> {
        let parts = &self.inner.parts;
        let owner = match self.session_of_tenant(tenant_id).await {
            Ok(session) => session,
            // Nothing of it is left but what nobody owns.
            Err(SessionError::NotFound { .. }) => {
                return Ok(parts.repo.delete_domain(tenant_id, domain).await?);
            }
            Err(error) => return Err(error),
        };
        let _turn = self.inner.turns.take(&owner.session_id).await;
        let mut session = self.session_of_tenant(tenant_id).await?;
        let held = parts.repo.find_segments(tenant_id, Some(domain)).await?;
        let service = ServiceRow {
            status: ServiceStatus::Deleted,
            ..ServiceRow::pending(domain)
        };
        replace_service(&mut session, tenant_id, service);
        session.status = SessionStatus::Partial;
        // Segments, service and status in one transaction; nothing happens to a session that has none.
        if !held.is_empty() {
            parts
                .repo
                .replace_domain(&session, tenant_id, domain, &[])
                .await?;
        }
        Ok(held
            .into_iter()
            .map(|segment| (segment.entity, segment.records))
            .collect())
    }

    /// What the session holds now but for the domain in question, checked again: the checks need
    /// the records, and the store keeps text.
    async fn stored(
        &self,
        session: &SessionRow,
        asked: &CloneDomain,
    ) -> Result<Vec<CheckedTenant>, SessionError> {
        let parts = &self.inner.parts;
        let own = |tenant: &TenantRow, domain: &str| {
            tenant.tenant_id == asked.virtual_tenant_id && domain == asked.domain
        };
        let mut tenants = Vec::with_capacity(session.tenants.len());
        for tenant in &session.tenants {
            let mut checked = CheckedTenant::new(scope(session, tenant));
            // A completed domain without a record is there all the same: a reference into it dangles.
            let mut by_domain: BTreeMap<String, Vec<Segment>> = tenant
                .services
                .iter()
                .filter(|service| service.status == ServiceStatus::Completed)
                .filter(|service| !own(tenant, &service.domain))
                .map(|service| (service.domain.clone(), Vec::new()))
                .collect();
            for segment in parts.repo.find_segments(tenant.tenant_id, None).await? {
                if !own(tenant, &segment.domain) {
                    let kept = Segment {
                        entity: segment.entity,
                        rows: segment.rows,
                    };
                    by_domain.entry(segment.domain).or_default().push(kept);
                }
            }
            for (domain, segments) in by_domain {
                let declared = self.known_domain(&domain)?;
                let held = parts
                    .catalog
                    .check_clone(&checked.scope, declared, segments)
                    .map_err(|rejection| SessionError::Host {
                        reason: format!(
                            "what is stored of `{domain}` is not what was checked: {rejection}"
                        ),
                    })?;
                checked.domains.insert(domain, held);
            }
            tenants.push(checked);
        }
        Ok(tenants)
    }
}

/// # Errors
/// [`SessionError::Invalid`] with every field that is not the session's.
fn contradictions(
    asked: &CloneDomain,
    session: &SessionRow,
    tenant: &TenantRow,
) -> Result<(), SessionError> {
    let mut faults = Vec::new();
    let mut differ = |field: &str, asked: String, is: String| {
        if asked != is {
            let message = format!("the session has {is}, not {asked}");
            faults.push(Fault::new("body", format!("/{field}"), "session", message));
        }
    };
    differ(
        "demo_account_type",
        asked.account.clone(),
        session.account.clone(),
    );
    differ(
        "base_tenant_id",
        asked.base_tenant_id.to_string(),
        tenant.base_tenant_id.to_string(),
    );
    differ(
        "session_created_at",
        asked.session_created_at.to_rfc3339(),
        session.session_created_at.to_rfc3339(),
    );
    if faults.is_empty() {
        Ok(())
    } else {
        Err(SessionError::Invalid { faults })
    }
}

fn replace_service(session: &mut SessionRow, tenant_id: Uuid, service: ServiceRow) {
    for held in service_mut(session, tenant_id, &service.domain) {
        held.clone_from(&service);
    }
}

fn service_mut<'s>(
    session: &'s mut SessionRow,
    tenant_id: Uuid,
    domain: &'s str,
) -> impl Iterator<Item = &'s mut ServiceRow> {
    session
        .tenants
        .iter_mut()
        .filter(move |tenant| tenant.tenant_id == tenant_id)
        .flat_map(|tenant| &mut tenant.services)
        .filter(move |service| service.domain == domain)
}
