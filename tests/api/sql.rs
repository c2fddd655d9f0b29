//! The store as anybody with a shell of its database sees it: the tables, and a typed view per entity.

use levain_model::ColumnKind;
use serde_json::{Map, Value};

use super::visit::{read, tenant};
use crate::support::{Database, Records, TestApp, on_postgres};

/// What is kept of a session that is over, and what is no session's.
const LEDGER: [&str; 11] = [
    "demo_sessions",
    "demo_tenants",
    "demo_cleanup_audit",
    "demo_idempotency_keys",
    "demo_receipts",
    "generated_views",
    "plugin_components",
    "plugin_revisions",
    "demo_catalog",
    "demo_keys",
    "_sqlx_migrations",
];

/// The records of a tenant that any table or view outside the ledger shows.
pub async fn rows_of(app: &TestApp, tenant: &str) -> i64 {
    let database = app.database().await;
    let mut rows = 0;
    let mut seen = Vec::new();
    for name in database.relations().await {
        if LEDGER.contains(&name.as_str()) {
            continue;
        }
        let of_tenant = format!("FROM \"{name}\" WHERE tenant_id = '{tenant}'");
        let held = database
            .number(&format!("SELECT count(*) {of_tenant}"))
            .await;
        if name == "segments" {
            let records = format!("SELECT CAST(coalesce(sum(records), 0) AS bigint) {of_tenant}");
            seen.push((held > 0, database.number(&records).await));
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
    let database = app.database().await;
    let of_tenant = format!(
        "FROM production_batch WHERE tenant_id = '{}'",
        tenant(&session)
    );
    let mut counted = Vec::new();
    for status in database
        .texts(&format!("SELECT DISTINCT status {of_tenant} ORDER BY 1"))
        .await
    {
        let number = format!("SELECT count(*) {of_tenant} AND status = '{status}'");
        counted.push((status, database.number(&number).await));
    }
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
    let database = app.database().await;
    let array = match database {
        Database::Sqlite(_) => "json_array",
        Database::Postgres(_) => "json_build_array",
    };
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
            "SELECT CAST({array}({}) AS text) FROM {view} WHERE tenant_id = '{}'",
            names.join(", "),
            tenant(&session)
        );
        let shown: Vec<Vec<Value>> = database
            .texts(&sql)
            .await
            .iter()
            .map(|row| serde_json::from_str(row).unwrap())
            .collect();
        let rows = records.all(&format!("{}.{}", schema.domain(), schema.entity()));
        assert_eq!(shown.len(), rows.len(), "{view}");
        for (shown, row) in shown.iter().zip(rows) {
            for (column, shown) in columns.iter().zip(shown) {
                let expected = as_column(column.kind, row.as_object().unwrap(), &column.name);
                let shown = &as_shown(column.kind, shown);
                assert_eq!(
                    *shown, expected,
                    "{view}.{} ({:?})",
                    column.name, column.kind
                );
            }
        }
        views += 1;
    }
    let made = database.relations().await;
    let made = made.iter().filter(|name| !LEDGER.contains(&name.as_str()));
    // One more than the views: the segments themselves.
    assert_eq!(made.count(), views + 1);
}

/// What a column shows, in the words of a record.
fn as_shown(kind: ColumnKind, shown: &Value) -> Value {
    match (kind, shown) {
        // SQLite shows an array or object as its text, and a truth as a number.
        (ColumnKind::Json, Value::String(text)) => serde_json::from_str(text).unwrap(),
        (ColumnKind::Boolean, Value::Number(number)) => (number.as_i64() == Some(1)).into(),
        (ColumnKind::Number, Value::Number(number)) => number.as_f64().into(),
        // PostgreSQL has an instant, SQLite its text.
        (ColumnKind::Timestamp, Value::String(text)) => micros(text),
        _ => shown.clone(),
    }
}

/// A field of a record.
fn as_column(kind: ColumnKind, row: &Map<String, Value>, name: &str) -> Value {
    let value = row.get(name).unwrap_or(&Value::Null);
    match (kind, value) {
        (ColumnKind::Number, Value::Number(number)) => number.as_f64().into(),
        (ColumnKind::Timestamp, Value::String(text)) => micros(text),
        _ => value.clone(),
    }
}

fn micros(text: &str) -> Value {
    let instant =
        chrono::DateTime::parse_from_rfc3339(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    instant.timestamp_micros().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_one_tenant_searches_by_key() {
    if on_postgres() {
        // Its planner weighs by the size of the table; the store's own tests give it a large one.
        return;
    }
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let Database::Sqlite(pool) = app.database().await else {
        unreachable!("the tests run on SQLite");
    };
    for schema in app.sessions.catalog().schemas() {
        let view = format!("{}_{}", schema.domain(), schema.entity());
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT count(*) FROM {view} WHERE tenant_id = '{}'",
            tenant(&session)
        );
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
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
