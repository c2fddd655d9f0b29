//! A database that an earlier version wrote keeps what it holds.

use sqlx::migrate::Migrator;

use super::*;
use crate::sqlite::writing::begin;
use levain_model::{Part, Session};

/// The tables as the first version made them.
async fn first_version(directory: &Path) -> Connections {
    let connections = Connections::open(&directory.join("levain.db"))
        .await
        .unwrap();
    let first = migrations::sqlite().iter().take(1).cloned().collect();
    let first = Migrator::with_migrations(first);
    first.run(&connections.writer).await.unwrap();
    connections
}

/// Writes a READY session as the first version did, which knew neither triggers nor parts.
async fn write(connections: &Connections, session: &Session) {
    let statement = "INSERT INTO demo_sessions (session_id, account, catalog_digest, status, \
         session_created_at, created_at, expires_at, error) VALUES (?, ?, ?, 'READY', ?, ?, ?, ?)";
    sqlx::query(statement)
        .bind(&session.session_id)
        .bind(&session.account)
        .bind(&session.catalog_digest)
        .bind(
            session
                .session_created_at
                .to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        )
        .bind(
            session
                .created_at
                .to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        )
        .bind(
            session
                .expires_at
                .to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        )
        .bind(&session.error)
        .execute(&connections.writer)
        .await
        .unwrap();
    for (position, tenant) in (0_i64..).zip(&session.tenants) {
        sqlx::query("INSERT INTO demo_tenants VALUES (?, ?, ?, ?, ?, ?, ?, 0)")
            .bind(&session.session_id)
            .bind(position)
            .bind(tenant.tenant_id.to_string())
            .bind(tenant.base_tenant_id.to_string())
            .bind(&tenant.outlet)
            .bind(&tenant.name)
            .bind(serde_json::to_string(&tenant.services).unwrap())
            .execute(&connections.writer)
            .await
            .unwrap();
        sqlx::query("INSERT INTO segments VALUES (?, 'shelving', 'book', 2, ?, ?)")
            .bind(tenant.tenant_id.to_string())
            .bind(sha256_hex(BOOKS.as_bytes()))
            .bind(BOOKS)
            .execute(&connections.writer)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_database_without_parts_keeps_its_sessions_and_its_views() {
    let directory = tempfile::tempdir().unwrap();
    let connections = first_version(directory.path()).await;
    let mut session = session(1);
    session.status = SessionStatus::Ready;
    for tenant in &mut session.tenants {
        tenant.triggers.clear();
    }
    write(&connections, &session).await;
    let mut transaction = begin(&connections).await.unwrap();
    views::refresh(&mut transaction, &[books()]).await.unwrap();
    transaction.commit().await.unwrap();
    connections.close().await;

    let repo = open(directory.path(), &[books()]).await.unwrap();
    let stored = repo.find_session("demo_0001").await.unwrap();
    assert_eq!(stored, Some(session.clone()));
    let tenant_id = session.root().unwrap().tenant_id;
    let kept = StoredSegment {
        tenant_id,
        domain: "shelving".to_owned(),
        entity: "book".to_owned(),
        part: String::new(),
        rows: BOOKS.to_owned(),
        records: 2,
        digest: sha256_hex(BOOKS.as_bytes()),
    };
    let held = repo.find_segments(tenant_id, None, None).await.unwrap();
    assert_eq!(held, std::slice::from_ref(&kept));

    let ids = async || -> Vec<String> {
        let statement = "SELECT id FROM shelving_book WHERE tenant_id = ? ORDER BY id";
        let rows = query(&repo, statement, tenant_id).await;
        rows.iter().map(|row| row.get("id")).collect()
    };
    assert_eq!(ids().await, ["b1", "b2"]);
    // And what is written from now on may have parts, which the view shows together.
    let part = StoredSegment {
        part: "late-loans".to_owned(),
        rows: r#"[{"id":"b3"}]"#.to_owned(),
        records: 1,
        ..kept
    };
    let replaced = Part {
        tenant_id,
        domain: part.domain.clone(),
        part: part.part.clone(),
    };
    assert!(
        repo.replace_data(
            &session,
            repo.deadline(lease().duration).await.unwrap(),
            Replaced::Parts(&[replaced]),
            &[part],
            None
        )
        .await
        .unwrap()
    );
    assert_eq!(ids().await, ["b1", "b2", "b3"]);
}
