//! The schema that a host works in on a PostgreSQL server.

use std::str::FromStr as _;

use sqlx::QueryBuilder;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use uuid::Uuid;

use super::{Relation, TENANT_COLUMN};
use crate::postgres::{classify, open_error};
use crate::{OpenError, RepoError};

/// Connections that the server itself lets write nothing.
pub(super) async fn open(url: &str) -> Result<PgPool, OpenError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(open_error)?
        .application_name("levain verify")
        .options([("default_transaction_read_only", "on")]);
    let pool = PgPoolOptions::new().max_connections(4);
    pool.connect_with(options).await.map_err(open_error)
}

/// The tables and views with a tenant's rows.
pub(super) async fn relations(pool: &PgPool) -> Result<Vec<Relation>, OpenError> {
    let found: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT t.table_name::text, t.table_type = 'VIEW', c.data_type = 'uuid' \
         FROM information_schema.tables AS t JOIN information_schema.columns AS c \
         USING (table_schema, table_name) \
         WHERE t.table_schema = current_schema() AND c.column_name = $1 ORDER BY 1",
    )
    .bind(TENANT_COLUMN)
    .fetch_all(pool)
    .await
    .map_err(open_error)?;
    let relation = |(name, is_view, has_uuids)| Relation::of_data(name, is_view, has_uuids);
    Ok(found.into_iter().filter_map(relation).collect())
}

/// How many rows of these tenants there are. The column is asked in its own type: cast, no index would
/// answer, and every tenant's records would be opened.
pub(super) async fn count(
    pool: &PgPool,
    relation: &Relation,
    tenants: &[Uuid],
) -> Result<i64, RepoError> {
    let mut counting = QueryBuilder::new(relation.counting());
    let mut list = counting.separated(", ");
    for tenant in tenants {
        match relation.has_uuids {
            true => list.push_bind(*tenant),
            false => list.push_bind(tenant.to_string()),
        };
    }
    counting.push(")");
    let counted = counting.build_query_scalar().fetch_one(pool).await;
    counted.map_err(classify)
}
