//! The keys of requests that are done once.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;

use super::encode::instant;
use super::error::classify;
use crate::{IdempotencyKey, KeyUse, RepoError};

/// Takes a key for a session; answers what it stands for where it is taken. One that has ended is
/// free. The caller wraps it into the session's transaction.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    key: &IdempotencyKey,
    session_id: &str,
    now: DateTime<Utc>,
) -> Result<Option<KeyUse>, RepoError> {
    let taken = sqlx::query(
        "INSERT INTO demo_idempotency_keys (key_digest, request_digest, session_id, expires_at) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key_digest) DO UPDATE SET \
         request_digest = ?2, session_id = ?3, expires_at = ?4 WHERE expires_at <= ?5",
    )
    .bind(key.digest.as_str())
    .bind(key.request.as_str())
    .bind(session_id)
    .bind(instant(key.expires_at))
    .bind(instant(now))
    .execute(&mut *connection)
    .await
    .map_err(classify)?;
    if taken.rows_affected() > 0 {
        return Ok(None);
    }
    let (session_id, request) = sqlx::query_as(
        "SELECT session_id, request_digest FROM demo_idempotency_keys WHERE key_digest = ?",
    )
    .bind(key.digest.as_str())
    .fetch_one(connection)
    .await
    .map_err(classify)?;
    Ok(Some(KeyUse {
        session_id,
        request,
    }))
}
