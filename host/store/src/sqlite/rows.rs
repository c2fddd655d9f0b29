//! Reads sessions with their tenants: one statement, so that both are of one moment.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::encode::{from_json, narrow, parse, parse_instant};
use super::error::classify;
use crate::RepoError;
use levain_model::{Session, Tenant};

/// The columns that [`read_sessions`] needs, of `s` (sessions) and `t` (their tenants).
macro_rules! session_query {
    ($from:literal) => {
        concat!(
            "SELECT s.session_id, s.demo_account_type, s.catalog_digest, s.status, s.session_created_at, ",
            "s.created_at, s.expires_at, s.cloning_completed_at, s.duration_ms, s.destroyed_at, ",
            "s.extensions, s.error, s.epoch, s.plugin_revision, t.tenant_id, t.base_tenant_id, t.outlet, t.name, ",
            "t.services, t.triggers ",
            $from
        )
    };
}
pub(super) use session_query;

/// Folds rows of the join, which come grouped by session and ordered by tenant.
pub(super) fn read_sessions(rows: &[SqliteRow]) -> Result<Vec<Session>, RepoError> {
    let mut sessions: Vec<Session> = Vec::new();
    for row in rows {
        let session_id: &str = row.try_get("session_id").map_err(classify)?;
        let begun = sessions
            .last()
            .is_some_and(|session| session.session_id == session_id);
        if !begun {
            sessions.push(read_session(row)?);
        }
        if let (Some(session), Some(tenant)) = (sessions.last_mut(), read_tenant(row)?) {
            session.tenants.push(tenant);
        }
    }
    Ok(sessions)
}

fn read_session(row: &SqliteRow) -> Result<Session, RepoError> {
    let text = |column: &'static str| row.try_get::<&str, _>(column).map_err(classify);
    let instant = |column: &'static str| parse_instant(column, text(column)?);
    let optional_instant = |column: &'static str| {
        row.try_get::<Option<&str>, _>(column)
            .map_err(classify)?
            .map(|value| parse_instant(column, value))
            .transpose()
    };
    Ok(Session {
        session_id: text("session_id")?.to_owned(),
        account: text("demo_account_type")?.to_owned(),
        catalog_digest: text("catalog_digest")?.to_owned(),
        status: parse("status", text("status")?)?,
        session_created_at: instant("session_created_at")?,
        created_at: instant("created_at")?,
        expires_at: instant("expires_at")?,
        cloning_completed_at: optional_instant("cloning_completed_at")?,
        duration_ms: row.try_get("duration_ms").map_err(classify)?,
        destroyed_at: optional_instant("destroyed_at")?,
        extensions: narrow("extensions", row.try_get("extensions").map_err(classify)?)?,
        error: row.try_get("error").map_err(classify)?,
        epoch: narrow("epoch", row.try_get("epoch").map_err(classify)?)?,
        plugin_revision: narrow(
            "plugin_revision",
            row.try_get("plugin_revision").map_err(classify)?,
        )?,
        tenants: Vec::new(),
    })
}

/// The row's tenant; `None` where the join found none.
fn read_tenant(row: &SqliteRow) -> Result<Option<Tenant>, RepoError> {
    let Some(tenant_id) = row
        .try_get::<Option<&str>, _>("tenant_id")
        .map_err(classify)?
    else {
        return Ok(None);
    };
    let text = |column: &'static str| row.try_get::<&str, _>(column).map_err(classify);
    Ok(Some(Tenant {
        tenant_id: parse("tenant_id", tenant_id)?,
        base_tenant_id: parse("base_tenant_id", text("base_tenant_id")?)?,
        outlet: row.try_get("outlet").map_err(classify)?,
        name: text("name")?.to_owned(),
        services: from_json("services", text("services")?)?,
        triggers: from_json("triggers", text("triggers")?)?,
    }))
}
