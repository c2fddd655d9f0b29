//! One domain of one tenant by itself: cloned again under all checks, or deleted. The triggers that
//! read it run again, or are skipped, in the same transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tracing::Instrument as _;
use uuid::Uuid;

use super::clone::{Work, bytes_of, check_references, clone_domain, too_much};
use super::progress::{Progress, calls_end};
use super::tenants::scope;
use super::trigger::{readers, run_phases, settle, withdraw};
use super::{SessionError, Sessions, outcome, read};
use crate::sandbox::Purpose;
use levain_model::fault::Fault;
use levain_model::{
    DomainOutcome, DomainStatus, EntityCounts, Part, Phase, Session, SessionStatus, StoredSegment,
    Tenant, stored_bytes,
};
use levain_store::Replaced;

/// The domain of a tenant to clone again, and what the caller expects of the session.
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
    pub async fn clone_domain(&self, asked: CloneDomain) -> Result<DomainOutcome, SessionError> {
        let sessions = self.clone();
        self.tracked(async move { sessions.repair(asked).await })
            .await
    }

    async fn repair(&self, asked: CloneDomain) -> Result<DomainOutcome, SessionError> {
        let parts = &self.inner.parts;
        let domain = self.known_domain(&asked.domain)?.clone();
        let _place = self.inner.admission.enter().await?;
        let _turn = self.inner.turns.take(&asked.session_id).await;
        let deadline = parts.repo.deadline(parts.policy.lease).await?;
        let mut session = self.find(&asked.session_id).await?;
        read::open(&session)?;
        let plugins = self.plugins_of(&session).await?;
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
            .and_then(|account| account.slices_of(tenant.outlet.as_deref()))
            .and_then(|slices| slices.get(&domain.slug))
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
            purpose: Purpose::Session,
            until: Some(calls_end(parts.policy.lease)),
        };
        let span = tracing::info_span!("domain", domain = %work.domain.slug, tenant_id = %work.scope.tenant_id);
        let ended = clone_domain(&self.inner, &plugins, &session.session_id, work);
        let ended = ended.instrument(span).await;
        let mut service = DomainOutcome::pending(&asked.domain);
        ended.describe(&mut service);
        let failed = |error| SessionError::DomainFailed {
            domain: asked.domain.clone(),
            error: Box::new(error),
        };
        let checked = ended.into_result().map_err(failed)?;
        let mut segments = checked.segments.clone();

        // The references of the others into this one, and its own into them.
        let but = (asked.virtual_tenant_id, asked.domain.as_str());
        let mut stored = self.stored(&session, Some(but)).await?;
        if let Some(own) = stored
            .tenants
            .iter_mut()
            .find(|t| t.scope.tenant_id == asked.virtual_tenant_id)
        {
            own.domains.insert(asked.domain.clone(), checked);
        }
        let used = stored_bytes(&segments);
        let allowed = parts.bounds.session_bytes;
        if bytes_of(&stored.tenants) > allowed {
            return Err(failed(too_much(&asked.domain, used, allowed)));
        }
        let tenants = std::mem::take(&mut stored.tenants);
        let (tenants, outcomes) =
            check_references(&self.inner, &session, tenants, Purpose::Session).await;
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
        let affected = readers(
            parts.catalog.triggers(),
            &session.tenants,
            asked.virtual_tenant_id,
            &asked.domain,
        );
        affected.reset(&mut session.tenants);
        let mut replaced = affected.parts(parts.catalog.triggers());
        let progress = Arc::new(Progress::new(session.tenants.clone()).under(parts.policy.lease));
        let products = stored.products_but(&replaced);
        let made = run_phases(
            &self.inner,
            &plugins,
            &session,
            &progress,
            &Arc::new(tenants),
            &products,
        )
        .await;
        session.tenants = progress.snapshot();
        segments.extend(made);
        replaced.push(Part {
            tenant_id: asked.virtual_tenant_id,
            domain: asked.domain.clone(),
            part: String::new(),
        });
        let replaced = Replaced::Parts(&replaced);
        let receipt = self.seal_after(&session, replaced, &segments).await?;
        let kept = parts
            .repo
            .replace_data(&session, deadline, replaced, &segments, receipt.as_deref())
            .await?;
        match kept {
            true => Ok(service),
            false => Err(self.why_not_kept(&session.session_id).await),
        }
    }

    /// Deletes what is held of one domain of a tenant; answers the records deleted. Can be
    /// repeated. The session is PARTIAL from then on, unless the domain is made by triggers alone.
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
            // Only segments without an owner are left.
            Err(SessionError::NotFound { .. }) => {
                return Ok(parts.repo.delete_domain(tenant_id, domain).await?);
            }
            Err(error) => return Err(error),
        };
        let _turn = self.inner.turns.take(&owner.session_id).await;
        let deadline = parts.repo.deadline(parts.policy.lease).await?;
        let mut session = self.session_of_tenant(tenant_id).await?;
        let held = parts
            .repo
            .find_segments(tenant_id, Some(domain), None)
            .await?;
        let triggers = parts.catalog.triggers();
        if self.known_domain(domain)?.triggered {
            withdraw(triggers, &mut session.tenants, tenant_id, domain);
        } else {
            let service = DomainOutcome {
                status: DomainStatus::Deleted,
                ..DomainOutcome::pending(domain)
            };
            replace_service(&mut session, tenant_id, service);
            session.status = SessionStatus::Partial;
        }
        // Nothing happens to a session that has none.
        if !held.is_empty() {
            let affected = readers(triggers, &session.tenants, tenant_id, domain);
            affected.reset(&mut session.tenants);
            let mut replaced = affected.parts(triggers);
            replaced.extend(held.iter().map(part));
            replaced.sort();
            replaced.dedup();
            let but = (tenant_id, domain);
            let made = self.refresh(&mut session, but, &replaced).await?;
            let parts_of = Replaced::Parts(&replaced);
            let receipt = self.seal_after(&session, parts_of, &made).await?;
            let kept = parts
                .repo
                .replace_data(&session, deadline, parts_of, &made, receipt.as_deref())
                .await?;
            // One that is over loses all of its data; another request's change is not overwritten.
            if !kept {
                let why = self.why_not_kept(&session.session_id).await;
                if matches!(why, SessionError::Changed) {
                    return Err(why);
                }
            }
        }
        let mut deleted = EntityCounts::new();
        for segment in held {
            *deleted.entry(segment.entity).or_default() += segment.records;
        }
        Ok(deleted)
    }

    /// Runs the triggers that are pending after a domain went, and answers what they made. All of them
    /// read it, so that mostly nothing is left to run and the session need not be read.
    async fn refresh(
        &self,
        session: &mut Session,
        but: (Uuid, &str),
        replaced: &[Part],
    ) -> Result<Vec<StoredSegment>, SessionError> {
        let triggers = self.inner.parts.catalog.triggers();
        let some_run = Phase::ALL
            .into_iter()
            .any(|phase| !settle(triggers, &mut session.tenants, phase).is_empty());
        if !some_run {
            return Ok(Vec::new());
        }
        let stored = self.stored(session, Some(but)).await?;
        let kept = stored.products_but(replaced);
        let progress =
            Arc::new(Progress::new(session.tenants.clone()).under(self.inner.parts.policy.lease));
        let tenants = Arc::new(stored.tenants);
        let plugins = self.plugins_of(session).await?;
        let made = run_phases(&self.inner, &plugins, session, &progress, &tenants, &kept).await;
        session.tenants = progress.snapshot();
        Ok(made)
    }
}

fn part(segment: &StoredSegment) -> Part {
    Part {
        tenant_id: segment.tenant_id,
        domain: segment.domain.clone(),
        part: segment.part.clone(),
    }
}

/// # Errors
/// [`SessionError::Invalid`] with every field that is not the session's.
fn contradictions(
    asked: &CloneDomain,
    session: &Session,
    tenant: &Tenant,
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

fn replace_service(session: &mut Session, tenant_id: Uuid, service: DomainOutcome) {
    for held in service_mut(session, tenant_id, &service.domain) {
        held.clone_from(&service);
    }
}

fn service_mut<'s>(
    session: &'s mut Session,
    tenant_id: Uuid,
    domain: &'s str,
) -> impl Iterator<Item = &'s mut DomainOutcome> {
    session
        .tenants
        .iter_mut()
        .filter(move |tenant| tenant.tenant_id == tenant_id)
        .flat_map(|tenant| &mut tenant.services)
        .filter(move |service| service.domain == domain)
}
