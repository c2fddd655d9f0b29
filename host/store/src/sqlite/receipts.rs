//! Receipts: written with a session's data, and kept as long as its row.

use sqlx::sqlite::SqliteConnection;

use super::connect::Connections;
use super::error::classify;
use crate::RepoError;

/// Keeps the receipt of a session in the place of an earlier one; the caller wraps it into a transaction.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    session_id: &str,
    receipt: Option<&str>,
) -> Result<(), RepoError> {
    let Some(receipt) = receipt else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO demo_receipts (session_id, receipt) \
         SELECT session_id, ? FROM demo_sessions WHERE session_id = ? \
         ON CONFLICT (session_id) DO UPDATE SET receipt = excluded.receipt",
    )
    .bind(receipt)
    .bind(session_id)
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(())
}

/// The receipt of a session.
pub(super) async fn find(
    connections: &Connections,
    session_id: &str,
) -> Result<Option<String>, RepoError> {
    sqlx::query_scalar("SELECT receipt FROM demo_receipts WHERE session_id = ?")
        .bind(session_id)
        .fetch_optional(&connections.readers)
        .await
        .map_err(classify)
}
