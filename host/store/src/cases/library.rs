//! What the cases keep: sessions of a library, with a few segments each.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::{Inserted, Lease, Repo};
use levain_model::{
    CatalogClaim, DomainOutcome, DomainStatus, EntityCounts, Part, Phase, Session, SessionStatus,
    StoredSegment, Tenant, TriggerOutcome, TriggerStatus, ViewSpec, sha256_hex,
};

/// The instant of every case.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00.000123Z".parse().unwrap()
}

/// The claim of a store for these views, by a catalog that every case has.
pub(crate) fn claim(views: &[ViewSpec]) -> CatalogClaim<'_> {
    CatalogClaim {
        name: "library",
        digest: "c0ffee",
        views,
        replace: false,
    }
}

/// A session of the library account: its own tenant and one outlet.
pub(crate) fn session(number: u32) -> Session {
    Session {
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
        epoch: 1,
        plugin_revision: 0,
        tenants: vec![tenant(number, 0), tenant(number, 1)],
    }
}

fn tenant(session: u32, position: u16) -> Tenant {
    Tenant {
        tenant_id: tenant_id(session, position),
        base_tenant_id: Uuid::from_fields(9, position, 0, &[0; 8]),
        outlet: (position > 0).then(|| format!("branch-{position}")),
        name: "Library — «Zentral»".to_owned(),
        services: ["lending", "shelving"]
            .map(|domain| service(domain, DomainStatus::Pending))
            .into(),
        triggers: ["late-loans", "lost-books"]
            .map(|slug| TriggerOutcome::pending(slug, "lending", Phase::Alerts))
            .into(),
    }
}

pub(super) fn tenant_id(session: u32, position: u16) -> Uuid {
    Uuid::from_fields(session, position, 0, &[0xab; 8])
}

fn service(domain: &str, status: DomainStatus) -> DomainOutcome {
    DomainOutcome {
        domain: domain.to_owned(),
        status,
        records: EntityCounts::new(),
        duration_ms: None,
        plugin_digest: None,
        fixture_digest: None,
        content_digest: None,
        peak_memory_bytes: None,
        unavailable_references: 0,
        error: None,
    }
}

/// A segment of `records` small records.
pub(crate) fn segment(tenant_id: Uuid, domain: &str, entity: &str, records: u32) -> StoredSegment {
    let rows: Vec<_> = (0..records)
        .map(|n| serde_json::json!({ "id": n, "tenant_id": "of the record", "status": "lent" }))
        .collect();
    let rows = serde_json::to_string(&rows).unwrap();
    StoredSegment {
        tenant_id,
        domain: domain.to_owned(),
        entity: entity.to_owned(),
        part: String::new(),
        digest: sha256_hex(rows.as_bytes()),
        rows,
        records,
    }
}

/// A segment of what a trigger made.
pub(super) fn made_by(tenant_id: Uuid, trigger: &str, records: u32) -> StoredSegment {
    StoredSegment {
        part: trigger.to_owned(),
        ..segment(tenant_id, "raised", "alert", records)
    }
}

/// What a clone wrote into a domain.
pub(super) fn cloned(tenant_id: Uuid, domain: &str) -> Part {
    Part {
        tenant_id,
        domain: domain.to_owned(),
        part: String::new(),
    }
}

/// What a trigger wrote.
pub(super) fn raised(tenant_id: Uuid, trigger: &str) -> Part {
    Part {
        part: trigger.to_owned(),
        ..cloned(tenant_id, "raised")
    }
}

/// The segments of a session, in the order that the store gives them.
pub(super) fn segments(session: &Session) -> Vec<StoredSegment> {
    let mut all = Vec::new();
    for tenant in &session.tenants {
        all.push(segment(tenant.tenant_id, "lending", "loan", 3));
        all.push(made_by(tenant.tenant_id, "late-loans", 2));
        all.push(made_by(tenant.tenant_id, "lost-books", 1));
        all.push(segment(tenant.tenant_id, "shelving", "book", 5));
        all.push(segment(tenant.tenant_id, "shelving", "shelf", 0));
    }
    all
}

/// The session, cloned.
pub(super) fn ready(mut session: Session) -> Session {
    session.status = SessionStatus::Ready;
    session.cloning_completed_at = Some(noon() + Duration::milliseconds(40));
    session.duration_ms = Some(40.25);
    for service in session.tenants.iter_mut().flat_map(|t| &mut t.services) {
        service.status = DomainStatus::Completed;
        service.records = EntityCounts::from([("book".to_owned(), 5)]);
        service.content_digest = Some("d1".to_owned());
    }
    for trigger in session.tenants.iter_mut().flat_map(|t| &mut t.triggers) {
        trigger.status = TriggerStatus::Completed;
        trigger.records = 2;
        trigger.by_status = BTreeMap::from([("open".to_owned(), 2)]);
        trigger.duration_ms = Some(1.5);
        trigger.content_digest = Some("t1".to_owned());
    }
    session
}

/// A lease that outlasts any case.
pub(crate) fn lease() -> Lease {
    Lease {
        owner: "the cases".to_owned(),
        duration: std::time::Duration::from_secs(600),
    }
}

/// A lease that has run out by the time that it is held.
pub(super) fn spent() -> Lease {
    Lease {
        duration: std::time::Duration::ZERO,
        ..lease()
    }
}

/// A deadline that outlasts any case.
pub(super) async fn later(repo: &dyn Repo) -> DateTime<Utc> {
    repo.deadline(lease().duration).await.unwrap()
}

/// Writes a session that is CLONING.
pub(crate) async fn begin(repo: &dyn Repo, session: &Session) {
    let inserted = repo.insert_session(session, &lease(), None).await.unwrap();
    assert!(matches!(inserted, Inserted::New { .. }));
}

/// Writes a session and commits it.
pub(super) async fn create(repo: &dyn Repo, number: u32) -> Session {
    let session = session(number);
    begin(repo, &session).await;
    let session = ready(session);
    let held = segments(&session);
    assert!(repo.commit_session(&session, &held, None).await.unwrap());
    session
}

pub(super) async fn held(repo: &dyn Repo, session: &Session) -> Vec<StoredSegment> {
    let mut all = Vec::new();
    for tenant in &session.tenants {
        let own = repo.find_segments(tenant.tenant_id, None, None).await;
        all.extend(own.unwrap());
    }
    all
}
