//! The fingerprints of the keys that hosts sign with.

use sqlx::postgres::PgConnection;

use super::error::classify;
use crate::RepoError;
use levain_model::KeyFingerprint;

/// Writes the fingerprints that are not there, or all of them, and returns those that are there then; the caller
/// wraps it into a transaction.
pub(super) async fn keep(
    connection: &mut PgConnection,
    own: &[KeyFingerprint],
    replace: bool,
) -> Result<Vec<KeyFingerprint>, RepoError> {
    let mut kept = Vec::new();
    for key in own {
        let known: Option<String> =
            sqlx::query_scalar("SELECT fingerprint FROM demo_keys WHERE name = $1")
                .bind(key.name.as_str())
                .fetch_optional(&mut *connection)
                .await
                .map_err(classify)?;
        let fingerprint = match known {
            Some(known) if known == key.fingerprint || !replace => known,
            _ => write(connection, key, replace).await?,
        };
        kept.push(KeyFingerprint {
            name: key.name,
            fingerprint,
        });
    }
    Ok(kept)
}

/// Of hosts that start at once, the first writes what the others find.
async fn write(
    connection: &mut PgConnection,
    key: &KeyFingerprint,
    replace: bool,
) -> Result<String, RepoError> {
    sqlx::query_scalar(
        "INSERT INTO demo_keys (name, fingerprint) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE \
         SET fingerprint = CASE WHEN $3 THEN excluded.fingerprint ELSE demo_keys.fingerprint END \
         RETURNING fingerprint",
    )
    .bind(key.name.as_str())
    .bind(key.fingerprint.as_str())
    .bind(replace)
    .fetch_one(connection)
    .await
    .map_err(classify)
}
