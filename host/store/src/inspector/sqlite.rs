//! The file of a SQLite store, read beside the host that holds it.

use std::path::Path;

use sqlx::QueryBuilder;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use uuid::Uuid;

use super::{Relation, TENANT_COLUMN};
use crate::sqlite::classify;
use crate::{OpenError, RepoError};

/// The pool of a file that must be there; the log of its host is read with it.
pub(super) async fn open(file: &Path) -> Result<SqlitePool, OpenError> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    Ok(SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?)
}

/// The tables and views with a tenant's rows.
pub(super) async fn relations(pool: &SqlitePool) -> Result<Vec<Relation>, OpenError> {
    let found: Vec<(String, bool)> = sqlx::query_as(
        "SELECT m.name, m.type = 'view' FROM sqlite_schema AS m, pragma_table_info(m.name) AS c \
         WHERE m.type IN ('table', 'view') AND c.name = ? COLLATE NOCASE ORDER BY m.name",
    )
    .bind(TENANT_COLUMN)
    .fetch_all(pool)
    .await?;
    let relation = |(name, is_view)| Relation::of_data(name, is_view, false);
    Ok(found.into_iter().filter_map(relation).collect())
}

/// How many rows of these tenants there are.
pub(super) async fn count(
    pool: &SqlitePool,
    relation: &Relation,
    tenants: &[Uuid],
) -> Result<i64, RepoError> {
    let mut counting = QueryBuilder::new(relation.counting());
    let mut list = counting.separated(", ");
    for tenant in tenants {
        list.push_bind(tenant.to_string());
    }
    counting.push(")");
    let counted = counting.build_query_scalar().fetch_one(pool).await;
    counted.map_err(classify)
}
