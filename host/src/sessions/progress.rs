//! What is under way in this process: the live state of clones and triggers, and the means to cancel
//! them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::sandbox::Purpose;
use levain_model::{DomainOutcome, Tenant};

/// One clone under way.
pub(super) struct Progress {
    /// Whom it is for.
    pub(super) purpose: Purpose,
    /// When the calls of plugins must have ended, where the session has a lease.
    pub(super) until: Option<Instant>,
    tenants: Mutex<Vec<Tenant>>,
    changed: watch::Sender<()>,
    /// Cancelled when the session is deleted.
    pub(super) cancelled: CancellationToken,
}

impl Progress {
    /// Of these tenants of a session.
    pub(super) fn new(tenants: Vec<Tenant>) -> Self {
        Self::made_for(Purpose::Session, tenants)
    }

    /// Of a rehearsal.
    pub(super) fn of_rehearsal(tenants: Vec<Tenant>) -> Self {
        Self::made_for(Purpose::Rehearsal, tenants)
    }

    /// The same, of a session whose lease begins now.
    pub(super) fn under(mut self, lease: Duration) -> Self {
        self.until = Some(calls_end(lease));
        self
    }

    fn made_for(purpose: Purpose, tenants: Vec<Tenant>) -> Self {
        Self {
            purpose,
            until: None,
            tenants: Mutex::new(tenants),
            changed: watch::Sender::new(()),
            cancelled: CancellationToken::new(),
        }
    }

    /// Its tenants and services as they are now.
    pub(super) fn snapshot(&self) -> Vec<Tenant> {
        lock(&self.tenants).clone()
    }

    /// Changes its rows.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut [Tenant]) -> T) -> T {
        let changed = change(&mut lock(&self.tenants));
        self.changed.send_replace(());
        changed
    }

    /// Receives every change from now on, until the clone ends.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Changes the service of a domain.
    pub(super) fn update(
        &self,
        tenant_id: Uuid,
        domain: &str,
        change: impl FnOnce(&mut DomainOutcome),
    ) {
        self.change(|tenants| {
            let service = tenants
                .iter_mut()
                .find(|tenant| tenant.tenant_id == tenant_id)
                .and_then(|tenant| {
                    tenant
                        .services
                        .iter_mut()
                        .find(|service| service.domain == domain)
                });
            if let Some(service) = service {
                change(service);
            }
        });
    }
}

/// When the calls of plugins must have ended for a session whose lease begins now. A fifth of it is kept for what
/// comes after them: checks and the commit.
pub(super) fn calls_end(lease: Duration) -> Instant {
    Instant::now() + lease / 5 * 4
}

/// Every clone under way in this process, by session.
#[derive(Default)]
pub(super) struct UnderWay {
    sessions: Mutex<HashMap<String, Arc<Progress>>>,
}

impl UnderWay {
    pub(super) fn begin(
        &self,
        session_id: &str,
        tenants: Vec<Tenant>,
        lease: Duration,
    ) -> Arc<Progress> {
        let progress = Arc::new(Progress::new(tenants).under(lease));
        lock(&self.sessions).insert(session_id.to_owned(), Arc::clone(&progress));
        progress
    }

    /// Gives up every clone under way.
    pub(super) fn cancel_all(&self) {
        for progress in lock(&self.sessions).values() {
            progress.cancelled.cancel();
        }
    }

    pub(super) fn end(&self, session_id: &str) {
        lock(&self.sessions).remove(session_id);
    }

    pub(super) fn find(&self, session_id: &str) -> Option<Arc<Progress>> {
        lock(&self.sessions).get(session_id).cloned()
    }
}

/// A poisoned lock guards plain data that is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
