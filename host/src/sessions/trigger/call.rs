//! One call of one trigger for one tenant: handed what it may read, and checked on the same thread.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::plan::{relatives, rows_mut};
use crate::metrics;
use crate::plugins::{Plugin, Registry};
use crate::sandbox::{CallContext, HeldSegment, Limits, Purpose};
use crate::sessions::Inner;
use crate::sessions::clone::{Made, SLACK, call_failed, context, not_active, refused};
use crate::sessions::duration::millis;
use crate::sessions::guard::{Bounds, Called};
use crate::sessions::progress::Progress;
use crate::sessions::tenants::scope;
use levain_catalog::{CheckedProduct, CheckedTenant, EntityRef, TenantScope, Trigger};
use levain_model::{
    Failure, Session, StoredSegment, Tenant, TriggerOutcome, TriggerStatus, concatenated,
    content_digest,
};

/// Everything that triggers may read of a session.
#[derive(Clone)]
pub(super) struct Readable {
    /// What was cloned and checked.
    pub(super) tenants: Arc<Vec<CheckedTenant>>,
    /// What other triggers made.
    pub(super) products: Arc<Vec<StoredSegment>>,
}

/// One trigger of one tenant that is to run.
pub(super) struct Call {
    scope: TenantScope,
    trigger: Trigger,
    /// What it is handed, in the order of its reads and of the session's tenants.
    reads: Vec<(Uuid, EntityRef)>,
}

/// One trigger of one tenant that ended.
pub(super) struct Ended {
    tenant_id: Uuid,
    pub(super) slug: String,
    duration: Duration,
    peak_memory_bytes: Option<u64>,
    plugin_digest: Option<String>,
    pub(super) result: Result<CheckedProduct, Failure>,
}

impl Call {
    /// The call of a trigger for a tenant.
    pub(super) fn new(session: &Session, tenant: &Tenant, trigger: &Trigger) -> Self {
        let mut reads: Vec<(Uuid, EntityRef)> = Vec::new();
        for read in &trigger.reads {
            for relation in &read.from {
                for other in relatives(&session.tenants, tenant, *relation) {
                    let line = (other.tenant_id, read.entity.clone());
                    if !reads.contains(&line) {
                        reads.push(line);
                    }
                }
            }
        }
        Self {
            scope: scope(session, tenant),
            trigger: trigger.clone(),
            reads,
        }
    }

    pub(super) fn tenant_id(&self) -> Uuid {
        self.scope.tenant_id
    }

    pub(super) fn slug(&self) -> &str {
        &self.trigger.slug
    }

    /// Calls the plugin in the sandbox and checks the output.
    pub(super) async fn run(
        self,
        inner: &Arc<Inner>,
        plugins: &Registry,
        session_id: &str,
        readable: Readable,
        progress: &Progress,
    ) -> Ended {
        let purpose = progress.purpose;
        let (tenant_id, slug) = (self.tenant_id(), self.slug().to_owned());
        let account = self.scope.account.clone();
        let ended = |plugin_digest, duration, result: Result<Made<CheckedProduct>, Failure>| {
            if let Err(error) = &result
                && purpose == Purpose::Session
            {
                metrics::trigger_failed(&account, &slug, &error.code);
            }
            let peak_memory_bytes = result.as_ref().ok().map(|(_, peak)| *peak);
            let result = result.map(|(product, _)| product);
            Ended {
                tenant_id,
                slug,
                duration,
                peak_memory_bytes,
                plugin_digest,
                result,
            }
        };
        let parts = &inner.parts;
        let domain = &self.trigger.domain;
        let plugin = plugins.active(domain).cloned();
        let (Some(plugin), Some(declared)) = (plugin, parts.catalog.domain(domain)) else {
            let error = not_active(plugins, domain);
            return ended(None, Duration::ZERO, Err(error));
        };
        let limits = Limits {
            timeout: self.trigger.timeout,
            ..Limits::of(declared, &parts.catalog.limits(), &parts.limits)
        };
        let plugin_digest = Some(plugin.digest.clone());
        let context = context(inner, session_id, &self.scope, domain, purpose);
        let worker = Arc::clone(inner);
        let active = Arc::clone(&plugin);
        let called = Called {
            plugin: &active,
            // A trigger is a function of what it is handed, whichever tenant that is of.
            work: format!("trigger {} of {}", self.slug(), self.scope.account),
            purpose,
        };
        let bounds = Bounds {
            limits,
            slack: SLACK,
            until: progress.until,
        };
        let call = inner.call(called, bounds, move |limits| {
            self.call_and_check(&worker, &plugin, &context, &readable, limits)
        });
        let (duration, result) = call.await;
        if let Err(error) = &result {
            tracing::warn!(code = %error.code, fault_count = error.fault_count, error = %error.message, "trigger failed");
        }
        ended(plugin_digest, duration, result)
    }

    /// The part of a call that keeps a thread busy.
    fn call_and_check(
        &self,
        inner: &Inner,
        plugin: &Plugin,
        context: &CallContext,
        readable: &Readable,
        limits: &Limits,
    ) -> Result<Made<CheckedProduct>, Failure> {
        let parts = &inner.parts;
        let held: Vec<HeldSegment<'_>> = self
            .reads
            .iter()
            .filter_map(|(tenant_id, entity)| readable.held(*tenant_id, entity))
            .collect();
        let (segments, cost) = parts
            .sandbox
            .run_trigger(
                &plugin.component,
                self.trigger.phase,
                &self.trigger.slug,
                context,
                &held,
                limits,
            )
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
            .check_product(
                &self.scope,
                &self.trigger,
                segments,
                &readable.tenants,
                most,
            )
            .map(|product| (product, cost.peak_memory_bytes as u64))
            .map_err(|rejection| refused(rejection, limits.records))
    }
}

impl Readable {
    /// The records of an entity of a tenant, all parts as one; `None` where there are none.
    fn held<'h>(&'h self, tenant_id: Uuid, entity: &'h EntityRef) -> Option<HeldSegment<'h>> {
        let cloned = self
            .tenants
            .iter()
            .find(|tenant| tenant.scope.tenant_id == tenant_id)
            .and_then(|tenant| tenant.domains.get(&entity.domain))
            .into_iter()
            .flat_map(|domain| &domain.segments);
        let mut parts: Vec<&StoredSegment> = cloned
            .chain(self.products.iter())
            .filter(|segment| {
                segment.tenant_id == tenant_id
                    && segment.domain == entity.domain
                    && segment.entity == entity.entity
            })
            .collect();
        // In the order of the store: what runs again is handed the same text.
        parts.sort_by(|one, other| one.part.cmp(&other.part));
        let rows = match parts.as_slice() {
            [] => return None,
            [only] => only.rows.as_str().into(),
            several => concatenated(several.iter().map(|part| part.rows.as_str())).into(),
        };
        Some(HeldSegment {
            tenant_id,
            domain: &entity.domain,
            entity: &entity.entity,
            rows,
        })
    }
}

impl Ended {
    /// Writes how it ended into the trigger's row.
    pub(super) fn describe(&self, tenants: &mut [Tenant]) {
        for row in rows_mut(tenants, self.tenant_id, &self.slug) {
            *row = self.row(row);
        }
    }

    fn row(&self, before: &TriggerOutcome) -> TriggerOutcome {
        let row = TriggerOutcome {
            duration_ms: Some(millis(self.duration)),
            peak_memory_bytes: self.peak_memory_bytes,
            plugin_digest: self.plugin_digest.clone(),
            ..TriggerOutcome::pending(&before.trigger, &before.domain, before.phase)
        };
        match &self.result {
            Ok(product) => TriggerOutcome {
                status: TriggerStatus::Completed,
                records: product.segments.iter().map(|made| made.records).sum(),
                by_status: product.by_status.clone(),
                content_digest: Some(content_digest(
                    product
                        .segments
                        .iter()
                        .map(|made| (made.entity.as_str(), made.digest.as_str())),
                )),
                ..row
            },
            Err(error) => TriggerOutcome {
                status: TriggerStatus::Failed,
                error: Some(error.clone()),
                ..row
            },
        }
    }
}
