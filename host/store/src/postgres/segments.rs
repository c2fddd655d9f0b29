//! Segments: one row per tenant, domain, entity and part.

use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::encode::unsigned;
use super::error::classify;
use crate::RepoError;
use levain_model::{EntityCounts, Part, StoredSegment};

/// Deletes one domain of a tenant; answers what was there.
pub(super) async fn delete_domain(
    pool: &PgPool,
    tenant_id: Uuid,
    domain: &str,
) -> Result<EntityCounts, RepoError> {
    let rows: Vec<(String, i32)> = sqlx::query_as(
        "DELETE FROM segments WHERE tenant_id = $1 AND domain = $2 RETURNING entity, records",
    )
    .bind(tenant_id)
    .bind(domain)
    .fetch_all(pool)
    .await
    .map_err(classify)?;
    let mut deleted = EntityCounts::new();
    for (entity, records) in rows {
        let parts: &mut u32 = deleted.entry(entity).or_default();
        *parts = parts.saturating_add(unsigned("records", records)?);
    }
    Ok(deleted)
}

/// Deletes parts, whatever entities they have.
pub(super) async fn delete_parts(
    connection: &mut PgConnection,
    parts: &[Part],
) -> Result<(), RepoError> {
    for part in parts {
        sqlx::query("DELETE FROM segments WHERE tenant_id = $1 AND domain = $2 AND part = $3")
            .bind(part.tenant_id)
            .bind(part.domain.as_str())
            .bind(part.part.as_str())
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    Ok(())
}

/// Deletes all of these tenants.
pub(super) async fn delete_tenants(
    connection: &mut PgConnection,
    tenants: &[Uuid],
) -> Result<(), RepoError> {
    sqlx::query("DELETE FROM segments WHERE tenant_id = ANY($1)")
        .bind(tenants)
        .execute(connection)
        .await
        .map_err(classify)?;
    Ok(())
}

/// The segments of a tenant, or those of one domain, or of one entity, by domain, entity and part.
pub(super) async fn find(
    pool: &PgPool,
    tenant_id: Uuid,
    domain: Option<&str>,
    entity: Option<&str>,
) -> Result<Vec<StoredSegment>, RepoError> {
    let mut statement = QueryBuilder::<Postgres>::new(
        "SELECT tenant_id, domain, entity, part, records, digest, rows FROM segments WHERE tenant_id = ",
    );
    statement.push_bind(tenant_id);
    if let Some(domain) = domain {
        statement.push(" AND domain = ").push_bind(domain);
    }
    if let Some(entity) = entity {
        statement.push(" AND entity = ").push_bind(entity);
    }
    // As bytes, whatever the database's language: slugs are ASCII, and order is part of the contract.
    statement.push(" ORDER BY domain COLLATE \"C\", entity COLLATE \"C\", part COLLATE \"C\"");
    statement
        .build()
        .fetch_all(pool)
        .await
        .map_err(classify)?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &PgRow) -> Result<StoredSegment, RepoError> {
    Ok(StoredSegment {
        tenant_id: row.try_get("tenant_id").map_err(classify)?,
        domain: row.try_get("domain").map_err(classify)?,
        entity: row.try_get("entity").map_err(classify)?,
        part: row.try_get("part").map_err(classify)?,
        records: unsigned("records", row.try_get("records").map_err(classify)?)?,
        digest: row.try_get("digest").map_err(classify)?,
        rows: row.try_get("rows").map_err(classify)?,
    })
}
