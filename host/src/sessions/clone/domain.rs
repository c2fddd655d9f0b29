//! One domain of one tenant: cloned in the sandbox, and checked on the same thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::failure::{call_failed, not_active, refused};
use crate::metrics;
use crate::plugins::{Plugin, Registry};
use crate::sandbox::{CallContext, Limits, Purpose};
use crate::sessions::duration::millis;
use crate::sessions::guard::{Bounds, Called};
use crate::sessions::{Inner, redacted};
use levain_catalog::{CheckedDomain, Domain, FixtureSlice, TenantScope};
use levain_model::{DomainOutcome, DomainStatus, Failure, content_digest};

/// How much longer than its guest a call may take: the checks of what came back, and the bound
/// on a host call that does not return.
pub(crate) const SLACK: Duration = Duration::from_secs(10);

/// One domain of one tenant that is to be cloned.
pub(in crate::sessions) struct Work {
    pub(in crate::sessions) scope: TenantScope,
    pub(in crate::sessions) domain: Domain,
    pub(in crate::sessions) slice: Arc<FixtureSlice>,
    pub(in crate::sessions) purpose: Purpose,
    /// When its session must have it.
    pub(in crate::sessions) until: Option<Instant>,
}

/// One domain of one tenant that ended.
pub(in crate::sessions) struct Ended {
    pub(super) tenant_id: Uuid,
    pub(super) domain: String,
    duration: Duration,
    peak_memory_bytes: Option<u64>,
    plugin_digest: Option<String>,
    fixture_digest: String,
    pub(super) result: Result<CheckedDomain, Failure>,
}

/// The result of a call, and the peak of its linear memory in bytes.
pub(in crate::sessions) type Made<T> = (T, u64);

/// Clones one domain of one tenant in the sandbox and checks the output.
pub(in crate::sessions) async fn clone_domain(
    inner: &Arc<Inner>,
    plugins: &Registry,
    session_id: &str,
    work: Work,
) -> Ended {
    let Work {
        scope,
        domain,
        slice,
        purpose,
        until,
    } = work;
    let tenant_id = scope.tenant_id;
    let slug = domain.slug.clone();
    let account = scope.account.clone();
    let fixture_digest = slice.digest.clone();
    let ended = |plugin_digest, duration, result: Result<Made<CheckedDomain>, Failure>| {
        if let Err(error) = &result
            && purpose == Purpose::Session
        {
            metrics::cloning_failed(&account, &slug, &error.code);
        }
        let peak_memory_bytes = result.as_ref().ok().map(|(_, peak)| *peak);
        let result = result.map(|(checked, _)| checked);
        Ended {
            tenant_id,
            domain: slug.clone(),
            duration,
            peak_memory_bytes,
            plugin_digest,
            fixture_digest,
            result,
        }
    };
    let Some(plugin) = plugins.active(&domain.slug).cloned() else {
        return ended(None, Duration::ZERO, Err(not_active(plugins, &domain.slug)));
    };
    let plugin_digest = Some(plugin.digest.clone());
    let active = Arc::clone(&plugin);
    let limits = Limits::of(&domain, &inner.parts.catalog.limits(), &inner.parts.limits);
    let context = context(inner, session_id, &scope, &domain.slug, purpose);
    let worker = Arc::clone(inner);
    let called = Called {
        plugin: &active,
        work: match &scope.outlet {
            None => format!("clone of {}", scope.account),
            Some(outlet) => format!("clone of {outlet} of {}", scope.account),
        },
        purpose,
    };
    let bounds = Bounds {
        limits,
        slack: SLACK,
        until,
    };
    let call = inner.call(called, bounds, move |limits| {
        clone_and_check(&worker, &plugin, &scope, &domain, &slice, &context, limits)
    });
    let (duration, result) = call.await;
    if purpose == Purpose::Session {
        metrics::service_cloned(&account, &slug, duration);
    }
    if let Err(error) = &result {
        let plugin = plugin_digest.as_deref();
        tracing::warn!(plugin, code = %error.code, fault_count = error.fault_count, error = %error.message, "domain failed");
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
) -> Result<Made<CheckedDomain>, Failure> {
    let parts = &inner.parts;
    let (segments, cost) = parts
        .sandbox
        .clone_tenant(&plugin.component, slice, context, limits)
        .map_err(|error| call_failed(&error))?;
    if cost.dropped_log_lines > 0 {
        tracing::warn!(
            lines = cost.dropped_log_lines,
            "log lines over the limit were dropped"
        );
    }
    let most = usize::try_from(limits.records).unwrap_or(usize::MAX);
    parts
        .catalog
        .check_clone_within(scope, domain, segments, most)
        .map(|checked| (checked, cost.peak_memory_bytes as u64))
        .map_err(|rejection| refused(rejection, limits.records))
}

impl Ended {
    /// Writes how it ended into the service's row.
    pub(in crate::sessions) fn describe(&self, service: &mut DomainOutcome) {
        service.duration_ms = Some(millis(self.duration));
        service.peak_memory_bytes = self.peak_memory_bytes;
        service.plugin_digest.clone_from(&self.plugin_digest);
        service.fixture_digest = Some(self.fixture_digest.clone());
        match &self.result {
            Ok(checked) => {
                service.status = DomainStatus::Completed;
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
                service.status = DomainStatus::Failed;
                service.error = Some(error.clone());
            }
        }
    }

    pub(in crate::sessions) fn into_result(self) -> Result<CheckedDomain, Failure> {
        self.result
    }
}

/// The context of a call of a domain.
pub(in crate::sessions) fn context(
    inner: &Inner,
    session_id: &str,
    scope: &TenantScope,
    domain: &str,
    purpose: Purpose,
) -> CallContext {
    CallContext {
        domain: domain.to_owned(),
        purpose,
        // The id is a capability, and a plugin can log what it gets.
        session_id: redacted(session_id),
        account: scope.account.clone(),
        base_tenant_id: scope.base_tenant_id,
        tenant_id: scope.tenant_id,
        parent_tenant_id: scope.parent_tenant_id,
        outlet: scope.outlet.clone(),
        session_created_at: scope.session_created_at,
        base_reference: inner.parts.catalog.base_reference(),
    }
}
