//! A session's data: committed with the clone, and replaced later.
//!
//! The session's row is written last: it says whether what was written before it may stay.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::encode::{signed, to_json};
use super::error::classify;
use super::{receipts, segments};
use crate::repo::{Replaced, RepoError, SessionRow, expect};
use crate::segment::StoredSegment;

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
    connection: &mut PgConnection,
    session: &SessionRow,
    held: &[StoredSegment],
    receipt: Option<&str>,
) -> Result<bool, RepoError> {
    expect::tenants(session, held)?;
    segments::insert(connection, held).await?;
    write_outcomes(connection, session).await?;
    receipts::keep(connection, &session.session_id, receipt).await?;
    let updated = sqlx::query(
        "UPDATE demo_sessions SET status = $1, cloning_completed_at = $2, duration_ms = $3, \
         error = $4, owner = NULL, deadline = NULL \
         WHERE session_id = $5 AND status = 'CLONING' AND epoch = $6 AND deadline > clock_timestamp()",
    )
    .bind(session.status.as_str())
    .bind(session.cloning_completed_at)
    .bind(session.duration_ms)
    .bind(session.error.as_deref())
    .bind(session.session_id.as_str())
    .bind(signed("epoch", session.epoch)?)
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(updated.rows_affected() > 0)
}

/// Replaces data of the session and what its row says of the clone. Answers `false` where it is not
/// open any more, not of this epoch, or the deadline has passed; the caller then rolls back.
pub(super) async fn replace(
    connection: &mut PgConnection,
    session: &SessionRow,
    swap: Swap<'_>,
) -> Result<bool, RepoError> {
    let Swap {
        deadline,
        replaced,
        held,
        receipt,
    } = swap;
    expect::replacement(session, replaced, held)?;
    // Held to the end: of two that replace the same, the second waits here, and finds another epoch.
    let still: Option<bool> = sqlx::query_scalar(
        "SELECT true FROM demo_sessions WHERE session_id = $1 AND epoch = $2 FOR UPDATE",
    )
    .bind(session.session_id.as_str())
    .bind(signed("epoch", session.epoch)?)
    .fetch_optional(&mut *connection)
    .await
    .map_err(classify)?;
    if still.is_none() {
        return Ok(false);
    }
    match replaced {
        Replaced::Parts(parts) => segments::delete_parts(connection, parts).await?,
        Replaced::Everything => {
            let tenants: Vec<Uuid> = session.tenants.iter().map(|t| t.tenant_id).collect();
            segments::delete_tenants(connection, &tenants).await?;
        }
    }
    segments::insert(connection, held).await?;
    write_outcomes(connection, session).await?;
    receipts::keep(connection, &session.session_id, receipt).await?;
    let updated = sqlx::query(
        "UPDATE demo_sessions SET status = $1, error = $2, session_created_at = $3, \
         catalog_digest = $4, cloning_completed_at = $5, duration_ms = $6, epoch = epoch + 1, \
         plugin_revision = $10 \
         WHERE session_id = $7 AND status IN ('READY', 'PARTIAL') AND epoch = $8 AND $9 > clock_timestamp()",
    )
    .bind(session.status.as_str())
    .bind(session.error.as_deref())
    .bind(session.session_created_at)
    .bind(session.catalog_digest.as_str())
    .bind(session.cloning_completed_at)
    .bind(session.duration_ms)
    .bind(session.session_id.as_str())
    .bind(signed("epoch", session.epoch)?)
    .bind(deadline)
    .bind(signed("plugin_revision", session.plugin_revision)?)
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(updated.rows_affected() > 0)
}

/// Writes what became of the tenants' domains and triggers, in one statement.
async fn write_outcomes(
    connection: &mut PgConnection,
    session: &SessionRow,
) -> Result<(), RepoError> {
    let mut tenants = Vec::with_capacity(session.tenants.len());
    let mut services = Vec::with_capacity(session.tenants.len());
    let mut triggers = Vec::with_capacity(session.tenants.len());
    for tenant in &session.tenants {
        tenants.push(tenant.tenant_id);
        services.push(to_json("services", &tenant.services)?);
        triggers.push(to_json("triggers", &tenant.triggers)?);
    }
    sqlx::query(
        "UPDATE demo_tenants AS t SET services = o.services, triggers = o.triggers \
         FROM unnest($2::uuid[], $3::text[], $4::text[]) AS o (tenant_id, services, triggers) \
         WHERE t.session_id = $1 AND t.tenant_id = o.tenant_id",
    )
    .bind(session.session_id.as_str())
    .bind(tenants)
    .bind(services)
    .bind(triggers)
    .execute(connection)
    .await
    .map_err(classify)?;
    Ok(())
}
