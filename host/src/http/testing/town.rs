//! What the library is, and what a session of it looks like.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sessions::SessionPolicy;
use levain_catalog::{
    Account, Domain, EntityRef, FixtureSlice, LimitOverrides, Location, Outlet, Owner, Read,
    Relation, Trigger,
};
use levain_model::Phase;
use levain_model::{
    DomainOutcome, DomainStatus, Failure, Session, SessionStatus, Tenant, TriggerOutcome,
    TriggerStatus,
};
use levain_model::{StoredSegment, sha256_hex};

/// Half an hour, and three more.
pub(in crate::http) const POLICY: SessionPolicy = SessionPolicy {
    duration: Duration::from_secs(30 * 60),
    max_extensions: 3,
    lease: Duration::from_secs(45),
};

pub(in crate::http) fn base() -> DateTime<Utc> {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

pub(in crate::http) fn branch() -> Uuid {
    Uuid::from_u128(0xb)
}

pub(in crate::http) fn kiosk() -> Uuid {
    Uuid::from_u128(0xc)
}

pub(in crate::http) fn service(domain: &str, records: &[(&str, u32)]) -> DomainOutcome {
    DomainOutcome {
        status: DomainStatus::Completed,
        records: records
            .iter()
            .map(|(entity, n)| ((*entity).to_owned(), *n))
            .collect(),
        duration_ms: Some(1.5),
        plugin_digest: Some("p".repeat(64)),
        fixture_digest: Some("f".repeat(64)),
        content_digest: Some("c".repeat(64)),
        ..DomainOutcome::pending(domain)
    }
}

pub(in crate::http) fn tenant(
    tenant_id: Uuid,
    base_tenant_id: Uuid,
    outlet: Option<&str>,
) -> Tenant {
    Tenant {
        tenant_id,
        base_tenant_id,
        outlet: outlet.map(str::to_owned),
        name: outlet.unwrap_or("Town Library").to_owned(),
        services: vec![
            service("shelving", &[("book", 5), ("shelf", 2)]),
            service("lending", &[("loan", 0)]),
        ],
        triggers: triggers()
            .iter()
            .map(|trigger| TriggerOutcome {
                status: TriggerStatus::Completed,
                records: match (trigger.phase, outlet) {
                    (Phase::Alerts, _) => 3,
                    (Phase::Kpis, None) => 2,
                    _ => 1,
                },
                by_status: match trigger.phase {
                    Phase::Alerts => {
                        BTreeMap::from([("open".to_owned(), 2), ("resolved".to_owned(), 1)])
                    }
                    _ => BTreeMap::new(),
                },
                duration_ms: Some(0.5),
                plugin_digest: Some("p".repeat(64)),
                content_digest: Some("c".repeat(64)),
                ..TriggerOutcome::pending(&trigger.slug, &trigger.domain, trigger.phase)
            })
            .collect(),
    }
}

/// A READY session of the library.
pub(in crate::http) fn session(session_id: &str) -> Session {
    let own = Uuid::new_v5(&Uuid::NAMESPACE_OID, session_id.as_bytes());
    Session {
        session_id: session_id.to_owned(),
        account: "library".to_owned(),
        catalog_digest: "d".repeat(64),
        status: SessionStatus::Ready,
        session_created_at: base(),
        created_at: base(),
        expires_at: base() + TimeDelta::minutes(30),
        cloning_completed_at: Some(base() + TimeDelta::milliseconds(40)),
        duration_ms: Some(40.0),
        destroyed_at: None,
        extensions: 0,
        error: None,
        epoch: 1,
        plugin_revision: 0,
        tenants: vec![
            tenant(own, branch(), None),
            tenant(Uuid::new_v5(&own, b"kiosk"), kiosk(), Some("kiosk")),
        ],
    }
}

pub(in crate::http) fn failure() -> Failure {
    Failure::new("timeout", "it took more than 10 s")
}

pub(in crate::http) fn domain(slug: &str, required: bool, entities: &[&str]) -> Domain {
    Domain {
        slug: slug.to_owned(),
        title: slug.to_owned(),
        triggered: false,
        plugin: Some(slug.to_owned()),
        required,
        timeout: Duration::from_secs(10),
        entities: entities.iter().map(|entity| (*entity).to_owned()).collect(),
        limits: LimitOverrides::default(),
    }
}

/// A domain that is made by triggers alone.
pub(in crate::http) fn triggered(slug: &str, entities: &[&str]) -> Domain {
    Domain {
        triggered: true,
        plugin: None,
        ..domain(slug, false, entities)
    }
}

fn entity(domain: &str, entity: &str) -> EntityRef {
    EntityRef {
        domain: domain.to_owned(),
        entity: entity.to_owned(),
    }
}

/// One trigger of each phase.
pub(in crate::http) fn triggers() -> Vec<Trigger> {
    let trigger = |slug: &str, domain: &str, phase, writes, from: &[Relation]| Trigger {
        slug: slug.to_owned(),
        domain: domain.to_owned(),
        phase,
        path: (phase != Phase::Kpis).then(|| slug.to_owned()),
        writes,
        reads: vec![Read {
            entity: entity("shelving", "book"),
            from: from.to_vec(),
        }],
        figures: match phase {
            Phase::Kpis => vec!["lent".to_owned()],
            _ => Vec::new(),
        },
        timeout: Duration::from_secs(1),
    };
    let own = &[Relation::Own][..];
    let all = &[Relation::Own, Relation::Outlets][..];
    vec![
        trigger(
            "overdue",
            "lending",
            Phase::Alerts,
            entity("notices", "notice"),
            own,
        ),
        trigger(
            "books/wear",
            "shelving",
            Phase::Insights,
            entity("findings", "finding"),
            own,
        ),
        trigger(
            "lent-figures",
            "lending",
            Phase::Kpis,
            entity("board", "figure"),
            all,
        ),
    ]
}

/// What a notice looks like.
pub(in crate::http) fn notice() -> (EntityRef, Value) {
    let schema = json!({"title": "Notice", "$id": "https://example.org/notice", "type": "object", "properties": {
        "id": {"type": "string", "format": "uuid"}, "outlet": {"type": ["string", "null"]},
        "type": {"type": "string", "enum": ["overdue", "lost"]},
        "severity": {"type": "string", "enum": ["red", "yellow"]},
        "status": {"type": "string", "enum": ["open", "resolved"]}, "title": {"type": "string"},
    }});
    (entity("notices", "notice"), schema)
}

/// What a finding looks like.
pub(in crate::http) fn finding() -> (EntityRef, Value) {
    let schema = json!({"title": "Finding", "type": "object", "properties": {
        "id": {"type": "string", "format": "uuid"}, "outlet": {"type": ["string", "null"]},
        "type": {"type": "string", "enum": ["wear"]},
    }});
    (entity("findings", "finding"), schema)
}

/// What a figure looks like.
pub(in crate::http) fn board() -> (EntityRef, Value) {
    let schema = json!({"title": "Figure", "type": "object", "properties": {
        "outlet": {"type": ["string", "null"]}, "kpi": {"type": "string", "enum": ["lent"]},
        "scope": {"type": "string", "enum": ["tenant", "group"]}, "value": {"type": ["number", "null"]},
    }});
    (entity("board", "figure"), schema)
}

pub(in crate::http) fn account() -> Account {
    let slice = Arc::new(FixtureSlice {
        segments: Vec::new(),
        records: 0,
        digest: String::new(),
    });
    let slices = ["shelving", "lending"].map(|slug| (slug.to_owned(), Arc::clone(&slice)));
    Account {
        slug: "library".to_owned(),
        name: "Town Library".to_owned(),
        email: "desk@library.example".to_owned(),
        subdomain: "library".to_owned(),
        base_tenant_id: branch(),
        subscription_tier: "town".to_owned(),
        tenant_type: "branch".to_owned(),
        owner: Owner {
            user_id: Uuid::from_u128(1),
            name: "Ada Reader".to_owned(),
            email: "ada@library.example".to_owned(),
            role: "librarian".to_owned(),
        },
        location: None,
        verify: levain_catalog::Thresholds::default(),
        outlets: vec![Outlet {
            slug: "kiosk".to_owned(),
            name: "Kiosk".to_owned(),
            base_tenant_id: kiosk(),
            location: Location {
                city: "Town".to_owned(),
                zone: "Station".to_owned(),
                latitude: 40.5,
                longitude: -3.5,
            },
            slices: BTreeMap::new(),
        }],
        slices: BTreeMap::from(slices),
    }
}

pub(in crate::http) fn stored(
    tenant_id: Uuid,
    domain: &str,
    entity: &str,
    rows: &Value,
) -> ((Uuid, String, String), StoredSegment) {
    let text = rows.to_string();
    let segment = StoredSegment {
        tenant_id,
        domain: domain.to_owned(),
        entity: entity.to_owned(),
        part: String::new(),
        records: u32::try_from(rows.as_array().unwrap().len()).unwrap(),
        digest: sha256_hex(text.as_bytes()),
        rows: text,
    };
    ((tenant_id, domain.to_owned(), entity.to_owned()), segment)
}

/// The id of a tenant's nth book.
pub(in crate::http) fn book(tenant_id: Uuid, n: u128) -> Uuid {
    Uuid::from_u128(tenant_id.as_u128() ^ (n << 96))
}
