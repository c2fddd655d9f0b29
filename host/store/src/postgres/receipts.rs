//! Receipts: written with a session's data ([`data`](super::data)), and kept as long as its row.

use sqlx::postgres::PgPool;

use super::error::classify;
use crate::RepoError;

/// The receipt of a session.
pub(super) async fn find(pool: &PgPool, session_id: &str) -> Result<Option<String>, RepoError> {
    sqlx::query_scalar("SELECT receipt FROM demo_receipts WHERE session_id = $1")
        .bind(session_id)
        .fetch_optional(pool)
        .await
        .map_err(classify)
}
