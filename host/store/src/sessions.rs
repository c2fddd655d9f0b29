//! Sessions and their tenants: written before the clone, extended, counted, read.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::dialect::{Connection, Dialect};
use super::json_text::to_json;
use super::rows::{SESSION_COLUMNS, read_sessions};
use super::sql::statement;
use super::{Lease, RepoError, SessionPosition};
use levain_model::Session;
use levain_model::SessionCounts;

/// Writes the session with its tenants, leases it, and returns the revision of the registry that it belongs
/// to; runs within the caller's transaction.
pub(super) async fn insert(
    connection: &mut Connection<'_>,
    session: &Session,
    lease: &Lease,
) -> Result<u32, RepoError> {
    let root = session.root();
    let deadline = connection.dialect().after_now("$17");
    let revision: u32 = statement(format!(
        "INSERT INTO demo_sessions (session_id, demo_account_type, catalog_digest, status, \
         session_created_at, created_at, expires_at, cloning_completed_at, duration_ms, \
         destroyed_at, extensions, error, virtual_tenant_id, base_tenant_id, epoch, owner, \
         deadline, plugin_revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
         {deadline}, (SELECT coalesce(max(revision), 0) FROM plugin_revisions)) \
         RETURNING plugin_revision"
    ))
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
    .bind(session.extensions)
    .bind(session.error.as_deref())
    .bind(root.map(|root| root.tenant_id))
    .bind(root.map(|root| root.base_tenant_id))
    .bind(session.epoch)
    .bind(lease.owner.as_str())
    .bind(lease.duration)
    .one(connection)
    .await?
    .get("plugin_revision")?;
    if !session.tenants.is_empty() {
        insert_tenants(connection, session).await?;
    }
    Ok(revision)
}

/// One statement for all tenants.
async fn insert_tenants(
    connection: &mut Connection<'_>,
    session: &Session,
) -> Result<(), RepoError> {
    let mut insert = statement(
        "INSERT INTO demo_tenants \
         (session_id, position, tenant_id, base_tenant_id, outlet, name, services, triggers)",
    )
    .values(session.tenants.len(), 8);
    for (position, tenant) in (0_u32..).zip(&session.tenants) {
        insert = insert
            .bind(session.session_id.as_str())
            .bind(position)
            .bind(tenant.tenant_id)
            .bind(tenant.base_tenant_id)
            .bind(tenant.outlet.as_deref())
            .bind(tenant.name.as_str())
            .bind(to_json("services", &tenant.services)?)
            .bind(to_json("triggers", &tenant.triggers)?);
    }
    insert.execute(connection).await?;
    Ok(())
}

pub(super) async fn find(
    connection: &mut Connection<'_>,
    session_id: &str,
) -> Result<Option<Session>, RepoError> {
    let rows = statement(format!(
        "{SESSION_COLUMNS} FROM demo_sessions AS s \
         LEFT JOIN demo_tenants AS t ON t.session_id = s.session_id \
         WHERE s.session_id = $1 ORDER BY t.position"
    ))
    .bind(session_id)
    .all(connection)
    .await?;
    Ok(read_sessions(&rows)?.pop())
}

/// The session that a tenant belongs to, unless it has been released.
pub(super) async fn find_of_tenant(
    connection: &mut Connection<'_>,
    tenant_id: Uuid,
) -> Result<Option<Session>, RepoError> {
    let no = connection.dialect().no();
    let rows = statement(format!(
        "{SESSION_COLUMNS} FROM demo_tenants AS h \
         JOIN demo_sessions AS s ON s.session_id = h.session_id \
         JOIN demo_tenants AS t ON t.session_id = s.session_id \
         WHERE h.tenant_id = $1 AND h.released = {no} ORDER BY t.position"
    ))
    .bind(tenant_id)
    .all(connection)
    .await?;
    Ok(read_sessions(&rows)?.pop())
}

/// Sessions, newest first: those after a position in this order.
pub(super) async fn list(
    connection: &mut Connection<'_>,
    after: Option<&SessionPosition>,
    limit: u32,
) -> Result<Vec<Session>, RepoError> {
    let c = connection.dialect().as_bytes();
    let rows = statement(format!(
        "{SESSION_COLUMNS} FROM (SELECT * FROM demo_sessions \
         WHERE $1 IS NULL OR created_at < $1 OR (created_at = $1 AND session_id{c} > $2) \
         ORDER BY created_at DESC, session_id{c} LIMIT $3) AS s \
         LEFT JOIN demo_tenants AS t ON t.session_id = s.session_id \
         ORDER BY s.created_at DESC, s.session_id{c}, t.position"
    ))
    .bind(after.map(|after| after.created_at))
    .bind(after.map(|after| after.session_id.as_str()))
    .bind(limit)
    .all(connection)
    .await?;
    read_sessions(&rows)
}

/// How many sessions there are of each kind that is watched.
pub(super) async fn count(
    connection: &mut Connection<'_>,
    now: DateTime<Utc>,
) -> Result<SessionCounts, RepoError> {
    let rows = statement(
        "SELECT demo_account_type, \
         count(*) FILTER (WHERE status IN ('READY', 'PARTIAL') AND expires_at > $1) AS active, \
         count(*) FILTER (WHERE status = 'DESTROYING' \
             OR (status <> 'CLONING' AND expires_at <= $1)) AS pending_cleanup \
         FROM demo_sessions WHERE status <> 'DESTROYED' GROUP BY demo_account_type",
    )
    .bind(now)
    .all(connection)
    .await?;
    let mut counts = SessionCounts::default();
    for row in rows {
        let account = row.get("demo_account_type")?;
        counts.active.insert(account, row.get("active")?);
        counts.pending_cleanup += row.get::<u64>("pending_cleanup")?;
    }
    Ok(counts)
}

/// Adds to the time of an open session that can still be extended.
pub(super) async fn extend(
    connection: &mut Connection<'_>,
    session_id: &str,
    now: DateTime<Utc>,
    by: Duration,
    most: u32,
) -> Result<bool, RepoError> {
    let extendable = "session_id = $1 AND status IN ('READY', 'PARTIAL') \
                      AND expires_at > $2 AND extensions < $3";
    let extended = match connection.dialect() {
        Dialect::Postgres => statement(format!(
            "UPDATE demo_sessions SET expires_at = expires_at + make_interval(secs => $4), \
             extensions = extensions + 1 WHERE {extendable}"
        ))
        .bind(session_id)
        .bind(now)
        .bind(most)
        .bind(by),
        // SQLite adds to a time in milliseconds only: the microseconds of the instant would be lost.
        Dialect::Sqlite => {
            let found = statement(format!(
                "SELECT expires_at FROM demo_sessions WHERE {extendable}"
            ))
            .bind(session_id)
            .bind(now)
            .bind(most)
            .optional(connection)
            .await?;
            let Some(row) = found else {
                return Ok(false);
            };
            statement(
                "UPDATE demo_sessions SET expires_at = $2, extensions = extensions + 1 \
                 WHERE session_id = $1",
            )
            .bind(session_id)
            .bind(row.get::<DateTime<Utc>>("expires_at")? + by)
        }
    };
    Ok(extended.execute(connection).await? > 0)
}

/// The store's clock after `lease`.
pub(super) async fn deadline(
    connection: &mut Connection<'_>,
    lease: Duration,
) -> Result<DateTime<Utc>, RepoError> {
    let deadline = connection.dialect().after_now("$1");
    statement(format!("SELECT {deadline} AS deadline"))
        .bind(lease)
        .one(connection)
        .await?
        .get("deadline")
}
