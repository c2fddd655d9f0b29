//! A session of this room's unit tests.

use std::time::Duration;

use uuid::Uuid;

use crate::sessions::SessionPolicy;
use levain_model::{DomainOutcome, Session, SessionStatus, Tenant};

/// Half an hour, and three more.
pub(super) const POLICY: SessionPolicy = SessionPolicy {
    duration: Duration::from_secs(30 * 60),
    max_extensions: 3,
    lease: Duration::from_secs(45),
};

/// A session of one tenant with one domain, created half an hour before its end.
pub(super) fn session(status: SessionStatus) -> Session {
    let created = "2026-03-02T10:00:00Z".parse().unwrap();
    Session {
        session_id: "demo_1".to_owned(),
        account: "show".to_owned(),
        catalog_digest: "d".repeat(64),
        status,
        session_created_at: created,
        created_at: created,
        expires_at: created + POLICY.duration,
        cloning_completed_at: None,
        duration_ms: None,
        destroyed_at: None,
        extensions: 0,
        error: None,
        epoch: 1,
        plugin_revision: 0,
        tenants: vec![Tenant {
            tenant_id: Uuid::from_u128(1),
            base_tenant_id: Uuid::from_u128(2),
            outlet: None,
            name: "The show".to_owned(),
            services: vec![DomainOutcome::pending("lead")],
            triggers: Vec::new(),
        }],
    }
}
