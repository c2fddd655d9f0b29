//! The registry: which component serves each domain, by revision.

use chrono::{DateTime, Utc};

use super::dialect::{Connection, Dialect};
use super::json_text::to_json;
use super::sql::{Row, statement};
use super::{OpenError, RepoError, expect};
use levain_model::{CatalogClaim, ComponentRow, Revision, named};

const COLUMNS: &str = "SELECT revision, cause, made_at, made_by, active FROM plugin_revisions";

/// Every revision, the oldest first.
pub(super) async fn list(connection: &mut Connection<'_>) -> Result<Vec<Revision>, RepoError> {
    let rows = statement(format!("{COLUMNS} ORDER BY revision"))
        .all(connection)
        .await?;
    rows.iter().map(read).collect()
}

/// One revision, or the newest.
pub(super) async fn find(
    connection: &mut Connection<'_>,
    revision: Option<u32>,
) -> Result<Option<Revision>, RepoError> {
    let row = statement(format!(
        "{COLUMNS} WHERE $1 IS NULL OR revision = $1 ORDER BY revision DESC LIMIT 1"
    ))
    .bind(revision)
    .optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn component(
    connection: &mut Connection<'_>,
    digest: &str,
) -> Result<Option<Vec<u8>>, RepoError> {
    let row = statement("SELECT component FROM plugin_components WHERE digest = $1")
        .bind(digest)
        .optional(connection)
        .await?;
    row.map(|row| row.get("component")).transpose()
}

/// Writes the next revision. Returns `false` where its number is not the next; the caller then rolls back.
pub(super) async fn append(
    connection: &mut Connection<'_>,
    revision: &Revision,
    components: &[ComponentRow],
) -> Result<bool, RepoError> {
    lock(connection, "plugin_revisions").await?;
    let newest: u32 =
        statement("SELECT coalesce(max(revision), 0) AS newest FROM plugin_revisions")
            .one(connection)
            .await?
            .get("newest")?;
    if newest + 1 != revision.revision {
        return Ok(false);
    }
    for component in components {
        let size = i64::try_from(component.bytes.len())
            .map_err(|error| expect::corrupt("component", &error))?;
        statement(
            "INSERT INTO plugin_components (digest, size_bytes, added_at, component) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING",
        )
        .bind(component.digest.as_str())
        .bind(size)
        .bind(revision.made_at)
        .bind(component.bytes.as_slice())
        .execute(connection)
        .await?;
    }
    expect::components(revision, &digests(connection).await?)?;
    statement(
        "INSERT INTO plugin_revisions (revision, cause, made_at, made_by, active) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(revision.revision)
    .bind(revision.cause.as_str())
    .bind(revision.made_at)
    .bind(revision.made_by.as_str())
    .bind(to_json("active", &revision.active)?)
    .execute(connection)
    .await?;
    Ok(true)
}

/// Deletes the components that nothing names and returns the digests of the others; runs within the
/// caller's transaction.
pub(super) async fn collect(
    connection: &mut Connection<'_>,
    since: DateTime<Utc>,
) -> Result<Vec<String>, RepoError> {
    lock(connection, "plugin_revisions").await?;
    let revisions = list(connection).await?;
    let of_sessions = statement("SELECT DISTINCT plugin_revision FROM demo_sessions")
        .all(connection)
        .await?
        .iter()
        .map(|row| row.get("plugin_revision"))
        .collect::<Result<Vec<u32>, _>>()?;
    let named = named(&revisions, &of_sessions, since);
    let mut remaining = Vec::new();
    for digest in digests(connection).await? {
        if named.contains(&digest) {
            remaining.push(digest);
            continue;
        }
        statement("DELETE FROM plugin_components WHERE digest = $1")
            .bind(digest)
            .execute(connection)
            .await?;
    }
    Ok(remaining)
}

async fn digests(connection: &mut Connection<'_>) -> Result<Vec<String>, RepoError> {
    let rows = statement("SELECT digest FROM plugin_components ORDER BY digest")
        .all(connection)
        .await?;
    rows.iter().map(|row| row.get("digest")).collect()
}

/// Binds the store to this catalog, where it has none or may be given another.
pub(super) async fn claim(
    connection: &mut Connection<'_>,
    claim: &CatalogClaim<'_>,
) -> Result<(), OpenError> {
    lock(connection, "demo_catalog").await?;
    let row = statement("SELECT name, digest FROM demo_catalog")
        .optional(connection)
        .await?;
    let stored = row
        .map(|row| Ok::<_, RepoError>((row.get::<String>("name")?, row.get::<String>("digest")?)))
        .transpose()?;
    if stored == Some((claim.name.to_owned(), claim.digest.to_owned())) {
        // A host starts on a full disk: it writes nothing that is there already.
        return Ok(());
    }
    expect::same_catalog(stored, claim)?;
    statement(
        "INSERT INTO demo_catalog (only_one, name, digest) VALUES (1, $1, $2) \
         ON CONFLICT (only_one) DO UPDATE SET name = excluded.name, digest = excluded.digest",
    )
    .bind(claim.name)
    .bind(claim.digest)
    .execute(connection)
    .await?;
    Ok(())
}

/// Waits for hosts that change the same table: none removes what another relies on. SQLite has one writer,
/// which needs no lock.
async fn lock(connection: &mut Connection<'_>, table: &str) -> Result<(), RepoError> {
    if connection.dialect() == Dialect::Postgres {
        statement(format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
            .execute(connection)
            .await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Revision, RepoError> {
    Ok(Revision {
        revision: row.get("revision")?,
        cause: row.parse("cause")?,
        made_at: row.get("made_at")?,
        made_by: row.get("made_by")?,
        active: row.json("active")?,
    })
}
