//! Ends sessions: by a caller, because they are due, or because the process at work on them died.

use std::time::Instant;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;

use super::encode::{from_json, from_now, instant, narrow, parse, store_time, to_json};
use super::error::classify;
use crate::audit::{self, Audit};
use crate::{DeletedSegment, Due, Lease, RepoError, interrupted};
use levain_model::{DomainOutcome, SessionStatus, TriggerOutcome};

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
        "UPDATE demo_sessions SET status = 'DESTROYED', destroyed_at = ?, owner = NULL, deadline = NULL \
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
    let deleted = deleted
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
    let deleted = audit::by_entity(deleted);
    let took = begun.elapsed();
    let audit = Audit::of_deletion(now, took, &deleted, amiss)?;
    write_audit(connection, session_id, &audit).await?;
    Ok(deleted)
}

/// Writes down what a cleanup did, in the ledger that outlives the session.
async fn write_audit(
    connection: &mut SqliteConnection,
    session_id: &str,
    audit: &Audit,
) -> Result<(), RepoError> {
    sqlx::query(
        "INSERT INTO demo_cleanup_audit (id, session_id, virtual_tenant_id, started_at, \
         completed_at, duration_ms, total_records_deleted, service_results, status, error_details, retry_count) \
         SELECT ?, s.session_id, s.virtual_tenant_id, ?, ?, ?, ?, ?, ?, ?, s.cleanup_retry_count \
         FROM demo_sessions AS s WHERE s.session_id = ? AND s.virtual_tenant_id IS NOT NULL",
    )
    .bind(audit.id.to_string())
    .bind(instant(audit.started_at))
    .bind(instant(audit.completed_at))
    .bind(audit.duration_ms)
    .bind(audit.records_deleted)
    .bind(audit.service_results.as_str())
    .bind(audit.status)
    .bind(audit.error_details.as_deref())
    .bind(session_id)
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Writes down that a cleanup failed; answers how often it has now. It is tried again when its lease
/// has run out.
pub(super) async fn record_failure(
    connection: &mut SqliteConnection,
    session_id: &str,
    now: DateTime<Utc>,
    reason: &str,
) -> Result<u32, RepoError> {
    let failures: Option<i64> = sqlx::query_scalar(
        "UPDATE demo_sessions SET cleanup_retry_count = cleanup_retry_count + 1 \
         WHERE session_id = ? AND status = 'DESTROYING' RETURNING cleanup_retry_count",
    )
    .bind(session_id)
    .fetch_optional(&mut *connection)
    .await
    .map_err(classify)?;
    let Some(failures) = failures else {
        return Ok(0);
    };
    let audit = Audit::of_failure(now, reason)?;
    write_audit(connection, session_id, &audit).await?;
    narrow("cleanup_retry_count", failures)
}

/// Moves a session to DESTROYING unless it is destroyed already; answers the status it had.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    session_id: &str,
    lease: &Lease,
) -> Result<Option<SessionStatus>, RepoError> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT status FROM demo_sessions WHERE session_id = ?")
            .bind(session_id)
            .fetch_optional(&mut *connection)
            .await
            .map_err(classify)?;
    let Some(status) = found else {
        return Ok(None);
    };
    let status = parse("status", &status)?;
    if status != SessionStatus::Destroyed {
        sqlx::query(concat!(
            "UPDATE demo_sessions SET status = 'DESTROYING', epoch = epoch + 1, owner = ?, ",
            "deadline = ",
            store_time!("?"),
            " WHERE session_id = ?"
        ))
        .bind(lease.owner.as_str())
        .bind(from_now(lease.duration))
        .bind(session_id)
        .execute(connection)
        .await
        .map_err(classify)?;
    }
    Ok(Some(status))
}

/// Moves the sessions that are due to DESTROYING, the longest overdue first.
pub(super) async fn begin_due(
    connection: &mut SqliteConnection,
    due: &Due,
    lease: &Lease,
) -> Result<Vec<String>, RepoError> {
    sqlx::query_scalar(concat!(
        "UPDATE demo_sessions SET status = 'DESTROYING', epoch = epoch + 1, owner = ?, deadline = ",
        store_time!("?"),
        " WHERE session_id IN (SELECT session_id FROM demo_sessions WHERE status <> 'DESTROYED' AND (",
        "(status = 'DESTROYING' AND deadline <= ",
        store_time!(),
        " AND cleanup_retry_count < ?) OR ",
        "(status NOT IN ('DESTROYING', 'CLONING') AND expires_at <= ?)",
        ") ORDER BY expires_at LIMIT ?) RETURNING session_id"
    ))
    .bind(lease.owner.as_str())
    .bind(from_now(lease.duration))
    .bind(i64::from(due.most_failures))
    .bind(instant(due.expired_by))
    .bind(i64::from(due.limit))
    .fetch_all(connection)
    .await
    .map_err(classify)
}

/// Ends every lease: whoever held one is not there any more.
pub(super) async fn end_leases(connection: &mut SqliteConnection) -> Result<(), RepoError> {
    sqlx::query(concat!(
        "UPDATE demo_sessions SET owner = NULL, deadline = ",
        store_time!(),
        " WHERE status IN ('CLONING', 'DESTROYING')"
    ))
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Forgets what is too old; answers how many sessions.
pub(super) async fn prune(
    connection: &mut SqliteConnection,
    ledger: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, RepoError> {
    let statements = [
        (
            "DELETE FROM demo_idempotency_keys WHERE expires_at <= ?",
            now,
        ),
        (
            "DELETE FROM demo_cleanup_audit WHERE started_at <= ?",
            ledger,
        ),
        (
            "DELETE FROM demo_sessions WHERE status = 'DESTROYED' AND destroyed_at <= ?",
            ledger,
        ),
    ];
    let mut gone = 0;
    for (statement, before) in statements {
        let done = sqlx::query(statement)
            .bind(instant(before))
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
        // The last statement is the one of the sessions.
        gone = done.rows_affected();
    }
    Ok(gone)
}

/// What is CLONING beyond its lease becomes FAILED; the caller wraps it into a transaction. Answers
/// the ids.
pub(super) async fn fail_interrupted(
    connection: &mut SqliteConnection,
    reason: &str,
) -> Result<Vec<String>, RepoError> {
    let failed: Vec<String> = sqlx::query_scalar(concat!(
        "UPDATE demo_sessions SET status = 'FAILED', error = ?, epoch = epoch + 1, ",
        "owner = NULL, deadline = NULL WHERE status = 'CLONING' AND deadline <= ",
        store_time!(),
        " RETURNING session_id"
    ))
    .bind(reason)
    .fetch_all(&mut *connection)
    .await
    .map_err(classify)?;
    for session_id in &failed {
        fail_unfinished(connection, session_id, reason).await?;
    }
    Ok(failed)
}

/// What was under way ended with the process: it would read as pending for ever.
async fn fail_unfinished(
    connection: &mut SqliteConnection,
    session_id: &str,
    reason: &str,
) -> Result<(), RepoError> {
    let tenants: Vec<(i64, String, String)> = sqlx::query_as(
        "SELECT position, services, triggers FROM demo_tenants WHERE session_id = ?",
    )
    .bind(session_id)
    .fetch_all(&mut *connection)
    .await
    .map_err(classify)?;
    for (position, services, triggers) in tenants {
        let mut services: Vec<DomainOutcome> = from_json("services", &services)?;
        let mut triggers: Vec<TriggerOutcome> = from_json("triggers", &triggers)?;
        interrupted::mark(&mut services, &mut triggers, reason);
        sqlx::query(
            "UPDATE demo_tenants SET services = ?, triggers = ? \
             WHERE session_id = ? AND position = ?",
        )
        .bind(to_json("services", &services)?)
        .bind(to_json("triggers", &triggers)?)
        .bind(session_id)
        .bind(position)
        .execute(&mut *connection)
        .await
        .map_err(classify)?;
    }
    Ok(())
}
