//! A session's data: committed with the clone, and replaced later.
//!
//! The session's row is written last: it says whether what was written before it may stay. PostgreSQL, where a
//! statement costs a round trip, has one statement for all of it.

use sqlx::sqlite::SqliteConnection;

use super::segments::insert;
use crate::dialect::{Connection, Dialect};
use crate::json_text::to_json;
use crate::sql::statement;
use crate::{Replaced, RepoError, Swap, expect, segments};
use levain_model::{Session, StoredSegment};

/// Finishes a clone: segments, domains, triggers and status. Returns `false` where the session is no
/// longer CLONING in this epoch or its lease has run out; the caller then rolls back what was written.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    session: &Session,
    written: &[StoredSegment],
    receipt: Option<&str>,
) -> Result<bool, RepoError> {
    expect::tenants(session, written)?;
    insert(connection, written).await?;
    let connection = &mut Connection::Sqlite(connection);
    write_outcomes(connection, session, receipt).await?;
    let now = Dialect::Sqlite.now();
    let updated = statement(format!(
        "UPDATE demo_sessions SET status = $1, cloning_completed_at = $2, duration_ms = $3, \
         error = $4, owner = NULL, deadline = NULL \
         WHERE session_id = $5 AND status = 'CLONING' AND epoch = $6 AND deadline > {now}"
    ))
    .bind(session.status.as_str())
    .bind(session.cloning_completed_at)
    .bind(session.duration_ms)
    .bind(session.error.as_deref())
    .bind(session.session_id.as_str())
    .bind(session.epoch)
    .execute(connection)
    .await?;
    Ok(updated > 0)
}

/// Replaces data of the session and what its row says of the clone. Returns `false` where it is not
/// open any more, not of this epoch, or the deadline has passed; the caller then rolls back.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    session: &Session,
    swap: Swap<'_>,
) -> Result<bool, RepoError> {
    expect::replacement(session, swap.replaced, swap.segments)?;
    let deleting = &mut Connection::Sqlite(&mut *connection);
    match swap.replaced {
        Replaced::Parts(parts) => segments::delete_parts(deleting, parts).await?,
        Replaced::Everything => {
            let tenants = session.tenants.iter().map(|tenant| tenant.tenant_id);
            segments::delete_tenants(deleting, tenants.collect()).await?;
        }
    }
    insert(connection, swap.segments).await?;
    let connection = &mut Connection::Sqlite(connection);
    write_outcomes(connection, session, swap.receipt).await?;
    let now = Dialect::Sqlite.now();
    let updated = statement(format!(
        "UPDATE demo_sessions SET status = $1, error = $2, session_created_at = $3, \
         catalog_digest = $4, plugin_revision = $5, cloning_completed_at = $6, duration_ms = $7, \
         epoch = epoch + 1 \
         WHERE session_id = $8 AND status IN ('READY', 'PARTIAL') AND epoch = $9 AND $10 > {now}"
    ))
    .bind(session.status.as_str())
    .bind(session.error.as_deref())
    .bind(session.session_created_at)
    .bind(session.catalog_digest.as_str())
    .bind(session.plugin_revision)
    .bind(session.cloning_completed_at)
    .bind(session.duration_ms)
    .bind(session.session_id.as_str())
    .bind(session.epoch)
    .bind(swap.deadline)
    .execute(connection)
    .await?;
    Ok(updated > 0)
}

/// Writes the outcomes of every tenant's domains and triggers, and the receipt in the place of an earlier one.
async fn write_outcomes(
    connection: &mut Connection<'_>,
    session: &Session,
    receipt: Option<&str>,
) -> Result<(), RepoError> {
    for tenant in &session.tenants {
        statement(
            "UPDATE demo_tenants SET services = $1, triggers = $2 \
             WHERE session_id = $3 AND tenant_id = $4",
        )
        .bind(to_json("services", &tenant.services)?)
        .bind(to_json("triggers", &tenant.triggers)?)
        .bind(session.session_id.as_str())
        .bind(tenant.tenant_id)
        .execute(connection)
        .await?;
    }
    let Some(receipt) = receipt else {
        return Ok(());
    };
    statement(
        "INSERT INTO demo_receipts (session_id, receipt) \
         SELECT session_id, $1 FROM demo_sessions WHERE session_id = $2 \
         ON CONFLICT (session_id) DO UPDATE SET receipt = excluded.receipt",
    )
    .bind(receipt)
    .bind(session.session_id.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
