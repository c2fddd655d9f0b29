//! Stores the fingerprints of the keys that hosts sign with.

use super::RepoError;
use super::dialect::Connection;
use super::sql::statement;
use levain_model::KeyFingerprint;

/// Writes the fingerprints that are missing, or all of them, and returns those that are stored then; runs
/// within the caller's transaction.
pub(super) async fn keep(
    connection: &mut Connection<'_>,
    own: &[KeyFingerprint],
    replace: bool,
) -> Result<Vec<KeyFingerprint>, RepoError> {
    let mut stored = Vec::new();
    for key in own {
        let row = statement("SELECT fingerprint FROM demo_keys WHERE name = $1")
            .bind(key.name.as_str())
            .optional(connection)
            .await?;
        let known: Option<String> = row.map(|row| row.get("fingerprint")).transpose()?;
        let fingerprint = match known {
            // On a full disk a host must start: nothing is written that is there already.
            Some(known) if known == key.fingerprint || !replace => known,
            _ => write(connection, key, replace).await?,
        };
        stored.push(KeyFingerprint {
            name: key.name,
            fingerprint,
        });
    }
    Ok(stored)
}

/// Of hosts that start at once, the first writes the fingerprint and the others read it.
async fn write(
    connection: &mut Connection<'_>,
    key: &KeyFingerprint,
    replace: bool,
) -> Result<String, RepoError> {
    statement(
        "INSERT INTO demo_keys (name, fingerprint) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE \
         SET fingerprint = CASE WHEN $3 THEN excluded.fingerprint ELSE demo_keys.fingerprint END \
         RETURNING fingerprint",
    )
    .bind(key.name.as_str())
    .bind(key.fingerprint.as_str())
    .bind(replace)
    .one(connection)
    .await?
    .get("fingerprint")
}
