//! What is PostgreSQL's own: views, query plans, hosts that start at once, hosts that are paused.

mod server;

use std::time::Duration;

use sqlx::Row as _;

use self::server::{Schema, answers};
use super::*;
use crate::cases::{begin, claim, repo_cases, segment, session};
use levain_model::sha256_hex;
use levain_model::{Column, ColumnKind, ViewSpec};

repo_cases!(fresh);

const OPTIONS: StoreOptions = StoreOptions {
    connections: 4,
    lease: Duration::from_secs(45),
};

async fn fresh() -> Option<(Schema, PostgresRepo)> {
    let schema = Schema::make().await?;
    let repo = PostgresRepo::open(&schema.url, &claim(&[books()]), OPTIONS)
        .await
        .unwrap();
    Some((schema, repo))
}

fn books() -> ViewSpec {
    let columns = [
        ("id", ColumnKind::Text),
        ("tenant_id", ColumnKind::Text),
        ("pages", ColumnKind::Integer),
        ("weight_kg", ColumnKind::Number),
        ("lent", ColumnKind::Boolean),
        ("authors", ColumnKind::Json),
        ("bought_at", ColumnKind::Timestamp),
        ("due", ColumnKind::Date),
    ];
    ViewSpec {
        name: "shelving_book".to_owned(),
        domain: "shelving".to_owned(),
        entity: "book".to_owned(),
        columns: columns
            .map(|(name, kind)| Column {
                name: name.to_owned(),
                kind,
                nullable: false,
            })
            .into(),
    }
}

const BOOKS: &str = r#"[
    {"id":"b1","tenant_id":"forged","pages":300.0,"weight_kg":1,"lent":true,
     "authors":["A","B"],"bought_at":"2026-01-02T03:04:05Z","due":"2026-02-01"},
    {"id":"b2","tenant_id":"forged","pages":12,"weight_kg":0.5,"lent":false,"authors":[],"bought_at":null}
]"#;

/// Commits one session whose own tenant holds two books.
async fn keep_books(repo: &PostgresRepo, number: u32) -> Uuid {
    let mut session = session(number);
    begin(repo, &session).await;
    session.status = SessionStatus::Ready;
    let tenant_id = session.root().unwrap().tenant_id;
    let segment = StoredSegment {
        rows: BOOKS.to_owned(),
        records: 2,
        digest: sha256_hex(BOOKS.as_bytes()),
        ..segment(tenant_id, "shelving", "book", 0)
    };
    assert!(
        repo.commit_session(&session, &[segment], None)
            .await
            .unwrap()
    );
    tenant_id
}

#[tokio::test]
async fn a_view_shows_typed_columns_of_one_tenant() {
    let Some((_schema, repo)) = fresh().await else {
        return;
    };
    let tenant_id = keep_books(&repo, 1).await;
    keep_books(&repo, 2).await;
    let rows = sqlx::query(
        "SELECT id, tenant_id, pages, weight_kg::text AS weight, lent, authors::text AS authors, \
         bought_at, due::text AS due FROM shelving_book WHERE tenant_id = $1 ORDER BY id",
    )
    .bind(tenant_id)
    .fetch_all(&repo.pool)
    .await
    .unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.get::<String, _>("id"),
                row.get::<Uuid, _>("tenant_id"),
                row.get::<i64, _>("pages"),
                row.get::<String, _>("weight"),
                row.get::<bool, _>("lent"),
                row.get::<String, _>("authors"),
                row.get::<Option<DateTime<Utc>>, _>("bought_at"),
                row.get::<Option<String>, _>("due"),
            )
        })
        .collect();
    let text = str::to_owned;
    assert_eq!(
        seen,
        [
            (
                text("b1"),
                tenant_id,
                300,
                text("1"),
                true,
                text(r#"["A","B"]"#),
                Some("2026-01-02T03:04:05Z".parse().unwrap()),
                Some(text("2026-02-01")),
            ),
            (
                text("b2"),
                tenant_id,
                12,
                text("0.5"),
                false,
                text("[]"),
                None,
                None
            ),
        ]
    );
}

#[tokio::test]
async fn a_view_that_is_no_longer_wanted_goes() {
    let Some((schema, repo)) = fresh().await else {
        return;
    };
    let tenant_id = keep_books(&repo, 1).await;
    let mut fewer = books();
    fewer.columns.truncate(3);
    let repo = PostgresRepo::open(&schema.url, &claim(&[fewer]), OPTIONS)
        .await
        .unwrap();
    let row = sqlx::query("SELECT * FROM shelving_book WHERE tenant_id = $1 LIMIT 1")
        .bind(tenant_id)
        .fetch_one(&repo.pool)
        .await
        .unwrap();
    assert_eq!(row.columns().len(), 3);
    let repo = PostgresRepo::open(&schema.url, &claim(&[]), OPTIONS)
        .await
        .unwrap();
    let gone = sqlx::query("SELECT 1 FROM shelving_book")
        .execute(&repo.pool)
        .await;
    assert!(gone.is_err());
    sqlx::raw_sql("CREATE TABLE shelving_book (id text)")
        .execute(&repo.pool)
        .await
        .unwrap();
    let taken = PostgresRepo::open(&schema.url, &claim(&[books()]), OPTIONS).await;
    assert!(matches!(taken, Err(OpenError::NameTaken { .. })));
}

#[tokio::test]
async fn hosts_that_start_at_once_make_the_tables_once() {
    let Some(schema) = Schema::make().await else {
        return;
    };
    let mut hosts = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let url = schema.url.clone();
        hosts.spawn(async move {
            let options = StoreOptions {
                connections: 2,
                ..OPTIONS
            };
            PostgresRepo::open(&url, &claim(&[books()]), options)
                .await
                .map(drop)
        });
    }
    while let Some(started) = hosts.join_next().await {
        started.unwrap().unwrap();
    }
}

/// The server's plan of a statement.
async fn plan(repo: &PostgresRepo, statement: &'static str, tenant_id: Uuid) -> String {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {statement}")))
        .bind(tenant_id)
        .fetch_all(&repo.pool)
        .await
        .unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_tenants_rows_are_found_by_their_key() {
    let Some((_schema, repo)) = fresh().await else {
        return;
    };
    let tenant_id = keep_books(&repo, 1).await;
    // Enough of them that the key is worth its while.
    sqlx::raw_sql(
        "INSERT INTO segments SELECT gen_random_uuid(), 'shelving', 'book', '', 0, 'd', '[]' \
         FROM generate_series(1, 20000); ANALYZE segments",
    )
    .execute(&repo.pool)
    .await
    .unwrap();
    for statement in [
        "DELETE FROM segments WHERE tenant_id = ANY(ARRAY[$1])",
        "SELECT * FROM segments WHERE tenant_id = $1",
        "SELECT * FROM shelving_book WHERE tenant_id = $1",
    ] {
        let plan = plan(&repo, statement, tenant_id).await;
        assert!(plan.contains("segments_pkey"), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}

#[tokio::test]
async fn segments_are_compressed_with_lz4() {
    let Some((_schema, repo)) = fresh().await else {
        return;
    };
    let tenant_id = keep_books(&repo, 1).await;
    let long = format!("[{}1]", "1,".repeat(10_000));
    let compression: Option<String> = sqlx::query_scalar(
        "UPDATE segments SET rows = $1 WHERE tenant_id = $2 RETURNING pg_column_compression(rows)",
    )
    .bind(long)
    .bind(tenant_id)
    .fetch_one(&repo.pool)
    .await
    .unwrap();
    // The value that is returned has not been stored yet.
    drop(compression);
    let stored: Option<String> =
        sqlx::query_scalar("SELECT pg_column_compression(rows) FROM segments WHERE tenant_id = $1")
            .bind(tenant_id)
            .fetch_one(&repo.pool)
            .await
            .unwrap();
    assert_eq!(stored.as_deref(), Some("lz4"));
}

#[tokio::test]
async fn a_host_that_pauses_inside_its_transaction_commits_nothing() {
    let Some(schema) = Schema::make().await else {
        return;
    };
    let short = StoreOptions {
        lease: Duration::from_secs(1),
        ..OPTIONS
    };
    let repo = PostgresRepo::open(&schema.url, &claim(&[books()]), short)
        .await
        .unwrap();
    let begun = session(1);
    begin(&repo, &begun).await;
    let mut done = begun.clone();
    done.status = SessionStatus::Ready;
    let tenant_id = begun.root().unwrap().tenant_id;
    let mut paused = repo.begin().await.unwrap();
    let written = [segment(tenant_id, "shelving", "book", 5)];
    assert!(
        data::commit(&mut paused, &done, &written, None)
            .await
            .unwrap()
    );
    // The server ends what idles for longer than half the lease.
    let ended = async || {
        let idle: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' \
             AND query LIKE '%demo_sessions%' AND application_name = 'levain' \
             AND pid = ANY (SELECT pid FROM pg_locks WHERE relation = 'segments'::regclass)",
        )
        .fetch_one(&repo.pool)
        .await
        .unwrap();
        idle == 0
    };
    let begun_waiting = std::time::Instant::now();
    while !ended().await {
        assert!(begun_waiting.elapsed() < Duration::from_secs(30));
        tokio::task::yield_now().await;
    }
    let late = commit(paused).await;
    assert!(matches!(late, Err(RepoError::Unavailable(_))), "{late:?}");
    assert_eq!(repo.find_segments(tenant_id, None, None).await.unwrap(), []);
    assert_eq!(repo.find_session("demo_0001").await.unwrap(), Some(begun));
}

#[tokio::test]
async fn missing_server_is_unavailable_in_time() {
    if !answers().await {
        return;
    }
    let url = "postgres://postgres@127.0.0.1:1/test";
    let refused = PostgresRepo::open(url, &claim(&[]), OPTIONS).await;
    assert!(
        matches!(refused, Err(OpenError::Repo(RepoError::Unavailable(_)))),
        "{refused:?}"
    );
}
