//! Sessions and their tenants: written before the clone, extended, counted, read by anybody.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::encode::{count as counted, signed, to_json, unsigned};
use super::error::classify;
use super::rows::{read_sessions, session_query};
use crate::{Lease, RepoError, SessionPosition};
use levain_model::{Session, SessionCounts};

/// Writes the session and its tenants, and leases it; answers the registry's revision that it is of. The
/// caller wraps it into a transaction.
pub(super) async fn insert(
    connection: &mut PgConnection,
    session: &Session,
    lease: &Lease,
) -> Result<u32, RepoError> {
    let root = session.root();
    let revision: i32 = sqlx::query_scalar(
        "INSERT INTO demo_sessions (session_id, demo_account_type, catalog_digest, status, \
         session_created_at, created_at, expires_at, cloning_completed_at, duration_ms, \
         destroyed_at, extensions, error, virtual_tenant_id, base_tenant_id, epoch, owner, deadline, \
         plugin_revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
         clock_timestamp() + make_interval(secs => $17), \
         (SELECT coalesce(max(revision), 0) FROM plugin_revisions)) RETURNING plugin_revision",
    )
    .bind(session.session_id.as_str())
    .bind(session.account.as_str())
    .bind(session.catalog_digest.as_str())
    .bind(session.status.as_str())
    .bind(session.session_created_at)
    .bind(session.created_at)
    .bind(session.expires_at)
    .bind(session.cloning_completed_at)
    .bind(session.duration_ms)
    .bind(session.destroyed_at)
    .bind(signed("extensions", session.extensions)?)
    .bind(session.error.as_deref())
    .bind(root.map(|root| root.tenant_id))
    .bind(root.map(|root| root.base_tenant_id))
    .bind(signed("epoch", session.epoch)?)
    .bind(lease.owner.as_str())
    .bind(lease.duration.as_secs_f64())
    .fetch_one(&mut *connection)
    .await
    .map_err(classify)?;
    let revision = unsigned("plugin_revision", revision)?;
    if session.tenants.is_empty() {
        return Ok(revision);
    }
    let outcomes = session
        .tenants
        .iter()
        .map(|tenant| {
            Ok((
                to_json("services", &tenant.services)?,
                to_json("triggers", &tenant.triggers)?,
            ))
        })
        .collect::<Result<Vec<_>, RepoError>>()?;
    let mut statement = QueryBuilder::<Postgres>::new(
        "INSERT INTO demo_tenants \
         (session_id, position, tenant_id, base_tenant_id, outlet, name, services, triggers) ",
    );
    let tenants = (0_i32..).zip(session.tenants.iter().zip(outcomes));
    statement.push_values(tenants, |mut row, (position, (tenant, outcomes))| {
        let (services, triggers) = outcomes;
        row.push_bind(session.session_id.as_str())
            .push_bind(position)
            .push_bind(tenant.tenant_id)
            .push_bind(tenant.base_tenant_id)
            .push_bind(tenant.outlet.as_deref())
            .push_bind(tenant.name.as_str())
            .push_bind(services)
            .push_bind(triggers);
    });
    statement
        .build()
        .execute(connection)
        .await
        .map_err(classify)?;
    Ok(revision)
}

/// One session.
pub(super) async fn find(pool: &PgPool, session_id: &str) -> Result<Option<Session>, RepoError> {
    let rows = sqlx::query(session_query!(
        "FROM demo_sessions AS s LEFT JOIN demo_tenants AS t ON t.session_id = s.session_id \
         WHERE s.session_id = $1 ORDER BY t.position"
    ))
    .bind(session_id)
    .fetch_all(pool)
    .await
    .map_err(classify)?;
    Ok(read_sessions(&rows)?.pop())
}

/// The session that holds a tenant.
pub(super) async fn find_of_tenant(
    pool: &PgPool,
    tenant_id: Uuid,
) -> Result<Option<Session>, RepoError> {
    let rows = sqlx::query(session_query!(
        "FROM demo_tenants AS h JOIN demo_sessions AS s ON s.session_id = h.session_id \
         JOIN demo_tenants AS t ON t.session_id = s.session_id \
         WHERE h.tenant_id = $1 AND NOT h.released ORDER BY t.position"
    ))
    .bind(tenant_id)
    .fetch_all(pool)
    .await
    .map_err(classify)?;
    Ok(read_sessions(&rows)?.pop())
}

/// Sessions, newest first: those after a position in this order.
pub(super) async fn list(
    pool: &PgPool,
    after: Option<&SessionPosition>,
    limit: u32,
) -> Result<Vec<Session>, RepoError> {
    let rows = sqlx::query(session_query!(
        "FROM (SELECT * FROM demo_sessions WHERE $1::timestamptz IS NULL OR created_at < $1 \
         OR (created_at = $1 AND session_id COLLATE \"C\" > $2) \
         ORDER BY created_at DESC, session_id COLLATE \"C\" LIMIT $3) AS s \
         LEFT JOIN demo_tenants AS t ON t.session_id = s.session_id \
         ORDER BY s.created_at DESC, s.session_id COLLATE \"C\", t.position"
    ))
    .bind(after.map(|after| after.created_at))
    .bind(after.map(|after| after.session_id.as_str()))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
    .map_err(classify)?;
    read_sessions(&rows)
}

/// How many sessions there are of each kind that is watched.
pub(super) async fn count(pool: &PgPool, now: DateTime<Utc>) -> Result<SessionCounts, RepoError> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT demo_account_type, \
         count(*) FILTER (WHERE status IN ('READY', 'PARTIAL') AND expires_at > $1), \
         count(*) FILTER (WHERE status = 'DESTROYING' OR (status <> 'CLONING' AND expires_at <= $1)) \
         FROM demo_sessions WHERE status <> 'DESTROYED' GROUP BY demo_account_type",
    )
    .bind(now)
    .fetch_all(pool)
    .await
    .map_err(classify)?;
    let mut counts = SessionCounts::default();
    for (account, active, pending) in rows {
        counts.active.insert(account, counted("active", active)?);
        counts.pending_cleanup += counted("pending_cleanup", pending)?;
    }
    Ok(counts)
}

/// Adds to the time of an open session that can still be extended.
pub(super) async fn extend(
    pool: &PgPool,
    session_id: &str,
    now: DateTime<Utc>,
    by: Duration,
    most: u32,
) -> Result<bool, RepoError> {
    let extended = sqlx::query(
        "UPDATE demo_sessions SET expires_at = expires_at + make_interval(secs => $1), \
         extensions = extensions + 1 WHERE session_id = $2 AND status IN ('READY', 'PARTIAL') \
         AND expires_at > $3 AND extensions < $4",
    )
    .bind(by.as_secs_f64())
    .bind(session_id)
    .bind(now)
    .bind(signed("extensions", most)?)
    .execute(pool)
    .await
    .map_err(classify)?;
    Ok(extended.rows_affected() > 0)
}
