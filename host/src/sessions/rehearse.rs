//! What revisions use of sessions: they rehearse one, or call one domain of it, and store nothing.

use std::sync::Arc;

use levain_model::{EntityCount, Session, Tenant};

use super::clone::{Job, context};
use super::destroy;
use super::guard::OpenCircuit;
use super::progress::Progress;
use super::{ClonedObserver, SessionParts, Sessions, WeakSessions};
use crate::plugins::Registry;
use crate::sandbox::{CallContext, CleanupPlan, Purpose};

pub(crate) use super::clone::{Given, Rehearsed, SLACK};
pub(crate) use super::destroy::{held, remarks_on};
pub(crate) use super::tenants::{scope, tenants};

impl Sessions {
    /// The rooms that sessions are made with.
    pub(crate) fn parts(&self) -> &SessionParts {
        &self.inner.parts
    }

    /// Runs work that the host waits for before it stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.inner.tasks.spawn(work);
    }

    /// For what the sessions own themselves: it must not keep them alive.
    pub(crate) fn downgrade(&self) -> WeakSessions {
        WeakSessions(Arc::downgrade(&self.inner))
    }

    /// Sets the observer of clones; the first one stays.
    pub(crate) fn observe_clones(&self, observer: ClonedObserver) {
        if self.inner.observer.set(observer).is_err() {
            tracing::error!("clones are observed already");
        }
    }

    pub(super) fn report_cloned(&self, session: &Session) {
        if let Some(observe) = self.inner.observer.get() {
            observe(session);
        }
    }

    /// Kinds of calls of a version that fail fast.
    pub(crate) fn open_circuits(&self, domain: &str, digest: &str) -> Vec<OpenCircuit> {
        self.inner.guard.open_circuits(domain, digest)
    }

    /// Clones what the session has pending and runs its triggers, beside what is given.
    pub(crate) async fn rehearse(
        &self,
        plugins: &Arc<Registry>,
        row: Session,
        given: Given,
    ) -> Rehearsed {
        let job = Job {
            sessions: self.clone(),
            progress: Arc::new(Progress::of_rehearsal(row.tenants.clone())),
            plugins: Arc::clone(plugins),
            row,
        };
        job.rehearse(given).await
    }

    /// The context of a call of one domain of a rehearsed session.
    pub(crate) fn rehearsal_context(
        &self,
        session: &Session,
        tenant: &Tenant,
        domain: &str,
    ) -> CallContext {
        let scope = scope(session, tenant);
        context(
            &self.inner,
            &session.session_id,
            &scope,
            domain,
            Purpose::Rehearsal,
        )
    }

    /// Asks a domain's plugin for its cleanup plan.
    pub(crate) async fn plan_cleanup(
        &self,
        plugins: &Registry,
        domain: &str,
        context: CallContext,
        held: Vec<EntityCount>,
    ) -> Result<CleanupPlan, String> {
        destroy::plan_cleanup(&self.inner, plugins, domain, context, held).await
    }
}
