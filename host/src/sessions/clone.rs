//! The clone: every domain in the sandbox at once, checked as it comes back, its references
//! checked together, and all of it committed in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tracing::Instrument as _;
use uuid::Uuid;

use super::create::scope;
use super::progress::Progress;
use super::{Inner, SessionError, Sessions, outcome, redacted};
use crate::catalog::{CheckedDomain, CheckedTenant, Domain, FixtureSlice, Rejection, TenantScope};
use crate::fault::Fault;
use crate::plugins::Plugin;
use crate::repo::{ServiceError, ServiceRow, ServiceStatus, SessionRow, SessionStatus};
use crate::sandbox::{CallContext, CallError, Limits};
use crate::segment::{StoredSegment, content_digest};

/// How much longer than its guest a call may take: the checks of what came back, and the bound
/// on a host call that does not return.
const SLACK: Duration = Duration::from_secs(10);

/// The clone of one session.
pub(super) struct Job {
    pub(super) sessions: Sessions,
    pub(super) row: SessionRow,
    pub(super) progress: Arc<Progress>,
}

/// One domain of one tenant that ended.
pub(super) struct Ended {
    tenant_id: Uuid,
    domain: String,
    duration: Duration,
    plugin_digest: Option<String>,
    fixture_digest: String,
    result: Result<CheckedDomain, ServiceError>,
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

/// One domain of one tenant that is to be cloned.
pub(super) struct Work {
    pub(super) scope: TenantScope,
    pub(super) domain: Domain,
    pub(super) slice: Arc<FixtureSlice>,
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

/// Clones one domain of one tenant in the sandbox and checks what comes back.
pub(super) async fn clone_domain(inner: &Arc<Inner>, session_id: &str, work: Work) -> Ended {
    let started = Instant::now();
    let Work {
        scope,
        domain,
        slice,
    } = work;
    let tenant_id = scope.tenant_id;
    let slug = domain.slug.clone();
    let fixture_digest = slice.digest.clone();
    let ended = |plugin_digest, duration, result| Ended {
        tenant_id,
        domain: slug.clone(),
        duration,
        plugin_digest,
        fixture_digest,
        result,
    };
    let Some(plugin) = inner.parts.plugins.active(&domain.slug).cloned() else {
        return ended(None, Duration::ZERO, Err(not_active(inner, &domain.slug)));
    };
    let plugin_digest = Some(plugin.digest.clone());
    let limits = Limits::of(&domain, &inner.parts.catalog.limits(), &inner.parts.limits);
    let context = context(inner, session_id, &scope, &domain.slug);
    let worker = Arc::clone(inner);
    let asked = Instant::now();
    let call = inner.parts.sandbox.run(limits.timeout + SLACK, move || {
        // The wait for a turn is the session's, not the domain's.
        let started = Instant::now();
        let result = clone_and_check(&worker, &plugin, &scope, &domain, &slice, &context, &limits);
        (started.elapsed(), result)
    });
    let (duration, result) = match call.await {
        Ok(done) => done,
        Err(error) => (asked.elapsed(), Err(call_failed(&error))),
    };
    if let Err(error) = &result {
        tracing::warn!(code = %error.code, fault_count = error.fault_count, error = %error.message, "domain failed");
    }
    ended(plugin_digest, duration, result)
}

/// The part of a clone that keeps a thread busy.
fn clone_and_check(
    inner: &Inner,
    plugin: &Plugin,
    scope: &TenantScope,
    domain: &Domain,
    slice: &FixtureSlice,
    context: &CallContext,
    limits: &Limits,
) -> Result<CheckedDomain, ServiceError> {
    let parts = &inner.parts;
    let (segments, cost) = parts
        .sandbox
        .clone_tenant(&plugin.component, &slice.segments, context, limits)
        .map_err(|error| call_failed(&error))?;
    if cost.dropped_log_lines > 0 {
        tracing::warn!(
            lines = cost.dropped_log_lines,
            "log lines over the limit were dropped"
        );
    }
    within_records(parts.catalog.check_clone(scope, domain, segments), limits)
}

fn within_records(
    checked: Result<CheckedDomain, Rejection>,
    limits: &Limits,
) -> Result<CheckedDomain, ServiceError> {
    let checked = checked
        .map_err(|rejection| rejected("invalid_output", rejection.faults, rejection.total))?;
    let returned: u64 = checked
        .segments
        .iter()
        .map(|segment| u64::from(segment.records))
        .sum();
    if returned > u64::from(limits.records) {
        return Err(call_failed(&CallError::RecordLimit {
            returned,
            allowed: limits.records,
        }));
    }
    Ok(checked)
}

/// What the session's references say about its domains.
pub(super) struct ReferenceOutcome {
    unavailable: u32,
    error: Option<ServiceError>,
}

impl ReferenceOutcome {
    pub(super) fn apply(self, service: &mut ServiceRow) {
        service.unavailable_references = self.unavailable;
        if let Some(error) = self.error {
            *service = ServiceRow {
                status: ServiceStatus::Failed,
                records: BTreeMap::new(),
                content_digest: None,
                error: Some(error),
                ..service.clone()
            };
        }
    }

    pub(super) fn into_error(self) -> Option<ServiceError> {
        self.error
    }
}

/// Checks every reference of the session, and takes out the domains whose references do not
/// hold: a reference into a domain that failed is unavailable, not a fault.
pub(super) async fn check_references(
    inner: &Arc<Inner>,
    session: &SessionRow,
    tenants: Vec<CheckedTenant>,
) -> (Vec<CheckedTenant>, Vec<(Uuid, String, ReferenceOutcome)>) {
    let worker = Arc::clone(inner);
    let instant = session.session_created_at;
    let checked = inner
        .parts
        .sandbox
        .run(SLACK * 6, move || {
            let report = worker.parts.catalog.check_references(instant, &tenants);
            (tenants, report)
        })
        .await;
    let (mut tenants, report) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            // Nothing may be kept that was not checked.
            let error = call_failed(&error);
            let failures = session
                .tenants
                .iter()
                .flat_map(|tenant| tenant.services.iter().map(move |service| (tenant, service)))
                .map(|(tenant, service)| {
                    let outcome = ReferenceOutcome {
                        unavailable: 0,
                        error: Some(error.clone()),
                    };
                    (tenant.tenant_id, service.domain.clone(), outcome)
                })
                .collect();
            return (Vec::new(), failures);
        }
    };
    let mut outcomes = Vec::new();
    for ((tenant_id, domain), found) in report.domains {
        let error =
            (found.total > 0).then(|| rejected("broken_reference", found.faults, found.total));
        if let Some(error) = &error {
            tracing::warn!(%tenant_id, %domain, fault_count = error.fault_count, "references do not hold");
            for tenant in tenants
                .iter_mut()
                .filter(|tenant| tenant.scope.tenant_id == tenant_id)
            {
                tenant.domains.remove(&domain);
            }
        }
        outcomes.push((
            tenant_id,
            domain,
            ReferenceOutcome {
                unavailable: found.unavailable,
                error,
            },
        ));
    }
    (tenants, outcomes)
}

impl Ended {
    /// Writes how it ended into the service's row.
    pub(super) fn describe(&self, service: &mut ServiceRow) {
        service.duration_ms = Some(millis(self.duration));
        service.plugin_digest.clone_from(&self.plugin_digest);
        service.fixture_digest = Some(self.fixture_digest.clone());
        match &self.result {
            Ok(checked) => {
                service.status = ServiceStatus::Completed;
                service.error = None;
                service.records = checked
                    .segments
                    .iter()
                    .map(|segment| (segment.entity.clone(), segment.records))
                    .collect();
                service.content_digest = Some(content_digest(
                    checked
                        .segments
                        .iter()
                        .map(|s| (s.entity.as_str(), s.digest.as_str())),
                ));
            }
            Err(error) => {
                service.status = ServiceStatus::Failed;
                service.error = Some(error.clone());
            }
        }
    }

    pub(super) fn into_result(self) -> Result<CheckedDomain, ServiceError> {
        self.result
    }
}

/// What a call of a domain is told.
pub(super) fn context(
    inner: &Inner,
    session_id: &str,
    scope: &TenantScope,
    domain: &str,
) -> CallContext {
    CallContext {
        domain: domain.to_owned(),
        session_id: session_id.to_owned(),
        account: scope.account.clone(),
        base_tenant_id: scope.base_tenant_id,
        tenant_id: scope.tenant_id,
        parent_tenant_id: scope.parent_tenant_id,
        outlet: scope.outlet.clone(),
        session_created_at: scope.session_created_at,
        base_reference: inner.parts.catalog.base_reference(),
    }
}

fn not_active(inner: &Inner, domain: &str) -> ServiceError {
    let message = inner.parts.plugins.refused(domain).map_or_else(
        || "no plugin serves it".to_owned(),
        |refused| refused.refusal.to_string(),
    );
    ServiceError {
        code: "plugin_not_active".into(),
        message,
        faults: Vec::new(),
        fault_count: 0,
    }
}

fn call_failed(error: &CallError) -> ServiceError {
    ServiceError {
        code: error.code().to_owned(),
        message: error.to_string(),
        faults: Vec::new(),
        fault_count: 0,
    }
}

fn rejected(code: &str, faults: Vec<Fault>, total: usize) -> ServiceError {
    let first = faults.first().map(Fault::to_string).unwrap_or_default();
    let message = match total {
        1 => first,
        _ => format!("{total} faults, the first: {first}"),
    };
    ServiceError {
        code: code.to_owned(),
        message,
        faults,
        fault_count: u32::try_from(total).unwrap_or(u32::MAX),
    }
}

/// A duration in milliseconds, with microseconds behind the point.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
