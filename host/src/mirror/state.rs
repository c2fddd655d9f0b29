//! The mirrored state of a session. Without its token: readers of Redis may not read its data.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use levain_model::Session;

#[derive(Serialize)]
struct State<'a> {
    session_id: &'a str,
    demo_account_type: &'a str,
    status: &'static str,
    virtual_tenant_id: Option<Uuid>,
    base_tenant_id: Option<Uuid>,
    children: Vec<Child<'a>>,
    session_created_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    extensions: u32,
}

#[derive(Serialize)]
struct Child<'a> {
    outlet: &'a str,
    name: &'a str,
    virtual_tenant_id: Uuid,
}

/// A session as JSON, in the API's words.
pub(super) fn json(session: &Session) -> String {
    let children = session.tenants.iter().filter_map(|tenant| {
        Some(Child {
            outlet: tenant.outlet.as_deref()?,
            name: &tenant.name,
            virtual_tenant_id: tenant.tenant_id,
        })
    });
    let state = State {
        session_id: &session.session_id,
        demo_account_type: &session.account,
        status: session.status.as_str(),
        virtual_tenant_id: session.root().map(|root| root.tenant_id),
        base_tenant_id: session.root().map(|root| root.base_tenant_id),
        children: children.collect(),
        session_created_at: session.session_created_at,
        created_at: session.created_at,
        expires_at: session.expires_at,
        extensions: session.extensions,
    };
    // Texts, instants and numbers: there is nothing here that JSON could not say.
    serde_json::to_string(&state).unwrap_or_default()
}
