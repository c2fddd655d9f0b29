//! The floor: a session's work natively, on as many threads as the host uses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use levain_catalog::{CheckedTenant, EntityRef, Relation, TenantScope, Trigger};
use levain_model::{Phase, Segment, StoredSegment};
use levain_plugin::HeldSegment;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::figures::{Spent, Stopwatch};
use super::host::Store;
use super::raise;
use super::setting::Setting;

/// Longer than any of this takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Clones, checks, raises and writes one session; how long all of it took, and the write alone.
pub async fn run(setting: &Setting<'_>, store: &Store) -> (Spent, Duration) {
    let scopes = setting.scopes();
    let watch = Stopwatch::start();
    let tenants = Arc::new(clone(setting, &scopes).await);
    let made = raise(setting, &tenants).await;
    let written = Instant::now();
    let cloned = tenants
        .iter()
        .flat_map(|tenant| tenant.domains.values())
        .flat_map(|domain| &domain.segments);
    store.raw.write(cloned.chain(&made).collect()).await;
    let took = (watch.read(), written.elapsed());
    // What destroying does for the session, outside of the time taken.
    store.raw.clear().await;
    took
}

/// Every domain of every tenant, then their references.
pub async fn clone(setting: &Setting<'_>, scopes: &[TenantScope]) -> Vec<CheckedTenant> {
    let host = setting.host;
    let mut order: Vec<(usize, usize)> = setting
        .places
        .iter()
        .enumerate()
        .flat_map(|(place, of)| (0..of.natives.len()).map(move |native| (place, native)))
        .collect();
    order.sort_by_key(|(place, native)| {
        std::cmp::Reverse(setting.places[*place].natives[*native].fixture.bytes())
    });
    let mut calls = JoinSet::new();
    for (place, native) in order {
        let (sandbox, catalog) = (host.sandbox.clone(), Arc::clone(&host.catalog));
        let native = &setting.places[place].natives[native];
        let (slug, prepared) = (native.domain, Arc::clone(&native.prepared));
        let scope = scopes[place].clone();
        let context = setting.context(&scope);
        calls.spawn(async move {
            // The host's own pool of threads; nothing of the sandbox is used.
            let work = move || {
                let segments = plain(prepared(&context));
                catalog
                    .check_clone(&scope, catalog.domain(slug).unwrap(), segments)
                    .unwrap()
            };
            (place, slug, sandbox.run(LIMIT, work).await.unwrap())
        });
    }
    let mut tenants: Vec<CheckedTenant> = scopes.iter().cloned().map(CheckedTenant::new).collect();
    while let Some(done) = calls.join_next().await {
        let (place, slug, checked) = done.unwrap();
        tenants[place].domains.insert(slug.to_owned(), checked);
    }
    let (catalog, instant) = (Arc::clone(&host.catalog), host.instant);
    host.sandbox
        .run(LIMIT, move || {
            let report = catalog.check_references(instant, &tenants);
            assert!(report.holds(), "the references of the floor do not hold");
            tenants
        })
        .await
        .unwrap()
}

/// Every trigger of every tenant that has its domain, phase by phase.
async fn raise(setting: &Setting<'_>, tenants: &Arc<Vec<CheckedTenant>>) -> Vec<StoredSegment> {
    let host = setting.host;
    let mut made: Vec<StoredSegment> = Vec::new();
    for phase in Phase::ALL {
        let mut calls = JoinSet::new();
        let known = Arc::new(made.clone());
        for (trigger, scope) in due(setting, tenants, phase) {
            let (sandbox, catalog) = (host.sandbox.clone(), Arc::clone(&host.catalog));
            let (tenants, known) = (Arc::clone(tenants), Arc::clone(&known));
            let context = setting.context(&scope);
            calls.spawn(async move {
                let work = move || {
                    let held = held(&trigger, &scope, &tenants, &known);
                    let raise = raise::raise(&trigger.domain);
                    let segments = plain(raise(phase, &context, &trigger.slug, &held));
                    catalog
                        .check_product(&scope, &trigger, segments, &tenants, usize::MAX)
                        .unwrap()
                };
                sandbox.run(LIMIT, work).await.unwrap()
            });
        }
        while let Some(done) = calls.join_next().await {
            made.extend(done.unwrap().segments);
        }
    }
    made
}

/// The triggers of a phase, each with the tenants that it is called for.
pub fn due(
    setting: &Setting<'_>,
    tenants: &[CheckedTenant],
    phase: Phase,
) -> Vec<(Trigger, TenantScope)> {
    let triggers = setting.host.catalog.triggers().iter();
    let of_phase = triggers.filter(|trigger| trigger.phase == phase);
    of_phase
        .flat_map(|trigger| {
            let having = tenants
                .iter()
                .filter(|tenant| tenant.domains.contains_key(&trigger.domain));
            having.map(|tenant| (trigger.clone(), tenant.scope.clone()))
        })
        .collect()
}

/// What a trigger is handed for a tenant.
pub fn held(
    trigger: &Trigger,
    scope: &TenantScope,
    tenants: &[CheckedTenant],
    made: &[StoredSegment],
) -> Vec<HeldSegment> {
    let is = |tenant: &TenantScope, relation: Relation| match relation {
        Relation::Own => tenant.tenant_id == scope.tenant_id,
        Relation::Parent => scope.parent_tenant_id == Some(tenant.tenant_id),
        Relation::Outlets => tenant.parent_tenant_id == Some(scope.tenant_id),
    };
    let mut held = Vec::new();
    for read in &trigger.reads {
        for relation in &read.from {
            let related = tenants.iter().filter(|tenant| is(&tenant.scope, *relation));
            for tenant in related {
                let cloned = tenant.domains.get(&read.entity.domain);
                let segments = cloned.into_iter().flat_map(|domain| &domain.segments);
                let of = |segment: &&StoredSegment| {
                    belongs(segment, tenant.scope.tenant_id, &read.entity)
                };
                held.extend(segments.chain(made).filter(of).map(|segment| HeldSegment {
                    tenant_id: segment.tenant_id,
                    domain: segment.domain.clone(),
                    entity: segment.entity.clone(),
                    rows: segment.rows.clone(),
                }));
            }
        }
    }
    held
}

fn belongs(segment: &StoredSegment, tenant_id: Uuid, entity: &EntityRef) -> bool {
    segment.tenant_id == tenant_id
        && segment.domain == entity.domain
        && segment.entity == entity.entity
}

fn plain(segments: Vec<levain_plugin::Segment>) -> Vec<Segment> {
    segments
        .into_iter()
        .map(|segment| Segment {
            entity: segment.entity,
            rows: segment.rows,
        })
        .collect()
}
