//! A session's data: committed with the clone, and replaced later.
//!
//! The session's row is written last: it says whether what was written before it may stay.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;

use super::encode::{instant, store_time, to_json};
use super::error::classify;
use super::{receipts, segments};
use crate::{Replaced, RepoError, expect};
use levain_model::{Session, StoredSegment, Tenant};

/// What is replaced of a session, by what.
pub(super) struct Swap<'s> {
    /// When it has to be written, on the store's clock.
    pub(super) deadline: DateTime<Utc>,
    /// What goes.
    pub(super) replaced: Replaced<'s>,
    /// What comes.
    pub(super) held: &'s [StoredSegment],
    /// What the session is made of then.
    pub(super) receipt: Option<&'s str>,
}

/// Finishes a clone: segments, services, triggers and status. Answers `false` where the session is no
/// longer CLONING in this epoch or its lease has run out; the caller then rolls back what was written.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    session: &Session,
    held: &[StoredSegment],
    receipt: Option<&str>,
) -> Result<bool, RepoError> {
    expect::tenants(session, held)?;
    segments::insert(connection, held).await?;
    for tenant in &session.tenants {
        write_outcomes(connection, &session.session_id, tenant).await?;
    }
    receipts::keep(connection, &session.session_id, receipt).await?;
    let updated = sqlx::query(concat!(
        "UPDATE demo_sessions SET status = ?, cloning_completed_at = ?, duration_ms = ?, ",
        "error = ?, owner = NULL, deadline = NULL ",
        "WHERE session_id = ? AND status = 'CLONING' AND epoch = ? AND deadline > ",
        store_time!(),
    ))
    .bind(session.status.as_str())
    .bind(session.cloning_completed_at.map(instant))
    .bind(session.duration_ms)
    .bind(session.error.as_deref())
    .bind(session.session_id.as_str())
    .bind(i64::from(session.epoch))
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(updated.rows_affected() > 0)
}

/// Replaces data of the session and what its row says of the clone. Answers `false` where it is not
/// open any more, not of this epoch, or the deadline has passed; the caller then rolls back.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    session: &Session,
    swap: Swap<'_>,
) -> Result<bool, RepoError> {
    let Swap {
        deadline,
        replaced,
        held,
        receipt,
    } = swap;
    expect::replacement(session, replaced, held)?;
    match replaced {
        Replaced::Parts(parts) => segments::delete_parts(connection, parts).await?,
        Replaced::Everything => {
            for tenant in &session.tenants {
                segments::delete_tenant(connection, tenant.tenant_id).await?;
            }
        }
    }
    segments::insert(connection, held).await?;
    for tenant in &session.tenants {
        write_outcomes(connection, &session.session_id, tenant).await?;
    }
    receipts::keep(connection, &session.session_id, receipt).await?;
    let updated = sqlx::query(concat!(
        "UPDATE demo_sessions SET status = ?, error = ?, session_created_at = ?, ",
        "catalog_digest = ?, plugin_revision = ?, cloning_completed_at = ?, duration_ms = ?, ",
        "epoch = epoch + 1 ",
        "WHERE session_id = ? AND status IN ('READY', 'PARTIAL') AND epoch = ? AND ? > ",
        store_time!(),
    ))
    .bind(session.status.as_str())
    .bind(session.error.as_deref())
    .bind(instant(session.session_created_at))
    .bind(session.catalog_digest.as_str())
    .bind(i64::from(session.plugin_revision))
    .bind(session.cloning_completed_at.map(instant))
    .bind(session.duration_ms)
    .bind(session.session_id.as_str())
    .bind(i64::from(session.epoch))
    .bind(instant(deadline))
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(updated.rows_affected() > 0)
}

/// Writes what became of a tenant's domains and triggers.
async fn write_outcomes(
    connection: &mut SqliteConnection,
    session_id: &str,
    tenant: &Tenant,
) -> Result<(), RepoError> {
    sqlx::query(
        "UPDATE demo_tenants SET services = ?, triggers = ? WHERE session_id = ? AND tenant_id = ?",
    )
    .bind(to_json("services", &tenant.services)?)
    .bind(to_json("triggers", &tenant.triggers)?)
    .bind(session_id)
    .bind(tenant.tenant_id.to_string())
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(())
}
