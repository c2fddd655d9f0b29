//! A session of the library, as sound plugins would make it.

use chrono::{DateTime, Utc};
use levain_plugin::identity;
use levain_plugin::time::{self, Clock, Stamp};
use serde_json::Value;
use uuid::Uuid;

use super::super::{Catalog, CheckedTenant, Domain, TenantScope};
use super::library::{ATTIC, HOUSE};
use levain_model::Segment;

/// A tenant of a session of the library, some days after the fixtures.
pub(super) fn scope(catalog: &Catalog, outlet: Option<&str>, head: u128) -> TenantScope {
    let head = Uuid::from_u128(head);
    let account = catalog.account("town").unwrap();
    let (tenant_id, base_tenant_id) = match outlet {
        None => (head, account.base_tenant_id),
        Some(_) => (
            identity::derive(&head, &ATTIC.parse().unwrap()),
            ATTIC.parse().unwrap(),
        ),
    };
    TenantScope {
        account: account.slug.clone(),
        tenant_id,
        base_tenant_id,
        outlet: outlet.map(str::to_owned),
        parent_tenant_id: outlet.map(|_| head),
        session_created_at: "2026-03-02T10:00:00Z".parse::<DateTime<Utc>>().unwrap(),
    }
}

/// What a sound plugin returns for a domain: the slice with its dates moved, ids derived, codes made.
pub(super) fn clone(catalog: &Catalog, scope: &TenantScope, domain: &str) -> Vec<Segment> {
    let account = catalog.account(&scope.account).unwrap();
    let slices = match &scope.outlet {
        None => &account.slices,
        Some(_) => &account.outlets[0].slices,
    };
    let head = scope.parent_tenant_id.unwrap_or(scope.tenant_id);
    let clock = Clock {
        now: scope.session_created_at.timestamp_micros(),
        base: catalog.base_reference().timestamp_micros(),
    };
    let told = |text: &str| -> Option<String> {
        if let Ok(id) = text.parse::<Uuid>() {
            return Some(match id.to_string().as_str() {
                HOUSE => head.to_string(),
                ATTIC => identity::derive(&head, &id).to_string(),
                _ => catalog.derived_id(scope, &id).to_string(),
            });
        }
        Stamp::parse(text)
            .ok()
            .map(|stamp| time::format(clock.resolve(stamp)))
    };
    let segments = slices[domain].segments.iter().map(|segment| {
        let mut rows: Value = serde_json::from_str(&segment.rows).unwrap();
        for record in rows.as_array_mut().unwrap() {
            let base_id: Uuid = record["id"].as_str().unwrap().parse().unwrap();
            rewrite(record, &told);
            if record.get("code").is_some() {
                let lent = time::parse(record["lent_at"].as_str().unwrap()).unwrap();
                record["code"] = identity::code("LOAN", lent, &base_id).into();
            }
        }
        Segment {
            entity: segment.entity.clone(),
            rows: rows.to_string(),
        }
    });
    segments.collect()
}

fn rewrite(value: &mut Value, told: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => *text = told(text).unwrap_or_else(|| text.clone()),
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, told)),
        Value::Object(fields) => fields.values_mut().for_each(|field| rewrite(field, told)),
        _ => {}
    }
}

/// A domain of the catalog.
pub(super) fn domain<'c>(catalog: &'c Catalog, slug: &str) -> &'c Domain {
    catalog.domain(slug).unwrap()
}

/// A whole session, checked but for its references.
pub(super) fn session(catalog: &Catalog) -> Vec<CheckedTenant> {
    let mut tenants = Vec::new();
    for (outlet, domains) in [
        (None, &["people", "shelving", "lending"][..]),
        (Some("attic"), &["people"][..]),
    ] {
        let mut tenant = CheckedTenant::new(scope(catalog, outlet, 7));
        for slug in domains {
            let segments = clone(catalog, &tenant.scope, slug);
            let checked = catalog
                .check_clone(&tenant.scope, domain(catalog, slug), segments)
                .unwrap();
            tenant.domains.insert((*slug).to_owned(), checked);
        }
        tenants.push(tenant);
    }
    tenants
}
