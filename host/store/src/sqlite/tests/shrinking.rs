//! A file that becomes small again once its sessions are gone.

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};

use super::*;

/// How long shrinking may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Bytes of one session's data here.
const SEGMENT: usize = 4 << 20;

async fn until_file_is_below(file: &Path, bytes: u64) {
    let small = async {
        while file.metadata().unwrap().len() >= bytes {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(DEADLINE, small).await;
    let len = file.metadata().unwrap().len();
    assert!(in_time.is_ok(), "{len} bytes");
}

async fn keep_much(repo: &SqliteRepo, number: u32) {
    let mut session = session(number);
    started(repo, &session).await;
    session.status = SessionStatus::Ready;
    let tenant_id = session.root().unwrap().tenant_id;
    let mut much = segment(tenant_id, "shelving", "book", 1);
    much.rows = format!(r#"["{}"]"#, "x".repeat(SEGMENT));
    assert!(repo.commit_session(&session, &[much], None).await.unwrap());
}

#[tokio::test]
async fn space_of_deleted_sessions_is_given_back() {
    let (directory, repo) = store().await;
    let file = directory.path().join("levain.db");
    let count = 40;
    for number in 1..=count {
        keep_much(&repo, number).await;
    }
    for number in 1..count {
        let id = format!("demo_{number:04}");
        repo.destroy_session(&id, noon(), &[]).await.unwrap();
    }
    // 64 MiB are kept for the next sessions, and one session is there.
    until_file_is_below(&file, 80 << 20).await;
    let tenant_id = session(count).root().unwrap().tenant_id;
    let held = repo.find_segments(tenant_id, None, None).await.unwrap();
    assert_eq!(held[0].rows.len(), SEGMENT + 4);
    repo.close().await;
}

#[tokio::test]
async fn file_of_an_earlier_version_shrinks_after_its_first_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("levain.db");
    let mut before = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .connect()
        .await
        .unwrap();
    for statement in [
        "CREATE TABLE earlier (rows TEXT)",
        "INSERT INTO earlier VALUES (hex(zeroblob(50000000))), ('kept')",
        "DELETE FROM earlier WHERE rows <> 'kept'",
    ] {
        sqlx::query(statement).execute(&mut before).await.unwrap();
    }
    sqlx::Connection::close(before).await.unwrap();
    assert!(file.metadata().unwrap().len() > 90 << 20);

    let repo = open(directory.path(), &[books()]).await.unwrap();
    keep_books(&repo, 1).await;
    let mode: i64 = sqlx::query_scalar("PRAGMA auto_vacuum")
        .fetch_one(&repo.connections.readers)
        .await
        .unwrap();
    assert_eq!(mode, 2, "incremental");
    let kept: String = sqlx::query_scalar("SELECT rows FROM earlier")
        .fetch_one(&repo.connections.readers)
        .await
        .unwrap();
    assert_eq!(kept, "kept");
    until_file_is_below(&file, 1 << 20).await;
    repo.close().await;
}
