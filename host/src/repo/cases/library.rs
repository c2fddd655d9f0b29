//! What the cases keep: sessions of a library, with a few segments each.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::repo::{Repo, ServiceRow, ServiceStatus, SessionRow, SessionStatus, TenantRow};
use crate::segment::{EntityCounts, StoredSegment, sha256_hex};

/// The instant of every case.
pub(in crate::repo) fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00.000123Z".parse().unwrap()
}

/// A session of the library account: its own tenant and one outlet.
pub(in crate::repo) fn session(number: u32) -> SessionRow {
    SessionRow {
        session_id: format!("demo_{number:04}"),
        account: "library".to_owned(),
        catalog_digest: "c0ffee".to_owned(),
        status: SessionStatus::Cloning,
        session_created_at: noon() - Duration::days(1),
        created_at: noon() + Duration::seconds(i64::from(number)),
        expires_at: noon() + Duration::minutes(30),
        cloning_completed_at: None,
        duration_ms: None,
        destroyed_at: None,
        extensions: 0,
        error: None,
        tenants: vec![tenant(number, 0), tenant(number, 1)],
    }
}

fn tenant(session: u32, position: u16) -> TenantRow {
    TenantRow {
        tenant_id: tenant_id(session, position),
        base_tenant_id: Uuid::from_fields(9, position, 0, &[0; 8]),
        outlet: (position > 0).then(|| format!("branch-{position}")),
        name: "Library — «Zentral»".to_owned(),
        services: ["lending", "shelving"]
            .map(|domain| service(domain, ServiceStatus::Pending))
            .into(),
    }
}

pub(super) fn tenant_id(session: u32, position: u16) -> Uuid {
    Uuid::from_fields(session, position, 0, &[0xab; 8])
}

fn service(domain: &str, status: ServiceStatus) -> ServiceRow {
    ServiceRow {
        domain: domain.to_owned(),
        status,
        records: EntityCounts::new(),
        duration_ms: None,
        plugin_digest: None,
        fixture_digest: None,
        content_digest: None,
        unavailable_references: 0,
        error: None,
    }
}

/// A segment of `records` small records.
pub(in crate::repo) fn segment(
    tenant_id: Uuid,
    domain: &str,
    entity: &str,
    records: u32,
) -> StoredSegment {
    let rows: Vec<_> = (0..records)
        .map(|n| serde_json::json!({ "id": n, "tenant_id": "of the record", "status": "lent" }))
        .collect();
    let rows = serde_json::to_string(&rows).unwrap();
    StoredSegment {
        tenant_id,
        domain: domain.to_owned(),
        entity: entity.to_owned(),
        digest: sha256_hex(rows.as_bytes()),
        rows,
        records,
    }
}

/// The segments of a session, in the order that the store gives them.
pub(super) fn segments(session: &SessionRow) -> Vec<StoredSegment> {
    let mut all = Vec::new();
    for tenant in &session.tenants {
        all.push(segment(tenant.tenant_id, "lending", "loan", 3));
        all.push(segment(tenant.tenant_id, "shelving", "book", 5));
        all.push(segment(tenant.tenant_id, "shelving", "shelf", 0));
    }
    all
}

/// The session, cloned.
pub(super) fn ready(mut session: SessionRow) -> SessionRow {
    session.status = SessionStatus::Ready;
    session.cloning_completed_at = Some(noon() + Duration::milliseconds(40));
    session.duration_ms = Some(40.25);
    for service in session.tenants.iter_mut().flat_map(|t| &mut t.services) {
        service.status = ServiceStatus::Completed;
        service.records = EntityCounts::from([("book".to_owned(), 5)]);
        service.content_digest = Some("d1".to_owned());
    }
    session
}

/// Writes a session and commits it.
pub(super) async fn create(repo: &dyn Repo, number: u32) -> SessionRow {
    let session = session(number);
    repo.insert_session(&session).await.unwrap();
    let session = ready(session);
    let held = segments(&session);
    assert!(repo.commit_session(&session, &held).await.unwrap());
    session
}

pub(super) async fn held(repo: &dyn Repo, session: &SessionRow) -> Vec<StoredSegment> {
    let mut all = Vec::new();
    for tenant in &session.tenants {
        all.extend(repo.find_segments(tenant.tenant_id, None).await.unwrap());
    }
    all
}
