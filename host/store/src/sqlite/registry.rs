//! The registry: which component serves each domain, by revision.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnection, SqliteExecutor, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::connect::Connections;
use super::encode::{from_json, instant, narrow, parse, parse_instant, to_json};
use super::error::classify;
use crate::{OpenError, RepoError, expect};
use levain_model::{CatalogClaim, ComponentRow, Revision, named};

const COLUMNS: &str = "SELECT revision, cause, made_at, made_by, active FROM plugin_revisions";

/// Every revision, the oldest first.
pub(super) async fn list(connections: &Connections) -> Result<Vec<Revision>, RepoError> {
    list_in(&connections.readers).await
}

async fn list_in(executor: impl SqliteExecutor<'_>) -> Result<Vec<Revision>, RepoError> {
    let rows = sqlx::query(AssertSqlSafe(format!("{COLUMNS} ORDER BY revision")))
        .fetch_all(executor)
        .await
        .map_err(classify)?;
    rows.iter().map(read).collect()
}

/// One revision, or the newest.
pub(super) async fn find(
    connections: &Connections,
    revision: Option<u32>,
) -> Result<Option<Revision>, RepoError> {
    let query =
        format!("{COLUMNS} WHERE ?1 IS NULL OR revision = ?1 ORDER BY revision DESC LIMIT 1");
    let row = sqlx::query(AssertSqlSafe(query))
        .bind(revision.map(i64::from))
        .fetch_optional(&connections.readers)
        .await
        .map_err(classify)?;
    row.as_ref().map(read).transpose()
}

/// A component by its digest.
pub(super) async fn component(
    connections: &Connections,
    digest: &str,
) -> Result<Option<Vec<u8>>, RepoError> {
    sqlx::query_scalar("SELECT component FROM plugin_components WHERE digest = ?")
        .bind(digest)
        .fetch_optional(&connections.readers)
        .await
        .map_err(classify)
}

/// Writes the next revision. Answers `false` where it is not that; the caller then rolls back.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    revision: &Revision,
    components: &[ComponentRow],
) -> Result<bool, RepoError> {
    let newest: i64 = sqlx::query_scalar("SELECT coalesce(max(revision), 0) FROM plugin_revisions")
        .fetch_one(&mut *connection)
        .await
        .map_err(classify)?;
    if newest + 1 != i64::from(revision.revision) {
        return Ok(false);
    }
    for component in components {
        let size = i64::try_from(component.bytes.len())
            .map_err(|error| expect::corrupt("component", &error))?;
        sqlx::query(
            "INSERT INTO plugin_components (digest, size_bytes, added_at, component) \
             VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
        )
        .bind(component.digest.as_str())
        .bind(size)
        .bind(instant(revision.made_at))
        .bind(component.bytes.as_slice())
        .execute(&mut *connection)
        .await
        .map_err(classify)?;
    }
    let kept = digests(connection).await?;
    expect::components(revision, &kept)?;
    sqlx::query(
        "INSERT INTO plugin_revisions (revision, cause, made_at, made_by, active) \
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(i64::from(revision.revision))
    .bind(revision.cause.as_str())
    .bind(instant(revision.made_at))
    .bind(revision.made_by.as_str())
    .bind(to_json("active", &revision.active)?)
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(true)
}

/// Removes the components that nothing names; the caller wraps it into a transaction.
pub(super) async fn collect(
    connection: &mut SqliteConnection,
    since: DateTime<Utc>,
) -> Result<Vec<String>, RepoError> {
    let revisions = list_in(&mut *connection).await?;
    let of_sessions: Vec<i64> =
        sqlx::query_scalar("SELECT DISTINCT plugin_revision FROM demo_sessions")
            .fetch_all(&mut *connection)
            .await
            .map_err(classify)?;
    let of_sessions = of_sessions
        .into_iter()
        .map(|revision| narrow("plugin_revision", revision))
        .collect::<Result<Vec<_>, _>>()?;
    let named = named(&revisions, &of_sessions, since);
    let mut stay = Vec::new();
    for digest in digests(connection).await? {
        if named.contains(&digest) {
            stay.push(digest);
            continue;
        }
        sqlx::query("DELETE FROM plugin_components WHERE digest = ?")
            .bind(digest)
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    Ok(stay)
}

async fn digests(connection: &mut SqliteConnection) -> Result<Vec<String>, RepoError> {
    sqlx::query_scalar("SELECT digest FROM plugin_components ORDER BY digest")
        .fetch_all(connection)
        .await
        .map_err(classify)
}

/// Makes the store one of this catalog, where it is of none or may be given another.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    claim: &CatalogClaim<'_>,
) -> Result<(), OpenError> {
    let stored: Option<(String, String)> = sqlx::query_as("SELECT name, digest FROM demo_catalog")
        .fetch_optional(&mut *connection)
        .await?;
    let own = (claim.name.to_owned(), claim.digest.to_owned());
    if stored.as_ref() == Some(&own) {
        // A host starts on a full disk: it writes nothing that is there already.
        return Ok(());
    }
    expect::same_catalog(stored, claim)?;
    sqlx::query(
        "INSERT INTO demo_catalog (only_one, name, digest) VALUES (1, ?, ?) \
         ON CONFLICT (only_one) DO UPDATE SET name = excluded.name, digest = excluded.digest",
    )
    .bind(claim.name)
    .bind(claim.digest)
    .execute(connection)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Revision, RepoError> {
    let text = |column: &'static str| row.try_get::<&str, _>(column).map_err(classify);
    let active: BTreeMap<String, String> = from_json("active", text("active")?)?;
    Ok(Revision {
        revision: narrow("revision", row.try_get("revision").map_err(classify)?)?,
        cause: parse("cause", text("cause")?)?,
        made_at: parse_instant("made_at", text("made_at")?)?,
        made_by: text("made_by")?.to_owned(),
        active,
    })
}
