//! Ends sessions: by a caller, because they are due, or because the process at work on them died.

use std::time::Instant;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgPool};
use uuid::Uuid;

use super::encode::{corrupt, from_json, signed, to_json, unsigned};
use super::error::classify;
use crate::audit::{self, Audit};
use crate::{DeletedSegment, Due, Lease, RepoError, interrupted};
use levain_model::{DomainOutcome, SessionStatus, TriggerOutcome};

/// Deletes the data of a session and marks it DESTROYED, with an audit row; the caller wraps it
/// into a transaction. A session that is destroyed already, or never was, is left alone.
pub(super) async fn destroy(
    connection: &mut PgConnection,
    session_id: &str,
    now: DateTime<Utc>,
    amiss: &[String],
) -> Result<Vec<DeletedSegment>, RepoError> {
    let begun = Instant::now();
    let marked = sqlx::query(
        "UPDATE demo_sessions SET status = 'DESTROYED', destroyed_at = $1, owner = NULL, \
         deadline = NULL WHERE session_id = $2 AND status <> 'DESTROYED'",
    )
    .bind(now)
    .bind(session_id)
    .execute(&mut *connection)
    .await
    .map_err(classify)?;
    if marked.rows_affected() == 0 {
        return Ok(Vec::new());
    }
    let tenants: Vec<Uuid> = sqlx::query_scalar(
        "UPDATE demo_tenants SET released = true WHERE session_id = $1 AND NOT released \
         RETURNING tenant_id",
    )
    .bind(session_id)
    .fetch_all(&mut *connection)
    .await
    .map_err(classify)?;
    // By a list of tenants: the key of the table leads there, and nobody else's rows are looked at.
    let deleted: Vec<(Uuid, String, String, i32)> = sqlx::query_as(
        "DELETE FROM segments WHERE tenant_id = ANY($1) RETURNING tenant_id, domain, entity, records",
    )
    .bind(tenants)
    .fetch_all(&mut *connection)
    .await
    .map_err(classify)?;
    let deleted = deleted
        .into_iter()
        .map(|(tenant_id, domain, entity, records)| {
            Ok(DeletedSegment {
                tenant_id,
                domain,
                entity,
                records: unsigned("records", records)?,
            })
        })
        .collect::<Result<Vec<_>, RepoError>>()?;
    let deleted = audit::by_entity(deleted);
    let audit = Audit::of_deletion(now, begun.elapsed(), &deleted, amiss)?;
    write_audit(connection, session_id, &audit).await?;
    Ok(deleted)
}

/// Writes down what a cleanup did, in the ledger that outlives the session.
async fn write_audit(
    connection: &mut PgConnection,
    session_id: &str,
    audit: &Audit,
) -> Result<(), RepoError> {
    sqlx::query(
        "INSERT INTO demo_cleanup_audit (id, session_id, virtual_tenant_id, started_at, \
         completed_at, duration_ms, total_records_deleted, service_results, status, error_details, retry_count) \
         SELECT $1, s.session_id, s.virtual_tenant_id, $2, $3, $4, $5, $6::json, $7, $8::json, s.cleanup_retry_count \
         FROM demo_sessions AS s WHERE s.session_id = $9 AND s.virtual_tenant_id IS NOT NULL",
    )
    .bind(audit.id)
    .bind(audit.started_at)
    .bind(audit.completed_at)
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
    connection: &mut PgConnection,
    session_id: &str,
    now: DateTime<Utc>,
    reason: &str,
) -> Result<u32, RepoError> {
    let failures: Option<i32> = sqlx::query_scalar(
        "UPDATE demo_sessions SET cleanup_retry_count = cleanup_retry_count + 1 \
         WHERE session_id = $1 AND status = 'DESTROYING' RETURNING cleanup_retry_count",
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
    unsigned("cleanup_retry_count", failures)
}

/// Moves a session to DESTROYING unless it is destroyed already; answers the status it had.
pub(super) async fn begin(
    connection: &mut PgConnection,
    session_id: &str,
    lease: &Lease,
) -> Result<Option<SessionStatus>, RepoError> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT status FROM demo_sessions WHERE session_id = $1 FOR UPDATE")
            .bind(session_id)
            .fetch_optional(&mut *connection)
            .await
            .map_err(classify)?;
    let Some(status) = found else {
        return Ok(None);
    };
    let status = status
        .parse()
        .map_err(|error: String| corrupt("status", &error))?;
    if status != SessionStatus::Destroyed {
        sqlx::query(
            "UPDATE demo_sessions SET status = 'DESTROYING', epoch = epoch + 1, owner = $1, \
             deadline = clock_timestamp() + make_interval(secs => $2) WHERE session_id = $3",
        )
        .bind(lease.owner.as_str())
        .bind(lease.duration.as_secs_f64())
        .bind(session_id)
        .execute(connection)
        .await
        .map_err(classify)?;
    }
    Ok(Some(status))
}

/// Moves the sessions that are due to DESTROYING, the longest overdue first. What another host has
/// its hands on is left to it.
pub(super) async fn begin_due(
    pool: &PgPool,
    due: &Due,
    lease: &Lease,
) -> Result<Vec<String>, RepoError> {
    sqlx::query_scalar(
        "WITH due AS (SELECT session_id FROM demo_sessions WHERE status <> 'DESTROYED' AND ( \
             (status = 'DESTROYING' AND deadline <= clock_timestamp() AND cleanup_retry_count < $1) \
             OR (status NOT IN ('DESTROYING', 'CLONING') AND expires_at <= $2)) \
             ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
         UPDATE demo_sessions AS s SET status = 'DESTROYING', epoch = epoch + 1, owner = $4, \
         deadline = clock_timestamp() + make_interval(secs => $5) \
         FROM due WHERE s.session_id = due.session_id RETURNING s.session_id",
    )
    .bind(signed("most_failures", due.most_failures)?)
    .bind(due.expired_by)
    .bind(i64::from(due.limit))
    .bind(lease.owner.as_str())
    .bind(lease.duration.as_secs_f64())
    .fetch_all(pool)
    .await
    .map_err(classify)
}

/// What is CLONING beyond its lease becomes FAILED; the caller wraps it into a transaction. Answers
/// the ids.
pub(super) async fn fail_interrupted(
    connection: &mut PgConnection,
    reason: &str,
) -> Result<Vec<String>, RepoError> {
    let failed: Vec<String> = sqlx::query_scalar(
        "WITH left_behind AS (SELECT session_id FROM demo_sessions \
             WHERE status = 'CLONING' AND deadline <= clock_timestamp() FOR UPDATE SKIP LOCKED) \
         UPDATE demo_sessions AS s SET status = 'FAILED', error = $1, epoch = epoch + 1, \
         owner = NULL, deadline = NULL FROM left_behind AS l WHERE s.session_id = l.session_id \
         RETURNING s.session_id",
    )
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
    connection: &mut PgConnection,
    session_id: &str,
    reason: &str,
) -> Result<(), RepoError> {
    let tenants: Vec<(i32, String, String)> = sqlx::query_as(
        "SELECT position, services, triggers FROM demo_tenants WHERE session_id = $1",
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
            "UPDATE demo_tenants SET services = $1, triggers = $2 \
             WHERE session_id = $3 AND position = $4",
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

/// Forgets what is too old; answers how many sessions.
pub(super) async fn prune(
    connection: &mut PgConnection,
    ledger: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, RepoError> {
    let statements = [
        (
            "DELETE FROM demo_idempotency_keys WHERE expires_at <= $1",
            now,
        ),
        (
            "DELETE FROM demo_cleanup_audit WHERE started_at <= $1",
            ledger,
        ),
        (
            "DELETE FROM demo_sessions WHERE status = 'DESTROYED' AND destroyed_at <= $1",
            ledger,
        ),
    ];
    let mut gone = 0;
    for (statement, before) in statements {
        let done = sqlx::query(statement)
            .bind(before)
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
        // The last statement is the one of the sessions.
        gone = done.rows_affected();
    }
    Ok(gone)
}
