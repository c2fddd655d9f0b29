//! The clone: every domain in the sandbox at once, checked as it comes back, its references
//! checked together, and all of it committed in one transaction.

mod domain;
mod failure;
mod references;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tracing::Instrument as _;
use uuid::Uuid;

pub(super) use domain::{Work, clone_domain, context};
pub(super) use references::check_references;

use super::create::scope;
use super::progress::Progress;
use super::{Inner, SessionError, Sessions, outcome, redacted};
use crate::catalog::{CheckedDomain, CheckedTenant};
use crate::repo::{ServiceStatus, SessionRow, SessionStatus};
use crate::segment::StoredSegment;

/// The clone of one session.
pub(super) struct Job {
    pub(super) sessions: Sessions,
    pub(super) row: SessionRow,
    pub(super) progress: Arc<Progress>,
}

impl Job {
    /// Clones, decides and commits; the session as it was committed.
    pub(super) async fn run(self) -> Result<SessionRow, SessionError> {
        let span = tracing::info_span!(
            "session",
            session = %redacted(&self.row.session_id),
            account = %self.row.account,
        );
        let session_id = self.row.session_id.clone();
        let sessions = self.sessions.clone();
        let result = self.clone_and_commit().instrument(span).await;
        sessions.inner.under_way.end(&session_id);
        result
    }

    async fn clone_and_commit(mut self) -> Result<SessionRow, SessionError> {
        let started = Instant::now();
        let cancelled = self.progress.cancelled.clone();
        let cloned = tokio::select! {
            cloned = self.clone_tenants() => cloned,
            () = cancelled.cancelled() => return Err(SessionError::Cancelled),
        };
        self.row.tenants = self.progress.snapshot();
        let parts = &self.sessions.inner.parts;
        let required = |domain: &str| parts.catalog.domain(domain).is_some_and(|d| d.required);
        self.row.status = outcome::decide(&self.row.tenants, required);
        self.row.cloning_completed_at = Some(parts.clock.now());
        self.row.duration_ms = Some(millis(started.elapsed()));
        let segments: Vec<StoredSegment> = if self.row.status == SessionStatus::Failed {
            self.row.error = Some(self.failed_domains(required));
            Vec::new()
        } else {
            cloned
                .into_iter()
                .flat_map(|domain| domain.segments)
                .collect()
        };
        let committed = match parts.repo.commit_session(&self.row, &segments).await {
            Ok(committed) => committed,
            Err(error) => {
                self.record_lost_commit(&error).await;
                return Err(error.into());
            }
        };
        if !committed {
            return Err(SessionError::Cancelled);
        }
        let records: u64 = segments
            .iter()
            .map(|segment| u64::from(segment.records))
            .sum();
        tracing::info!(
            status = %self.row.status,
            records,
            segments = segments.len(),
            duration_ms = millis(started.elapsed()),
            "session cloned"
        );
        Ok(self.row)
    }

    /// Clones every domain of every tenant, then checks their references together. The rows of
    /// the outcome are in `progress`; what comes back are the domains that may be kept.
    async fn clone_tenants(&self) -> Vec<CheckedDomain> {
        let inner = &self.sessions.inner;
        let mut calls = JoinSet::new();
        for work in plan(inner, &self.row) {
            let inner = Arc::clone(inner);
            let progress = Arc::clone(&self.progress);
            let session_id = self.row.session_id.clone();
            let span = tracing::info_span!("domain", domain = %work.domain.slug, tenant_id = %work.scope.tenant_id);
            calls.spawn(
                async move {
                    progress.update(work.scope.tenant_id, &work.domain.slug, |service| {
                        service.status = ServiceStatus::Cloning;
                    });
                    let ended = clone_domain(&inner, &session_id, work).await;
                    progress.update(ended.tenant_id, &ended.domain, |service| {
                        ended.describe(service)
                    });
                    ended
                }
                .instrument(span),
            );
        }
        let mut tenants: BTreeMap<Uuid, CheckedTenant> = self
            .row
            .tenants
            .iter()
            .map(|tenant| {
                (
                    tenant.tenant_id,
                    CheckedTenant::new(scope(&self.row, tenant)),
                )
            })
            .collect();
        while let Some(joined) = calls.join_next().await {
            match joined {
                Ok(ended) => {
                    if let (Ok(checked), Some(tenant)) =
                        (ended.result, tenants.get_mut(&ended.tenant_id))
                    {
                        tenant.domains.insert(ended.domain, checked);
                    }
                }
                // The service stays as it was, not completed: the session cannot be READY.
                Err(lost) => tracing::error!(error = %lost, "a domain's task was lost"),
            }
        }
        let tenants = tenants.into_values().collect();
        let (tenants, failures) = check_references(inner, &self.row, tenants).await;
        for (tenant_id, domain, change) in failures {
            self.progress
                .update(tenant_id, &domain, |service| change.apply(service));
        }
        tenants
            .into_iter()
            .flat_map(|tenant| tenant.domains.into_values())
            .collect()
    }

    fn failed_domains(&self, required: impl Fn(&str) -> bool) -> String {
        self.row
            .tenants
            .iter()
            .flat_map(|tenant| &tenant.services)
            .filter(|service| {
                service.status != ServiceStatus::Completed && required(&service.domain)
            })
            .map(|service| {
                let why = service
                    .error
                    .as_ref()
                    .map_or("it did not end", |error| &error.message);
                format!("{}: {why}", service.domain)
            })
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// The commit failed: says so in the session's row where the store lets it. Where not, the
    /// row stays CLONING and recovery fails it.
    async fn record_lost_commit(&mut self, error: &crate::repo::RepoError) {
        tracing::error!(%error, "the session could not be committed");
        self.row.status = SessionStatus::Failed;
        self.row.error = Some("the store did not take the data".to_owned());
        if let Err(error) = self
            .sessions
            .inner
            .parts
            .repo
            .commit_session(&self.row, &[])
            .await
        {
            tracing::error!(%error, "nor could its failure be recorded");
        }
    }
}

/// All domains of all tenants, the largest slice first: the last to end then ends soonest.
fn plan(inner: &Inner, session: &SessionRow) -> Vec<Work> {
    let catalog = &inner.parts.catalog;
    let Some(account) = catalog.account(&session.account) else {
        return Vec::new();
    };
    let mut works: Vec<Work> = session
        .tenants
        .iter()
        .flat_map(|tenant| {
            catalog.domains().iter().filter_map(move |domain| {
                Some(Work {
                    scope: scope(session, tenant),
                    slice: Arc::clone(account.slices.get(&domain.slug)?),
                    domain: domain.clone(),
                })
            })
        })
        .collect();
    works.sort_by_key(|work| std::cmp::Reverse(work.slice.bytes()));
    works
}

/// A duration in milliseconds, with microseconds behind the point.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
