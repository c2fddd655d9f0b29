//! Reads receipts: they are written with a session's data, and stay as long as its row.

use super::RepoError;
use super::dialect::Connection;
use super::sql::statement;

pub(super) async fn find(
    connection: &mut Connection<'_>,
    session_id: &str,
) -> Result<Option<String>, RepoError> {
    let row = statement("SELECT receipt FROM demo_receipts WHERE session_id = $1")
        .bind(session_id)
        .optional(connection)
        .await?;
    row.map(|row| row.get("receipt")).transpose()
}
