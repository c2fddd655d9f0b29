//! The parts of the host's responses that are checked.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use levain_catalog::{Account, Catalog, TenantScope};
use levain_model::Segment;

#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) session_id: String,
    pub(super) status: String,
    pub(super) virtual_tenant_id: Uuid,
    pub(super) session_created_at: DateTime<Utc>,
    #[serde(flatten)]
    pub(super) life: Life,
    pub(super) credentials: Credentials,
    #[serde(default)]
    children: Vec<Child>,
    pub(super) services: BTreeMap<Uuid, BTreeMap<String, Service>>,
    #[serde(default)]
    triggers: BTreeMap<Uuid, BTreeMap<String, Trigger>>,
}

/// The lifetime of a session.
#[derive(Debug, Deserialize)]
pub(super) struct Life {
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    pub(super) extensions_left: u32,
}

impl Life {
    /// Why the lifetime after an extension is wrong; an extension adds the whole duration once more.
    pub(super) fn extended_wrongly(&self, after: &Self) -> Option<String> {
        let expected = self.expires_at + (self.expires_at - self.created_at);
        if after.expires_at != expected {
            let found = after.expires_at;
            return Some(format!("it ends at {found} and not at {expected}"));
        }
        let (before, after) = (self.extensions_left, after.extensions_left);
        (after + 1 != before)
            .then(|| format!("{before} extensions were left before it, {after} after it"))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Credentials {
    pub(super) access_token: String,
}

#[derive(Debug, Deserialize)]
struct Child {
    outlet: String,
    virtual_tenant_id: Uuid,
}

#[derive(Debug, Deserialize)]
pub(super) struct Service {
    status: String,
    pub(super) fixture_digest: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Trigger {
    status: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Alerts {
    pub(super) total: u64,
}

const COMPLETED: &str = "completed";

impl Session {
    /// Its tenants, the account's own first, as the catalog knows them.
    pub(super) fn tenants(&self, account: &Account) -> Vec<TenantScope> {
        let scope = |tenant_id, base_tenant_id, outlet: Option<&str>| TenantScope {
            account: account.slug.clone(),
            tenant_id,
            base_tenant_id,
            outlet: outlet.map(str::to_owned),
            parent_tenant_id: outlet.map(|_| self.virtual_tenant_id),
            session_created_at: self.session_created_at,
        };
        let head = scope(self.virtual_tenant_id, account.base_tenant_id, None);
        let outlets = account.outlets.iter().filter_map(|outlet| {
            let mut children = self.children.iter();
            let child = children.find(|child| child.outlet == outlet.slug)?;
            Some(scope(
                child.virtual_tenant_id,
                outlet.base_tenant_id,
                Some(&outlet.slug),
            ))
        });
        std::iter::once(head).chain(outlets).collect()
    }

    /// The domains of a tenant that have records to export, cloned or written by a trigger, in the order of
    /// the catalog.
    pub(super) fn domains<'c>(&self, catalog: &'c Catalog, tenant: Uuid) -> Vec<&'c str> {
        let cloned = |domain: &str| {
            let services = self.services.get(&tenant);
            services
                .and_then(|services| services.get(domain))
                .is_some_and(|service| service.status == COMPLETED)
        };
        let made = |domain: &str| {
            let triggers = self.triggers.get(&tenant).into_iter().flatten();
            triggers
                .filter(|(_, trigger)| trigger.status == COMPLETED)
                .filter_map(|(slug, _)| catalog.trigger(slug))
                .any(|trigger| trigger.writes.domain == domain)
        };
        let domains = catalog.domains().iter();
        domains
            .filter(|domain| match domain.triggered {
                false => cloned(&domain.slug),
                true => made(&domain.slug),
            })
            .map(|domain| domain.slug.as_str())
            .collect()
    }
}

/// An export as one segment per entity, with the text of its records unchanged.
pub(super) fn segments(export: &str) -> Result<Vec<Segment>, serde_json::Error> {
    let entities: BTreeMap<String, Box<RawValue>> = serde_json::from_str(export)?;
    let segment = |(entity, rows): (String, Box<RawValue>)| Segment {
        entity,
        rows: rows.get().to_owned(),
    };
    Ok(entities.into_iter().map(segment).collect())
}
