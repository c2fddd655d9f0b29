//! Destruction: each plugin is asked for its plan, and the host deletes by tenant whatever the
//! plans say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clone::{context, millis};
use super::create::scope;
use super::{Inner, SessionError, Sessions, redacted};
use crate::repo::{DeletedSegment, ServiceStatus, SessionRow, SessionStatus, TenantRow};
use crate::sandbox::{CleanupPlan, Limits};
use crate::segment::EntityCount;

/// How long a plan may take beyond the domain's own limit.
const SLACK: Duration = Duration::from_secs(2);

/// What became of a session that was deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Destroyed {
    /// The session.
    pub session_id: String,
    /// DESTROYED.
    pub status: SessionStatus,
    /// Records that this call deleted; none where an earlier one had.
    pub records_deleted: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}

impl Sessions {
    /// Destroys a session: its data goes, its row stays in the ledger. A clone under way is
    /// cancelled. Can be repeated.
    ///
    /// # Errors
    /// [`SessionError::NotFound`] where there never was such a session; [`SessionError::Store`].
    pub async fn destroy(&self, session_id: &str) -> Result<Destroyed, SessionError> {
        let started = Instant::now();
        let parts = &self.inner.parts;
        let session = parts
            .repo
            .find_session(session_id)
            .await?
            .ok_or(SessionError::NotFound { what: "session" })?;
        if session.status == SessionStatus::Destroyed {
            return Ok(Destroyed {
                session_id: session.session_id,
                status: SessionStatus::Destroyed,
                records_deleted: 0,
                duration_ms: millis(started.elapsed()),
            });
        }
        parts.repo.begin_destroying(session_id).await?;
        if let Some(progress) = self.inner.under_way.find(session_id) {
            progress.cancelled.cancel();
        }
        let plans = plan_cleanup(&self.inner, &session).await;
        let deleted = parts
            .repo
            .destroy_session(session_id, parts.clock.now())
            .await?;
        report_forgotten(&session, &plans, &deleted);
        let records_deleted = deleted
            .iter()
            .map(|segment| u64::from(segment.records))
            .sum();
        tracing::info!(
            session = %redacted(session_id),
            account = %session.account,
            records_deleted,
            duration_ms = millis(started.elapsed()),
            "session destroyed"
        );
        Ok(Destroyed {
            session_id: session.session_id,
            status: SessionStatus::Destroyed,
            records_deleted,
            duration_ms: millis(started.elapsed()),
        })
    }
}

type Plans = BTreeMap<(uuid::Uuid, String), CleanupPlan>;

/// Asks the plugin of every domain that holds records how to delete them. A plan that cannot be
/// had is logged and keeps nothing: the host deletes all the same.
async fn plan_cleanup(inner: &Arc<Inner>, session: &SessionRow) -> Plans {
    let mut plans = Plans::new();
    for tenant in &session.tenants {
        for (domain, held) in held(tenant) {
            let Some(plugin) = inner.parts.plugins.active(&domain).cloned() else {
                continue;
            };
            let Some(declared) = inner.parts.catalog.domain(&domain) else {
                continue;
            };
            let limits = Limits::of(declared, &inner.parts.catalog.limits(), &inner.parts.limits);
            let context = context(inner, &session.session_id, &scope(session, tenant), &domain);
            let sandbox = inner.parts.sandbox.clone();
            let call = inner.parts.sandbox.run(limits.timeout + SLACK, move || {
                sandbox.plan_cleanup(&plugin.component, &context, &held, &limits)
            });
            match call.await {
                Ok(Ok((plan, _cost))) => {
                    for notice in &plan.notices {
                        tracing::info!(%domain, tenant_id = %tenant.tenant_id, notice, "cleanup notice");
                    }
                    plans.insert((tenant.tenant_id, domain), plan);
                }
                Ok(Err(error)) | Err(error) => {
                    tracing::warn!(%domain, tenant_id = %tenant.tenant_id, code = error.code(), %error, "no cleanup plan");
                }
            }
        }
    }
    plans
}

fn held(tenant: &TenantRow) -> impl Iterator<Item = (String, Vec<EntityCount>)> + '_ {
    tenant
        .services
        .iter()
        .filter(|service| service.status == ServiceStatus::Completed)
        .map(|service| {
            let held = service
                .records
                .iter()
                .map(|(entity, records)| EntityCount {
                    entity: entity.clone(),
                    records: *records,
                })
                .collect();
            (service.domain.clone(), held)
        })
}

/// Says what a plan forgot: the host deleted it, the plugin's author should know.
fn report_forgotten(session: &SessionRow, plans: &Plans, deleted: &[DeletedSegment]) {
    for segment in deleted {
        let Some(plan) = plans.get(&(segment.tenant_id, segment.domain.clone())) else {
            continue;
        };
        if !plan
            .deletions
            .iter()
            .any(|deletion| deletion.entity == segment.entity)
        {
            tracing::warn!(
                session = %redacted(&session.session_id),
                domain = %segment.domain,
                entity = %segment.entity,
                records = segment.records,
                "the cleanup plan forgot an entity; the host deleted it"
            );
        }
    }
}
