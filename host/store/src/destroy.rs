//! Ends sessions: on request, because they are due, or because the process that worked on them died.

use std::time::Instant;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::audit::{self, Audit};
use super::dialect::Connection;
use super::json_text::to_json;
use super::sql::statement;
use super::{DeletedSegment, Due, Lease, RepoError, interrupted};
use levain_model::{DomainOutcome, SessionStatus, TriggerOutcome};

/// Deletes the data of a session and marks it DESTROYED, with an audit row; runs within the caller's
/// transaction. Does nothing for a session that is destroyed already or never existed.
pub(super) async fn destroy(
    connection: &mut Connection<'_>,
    session_id: &str,
    now: DateTime<Utc>,
    remarks: &[String],
) -> Result<Vec<DeletedSegment>, RepoError> {
    let begun = Instant::now();
    let marked = statement(
        "UPDATE demo_sessions SET status = 'DESTROYED', destroyed_at = $1, owner = NULL, \
         deadline = NULL WHERE session_id = $2 AND status <> 'DESTROYED'",
    )
    .bind(now)
    .bind(session_id)
    .execute(connection)
    .await?;
    if marked == 0 {
        return Ok(Vec::new());
    }
    let dialect = connection.dialect();
    let (yes, no) = (dialect.yes(), dialect.no());
    let tenants = statement(format!(
        "UPDATE demo_tenants SET released = {yes} WHERE session_id = $1 AND released = {no} \
         RETURNING tenant_id"
    ))
    .bind(session_id)
    .all(connection)
    .await?
    .iter()
    .map(|row| row.get("tenant_id"))
    .collect::<Result<Vec<Uuid>, _>>()?;
    let among = dialect.among("$1");
    let deleted = statement(format!(
        "DELETE FROM segments WHERE tenant_id {among} RETURNING tenant_id, domain, entity, records"
    ))
    .bind(tenants)
    .all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(DeletedSegment {
            tenant_id: row.get("tenant_id")?,
            domain: row.get("domain")?,
            entity: row.get("entity")?,
            records: row.get("records")?,
        })
    })
    .collect::<Result<Vec<_>, RepoError>>()?;
    let deleted = audit::by_entity(deleted);
    let audit = Audit::of_deletion(now, begun.elapsed(), &deleted, remarks)?;
    write_audit(connection, session_id, audit).await?;
    Ok(deleted)
}

/// Records what a cleanup did, in the ledger that outlives the session.
async fn write_audit(
    connection: &mut Connection<'_>,
    session_id: &str,
    audit: Audit,
) -> Result<(), RepoError> {
    let json = connection.dialect().as_json();
    statement(format!(
        "INSERT INTO demo_cleanup_audit (id, session_id, virtual_tenant_id, started_at, \
         completed_at, duration_ms, total_records_deleted, service_results, status, \
         error_details, retry_count) \
         SELECT $1, s.session_id, s.virtual_tenant_id, $2, $3, $4, $5, $6{json}, $7, $8{json}, \
         s.cleanup_retry_count \
         FROM demo_sessions AS s WHERE s.session_id = $9 AND s.virtual_tenant_id IS NOT NULL"
    ))
    .bind(audit.id)
    .bind(audit.started_at)
    .bind(audit.completed_at)
    .bind(audit.duration_ms)
    .bind(audit.records_deleted)
    .bind(audit.service_results)
    .bind(audit.status)
    .bind(audit.error_details.as_deref())
    .bind(session_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Records that a cleanup failed and returns how often it has failed now. It is tried again when its lease
/// has run out.
pub(super) async fn record_failure(
    connection: &mut Connection<'_>,
    session_id: &str,
    now: DateTime<Utc>,
    reason: &str,
) -> Result<u32, RepoError> {
    let row = statement(
        "UPDATE demo_sessions SET cleanup_retry_count = cleanup_retry_count + 1 \
         WHERE session_id = $1 AND status = 'DESTROYING' RETURNING cleanup_retry_count",
    )
    .bind(session_id)
    .optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(0);
    };
    write_audit(connection, session_id, Audit::of_failure(now, reason)?).await?;
    row.get("cleanup_retry_count")
}

/// Moves a session to DESTROYING unless it is destroyed already; returns the status it had.
pub(super) async fn begin(
    connection: &mut Connection<'_>,
    session_id: &str,
    lease: &Lease,
) -> Result<Option<SessionStatus>, RepoError> {
    let dialect = connection.dialect();
    let lock = dialect.for_update();
    let row = statement(format!(
        "SELECT status FROM demo_sessions WHERE session_id = $1{lock}"
    ))
    .bind(session_id)
    .optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let status = row.parse("status")?;
    if status != SessionStatus::Destroyed {
        let deadline = dialect.after_now("$2");
        statement(format!(
            "UPDATE demo_sessions SET status = 'DESTROYING', epoch = epoch + 1, owner = $1, \
             deadline = {deadline} WHERE session_id = $3"
        ))
        .bind(lease.owner.as_str())
        .bind(lease.duration)
        .bind(session_id)
        .execute(connection)
        .await?;
    }
    Ok(Some(status))
}

/// Moves the sessions that are due to DESTROYING, the longest overdue first. A session that another host has
/// locked is left to that host. They are selected before the update, in a CTE: PostgreSQL may run a subquery
/// more than once and lock more than its limit.
pub(super) async fn begin_due(
    connection: &mut Connection<'_>,
    due: &Due,
    lease: &Lease,
) -> Result<Vec<String>, RepoError> {
    let dialect = connection.dialect();
    let (now, skip) = (dialect.now(), dialect.for_update_skip_locked());
    let deadline = dialect.after_now("$5");
    let rows = statement(format!(
        "WITH due AS (SELECT session_id FROM demo_sessions WHERE status <> 'DESTROYED' AND ( \
             (status = 'DESTROYING' AND deadline <= {now} AND cleanup_retry_count < $1) \
             OR (status NOT IN ('DESTROYING', 'CLONING') AND expires_at <= $2)) \
             ORDER BY expires_at LIMIT $3{skip}) \
         UPDATE demo_sessions SET status = 'DESTROYING', epoch = epoch + 1, owner = $4, \
         deadline = {deadline} WHERE session_id IN (SELECT session_id FROM due) \
         RETURNING session_id"
    ))
    .bind(due.most_failures)
    .bind(due.expired_by)
    .bind(due.limit)
    .bind(lease.owner.as_str())
    .bind(lease.duration)
    .all(connection)
    .await?;
    rows.iter().map(|row| row.get("session_id")).collect()
}

/// Ends every lease: their holders are gone.
pub(super) async fn end_leases(connection: &mut Connection<'_>) -> Result<(), RepoError> {
    let now = connection.dialect().now();
    statement(format!(
        "UPDATE demo_sessions SET owner = NULL, deadline = {now} \
         WHERE status IN ('CLONING', 'DESTROYING')"
    ))
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes what is too old; returns how many sessions.
pub(super) async fn prune(
    connection: &mut Connection<'_>,
    ledger: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, RepoError> {
    statement("DELETE FROM demo_idempotency_keys WHERE expires_at <= $1")
        .bind(now)
        .execute(connection)
        .await?;
    statement("DELETE FROM demo_cleanup_audit WHERE started_at <= $1")
        .bind(ledger)
        .execute(connection)
        .await?;
    statement("DELETE FROM demo_sessions WHERE status = 'DESTROYED' AND destroyed_at <= $1")
        .bind(ledger)
        .execute(connection)
        .await
}

/// Sessions that are CLONING beyond their lease become FAILED; returns their ids. Runs within the caller's
/// transaction.
pub(super) async fn fail_interrupted(
    connection: &mut Connection<'_>,
    reason: &str,
) -> Result<Vec<String>, RepoError> {
    let dialect = connection.dialect();
    let (now, skip) = (dialect.now(), dialect.for_update_skip_locked());
    let failed = statement(format!(
        "WITH left_behind AS (SELECT session_id FROM demo_sessions \
             WHERE status = 'CLONING' AND deadline <= {now}{skip}) \
         UPDATE demo_sessions SET status = 'FAILED', error = $1, epoch = epoch + 1, \
         owner = NULL, deadline = NULL WHERE session_id IN (SELECT session_id FROM left_behind) \
         RETURNING session_id"
    ))
    .bind(reason)
    .all(connection)
    .await?
    .iter()
    .map(|row| row.get("session_id"))
    .collect::<Result<Vec<String>, _>>()?;
    for session_id in &failed {
        fail_unfinished(connection, session_id, reason).await?;
    }
    Ok(failed)
}

/// What was under way ended with the process: it would read as pending for ever.
async fn fail_unfinished(
    connection: &mut Connection<'_>,
    session_id: &str,
    reason: &str,
) -> Result<(), RepoError> {
    let tenants =
        statement("SELECT position, services, triggers FROM demo_tenants WHERE session_id = $1")
            .bind(session_id)
            .all(connection)
            .await?;
    for tenant in tenants {
        let mut domains: Vec<DomainOutcome> = tenant.json("services")?;
        let mut triggers: Vec<TriggerOutcome> = tenant.json("triggers")?;
        interrupted::mark(&mut domains, &mut triggers, reason);
        statement(
            "UPDATE demo_tenants SET services = $1, triggers = $2 \
             WHERE session_id = $3 AND position = $4",
        )
        .bind(to_json("services", &domains)?)
        .bind(to_json("triggers", &triggers)?)
        .bind(session_id)
        .bind(tenant.get::<u32>("position")?)
        .execute(connection)
        .await?;
    }
    Ok(())
}
