//! Reads sessions with their tenants: one statement, so that both are of one moment.

use super::RepoError;
use super::sql::Row;
use levain_model::{Session, Tenant};

/// The columns that [`read_sessions`] needs, of `s` (sessions) and `t` (their tenants).
pub(super) const SESSION_COLUMNS: &str = "SELECT s.session_id, s.demo_account_type, \
     s.catalog_digest, s.status, s.session_created_at, s.created_at, s.expires_at, \
     s.cloning_completed_at, s.duration_ms, s.destroyed_at, s.extensions, s.error, s.epoch, \
     s.plugin_revision, t.tenant_id, t.base_tenant_id, t.outlet, t.name, t.services, t.triggers";

/// Folds rows of the join, which are grouped by session and ordered by tenant.
pub(super) fn read_sessions(rows: &[Row]) -> Result<Vec<Session>, RepoError> {
    let mut sessions: Vec<Session> = Vec::new();
    for row in rows {
        let session_id: String = row.get("session_id")?;
        if sessions
            .last()
            .is_none_or(|last| last.session_id != session_id)
        {
            sessions.push(read_session(row, session_id)?);
        }
        if let (Some(session), Some(tenant)) = (sessions.last_mut(), read_tenant(row)?) {
            session.tenants.push(tenant);
        }
    }
    Ok(sessions)
}

fn read_session(row: &Row, session_id: String) -> Result<Session, RepoError> {
    Ok(Session {
        session_id,
        account: row.get("demo_account_type")?,
        catalog_digest: row.get("catalog_digest")?,
        status: row.parse("status")?,
        session_created_at: row.get("session_created_at")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        cloning_completed_at: row.optional("cloning_completed_at")?,
        duration_ms: row.optional("duration_ms")?,
        destroyed_at: row.optional("destroyed_at")?,
        extensions: row.get("extensions")?,
        error: row.optional("error")?,
        epoch: row.get("epoch")?,
        plugin_revision: row.get("plugin_revision")?,
        tenants: Vec::new(),
    })
}

/// Returns `None` where the join found no tenant.
fn read_tenant(row: &Row) -> Result<Option<Tenant>, RepoError> {
    let Some(tenant_id) = row.optional("tenant_id")? else {
        return Ok(None);
    };
    Ok(Some(Tenant {
        tenant_id,
        base_tenant_id: row.get("base_tenant_id")?,
        outlet: row.optional("outlet")?,
        name: row.get("name")?,
        services: row.json("services")?,
        triggers: row.json("triggers")?,
    }))
}
