//! Makes the typed views `{domain}_{entity}` over the segments, and removes those of a catalog
//! that was.
//!
//! A view reads `json_each` over a segment's rows. Its `tenant_id` is the key column of the
//! table, so that a query for one tenant seeks that tenant's segment and opens nothing else.
//! Only functions that an old `sqlite3` shell knows too are used.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row as _};

use crate::OpenError;
use crate::view::{self, TENANT_COLUMN};
use levain_model::{Column, ColumnKind, ViewSpec};

/// Brings the views up to date; the caller wraps it into a transaction.
pub(super) async fn refresh(
    connection: &mut SqliteConnection,
    views: &[ViewSpec],
) -> Result<(), OpenError> {
    view::check(views)?;
    let wanted: BTreeMap<&str, String> = views
        .iter()
        .map(|view| (view.name.as_str(), definition(view)))
        .collect();
    let mut made: BTreeMap<String, String> =
        sqlx::query_as("SELECT name, definition FROM generated_views")
            .fetch_all(&mut *connection)
            .await?
            .into_iter()
            .collect();
    let stale: Vec<String> = made
        .iter()
        .filter(|(name, definition)| wanted.get(name.as_str()) != Some(definition))
        .map(|(name, _)| name.clone())
        .collect();
    for name in stale {
        let drop = format!("DROP VIEW IF EXISTS {}", quoted(&name));
        sqlx::query(AssertSqlSafe(drop))
            .execute(&mut *connection)
            .await?;
        sqlx::query("DELETE FROM generated_views WHERE name = ?")
            .bind(name.as_str())
            .execute(&mut *connection)
            .await?;
        made.remove(&name);
    }
    for (name, definition) in wanted {
        if made.contains_key(name) && exists(connection, name).await? {
            continue;
        }
        if exists(connection, name).await? {
            return Err(OpenError::NameTaken {
                name: name.to_owned(),
            });
        }
        sqlx::query(AssertSqlSafe(definition.clone()))
            .execute(&mut *connection)
            .await?;
        sqlx::query("INSERT OR REPLACE INTO generated_views (name, definition) VALUES (?, ?)")
            .bind(name)
            .bind(definition)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn exists(connection: &mut SqliteConnection, name: &str) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(
        "SELECT count(*) FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')",
    )
    .bind(name)
    .fetch_one(connection)
    .await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// The statement that makes a view.
fn definition(view: &ViewSpec) -> String {
    let mut columns = String::new();
    let tenant = Column {
        name: TENANT_COLUMN.to_owned(),
        kind: ColumnKind::Text,
        nullable: false,
    };
    let keyed = view.columns.iter().any(|c| c.name == TENANT_COLUMN);
    let all = (!keyed).then_some(&tenant).into_iter().chain(&view.columns);
    for (position, column) in all.enumerate() {
        let separator = if position == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            columns,
            "{separator}\n  {} AS {}",
            expression(column),
            quoted(&column.name)
        );
    }
    format!(
        "CREATE VIEW {} AS SELECT{columns}\nFROM segments AS s, json_each(s.rows) AS r\n\
         WHERE s.domain = '{}' AND s.entity = '{}'",
        quoted(&view.name),
        view.domain,
        view.entity,
    )
}

/// A column's value. JSON's true and false come out of `json_extract` as 1 and 0, arrays and
/// objects as text, null and what is absent as NULL.
fn expression(column: &Column) -> String {
    if column.name == TENANT_COLUMN {
        return format!("s.{}", quoted(TENANT_COLUMN));
    }
    let value = format!("json_extract(r.value, '$.\"{}\"')", column.name);
    match column.kind {
        ColumnKind::Integer => format!("CAST({value} AS INTEGER)"),
        // 5 and 5.0 are one number in JSON, and two types in SQLite.
        ColumnKind::Number => format!("CAST({value} AS REAL)"),
        ColumnKind::Text
        | ColumnKind::Boolean
        | ColumnKind::Json
        | ColumnKind::Timestamp
        | ColumnKind::Date => value,
    }
}

/// An identifier, quoted; `view::check` has refused what would break out of the quotes.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
