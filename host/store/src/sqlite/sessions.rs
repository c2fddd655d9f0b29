//! Sessions and their tenants: written before the clone, extended, counted, read by anybody.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use super::connect::Connections;
use super::encode::{from_now, instant, narrow, parse_instant, store_time, to_json, wide};
use super::error::classify;
use super::rows::{read_sessions, session_query};
use crate::{Lease, RepoError, SessionPosition};
use levain_model::{Session, SessionCounts};

/// Writes the session and its tenants, and leases it; answers the registry's revision that it is of. The
/// caller wraps it into a transaction.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    session: &Session,
    lease: &Lease,
) -> Result<u32, RepoError> {
    let root = session.root();
    let revision: i64 = sqlx::query_scalar(concat!(
        "INSERT INTO demo_sessions (session_id, demo_account_type, catalog_digest, status, ",
        "session_created_at, created_at, expires_at, cloning_completed_at, duration_ms, ",
        "destroyed_at, extensions, error, virtual_tenant_id, base_tenant_id, epoch, owner, deadline, ",
        "plugin_revision) ",
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ",
        store_time!("?"),
        ", (SELECT coalesce(max(revision), 0) FROM plugin_revisions)) RETURNING plugin_revision"
    ))
    .bind(session.session_id.as_str())
    .bind(session.account.as_str())
    .bind(session.catalog_digest.as_str())
    .bind(session.status.as_str())
    .bind(instant(session.session_created_at))
    .bind(instant(session.created_at))
    .bind(instant(session.expires_at))
    .bind(session.cloning_completed_at.map(instant))
    .bind(session.duration_ms)
    .bind(session.destroyed_at.map(instant))
    .bind(i64::from(session.extensions))
    .bind(session.error.as_deref())
    .bind(root.map(|root| root.tenant_id.to_string()))
    .bind(root.map(|root| root.base_tenant_id.to_string()))
    .bind(i64::from(session.epoch))
    .bind(lease.owner.as_str())
    .bind(from_now(lease.duration))
    .fetch_one(&mut *connection)
    .await
    .map_err(classify)?;
    let revision = narrow("plugin_revision", revision)?;
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
    let mut statement = QueryBuilder::<Sqlite>::new(
        "INSERT INTO demo_tenants \
         (session_id, position, tenant_id, base_tenant_id, outlet, name, services, triggers) ",
    );
    let tenants = (0_i64..).zip(session.tenants.iter().zip(outcomes));
    statement.push_values(tenants, |mut row, (position, (tenant, outcomes))| {
        let (services, triggers) = outcomes;
        row.push_bind(session.session_id.as_str())
            .push_bind(position)
            .push_bind(tenant.tenant_id.to_string())
            .push_bind(tenant.base_tenant_id.to_string())
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
pub(super) async fn find(
    connections: &Connections,
    session_id: &str,
) -> Result<Option<Session>, RepoError> {
    let rows = sqlx::query(session_query!(
        "FROM demo_sessions AS s LEFT JOIN demo_tenants AS t ON t.session_id = s.session_id \
         WHERE s.session_id = ? ORDER BY t.position"
    ))
    .bind(session_id)
    .fetch_all(&connections.readers)
    .await
    .map_err(classify)?;
    Ok(read_sessions(&rows)?.pop())
}

/// The session that holds a tenant.
pub(super) async fn find_of_tenant(
    connections: &Connections,
    tenant_id: Uuid,
) -> Result<Option<Session>, RepoError> {
    let rows = sqlx::query(session_query!(
        "FROM demo_tenants AS h JOIN demo_sessions AS s ON s.session_id = h.session_id \
         JOIN demo_tenants AS t ON t.session_id = s.session_id \
         WHERE h.tenant_id = ? AND h.released = 0 ORDER BY t.position"
    ))
    .bind(tenant_id.to_string())
    .fetch_all(&connections.readers)
    .await
    .map_err(classify)?;
    Ok(read_sessions(&rows)?.pop())
}

/// Sessions, newest first: those after a position in this order.
pub(super) async fn list(
    connections: &Connections,
    after: Option<&SessionPosition>,
    limit: u32,
) -> Result<Vec<Session>, RepoError> {
    let rows = sqlx::query(session_query!(
        "FROM (SELECT * FROM demo_sessions \
         WHERE ?1 IS NULL OR created_at < ?1 OR (created_at = ?1 AND session_id > ?2) \
         ORDER BY created_at DESC, session_id LIMIT ?3) AS s \
         LEFT JOIN demo_tenants AS t ON t.session_id = s.session_id \
         ORDER BY s.created_at DESC, s.session_id, t.position"
    ))
    .bind(after.map(|after| instant(after.created_at)))
    .bind(after.map(|after| after.session_id.as_str()))
    .bind(i64::from(limit))
    .fetch_all(&connections.readers)
    .await
    .map_err(classify)?;
    read_sessions(&rows)
}

/// How many sessions there are of each kind that is watched.
pub(super) async fn count(
    connections: &Connections,
    now: DateTime<Utc>,
) -> Result<SessionCounts, RepoError> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT demo_account_type, \
         sum(status IN ('READY', 'PARTIAL') AND expires_at > ?1), \
         sum(status = 'DESTROYING' OR (status <> 'CLONING' AND expires_at <= ?1)) \
         FROM demo_sessions WHERE status <> 'DESTROYED' GROUP BY demo_account_type",
    )
    .bind(instant(now))
    .fetch_all(&connections.readers)
    .await
    .map_err(classify)?;
    let mut counts = SessionCounts::default();
    for (account, active, pending) in rows {
        counts.active.insert(account, wide("active", active)?);
        counts.pending_cleanup += wide("pending_cleanup", pending)?;
    }
    Ok(counts)
}

/// Adds to the time of an open session that can still be extended.
pub(super) async fn extend(
    connection: &mut SqliteConnection,
    session_id: &str,
    now: DateTime<Utc>,
    by: Duration,
    most: u32,
) -> Result<bool, RepoError> {
    let found: Option<String> = sqlx::query_scalar(
        "SELECT expires_at FROM demo_sessions WHERE session_id = ? \
         AND status IN ('READY', 'PARTIAL') AND expires_at > ? AND extensions < ?",
    )
    .bind(session_id)
    .bind(instant(now))
    .bind(i64::from(most))
    .fetch_optional(&mut *connection)
    .await
    .map_err(classify)?;
    let Some(expires_at) = found else {
        return Ok(false);
    };
    let later = parse_instant("expires_at", &expires_at)? + by;
    sqlx::query(
        "UPDATE demo_sessions SET expires_at = ?, extensions = extensions + 1 WHERE session_id = ?",
    )
    .bind(instant(later))
    .bind(session_id)
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(true)
}
