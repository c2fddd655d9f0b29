//! Makes the typed views `{domain}_{entity}` over the segments, and removes those of a catalog
//! that was.
//!
//! A view opens a segment's rows with `json_to_recordset`. Its `tenant_id` is the key column of the
//! table, so that a query for one tenant seeks that tenant's segment and opens nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::error::open_error;
use crate::OpenError;
use crate::view::{self, TENANT_COLUMN};
use levain_model::{ColumnKind, ViewSpec};

/// Brings the views up to date; the caller wraps it into a transaction. Hosts that start at once take
/// turns.
pub(super) async fn refresh(
    connection: &mut PgConnection,
    views: &[ViewSpec],
) -> Result<(), OpenError> {
    view::check(views)?;
    let wanted: BTreeMap<&str, String> = views
        .iter()
        .map(|view| (view.name.as_str(), definition(view)))
        .collect();
    sqlx::query("LOCK TABLE generated_views IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *connection)
        .await
        .map_err(open_error)?;
    let mut made: BTreeMap<String, String> =
        sqlx::query_as("SELECT name, definition FROM generated_views")
            .fetch_all(&mut *connection)
            .await
            .map_err(open_error)?
            .into_iter()
            .collect();
    let stale: Vec<String> = made
        .iter()
        .filter(|(name, definition)| wanted.get(name.as_str()) != Some(definition))
        .map(|(name, _)| name.clone())
        .collect();
    for name in stale {
        execute(connection, format!("DROP VIEW IF EXISTS {}", quoted(&name))).await?;
        sqlx::query("DELETE FROM generated_views WHERE name = $1")
            .bind(name.as_str())
            .execute(&mut *connection)
            .await
            .map_err(open_error)?;
        made.remove(&name);
    }
    for (name, definition) in wanted {
        let there = exists(connection, name).await?;
        if there && made.contains_key(name) {
            continue;
        }
        if there {
            return Err(OpenError::NameTaken {
                name: name.to_owned(),
            });
        }
        execute(connection, definition.clone()).await?;
        sqlx::query(
            "INSERT INTO generated_views (name, definition) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET definition = $2",
        )
        .bind(name)
        .bind(definition)
        .execute(&mut *connection)
        .await
        .map_err(open_error)?;
    }
    Ok(())
}

async fn execute(connection: &mut PgConnection, statement: String) -> Result<(), OpenError> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map_err(open_error)?;
    Ok(())
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, OpenError> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM information_schema.tables \
         WHERE table_schema = current_schema() AND table_name = $1)",
    )
    .bind(name)
    .fetch_one(connection)
    .await
    .map_err(open_error)
}

/// The statement that makes a view.
fn definition(view: &ViewSpec) -> String {
    let keyed = view.columns.iter().any(|c| c.name == TENANT_COLUMN);
    let mut shown: Vec<String> = Vec::with_capacity(view.columns.len() + 1);
    if !keyed {
        shown.push(format!("s.{TENANT_COLUMN}"));
    }
    let mut opened = String::new();
    for column in &view.columns {
        let name = quoted(&column.name);
        if column.name == TENANT_COLUMN {
            shown.push(format!("s.{TENANT_COLUMN}"));
            continue;
        }
        shown.push(match column.kind {
            // 5 and 5.0 are one number in JSON; an integer's text has no fraction.
            ColumnKind::Integer => format!("r.{name}::bigint AS {name}"),
            _ => format!("r.{name}"),
        });
        let separator = if opened.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(opened, "{separator}{name} {}", kind(column.kind));
    }
    // A record that shows nothing but its tenant is a record all the same.
    let opened = match opened.as_str() {
        "" => "json_array_elements(s.rows::json) AS r".to_owned(),
        columns => format!("json_to_recordset(s.rows::json) AS r ({columns})"),
    };
    format!(
        "CREATE VIEW {} AS SELECT {}\nFROM segments AS s CROSS JOIN LATERAL {opened}\n\
         WHERE s.domain = '{}' AND s.entity = '{}'",
        quoted(&view.name),
        shown.join(", "),
        view.domain,
        view.entity,
    )
}

/// The type that a JSON value is read as.
const fn kind(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        // Verbatim: amounts stay exact.
        ColumnKind::Integer | ColumnKind::Number => "numeric",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Json => "json",
        ColumnKind::Timestamp => "timestamptz",
        ColumnKind::Date => "date",
    }
}

/// An identifier, quoted; `view::check` has refused what would break out of the quotes.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
