//! The keys of requests that are done once.

use chrono::{DateTime, Utc};

use super::dialect::Connection;
use super::sql::statement;
use super::{IdempotencyKey, KeyUse, RepoError};

/// Stores a key for a session, within the session's transaction. Returns its earlier use where the key has
/// not expired. Waits for a transaction that is storing the same key.
pub(super) async fn claim(
    connection: &mut Connection<'_>,
    key: &IdempotencyKey,
    session_id: &str,
    now: DateTime<Utc>,
) -> Result<Option<KeyUse>, RepoError> {
    let stored = statement(
        "INSERT INTO demo_idempotency_keys AS k (key_digest, request_digest, session_id, expires_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (key_digest) DO UPDATE SET \
         request_digest = $2, session_id = $3, expires_at = $4 WHERE k.expires_at <= $5",
    )
    .bind(key.digest.as_str())
    .bind(key.request.as_str())
    .bind(session_id)
    .bind(key.expires_at)
    .bind(now)
    .execute(connection)
    .await?;
    if stored > 0 {
        return Ok(None);
    }
    let row = statement(
        "SELECT session_id, request_digest FROM demo_idempotency_keys WHERE key_digest = $1",
    )
    .bind(key.digest.as_str())
    .one(connection)
    .await?;
    Ok(Some(KeyUse {
        session_id: row.get("session_id")?,
        request: row.get("request_digest")?,
    }))
}
