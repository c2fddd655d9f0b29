//! The store's file as anybody with a `sqlite3` shell sees it: the tables, and a typed view per
//! entity.

use levain::catalog::ColumnKind;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, SqlitePool};

use super::visit::{read, tenant};
use crate::support::{Records, TestApp};

/// What is kept of a session that is over: its row, not its data.
const LEDGER: [&str; 3] = ["demo_sessions", "demo_tenants", "demo_cleanup_audit"];

async fn open(app: &TestApp) -> SqlitePool {
    SqlitePool::connect(app.database().to_str().unwrap())
        .await
        .unwrap()
}

async fn strings(pool: &SqlitePool, sql: &str, tenant: &str) -> Vec<String> {
    let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).bind(tenant.to_owned());
    query
        .fetch_all(pool)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn count(pool: &SqlitePool, sql: &str, tenant: &str) -> i64 {
    let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).bind(tenant.to_owned());
    query
        .fetch_one(pool)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The records of a tenant that any table or view outside the ledger shows.
pub async fn rows_of(app: &TestApp, tenant: &str) -> i64 {
    let pool = open(app).await;
    let named = "SELECT DISTINCT o.name FROM sqlite_schema AS o, pragma_table_info(o.name) AS c \
                 WHERE o.type IN ('table', 'view') AND c.name LIKE '%tenant_id' AND ?1 <> ''";
    let mut rows = 0;
    let mut seen = Vec::new();
    for name in strings(&pool, named, tenant).await {
        if LEDGER.contains(&name.as_str()) {
            continue;
        }
        let held = count(
            &pool,
            &format!("SELECT count(*) FROM \"{name}\" WHERE tenant_id = ?"),
            tenant,
        )
        .await;
        if name == "segments" {
            let records = "SELECT coalesce(sum(records), 0) FROM segments WHERE tenant_id = ?";
            seen.push((held > 0, count(&pool, records, tenant).await));
        } else {
            rows += held;
        }
    }
    // The count that is kept beside a segment is that of its records, and no segment is left over.
    let domains = app.sessions.catalog().domains();
    let empty = rows == 0;
    assert_eq!(
        seen,
        [(!empty, rows)],
        "segments and views disagree over {} domains",
        domains.len()
    );
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_the_shell_is_answered_as_by_the_api() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    // A second session, that must not be counted.
    app.create("professional").await.expect(200);
    let pool = open(&app).await;
    let sql = format!(
        "SELECT status, count(*) FROM production_batch WHERE tenant_id = '{}' GROUP BY 1",
        tenant(&session)
    );
    let counted: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sql))
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(counted.len() > 3, "{counted:?}");
    for (status, number) in &counted {
        let query = format!("production/batch?limit=1&status={status}");
        assert_eq!(
            read(&app, &session, &query).await.expect(200)["total"],
            *number,
            "{status}"
        );
    }
    let all = read(&app, &session, "production/batch?limit=1")
        .await
        .expect(200);
    assert_eq!(
        all["total"],
        counted.iter().map(|(_, number)| number).sum::<i64>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_shows_every_record_with_typed_columns() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    app.create("professional").await.expect(200);
    let pool = open(&app).await;
    let records = Records::of(&app, &session).await;
    let mut views = 0;
    for schema in app.sessions.catalog().schemas() {
        let view = format!("{}_{}", schema.domain(), schema.entity());
        let columns = schema.columns();
        let names: Vec<String> = columns
            .iter()
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let sql = format!(
            "SELECT json_array({}) FROM {view} WHERE tenant_id = ?",
            names.join(", ")
        );
        let shown: Vec<Vec<Value>> = strings(&pool, &sql, tenant(&session))
            .await
            .iter()
            .map(|row| serde_json::from_str(row).unwrap())
            .collect();
        let rows = records.all(&format!("{}.{}", schema.domain(), schema.entity()));
        assert_eq!(shown.len(), rows.len(), "{view}");
        for (shown, row) in shown.iter().zip(rows) {
            for (column, shown) in columns.iter().zip(shown) {
                let expected = as_column(column.kind, row.as_object().unwrap(), &column.name);
                // An array or object is shown as its text.
                let shown = match (column.kind, shown) {
                    (ColumnKind::Json, Value::String(text)) => &serde_json::from_str(text).unwrap(),
                    _ => shown,
                };
                assert_eq!(
                    *shown, expected,
                    "{view}.{} ({:?})",
                    column.name, column.kind
                );
            }
        }
        views += 1;
    }
    let made = count(
        &pool,
        "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND ?1 <> ''",
        "x",
    )
    .await;
    assert_eq!(made, views);
}

/// A field of a record, as SQLite shows it.
fn as_column(kind: ColumnKind, row: &Map<String, Value>, name: &str) -> Value {
    let value = row.get(name).unwrap_or(&Value::Null);
    if value.is_null() {
        return Value::Null;
    }
    match kind {
        ColumnKind::Boolean => Value::from(i64::from(value.as_bool().unwrap())),
        ColumnKind::Integer => Value::from(value.as_i64().unwrap()),
        ColumnKind::Number => Value::from(value.as_f64().unwrap()),
        ColumnKind::Json => value.clone(),
        ColumnKind::Text | ColumnKind::Timestamp | ColumnKind::Date => {
            Value::from(value.as_str().unwrap())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_one_tenant_searches_by_key() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let pool = open(&app).await;
    for schema in app.sessions.catalog().schemas() {
        let view = format!("{}_{}", schema.domain(), schema.entity());
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT count(*) FROM {view} WHERE tenant_id = '{}'",
            tenant(&session)
        );
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_all(&pool)
            .await
            .unwrap();
        let steps: Vec<&str> = plan.iter().map(|(_, _, _, step)| step.as_str()).collect();
        let search = "SEARCH s USING INDEX sqlite_autoindex_segments_1 (tenant_id=? AND domain=? AND entity=?)";
        assert!(steps.contains(&search), "{view}: {steps:#?}");
        assert!(
            !steps.iter().any(|step| step.starts_with("SCAN s")),
            "{view}: {steps:#?}"
        );
    }
}
