//! Destroys sessions, and mends what a process that died left behind.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::encode::{from_json, instant, narrow, parse, to_json};
use super::error::classify;
use super::sessions::write_services;
use crate::repo::{DeletedSegment, RepoError, ServiceError, ServiceRow, ServiceStatus};

/// Deletes the data of a session and marks it DESTROYED, with an audit row; the caller wraps it
/// into a transaction. A session that is destroyed already, or never was, is left alone.
pub(super) async fn destroy(
    connection: &mut SqliteConnection,
    session_id: &str,
    now: DateTime<Utc>,
    amiss: &[String],
) -> Result<Vec<DeletedSegment>, RepoError> {
    let begun = Instant::now();
    let marked = sqlx::query(
        "UPDATE demo_sessions SET status = 'DESTROYED', destroyed_at = ? \
         WHERE session_id = ? AND status <> 'DESTROYED'",
    )
    .bind(instant(now))
    .bind(session_id)
    .execute(&mut *connection)
    .await
    .map_err(classify)?;
    if marked.rows_affected() == 0 {
        return Ok(Vec::new());
    }
    let deleted: Vec<(String, String, String, i64)> = sqlx::query_as(
        "DELETE FROM segments WHERE tenant_id IN \
         (SELECT tenant_id FROM demo_tenants WHERE session_id = ? AND released = 0) \
         RETURNING tenant_id, domain, entity, records",
    )
    .bind(session_id)
    .fetch_all(&mut *connection)
    .await
    .map_err(classify)?;
    sqlx::query("UPDATE demo_tenants SET released = 1 WHERE session_id = ?")
        .bind(session_id)
        .execute(&mut *connection)
        .await
        .map_err(classify)?;
    let mut deleted = deleted
        .into_iter()
        .map(|(tenant_id, domain, entity, records)| {
            Ok(DeletedSegment {
                tenant_id: parse("tenant_id", &tenant_id)?,
                domain,
                entity,
                records: narrow("records", records)?,
            })
        })
        .collect::<Result<Vec<_>, RepoError>>()?;
    deleted.sort_by(|a, b| {
        (a.tenant_id, &a.domain, &a.entity).cmp(&(b.tenant_id, &b.domain, &b.entity))
    });
    audit(connection, session_id, now, begun, &deleted, amiss).await?;
    Ok(deleted)
}

/// Writes down what a cleanup deleted, in the ledger that outlives the session.
async fn audit(
    connection: &mut SqliteConnection,
    session_id: &str,
    now: DateTime<Utc>,
    begun: Instant,
    deleted: &[DeletedSegment],
    amiss: &[String],
) -> Result<(), RepoError> {
    let took = begun.elapsed();
    let completed_at = now + Duration::from_std(took).unwrap_or_default();
    let total: i64 = deleted.iter().map(|gone| i64::from(gone.records)).sum();
    sqlx::query(
        "INSERT INTO demo_cleanup_audit (id, session_id, virtual_tenant_id, started_at, \
         completed_at, duration_ms, total_records_deleted, service_results, status, error_details, retry_count) \
         SELECT ?, s.session_id, t.tenant_id, ?, ?, ?, ?, ?, ?, ?, s.cleanup_retry_count \
         FROM demo_sessions AS s JOIN demo_tenants AS t ON t.session_id = s.session_id \
         WHERE s.session_id = ? AND t.position = 0",
    )
    .bind(Uuid::new_v4().to_string())
    .bind(instant(now))
    .bind(instant(completed_at))
    .bind(took.as_secs_f64() * 1000.0)
    .bind(total)
    .bind(to_json("service_results", &results(deleted))?)
    .bind(if amiss.is_empty() { "SUCCESS" } else { "PARTIAL" })
    .bind(match amiss {
        [] => None,
        amiss => Some(to_json("error_details", &amiss)?),
    })
    .bind(session_id)
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(())
}

/// `{tenant: {domain: {status, records_deleted: {entity: n, total}}}}`.
fn results(deleted: &[DeletedSegment]) -> serde_json::Value {
    let mut tenants: BTreeMap<String, BTreeMap<&str, BTreeMap<&str, u64>>> = BTreeMap::new();
    for gone in deleted {
        let counts = tenants
            .entry(gone.tenant_id.to_string())
            .or_default()
            .entry(&gone.domain)
            .or_default();
        counts.insert(&gone.entity, u64::from(gone.records));
        *counts.entry("total").or_default() += u64::from(gone.records);
    }
    let domain =
        |counts: &BTreeMap<&str, u64>| json!({ "status": "deleted", "records_deleted": counts });
    tenants
        .iter()
        .map(|(tenant, domains)| {
            let domains: serde_json::Map<_, _> = domains
                .iter()
                .map(|(name, counts)| ((*name).to_owned(), domain(counts)))
                .collect();
            (tenant.clone(), serde_json::Value::Object(domains))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What was CLONING becomes FAILED, what was DESTROYING is destroyed; the caller wraps it into
/// a transaction. Answers the ids of the failed.
pub(super) async fn recover(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    reason: &str,
) -> Result<Vec<String>, RepoError> {
    let failed: Vec<String> = sqlx::query_scalar(
        "UPDATE demo_sessions SET status = 'FAILED', error = ? WHERE status = 'CLONING' \
         RETURNING session_id",
    )
    .bind(reason)
    .fetch_all(&mut *connection)
    .await
    .map_err(classify)?;
    for session_id in &failed {
        fail_services(connection, session_id, reason).await?;
    }
    let half_gone: Vec<String> =
        sqlx::query_scalar("SELECT session_id FROM demo_sessions WHERE status = 'DESTROYING'")
            .fetch_all(&mut *connection)
            .await
            .map_err(classify)?;
    for session_id in &half_gone {
        let amiss = ["the host stopped before it had asked for the plans".to_owned()];
        destroy(connection, session_id, now, &amiss).await?;
    }
    Ok(failed)
}

/// A service that was under way ended with the process: it would read as pending for ever.
async fn fail_services(
    connection: &mut SqliteConnection,
    session_id: &str,
    reason: &str,
) -> Result<(), RepoError> {
    let tenants: Vec<(String, String)> =
        sqlx::query_as("SELECT tenant_id, services FROM demo_tenants WHERE session_id = ?")
            .bind(session_id)
            .fetch_all(&mut *connection)
            .await
            .map_err(classify)?;
    for (tenant_id, services) in tenants {
        let mut services: Vec<ServiceRow> = from_json("services", &services)?;
        for service in &mut services {
            if matches!(
                service.status,
                ServiceStatus::Pending | ServiceStatus::Cloning
            ) {
                service.status = ServiceStatus::Failed;
                service.error = Some(ServiceError {
                    code: "interrupted".to_owned(),
                    message: reason.to_owned(),
                    faults: Vec::new(),
                    fault_count: 0,
                });
            }
        }
        let tenant_id = parse("tenant_id", &tenant_id)?;
        write_services(connection, session_id, tenant_id, &services).await?;
    }
    Ok(())
}
