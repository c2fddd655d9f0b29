//! Reads sessions with their tenants: one statement, so that both are of one moment.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::encode::{corrupt, from_json, unsigned};
use super::error::classify;
use crate::RepoError;
use levain_model::{Session, Tenant};

/// The columns that [`read_sessions`] needs, of `s` (sessions) and `t` (their tenants).
macro_rules! session_query {
    ($from:literal) => {
        concat!(
            "SELECT s.session_id, s.demo_account_type, s.catalog_digest, s.status, ",
            "s.session_created_at, s.created_at, s.expires_at, s.cloning_completed_at, ",
            "s.duration_ms, s.destroyed_at, s.extensions, s.error, s.epoch, s.plugin_revision, ",
            "t.tenant_id, t.base_tenant_id AS tenant_base, t.outlet, t.name, t.services, t.triggers ",
            $from
        )
    };
}
pub(super) use session_query;

/// Folds rows of the join, which come grouped by session and ordered by tenant.
pub(super) fn read_sessions(rows: &[PgRow]) -> Result<Vec<Session>, RepoError> {
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

fn read_session(row: &PgRow) -> Result<Session, RepoError> {
    macro_rules! column {
        ($name:literal) => {
            row.try_get($name).map_err(classify)?
        };
    }
    let status: &str = column!("status");
    Ok(Session {
        session_id: column!("session_id"),
        account: column!("demo_account_type"),
        catalog_digest: column!("catalog_digest"),
        status: status
            .parse()
            .map_err(|error: String| corrupt("status", &error))?,
        session_created_at: column!("session_created_at"),
        created_at: column!("created_at"),
        expires_at: column!("expires_at"),
        cloning_completed_at: column!("cloning_completed_at"),
        duration_ms: column!("duration_ms"),
        destroyed_at: column!("destroyed_at"),
        extensions: unsigned("extensions", column!("extensions"))?,
        error: column!("error"),
        epoch: unsigned("epoch", column!("epoch"))?,
        plugin_revision: unsigned("plugin_revision", column!("plugin_revision"))?,
        tenants: Vec::new(),
    })
}

/// The row's tenant; `None` where the join found none.
fn read_tenant(row: &PgRow) -> Result<Option<Tenant>, RepoError> {
    let Some(tenant_id) = row
        .try_get::<Option<Uuid>, _>("tenant_id")
        .map_err(classify)?
    else {
        return Ok(None);
    };
    let text = |column: &'static str| row.try_get::<&str, _>(column).map_err(classify);
    Ok(Some(Tenant {
        tenant_id,
        base_tenant_id: row.try_get("tenant_base").map_err(classify)?,
        outlet: row.try_get("outlet").map_err(classify)?,
        name: text("name")?.to_owned(),
        services: from_json("services", text("services")?)?,
        triggers: from_json("triggers", text("triggers")?)?,
    }))
}
