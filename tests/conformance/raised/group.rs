//! A session with all its tenants, and its triggers called natively on their records.

use chrono::{DateTime, Utc};
use levain_catalog::{Catalog, Relation, TenantScope, Trigger};
use levain_model::Segment;
use levain_plugin::{HeldSegment, SessionContext};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Records, TestApp, instant, raise};

/// A session's tenants, the head first.
#[derive(Clone)]
pub(in crate::conformance) struct Group {
    pub(in crate::conformance) now: DateTime<Utc>,
    pub(super) account: String,
    pub(super) places: Vec<Place>,
}

/// One tenant.
#[derive(Clone)]
pub(in crate::conformance) struct Place {
    pub(super) tenant: Uuid,
    pub(super) outlet: Option<String>,
    pub(in crate::conformance) records: Records,
}

impl Group {
    pub(in crate::conformance) async fn of(app: &TestApp, session: &Value) -> Self {
        let head = session["virtual_tenant_id"].as_str().unwrap();
        let outlets = session["children"].as_array().unwrap();
        let mut tenants = vec![(head, None)];
        tenants.extend(outlets.iter().map(|child| {
            (
                child["virtual_tenant_id"].as_str().unwrap(),
                Some(child["outlet"].as_str().unwrap().to_owned()),
            )
        }));
        let mut places = Vec::new();
        for (tenant, outlet) in tenants {
            places.push(Place {
                tenant: tenant.parse().unwrap(),
                outlet,
                records: Records::of_tenant(app, session, tenant).await,
            });
        }
        Self {
            now: instant(session, "session_created_at").unwrap(),
            account: session["demo_account_type"].as_str().unwrap().to_owned(),
            places,
        }
    }

    /// The head's place.
    pub(in crate::conformance) fn head(&self) -> &Place {
        &self.places[0]
    }

    /// The places that a figure of a place's scope is made of.
    pub(super) fn scope(&self, place: usize, scope: &str) -> Vec<&Place> {
        match scope {
            "group" => self.places.iter().collect(),
            _ => vec![&self.places[place]],
        }
    }

    fn scope_of(&self, catalog: &Catalog, place: &Place) -> TenantScope {
        let account = catalog.account(&self.account).unwrap();
        let outlet = account
            .outlets
            .iter()
            .find(|outlet| Some(&outlet.slug) == place.outlet.as_ref());
        TenantScope {
            account: self.account.clone(),
            tenant_id: place.tenant,
            base_tenant_id: outlet.map_or(account.base_tenant_id, |outlet| outlet.base_tenant_id),
            outlet: place.outlet.clone(),
            parent_tenant_id: place.outlet.as_ref().map(|_| self.head().tenant),
            session_created_at: self.now,
        }
    }

    /// What a trigger makes natively of the records as they are, for every tenant that has its domain.
    pub(super) fn raised(&self, catalog: &Catalog, slug: &str) -> Vec<Value> {
        let trigger = catalog.trigger(slug).unwrap();
        let mut made = Vec::new();
        for place in &self.places {
            let has = catalog.domain(&trigger.domain).unwrap().entities.iter();
            let mut names = has.map(|entity| format!("{}.{entity}", trigger.domain));
            if !names.any(|name| !place.records.all(&name).is_empty()) {
                continue;
            }
            let scope = self.scope_of(catalog, place);
            let context = SessionContext {
                session_id: "demo_test".to_owned(),
                account_type: self.account.clone(),
                base_tenant_id: scope.base_tenant_id,
                tenant_id: scope.tenant_id,
                parent_tenant_id: scope.parent_tenant_id,
                outlet: scope.outlet,
                session_created_at: self.now.timestamp_micros(),
                base_reference: catalog.base_reference().timestamp_micros(),
            };
            let held = self.held(trigger, place);
            for segment in raise(&trigger.domain)(trigger.phase, &context, slug, &held) {
                made.extend(serde_json::from_str::<Vec<Value>>(&segment.rows).unwrap());
            }
        }
        made
    }

    fn held(&self, trigger: &Trigger, own: &Place) -> Vec<HeldSegment> {
        let related = |place: &&Place, relation: Relation| match relation {
            Relation::Own => place.tenant == own.tenant,
            Relation::Parent => own.outlet.is_some() && place.outlet.is_none(),
            Relation::Outlets => own.outlet.is_none() && place.outlet.is_some(),
        };
        let mut held = Vec::new();
        for read in &trigger.reads {
            for relation in &read.from {
                for place in self.places.iter().filter(|place| related(place, *relation)) {
                    let rows = place.records.all(&read.entity.to_string());
                    if !rows.is_empty() {
                        held.push(HeldSegment {
                            tenant_id: place.tenant,
                            domain: read.entity.domain.clone(),
                            entity: read.entity.entity.clone(),
                            rows: serde_json::to_string(rows).unwrap(),
                        });
                    }
                }
            }
        }
        held
    }

    /// Whether the host would keep a domain of a place as it is: schema, rules and ids.
    pub(super) fn is_admissible(&self, catalog: &Catalog, place: usize, domain: &str) -> bool {
        let place = &self.places[place];
        let declared = catalog.domain(domain).unwrap();
        let segments = declared
            .entities
            .iter()
            .map(|entity| Segment {
                entity: entity.clone(),
                rows: serde_json::to_string(place.records.all(&format!("{domain}.{entity}")))
                    .unwrap(),
            })
            .collect();
        let scope = self.scope_of(catalog, place);
        catalog.check_clone(&scope, declared, segments).is_ok()
    }
}
