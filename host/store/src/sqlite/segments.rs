//! Segments: one row per tenant, domain, entity and part.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row as _, Sqlite};
use uuid::Uuid;

use super::connect::Connections;
use super::encode::{narrow, parse};
use super::error::classify;
use crate::RepoError;
use levain_model::{EntityCounts, Part, StoredSegment};

/// Rows per statement: seven values each, far below the 32,766 that a statement may bind. Sessions
/// of one account have the same number, so the statement's text repeats and stays prepared.
const ROWS_PER_STATEMENT: usize = 1000;

const COLUMNS: &str =
    "SELECT tenant_id, domain, entity, part, records, digest, rows FROM segments ";

/// Writes segments; the caller wraps it into a transaction.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    segments: &[StoredSegment],
) -> Result<(), RepoError> {
    for page in segments.chunks(ROWS_PER_STATEMENT) {
        let mut statement = QueryBuilder::<Sqlite>::new(
            "INSERT INTO segments (tenant_id, domain, entity, part, records, digest, rows) ",
        );
        statement.push_values(page, |mut row, segment| {
            row.push_bind(segment.tenant_id.to_string())
                .push_bind(segment.domain.as_str())
                .push_bind(segment.entity.as_str())
                .push_bind(segment.part.as_str())
                .push_bind(i64::from(segment.records))
                .push_bind(segment.digest.as_str())
                .push_bind(segment.rows.as_str());
        });
        statement
            .build()
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    Ok(())
}

/// Deletes one domain of a tenant; answers what was there.
pub(super) async fn delete_domain(
    connection: &mut SqliteConnection,
    tenant_id: Uuid,
    domain: &str,
) -> Result<EntityCounts, RepoError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "DELETE FROM segments WHERE tenant_id = ? AND domain = ? RETURNING entity, records",
    )
    .bind(tenant_id.to_string())
    .bind(domain)
    .fetch_all(connection)
    .await
    .map_err(classify)?;
    let mut deleted = EntityCounts::new();
    for (entity, records) in rows {
        let parts: &mut u32 = deleted.entry(entity).or_default();
        *parts = parts.saturating_add(narrow("records", records)?);
    }
    Ok(deleted)
}

/// Deletes parts, whatever entities they have.
pub(super) async fn delete_parts(
    connection: &mut SqliteConnection,
    parts: &[Part],
) -> Result<(), RepoError> {
    for part in parts {
        sqlx::query("DELETE FROM segments WHERE tenant_id = ? AND domain = ? AND part = ?")
            .bind(part.tenant_id.to_string())
            .bind(part.domain.as_str())
            .bind(part.part.as_str())
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    Ok(())
}

/// Deletes all of a tenant.
pub(super) async fn delete_tenant(
    connection: &mut SqliteConnection,
    tenant_id: Uuid,
) -> Result<(), RepoError> {
    sqlx::query("DELETE FROM segments WHERE tenant_id = ?")
        .bind(tenant_id.to_string())
        .execute(connection)
        .await
        .map_err(classify)?;
    Ok(())
}

/// The segments of a tenant, or those of one domain, or of one entity, by domain, entity and part.
pub(super) async fn find(
    connections: &Connections,
    tenant_id: Uuid,
    domain: Option<&str>,
    entity: Option<&str>,
) -> Result<Vec<StoredSegment>, RepoError> {
    let mut statement = QueryBuilder::<Sqlite>::new(COLUMNS);
    statement
        .push("WHERE tenant_id = ")
        .push_bind(tenant_id.to_string());
    if let Some(domain) = domain {
        statement.push(" AND domain = ").push_bind(domain);
    }
    if let Some(entity) = entity {
        statement.push(" AND entity = ").push_bind(entity);
    }
    statement.push(" ORDER BY domain, entity, part");
    statement
        .build()
        .fetch_all(&connections.readers)
        .await
        .map_err(classify)?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &SqliteRow) -> Result<StoredSegment, RepoError> {
    let tenant_id: &str = row.try_get("tenant_id").map_err(classify)?;
    Ok(StoredSegment {
        tenant_id: parse("tenant_id", tenant_id)?,
        domain: row.try_get("domain").map_err(classify)?,
        entity: row.try_get("entity").map_err(classify)?,
        part: row.try_get("part").map_err(classify)?,
        records: narrow("records", row.try_get("records").map_err(classify)?)?,
        digest: row.try_get("digest").map_err(classify)?,
        rows: row.try_get("rows").map_err(classify)?,
    })
}
