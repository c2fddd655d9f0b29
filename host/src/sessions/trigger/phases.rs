//! Alerts, then insights, then KPIs: within a phase all calls run at once.

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::call::{Call, Readable};
use super::plan::{rows_mut, settle};
use crate::plugins::Registry;
use crate::sessions::Inner;
use crate::sessions::clone::{Budget, Exceeded, bytes_of, phase as phase_span};
use crate::sessions::progress::Progress;
use levain_catalog::CheckedTenant;
use levain_model::{
    Failure, Phase, Session, StoredSegment, Tenant, TriggerOutcome, TriggerStatus, stored_bytes,
};

/// Runs every trigger whose row in `progress` is pending, by the session's own components, and answers what they
/// made. `tenants` is what was cloned and checked, `kept` what other triggers made before. How each ended is in
/// `progress`: none of them fails the session.
pub(in crate::sessions) async fn run_phases(
    inner: &Arc<Inner>,
    plugins: &Arc<Registry>,
    session: &Session,
    progress: &Arc<Progress>,
    tenants: &Arc<Vec<CheckedTenant>>,
    kept: &[StoredSegment],
) -> Vec<StoredSegment> {
    let mut made: Vec<StoredSegment> = Vec::new();
    for phase in Phase::ALL {
        let triggers = inner.parts.catalog.triggers();
        let due = progress.change(|rows| settle(triggers, rows, phase));
        let calls: Vec<Call> = due
            .iter()
            .filter_map(|(tenant_id, slug)| {
                let mut rows = session.tenants.iter();
                let tenant = rows.find(|tenant| tenant.tenant_id == *tenant_id)?;
                let trigger = inner.parts.catalog.trigger(slug)?;
                Some(Call::new(session, tenant, trigger))
            })
            .collect();
        if calls.is_empty() {
            continue;
        }
        let readable = Readable {
            tenants: Arc::clone(tenants),
            products: Arc::new(kept.iter().chain(&made).cloned().collect()),
        };
        let run = run_phase(inner, plugins, session, progress, calls, &readable);
        made.extend(run.instrument(phase_span(phase.as_str())).await);
        // A task that was lost leaves its row as it was.
        progress.change(|rows| {
            for (tenant_id, slug) in &due {
                for row in rows_mut(rows, *tenant_id, slug) {
                    if matches!(row.status, TriggerStatus::Pending | TriggerStatus::Running) {
                        row.status = TriggerStatus::Failed;
                        row.error = Some(lost());
                    }
                }
            }
        });
    }
    made
}

async fn run_phase(
    inner: &Arc<Inner>,
    plugins: &Arc<Registry>,
    session: &Session,
    progress: &Arc<Progress>,
    calls: Vec<Call>,
    readable: &Readable,
) -> Vec<StoredSegment> {
    // What earlier phases made was read since: only this phase's own is given up.
    let spent = bytes_of(&readable.tenants) + stored_bytes(readable.products.iter());
    let mut budget = Budget::new(inner.parts.bounds.session_bytes, spent);
    let mut running = JoinSet::new();
    for call in calls {
        let (inner, progress) = (Arc::clone(inner), Arc::clone(progress));
        let plugins = Arc::clone(plugins);
        let (session_id, readable) = (session.session_id.clone(), readable.clone());
        let span =
            tracing::info_span!("trigger", trigger = %call.slug(), tenant_id = %call.tenant_id());
        running.spawn(
            async move {
                progress.change(|rows| {
                    for row in rows_mut(rows, call.tenant_id(), call.slug()) {
                        row.status = TriggerStatus::Running;
                    }
                });
                let ended = call
                    .run(&inner, &plugins, &session_id, readable, &progress)
                    .await;
                progress.change(|rows| ended.describe(rows));
                ended
            }
            .instrument(span),
        );
    }
    let mut made: Vec<StoredSegment> = Vec::new();
    while let Some(joined) = running.join_next().await {
        match joined {
            Ok(ended) => {
                // Where it failed, its row says why.
                let Ok(product) = ended.result else {
                    continue;
                };
                let bytes = stored_bytes(&product.segments);
                made.extend(product.segments);
                if let Err(Exceeded { name, error }) = budget.add(&ended.slug, bytes) {
                    tracing::warn!(trigger = %name, code = %error.code, error = %error.message, "trigger failed");
                    made.retain(|held| held.part != name);
                    progress.change(|rows| reject(rows, &name, &error));
                }
            }
            Err(lost) => tracing::error!(error = %lost, "a trigger's task was lost"),
        }
    }
    made
}

/// Nothing of what a trigger made for any tenant is kept.
fn reject(tenants: &mut [Tenant], trigger: &str, error: &Failure) {
    let rows = tenants.iter_mut().flat_map(|tenant| &mut tenant.triggers);
    for row in rows.filter(|row| row.trigger == trigger) {
        if row.status == TriggerStatus::Completed {
            *row = TriggerOutcome {
                status: TriggerStatus::Failed,
                duration_ms: row.duration_ms,
                plugin_digest: row.plugin_digest.clone(),
                peak_memory_bytes: row.peak_memory_bytes,
                error: Some(error.clone()),
                ..TriggerOutcome::pending(&row.trigger, &row.domain, row.phase)
            };
        }
    }
}

fn lost() -> Failure {
    Failure::new("host_error", "the host lost the call; its log says why")
}
