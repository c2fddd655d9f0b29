//! The clone: every domain of every tenant in the sandbox at once, checked as it comes back, its
//! references checked together, the triggers run over what holds, and all of it committed in one
//! transaction.

mod budget;
mod domain;
mod failure;
mod lost;
mod plan;
mod references;

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;
use tracing::Instrument as _;

pub(super) use budget::{Budget, Exceeded, too_much};
pub(crate) use domain::SLACK;
pub(super) use domain::{Made, Work, clone_domain, context};
pub(super) use failure::{call_failed, not_active, refused};
use lost::discard;
pub(super) use lost::record_lost;
use plan::plan;
pub(super) use references::check_references;

use super::duration::millis;
use super::progress::Progress;
use super::tenants::scope;
use super::{SessionError, Sessions, outcome, redacted, trigger};
use crate::metrics;
use crate::plugins::Registry;
use crate::sandbox::Purpose;
use crate::traces;
use levain_catalog::CheckedTenant;
use levain_model::fault::shortened;
use levain_model::{DomainStatus, Session, SessionStatus, StoredSegment, Tenant, stored_bytes};

/// The clone of one session.
pub(super) struct Job {
    pub(super) sessions: Sessions,
    pub(super) row: Session,
    /// What the session is wholly of.
    pub(super) plugins: Arc<Registry>,
    pub(super) progress: Arc<Progress>,
}

/// What is there already when a session is rehearsed.
#[derive(Default)]
pub(crate) struct Given {
    /// Domains that are not cloned.
    pub(crate) tenants: Vec<CheckedTenant>,
    /// What triggers made that do not run.
    pub(crate) products: Vec<StoredSegment>,
}

/// What a session came to that was rehearsed.
#[derive(Clone)]
pub(crate) struct Rehearsed {
    /// What became of each domain and trigger.
    pub(crate) rows: Vec<Tenant>,
    /// The domains that hold, those that were given too.
    pub(crate) tenants: Arc<Vec<CheckedTenant>>,
    /// What the triggers made that ran.
    pub(crate) products: Vec<StoredSegment>,
}

impl Rehearsed {
    /// Everything that would be stored.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &StoredSegment> {
        self.tenants
            .iter()
            .flat_map(|tenant| tenant.domains.values())
            .flat_map(|domain| &domain.segments)
            .chain(&self.products)
    }
}

impl Job {
    /// The span of all that is done for the session. It is of the request's trace and not below its
    /// span: the work may outlive the request.
    pub(super) fn span(&self) -> tracing::Span {
        let span = tracing::info_span!(
            parent: None,
            "session",
            session = %redacted(&self.row.session_id),
            account = %self.row.account,
        );
        traces::continue_current(&span);
        span
    }

    /// Clones, decides and commits; the session as it was committed.
    pub(super) async fn run(self, span: tracing::Span) -> Result<Session, SessionError> {
        let row = self.row.clone();
        let sessions = self.sessions.clone();
        // A task of its own: a panic in it must not leave a session that is CLONING for ever.
        let ended = tokio::spawn(self.clone_and_commit().instrument(span)).await;
        sessions.inner.under_way.end(&row.session_id);
        match ended {
            Ok(result) => result,
            Err(lost) => {
                let reason = format!("the clone was lost: {lost}");
                record_lost(&sessions, row, &reason).await;
                Err(SessionError::Host { reason })
            }
        }
    }

    async fn clone_and_commit(self) -> Result<Session, SessionError> {
        let started = Instant::now();
        let sessions = self.sessions.clone();
        let begun = self.row.clone();
        let (row, segments) = match self.make(started).await {
            Ok(made) => made,
            Err(SessionError::Cancelled) => return Err(SessionError::Cancelled),
            Err(error) => {
                record_lost(&sessions, begun, &error.to_string()).await;
                return Err(error);
            }
        };
        let parts = &sessions.inner.parts;
        let receipt = match sessions.seal(&row, &segments) {
            Ok(receipt) => row.status.is_open().then_some(receipt),
            Err(error) => {
                record_lost(&sessions, row, &error.to_string()).await;
                return Err(error);
            }
        };
        let committed = parts
            .repo
            .commit_session(&row, &segments, receipt.as_deref())
            .await;
        let committed = match committed {
            Ok(committed) => committed,
            Err(error) => {
                tracing::error!(%error, "the session could not be committed");
                record_lost(&sessions, row, "the store did not take the data").await;
                return Err(error.into());
            }
        };
        if !committed {
            let reason = "it was deleted, or given up by another host";
            tracing::warn!(reason, "the session is lost");
            return Err(SessionError::Cancelled);
        }
        let records: u64 = segments
            .iter()
            .map(|segment| u64::from(segment.records))
            .sum();
        tracing::info!(
            status = %row.status,
            records,
            segments = segments.len(),
            duration_ms = millis(started.elapsed()),
            "session cloned"
        );
        parts.mirror.keep(&row);
        Ok(row)
    }

    /// Clones and decides; returns the session to commit and its segments.
    ///
    /// # Errors
    /// [`SessionError::Cancelled`] where it is given up meanwhile; [`SessionError::LeaseOver`] where it takes
    /// longer than its lease, although no call of a plugin may.
    pub(super) async fn make(
        mut self,
        started: Instant,
    ) -> Result<(Session, Vec<StoredSegment>), SessionError> {
        let cancelled = self.progress.cancelled.clone();
        let lease = self.sessions.inner.parts.policy.lease;
        let (status, segments) = tokio::select! {
            made = tokio::time::timeout(lease, self.clone_and_trigger()) => {
                made.map_err(|_| SessionError::LeaseOver { lease })?
            }
            () = cancelled.cancelled() => return Err(SessionError::Cancelled),
        };
        self.row.tenants = self.progress.snapshot();
        self.row.status = status;
        self.row.cloning_completed_at = Some(self.sessions.inner.parts.clock.now());
        self.row.duration_ms = Some(millis(started.elapsed()));
        if status == SessionStatus::Failed {
            self.row.error = Some(self.failed_domains());
            discard(&mut self.row);
        }
        self.sessions.report_cloned(&self.row);
        Ok((self.row, segments))
    }

    /// Clones, decides, and runs the triggers over what is kept; what comes back is to be stored. The
    /// rows of the outcome are in `progress`.
    async fn clone_and_trigger(&self) -> (SessionStatus, Vec<StoredSegment>) {
        let cloned = self.clone_tenants(0).instrument(phase("clone")).await;
        let tenants = Arc::new(
            self.check_tenants(cloned)
                .instrument(phase("references"))
                .await,
        );
        let status = outcome::decide(&self.progress.snapshot(), |domain| self.requires(domain));
        if status == SessionStatus::Failed {
            return (status, Vec::new());
        }
        let made = self.raise(&tenants).await;
        // A call that was given up on may still read them.
        let segments = Arc::unwrap_or_clone(tenants)
            .into_iter()
            .flat_map(|tenant| tenant.domains.into_values())
            .flat_map(|domain| domain.segments)
            .chain(made)
            .collect();
        (status, segments)
    }

    /// Clones and raises what the row has pending beside what is given, checks all of it together, and
    /// decides and writes nothing.
    pub(super) async fn rehearse(self, given: Given) -> Rehearsed {
        let mut cloned = self.clone_tenants(bytes_of(&given.tenants)).await;
        for tenant in &mut cloned {
            let id = tenant.scope.tenant_id;
            let held = given.tenants.iter().find(|held| held.scope.tenant_id == id);
            for (domain, checked) in held.into_iter().flat_map(|held| &held.domains) {
                let domain = tenant.domains.entry(domain.clone());
                domain.or_insert_with(|| checked.clone());
            }
        }
        let tenants = Arc::new(self.check_tenants(cloned).await);
        let Self {
            sessions,
            row,
            plugins,
            progress,
        } = &self;
        let kept = &given.products;
        let products =
            trigger::run_phases(&sessions.inner, plugins, row, progress, &tenants, kept).await;
        Rehearsed {
            rows: self.progress.snapshot(),
            tenants,
            products,
        }
    }

    /// Runs the triggers over what holds.
    async fn raise(&self, tenants: &Arc<Vec<CheckedTenant>>) -> Vec<StoredSegment> {
        let Self {
            sessions,
            row,
            plugins,
            progress,
        } = self;
        trigger::run_phases(&sessions.inner, plugins, row, progress, tenants, &[]).await
    }

    /// Clones every domain of every tenant and returns those that succeeded. `spent` is what the session
    /// has of its budget already.
    async fn clone_tenants(&self, spent: u64) -> Vec<CheckedTenant> {
        let inner = &self.sessions.inner;
        let mut budget = Budget::new(inner.parts.bounds.session_bytes, spent);
        let mut calls = JoinSet::new();
        for work in plan(inner, &self.row, &self.progress) {
            let inner = Arc::clone(inner);
            let (plugins, progress) = (Arc::clone(&self.plugins), Arc::clone(&self.progress));
            let session_id = self.row.session_id.clone();
            let span = tracing::info_span!("domain", domain = %work.domain.slug, tenant_id = %work.scope.tenant_id);
            calls.spawn(
                async move {
                    progress.update(work.scope.tenant_id, &work.domain.slug, |service| {
                        service.status = DomainStatus::Cloning;
                    });
                    let ended = clone_domain(&inner, &plugins, &session_id, work).await;
                    progress.update(ended.tenant_id, &ended.domain, |service| {
                        ended.describe(service)
                    });
                    ended
                }
                .instrument(span),
            );
        }
        let mut tenants: Vec<CheckedTenant> = self
            .row
            .tenants
            .iter()
            .map(|tenant| CheckedTenant::new(scope(&self.row, tenant)))
            .collect();
        while let Some(joined) = calls.join_next().await {
            match joined {
                Ok(ended) => {
                    let Ok(checked) = ended.result else {
                        continue;
                    };
                    let bytes = stored_bytes(&checked.segments);
                    if let Err(exceeded) = budget.add(&ended.domain, bytes) {
                        self.give_up(exceeded, &mut tenants);
                    }
                    let tenant = tenants
                        .iter_mut()
                        .find(|tenant| tenant.scope.tenant_id == ended.tenant_id)
                        .filter(|_| !budget.has_given_up(&ended.domain));
                    if let Some(tenant) = tenant {
                        tenant.domains.insert(ended.domain, checked);
                    }
                }
                // The service stays as it was, not completed: the session cannot be READY.
                Err(lost) => tracing::error!(error = %lost, "a domain's task was lost"),
            }
        }
        tenants
    }

    /// Fails a domain that has too much of what the session may have, and drops what was cloned of it.
    fn give_up(&self, exceeded: Exceeded, tenants: &mut [CheckedTenant]) {
        let Exceeded { name, error } = exceeded;
        tracing::warn!(domain = %name, code = %error.code, error = %error.message, "domain failed");
        if self.progress.purpose == Purpose::Session {
            metrics::cloning_failed(&self.row.account, &name, &error.code);
        }
        for tenant in tenants {
            tenant.domains.remove(&name);
        }
        self.progress.change(|rows| {
            let services = rows.iter_mut().flat_map(|tenant| &mut tenant.services);
            services
                .filter(|service| service.domain == name)
                .filter(|service| service.status == DomainStatus::Completed)
                .for_each(|service| service.reject(error.clone()));
        });
    }

    /// Checks the references of all tenants together; returns the domains that hold.
    async fn check_tenants(&self, tenants: Vec<CheckedTenant>) -> Vec<CheckedTenant> {
        let inner = &self.sessions.inner;
        let (tenants, failures) =
            check_references(inner, &self.row, tenants, self.progress.purpose).await;
        for (tenant_id, domain, change) in failures {
            self.progress
                .update(tenant_id, &domain, |service| change.apply(service));
        }
        tenants
    }

    fn requires(&self, domain: &str) -> bool {
        let catalog = &self.sessions.inner.parts.catalog;
        catalog.domain(domain).is_some_and(|found| found.required)
    }

    fn failed_domains(&self) -> String {
        const LONGEST: usize = 4 << 10;
        let failures = self
            .row
            .tenants
            .iter()
            .flat_map(|tenant| tenant.services.iter().map(move |service| (tenant, service)))
            .filter(|(_, service)| {
                service.status != DomainStatus::Completed && self.requires(&service.domain)
            })
            .map(|(tenant, service)| {
                let why = service
                    .error
                    .as_ref()
                    .map_or("it did not end", |error| &error.message);
                match &tenant.outlet {
                    None => format!("{}: {why}", service.domain),
                    Some(outlet) => format!("{} of {outlet}: {why}", service.domain),
                }
            })
            .collect::<Vec<_>>()
            .join("; ");
        shortened(failures, LONGEST)
    }
}

/// The bytes of all records of some tenants.
pub(super) fn bytes_of(tenants: &[CheckedTenant]) -> u64 {
    let domains = tenants.iter().flat_map(|tenant| tenant.domains.values());
    stored_bytes(domains.flat_map(|domain| &domain.segments))
}

/// The span of a phase, below the session's.
pub(super) fn phase(phase: &'static str) -> tracing::Span {
    tracing::info_span!("phase", phase)
}
