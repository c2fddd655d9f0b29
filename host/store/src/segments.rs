//! Segments: one row per tenant, domain, entity and part. Writing many differs; see `sqlite` and `postgres`.

use uuid::Uuid;

use super::RepoError;
use super::dialect::Connection;
use super::sql::{Row, statement};
use levain_model::{EntityCounts, Part, StoredSegment};

/// Deletes one domain of a tenant and returns the records per entity that it had.
pub(super) async fn delete_domain(
    connection: &mut Connection<'_>,
    tenant_id: Uuid,
    domain: &str,
) -> Result<EntityCounts, RepoError> {
    let rows = statement(
        "DELETE FROM segments WHERE tenant_id = $1 AND domain = $2 RETURNING entity, records",
    )
    .bind(tenant_id)
    .bind(domain)
    .all(connection)
    .await?;
    let mut deleted = EntityCounts::new();
    for row in rows {
        let sum: &mut u32 = deleted.entry(row.get("entity")?).or_default();
        *sum = sum.saturating_add(row.get("records")?);
    }
    Ok(deleted)
}

pub(super) async fn delete_parts(
    connection: &mut Connection<'_>,
    parts: &[Part],
) -> Result<(), RepoError> {
    for part in parts {
        statement("DELETE FROM segments WHERE tenant_id = $1 AND domain = $2 AND part = $3")
            .bind(part.tenant_id)
            .bind(part.domain.as_str())
            .bind(part.part.as_str())
            .execute(connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn delete_tenants(
    connection: &mut Connection<'_>,
    tenants: Vec<Uuid>,
) -> Result<(), RepoError> {
    let among = connection.dialect().among("$1");
    statement(format!("DELETE FROM segments WHERE tenant_id {among}"))
        .bind(tenants)
        .execute(connection)
        .await?;
    Ok(())
}

/// The segments of a tenant, or those of one domain, or of one entity, by domain, entity and part.
pub(super) async fn find(
    connection: &mut Connection<'_>,
    tenant_id: Uuid,
    domain: Option<&str>,
    entity: Option<&str>,
) -> Result<Vec<StoredSegment>, RepoError> {
    let mut sql = "SELECT tenant_id, domain, entity, part, records, digest, rows FROM segments \
                   WHERE tenant_id = $1"
        .to_owned();
    let filters = [("domain", domain), ("entity", entity)];
    let given = filters
        .into_iter()
        .filter_map(|(column, value)| value.map(|value| (column, value)));
    let mut values = Vec::new();
    for (column, value) in given {
        values.push(value);
        sql.push_str(&format!(" AND {column} = ${}", values.len() + 1));
    }
    let c = connection.dialect().as_bytes();
    sql.push_str(&format!(" ORDER BY domain{c}, entity{c}, part{c}"));
    let query = values
        .into_iter()
        .fold(statement(sql).bind(tenant_id), |query, value| {
            query.bind(value)
        });
    query.all(connection).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<StoredSegment, RepoError> {
    Ok(StoredSegment {
        tenant_id: row.get("tenant_id")?,
        domain: row.get("domain")?,
        entity: row.get("entity")?,
        part: row.get("part")?,
        records: row.get("records")?,
        digest: row.get("digest")?,
        rows: row.get("rows")?,
    })
}
