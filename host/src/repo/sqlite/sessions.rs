//! Sessions and their tenants: written before the clone, finished with it, read by anybody.

use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use super::connect::Connections;
use super::encode::{corrupt, from_json, instant, to_json};
use super::error::classify;
use super::rows::{read_sessions, session_query};
use super::segments;
use crate::repo::{RepoError, ServiceRow, SessionRow, SessionStatus};
use crate::segment::StoredSegment;

/// Writes the session and its tenants; the caller wraps it into a transaction.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    session: &SessionRow,
) -> Result<(), RepoError> {
    sqlx::query(
        "INSERT INTO demo_sessions (session_id, account, catalog_digest, status, \
         session_created_at, created_at, expires_at, cloning_completed_at, duration_ms, \
         destroyed_at, extensions, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
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
    .execute(&mut *connection)
    .await
    .map_err(classify)?;
    if session.tenants.is_empty() {
        return Ok(());
    }
    let services = session
        .tenants
        .iter()
        .map(|tenant| to_json("services", &tenant.services))
        .collect::<Result<Vec<_>, _>>()?;
    let mut statement = QueryBuilder::<Sqlite>::new(
        "INSERT INTO demo_tenants \
         (session_id, position, tenant_id, base_tenant_id, outlet, name, services) ",
    );
    let tenants = (0_i64..).zip(session.tenants.iter().zip(services));
    statement.push_values(tenants, |mut row, (position, (tenant, services))| {
        row.push_bind(session.session_id.as_str())
            .push_bind(position)
            .push_bind(tenant.tenant_id.to_string())
            .push_bind(tenant.base_tenant_id.to_string())
            .push_bind(tenant.outlet.as_deref())
            .push_bind(tenant.name.as_str())
            .push_bind(services);
    });
    statement
        .build()
        .execute(connection)
        .await
        .map_err(classify)?;
    Ok(())
}

/// Finishes a clone: status, services and segments. Answers `false`, having written nothing,
/// where the session is no longer CLONING. The caller wraps it into a transaction.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    session: &SessionRow,
    held: &[StoredSegment],
) -> Result<bool, RepoError> {
    for segment in held {
        expect_tenant(session, segment.tenant_id)?;
    }
    let updated = sqlx::query(
        "UPDATE demo_sessions SET status = ?, expires_at = ?, cloning_completed_at = ?, \
         duration_ms = ?, error = ? WHERE session_id = ? AND status = 'CLONING'",
    )
    .bind(session.status.as_str())
    .bind(instant(session.expires_at))
    .bind(session.cloning_completed_at.map(instant))
    .bind(session.duration_ms)
    .bind(session.error.as_deref())
    .bind(session.session_id.as_str())
    .execute(&mut *connection)
    .await
    .map_err(classify)?;
    if updated.rows_affected() == 0 {
        return Ok(false);
    }
    for tenant in &session.tenants {
        write_services(
            connection,
            &session.session_id,
            tenant.tenant_id,
            &tenant.services,
        )
        .await?;
    }
    segments::insert(connection, held).await?;
    Ok(true)
}

/// Replaces one domain of a tenant, its service's outcome, and the session's status and error.
/// Answers `false`, having written nothing, where the session is not READY or PARTIAL any more.
/// Of other domains only the references that became available, or ceased to be, are written.
pub(super) async fn replace_domain(
    connection: &mut SqliteConnection,
    session: &SessionRow,
    tenant_id: Uuid,
    domain: &str,
    held: &[StoredSegment],
) -> Result<bool, RepoError> {
    expect_tenant(session, tenant_id)?;
    if held
        .iter()
        .any(|segment| segment.tenant_id != tenant_id || segment.domain != domain)
    {
        return Err(corrupt("segment", &"it is of another tenant or domain"));
    }
    let updated = sqlx::query(
        "UPDATE demo_sessions SET status = ?, error = ? \
         WHERE session_id = ? AND status IN ('READY', 'PARTIAL')",
    )
    .bind(session.status.as_str())
    .bind(session.error.as_deref())
    .bind(session.session_id.as_str())
    .execute(&mut *connection)
    .await
    .map_err(classify)?;
    if updated.rows_affected() == 0 {
        return Ok(false);
    }
    for tenant in &session.tenants {
        let id = tenant.tenant_id;
        let mut services = read_services(connection, &session.session_id, id).await?;
        for service in &tenant.services {
            let own = id == tenant_id && service.domain == domain;
            match services
                .iter_mut()
                .find(|stored| stored.domain == service.domain)
            {
                Some(stored) if own => stored.clone_from(service),
                Some(stored) => stored.unavailable_references = service.unavailable_references,
                None if own => services.push(service.clone()),
                None => {}
            }
        }
        write_services(connection, &session.session_id, id, &services).await?;
    }
    segments::delete_domain(connection, tenant_id, domain).await?;
    segments::insert(connection, held).await?;
    Ok(true)
}

fn expect_tenant(session: &SessionRow, tenant_id: Uuid) -> Result<(), RepoError> {
    if session
        .tenants
        .iter()
        .any(|tenant| tenant.tenant_id == tenant_id)
    {
        Ok(())
    } else {
        Err(corrupt("segment", &"its tenant is not of the session"))
    }
}

async fn read_services(
    connection: &mut SqliteConnection,
    session_id: &str,
    tenant_id: Uuid,
) -> Result<Vec<ServiceRow>, RepoError> {
    let services: String = sqlx::query_scalar(
        "SELECT services FROM demo_tenants WHERE session_id = ? AND tenant_id = ?",
    )
    .bind(session_id)
    .bind(tenant_id.to_string())
    .fetch_one(connection)
    .await
    .map_err(classify)?;
    from_json("services", &services)
}

/// Writes the outcomes of a tenant's domains.
pub(super) async fn write_services(
    connection: &mut SqliteConnection,
    session_id: &str,
    tenant_id: Uuid,
    services: &[ServiceRow],
) -> Result<(), RepoError> {
    sqlx::query("UPDATE demo_tenants SET services = ? WHERE session_id = ? AND tenant_id = ?")
        .bind(to_json("services", &services)?)
        .bind(session_id)
        .bind(tenant_id.to_string())
        .execute(connection)
        .await
        .map_err(classify)?;
    Ok(())
}

/// One session.
pub(super) async fn find(
    connections: &Connections,
    session_id: &str,
) -> Result<Option<SessionRow>, RepoError> {
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
) -> Result<Option<SessionRow>, RepoError> {
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

/// Sessions, newest first.
pub(super) async fn list(
    connections: &Connections,
    limit: u32,
) -> Result<Vec<SessionRow>, RepoError> {
    let rows = sqlx::query(session_query!(
        "FROM (SELECT * FROM demo_sessions ORDER BY created_at DESC, session_id LIMIT ?) AS s \
         LEFT JOIN demo_tenants AS t ON t.session_id = s.session_id \
         ORDER BY s.created_at DESC, s.session_id, t.position"
    ))
    .bind(i64::from(limit))
    .fetch_all(&connections.readers)
    .await
    .map_err(classify)?;
    read_sessions(&rows)
}

/// Moves a session to DESTROYING unless it is destroyed already; answers the status it had.
pub(super) async fn begin_destroying(
    connection: &mut SqliteConnection,
    session_id: &str,
) -> Result<Option<SessionStatus>, RepoError> {
    let Some(status) =
        sqlx::query_scalar::<_, String>("SELECT status FROM demo_sessions WHERE session_id = ?")
            .bind(session_id)
            .fetch_optional(&mut *connection)
            .await
            .map_err(classify)?
    else {
        return Ok(None);
    };
    let status = super::encode::parse("status", &status)?;
    if status != SessionStatus::Destroyed {
        sqlx::query("UPDATE demo_sessions SET status = 'DESTROYING' WHERE session_id = ?")
            .bind(session_id)
            .execute(connection)
            .await
            .map_err(classify)?;
    }
    Ok(Some(status))
}
