//! A session's data: committed with the clone, and replaced later.
//!
//! All that comes is written in one statement. Its parts see nothing of each other but through `session`, the
//! row that says whether any of it may be written: where that row is not found, nothing is. It stays locked to
//! the transaction's end, so that whoever wants to end or replace the session meanwhile waits, and then finds
//! what was written.
//!
//! One statement is one message to the server, too. The driver leaves Nagle's algorithm on: the end of
//! each message that takes more than one record of TLS waits for a delayed acknowledgement, some 40 ms.

use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;

use super::error::classify;
use crate::dialect::Connection;
use crate::json_text::to_json;
use crate::{Replaced, RepoError, Swap, expect, segments};
use levain_model::{Session, StoredSegment};

/// A statement that writes how a clone ended, and all that came of it: the row's other columns and its
/// conditions are given. [`bind`] gives it its values; those of what is given begin with `$18`.
macro_rules! write_session {
    ($columns:literal where $conditions:literal) => {
        concat!(
            "WITH session AS (UPDATE demo_sessions SET status = $3, error = $4, ",
            "cloning_completed_at = $5, duration_ms = $6, ",
            $columns,
            " WHERE session_id = $1 AND epoch = $2 AND ",
            $conditions,
            " RETURNING session_id), \
             outcomes AS (UPDATE demo_tenants AS t SET services = o.services, triggers = o.triggers \
             FROM session, unnest($7::uuid[], $8::text[], $9::text[]) AS o (tenant_id, services, triggers) \
             WHERE t.session_id = session.session_id AND t.tenant_id = o.tenant_id), \
             receipt AS (INSERT INTO demo_receipts (session_id, receipt) \
             SELECT session_id, $10::text FROM session WHERE $10::text IS NOT NULL \
             ON CONFLICT (session_id) DO UPDATE SET receipt = excluded.receipt), \
             held AS (INSERT INTO segments (tenant_id, domain, entity, part, records, digest, rows) \
             SELECT o.* FROM session, unnest($11::uuid[], $12::text[], $13::text[], $14::text[], \
             $15::integer[], $16::text[], $17::text[]) AS o) \
             SELECT true FROM session"
        )
    };
}

/// Finishes a clone: segments, services, triggers, receipt and status. Returns `false`, with nothing
/// written, where the session is no longer CLONING in this epoch or its lease has run out.
pub(super) async fn commit(
    connection: &mut PgConnection,
    session: &Session,
    held: &[StoredSegment],
    receipt: Option<&str>,
) -> Result<bool, RepoError> {
    expect::tenants(session, held)?;
    let statement = write_session!(
        "owner = NULL, deadline = NULL"
        where "status = 'CLONING' AND deadline > clock_timestamp()"
    );
    written(bind(statement, session, held, receipt)?, connection).await
}

/// Replaces data of the session and what its row says of the clone. Returns `false` where it is not
/// open any more, not of this epoch, or the deadline has passed; the caller then rolls back.
pub(super) async fn replace(
    connection: &mut PgConnection,
    session: &Session,
    swap: Swap<'_>,
) -> Result<bool, RepoError> {
    expect::replacement(session, swap.replaced, swap.segments)?;
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
    let deleting = &mut Connection::Postgres(&mut *connection);
    match swap.replaced {
        Replaced::Parts(parts) => segments::delete_parts(deleting, parts).await?,
        Replaced::Everything => {
            let tenants = session.tenants.iter().map(|tenant| tenant.tenant_id);
            segments::delete_tenants(deleting, tenants.collect()).await?;
        }
    }
    let statement = write_session!(
        "session_created_at = $18, catalog_digest = $19, plugin_revision = $20, epoch = epoch + 1"
        where "status IN ('READY', 'PARTIAL') AND $21 > clock_timestamp()"
    );
    let statement = bind(statement, session, swap.segments, swap.receipt)?
        .bind(session.session_created_at)
        .bind(session.catalog_digest.as_str())
        .bind(signed("plugin_revision", session.plugin_revision)?)
        .bind(swap.deadline);
    written(statement, connection).await
}

/// The values of [`write_session`], in its order.
fn bind<'q>(
    statement: &'static str,
    session: &'q Session,
    held: &'q [StoredSegment],
    receipt: Option<&'q str>,
) -> Result<Query<'q, Postgres, PgArguments>, RepoError> {
    let mut tenants = Vec::with_capacity(session.tenants.len());
    let mut services = Vec::with_capacity(session.tenants.len());
    let mut triggers = Vec::with_capacity(session.tenants.len());
    for tenant in &session.tenants {
        tenants.push(tenant.tenant_id);
        services.push(to_json("services", &tenant.services)?);
        triggers.push(to_json("triggers", &tenant.triggers)?);
    }
    let column = |of: fn(&StoredSegment) -> &str| held.iter().map(of).collect::<Vec<_>>();
    let records = held
        .iter()
        .map(|segment| signed("records", segment.records))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(sqlx::query(statement)
        .bind(session.session_id.as_str())
        .bind(signed("epoch", session.epoch)?)
        .bind(session.status.as_str())
        .bind(session.error.as_deref())
        .bind(session.cloning_completed_at)
        .bind(session.duration_ms)
        .bind(tenants)
        .bind(services)
        .bind(triggers)
        .bind(receipt)
        .bind(
            held.iter()
                .map(|segment| segment.tenant_id)
                .collect::<Vec<_>>(),
        )
        .bind(column(|segment| &segment.domain))
        .bind(column(|segment| &segment.entity))
        .bind(column(|segment| &segment.part))
        .bind(records)
        .bind(column(|segment| &segment.digest))
        .bind(column(|segment| &segment.rows)))
}

/// Whether the session's row was found, and with it everything written.
async fn written(
    statement: Query<'_, Postgres, PgArguments>,
    connection: &mut PgConnection,
) -> Result<bool, RepoError> {
    let found = statement.fetch_optional(connection).await;
    Ok(found.map_err(classify)?.is_some())
}

/// PostgreSQL has no unsigned numbers.
fn signed(what: &'static str, number: u32) -> Result<i32, RepoError> {
    i32::try_from(number).map_err(|error| expect::corrupt(what, &error))
}
