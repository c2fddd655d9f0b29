//! Destruction: each plugin is asked for its plan, and the host deletes by tenant whatever the
//! plans say.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::clone::{call_failed, context};
use super::duration::millis;
use super::guard::{Bounds, Called};
use super::tenants::scope;
use super::{Inner, SessionError, Sessions, redacted};
use crate::metrics;
use crate::plugins::Registry;
use crate::sandbox::{CallContext, CleanupPlan, Limits, Purpose};
use levain_model::fault::within;
use levain_model::{DomainStatus, EntityCount, Session, SessionStatus, Tenant};

/// How long the plans of a session may take, all together: they only count, and the visitor waits.
const PLANS: Duration = Duration::from_secs(2);

/// The most bytes of what plugins may have remarked on in the audit and the log of one cleanup.
const REMARKS: usize = 16 << 10;

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

/// Why a session is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A caller asked for it.
    Caller,
    /// Its time is over, or an earlier destruction did not finish.
    Sweep,
}

impl Sessions {
    /// Destroys a session: its data goes, its row stays in the ledger. A clone under way is
    /// cancelled. Can be repeated.
    ///
    /// # Errors
    /// [`SessionError::NotFound`] where there never was such a session; [`SessionError::Store`].
    pub async fn destroy(&self, session_id: &str) -> Result<Destroyed, SessionError> {
        let sessions = self.clone();
        let session_id = session_id.to_owned();
        self.tracked(async move { sessions.end(&session_id).await })
            .await
    }

    async fn end(&self, session_id: &str) -> Result<Destroyed, SessionError> {
        let parts = &self.inner.parts;
        let lease = parts.lease();
        let Some(status) = parts.repo.begin_destroying(session_id, &lease).await? else {
            return Err(SessionError::NotFound { what: "session" });
        };
        self.wipe(session_id, status, Cause::Caller).await
    }

    /// Destroys a session that is DESTROYING and was `status` before.
    pub(super) async fn wipe(
        &self,
        session_id: &str,
        status: SessionStatus,
        cause: Cause,
    ) -> Result<Destroyed, SessionError> {
        let span = tracing::info_span!("cleanup", session = %redacted(session_id), ?cause);
        self.wipe_out(session_id, status).instrument(span).await
    }

    async fn wipe_out(
        &self,
        session_id: &str,
        status: SessionStatus,
    ) -> Result<Destroyed, SessionError> {
        let started = Instant::now();
        if let Some(progress) = self.inner.under_way.find(session_id) {
            progress.cancelled.cancel();
        }
        let mut records_deleted = 0;
        if status != SessionStatus::Destroyed {
            let _turn = self.inner.turns.take(session_id).await;
            let session = self.inner.parts.repo.find_session(session_id).await?;
            // The previous holder of the turn may have destroyed it.
            let session = session.filter(|found| found.status != SessionStatus::Destroyed);
            if let Some(session) = session {
                records_deleted = self.delete_data(&session, started).await?;
            }
        }
        Ok(Destroyed {
            session_id: session_id.to_owned(),
            status: SessionStatus::Destroyed,
            records_deleted,
            duration_ms: millis(started.elapsed()),
        })
    }

    /// Deletes a session's data, in the store and in the mirror; returns the records deleted.
    async fn delete_data(&self, session: &Session, started: Instant) -> Result<u64, SessionError> {
        let parts = &self.inner.parts;
        let remarks = remarks(&self.inner, session).await;
        for remark in &remarks {
            tracing::warn!(remark, "cleanup");
        }
        let id = &session.session_id;
        let deleted = parts.repo.destroy_session(id, parts.clock.now(), &remarks);
        let deleted = deleted.await.inspect_err(|_| {
            metrics::session_deleted(&session.account, "FAILED", None);
        })?;
        // As the audit has it.
        let status = if remarks.is_empty() {
            "SUCCESS"
        } else {
            "PARTIAL"
        };
        metrics::session_deleted(&session.account, status, Some(started.elapsed()));
        parts.mirror.forget(session);
        let records_deleted = deleted.iter().map(|gone| u64::from(gone.records)).sum();
        tracing::info!(
            records_deleted,
            duration_ms = millis(started.elapsed()),
            "session destroyed"
        );
        Ok(records_deleted)
    }
}

/// Asks the plugin of every domain that holds records how to delete them, all at once and for a
/// bounded time. What comes back is for the audit: the host deletes by tenant whatever they say.
async fn remarks(inner: &Arc<Inner>, session: &Session) -> Vec<String> {
    let plugins = inner.parts.plugins.at(session.plugin_revision);
    let plugins = match tokio::time::timeout(PLANS, plugins).await {
        Ok(Ok(plugins)) => plugins,
        Ok(Err(error)) => return vec![format!("no plugin could be asked for a plan: {error}")],
        Err(_) => return vec!["no plugin was at hand in time to be asked for a plan".to_owned()],
    };
    let mut plans = JoinSet::new();
    for tenant in &session.tenants {
        for (domain, held) in held(tenant) {
            let (inner, plugins) = (Arc::clone(inner), Arc::clone(&plugins));
            let whose = match &tenant.outlet {
                None => domain.clone(),
                Some(outlet) => format!("{domain} of {outlet}"),
            };
            let context = context(
                &inner,
                &session.session_id,
                &scope(session, tenant),
                &domain,
                Purpose::Session,
            );
            let span = tracing::info_span!("domain", %domain, tenant_id = %tenant.tenant_id);
            let plan = async move {
                let verdict =
                    match plan_cleanup(&inner, &plugins, &domain, context, held.clone()).await {
                        Ok(plan) => remarks_on(&plan, &held),
                        Err(reason) => vec![format!("gave no plan: {reason}")],
                    };
                verdict
                    .into_iter()
                    .map(|said| format!("{whose}: {said}"))
                    .collect::<Vec<_>>()
            };
            plans.spawn(plan.instrument(span));
        }
    }
    let asked = plans.len();
    let mut remarks = Vec::new();
    let mut answered = 0;
    let all = async {
        while let Some(joined) = plans.join_next().await {
            answered += 1;
            remarks.extend(joined.unwrap_or_else(|lost| vec![format!("a plan was lost: {lost}")]));
        }
    };
    if tokio::time::timeout(PLANS, all).await.is_err() {
        let missing = asked - answered;
        remarks.push(format!(
            "{missing} plans did not come within {} s",
            PLANS.as_secs()
        ));
    }
    remarks.sort();
    within(remarks, REMARKS)
}

pub(super) async fn plan_cleanup(
    inner: &Arc<Inner>,
    plugins: &Registry,
    domain: &str,
    context: CallContext,
    held: Vec<EntityCount>,
) -> Result<CleanupPlan, String> {
    let Some(plugin) = plugins.active(domain).cloned() else {
        return Err("no plugin serves it".to_owned());
    };
    let Some(declared) = inner.parts.catalog.domain(domain) else {
        return Err("the catalog does not have it".to_owned());
    };
    let limits = Limits {
        timeout: PLANS,
        ..Limits::of(declared, &inner.parts.catalog.limits(), &inner.parts.limits)
    };
    let called = Called {
        plugin: &plugin,
        work: "cleanup".to_owned(),
        purpose: context.purpose,
    };
    let bounds = Bounds {
        limits,
        slack: Duration::ZERO,
        until: None,
    };
    let (worker, component) = (Arc::clone(inner), plugin.component.clone());
    let call = inner.call(called, bounds, move |limits| {
        let sandbox = &worker.parts.sandbox;
        let planned = sandbox.plan_cleanup(&component, &context, &held, limits);
        planned
            .map(|(plan, _cost)| plan)
            .map_err(|error| call_failed(&error))
    });
    call.await.1.map_err(|error| error.message)
}

/// What the plan says that an operator or the plugin's author should know.
pub(crate) fn remarks_on(plan: &CleanupPlan, held: &[EntityCount]) -> Vec<String> {
    let forgotten = held
        .iter()
        .filter(|held| held.records > 0)
        .filter(|held| {
            !plan
                .deletions
                .iter()
                .any(|planned| planned.entity == held.entity)
        })
        .map(|held| {
            format!(
                "the plan forgot `{}`, {} records; the host deleted them",
                held.entity, held.records
            )
        });
    forgotten.chain(plan.notices.iter().cloned()).collect()
}

pub(crate) fn held(tenant: &Tenant) -> impl Iterator<Item = (String, Vec<EntityCount>)> + '_ {
    tenant
        .services
        .iter()
        .filter(|service| service.status == DomainStatus::Completed)
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
