//! The floor: a session's work natively, on as many threads as the host uses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use levain::catalog::{CheckedDomain, CheckedTenant};
use levain::segment::{Segment, StoredSegment};
use sqlx::{QueryBuilder, Sqlite};

use super::setting::Setting;

/// Longer than any of this takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Clones, checks and writes one tenant; how long all of it took, and the write alone.
pub async fn run(setting: &Setting) -> (Duration, Duration) {
    let context = Arc::new(setting.context());
    let mut scope = setting.scope();
    scope.tenant_id = context.tenant_id;
    let started = Instant::now();
    let mut order: Vec<usize> = (0..setting.natives.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(setting.natives[*index].fixture.bytes()));
    let mut calls = tokio::task::JoinSet::new();
    for index in order {
        let (sandbox, catalog) = (setting.sandbox.clone(), Arc::clone(&setting.catalog));
        let prepared = Arc::clone(&setting.prepared[index]);
        let (context, scope) = (Arc::clone(&context), scope.clone());
        let slug = setting.natives[index].domain;
        calls.spawn(async move {
            // The host's own pool of threads; nothing of the sandbox is used.
            let work = move || {
                let segments = prepared(&context)
                    .into_iter()
                    .map(|segment| Segment {
                        entity: segment.entity,
                        rows: segment.rows,
                    })
                    .collect();
                catalog
                    .check_clone(&scope, catalog.domain(slug).unwrap(), segments)
                    .unwrap()
            };
            (slug, sandbox.run(LIMIT, work).await.unwrap())
        });
    }
    let mut tenant = CheckedTenant::new(scope);
    while let Some(done) = calls.join_next().await {
        let (slug, checked) = done.unwrap();
        tenant.domains.insert(slug.to_owned(), checked);
    }
    let (catalog, instant) = (Arc::clone(&setting.catalog), setting.instant());
    let tenant = setting
        .sandbox
        .run(LIMIT, move || {
            let tenants = [tenant];
            let report = catalog.check_references(instant, &tenants);
            assert!(report.holds(), "the references of the floor do not hold");
            tenants
        })
        .await
        .unwrap();
    let written = Instant::now();
    let segments: Vec<StoredSegment> = tenant
        .into_iter()
        .flat_map(|tenant| tenant.domains.into_values())
        .flat_map(|domain: CheckedDomain| domain.segments)
        .collect();
    write(setting, &segments).await;
    let took = (started.elapsed(), written.elapsed());
    // What destroying does for the session, outside of the time taken.
    sqlx::query("DELETE FROM segments")
        .execute(&setting.raw)
        .await
        .unwrap();
    took
}

async fn write(setting: &Setting, segments: &[StoredSegment]) {
    let mut transaction = setting.raw.begin().await.unwrap();
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO segments (tenant_id, domain, entity, records, digest, rows) ",
    );
    insert.push_values(segments, |mut row, segment| {
        row.push_bind(segment.tenant_id.to_string())
            .push_bind(&segment.domain)
            .push_bind(&segment.entity)
            .push_bind(segment.records)
            .push_bind(&segment.digest)
            .push_bind(&segment.rows);
    });
    insert.build().execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
}
