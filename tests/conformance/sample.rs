//! A real session's records, to be broken one at a time and held to the catalog's checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use levain_catalog::{Catalog, CheckedTenant, TenantScope, Trigger};
use levain_model::Segment;
use levain_model::fault::Fault;
use serde_json::Value;

use crate::support::{Records, TestApp, bakery};

/// A session of the group as it was cloned, checked and exported: it has records of every entity.
pub(super) struct Sample {
    /// The catalog that holds it to its rules.
    pub(super) catalog: Arc<Catalog>,
    /// The head's records by `domain.entity`.
    pub(super) rows: BTreeMap<String, Vec<Value>>,
    /// The head, then the outlets.
    pub(super) places: Vec<Place>,
    checked: Vec<CheckedTenant>,
}

/// One tenant of the session.
pub(super) struct Place {
    /// Which tenant it is.
    pub(super) scope: TenantScope,
    /// Its records by `domain.entity`.
    pub(super) rows: BTreeMap<String, Vec<Value>>,
}

/// Records of an entity of a place in the stead of its own.
pub(super) type Change = (usize, String, Vec<Value>);

impl Sample {
    /// Clones a session and checks that it stands.
    pub(super) async fn take() -> Self {
        let app = TestApp::bakery().await;
        let now: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().unwrap();
        let session = app.create_at("enterprise", now).await;
        let catalog = Arc::clone(&bakery().catalog);
        let account = catalog.account("enterprise").unwrap();
        let head = session["virtual_tenant_id"].as_str().unwrap();
        let mut tenants = vec![(head, None, account.base_tenant_id)];
        for child in session["children"].as_array().unwrap() {
            let slug = child["outlet"].as_str().unwrap();
            let outlet = account.outlets.iter().find(|outlet| outlet.slug == slug);
            tenants.push((
                child["virtual_tenant_id"].as_str().unwrap(),
                Some(slug.to_owned()),
                outlet.unwrap().base_tenant_id,
            ));
        }
        let mut places = Vec::new();
        for (tenant, outlet, base_tenant_id) in tenants {
            let records = Records::of_tenant(&app, &session, tenant).await;
            places.push(Place {
                scope: TenantScope {
                    account: account.slug.clone(),
                    tenant_id: tenant.parse().unwrap(),
                    base_tenant_id,
                    parent_tenant_id: outlet.as_ref().map(|_| head.parse().unwrap()),
                    outlet,
                    session_created_at: now,
                },
                rows: records
                    .iter()
                    .map(|(entity, rows)| (entity.clone(), rows.clone()))
                    .collect(),
            });
        }
        let mut sample = Self {
            catalog,
            rows: places[0].rows.clone(),
            checked: places
                .iter()
                .map(|place| CheckedTenant::new(place.scope.clone()))
                .collect(),
            places,
        };
        let domains: Vec<(usize, String)> = (0..sample.places.len())
            .flat_map(|place| {
                let entities = sample.places[place].rows.keys();
                let domains = entities.map(|entity| entity.split_once('.').unwrap().0);
                domains
                    .map(move |domain| (place, domain.to_owned()))
                    .collect::<Vec<_>>()
            })
            .filter(|(_, domain)| !sample.catalog.domain(domain).unwrap().triggered)
            .collect();
        let checked = sample.check(&[], &domains).unwrap();
        assert!(
            sample.faults_of(&checked).is_empty(),
            "a sound session has faults"
        );
        sample.checked = checked;
        sample
    }

    /// The faults that records of one entity of the head have by themselves.
    pub(super) fn faults_of_rows(&self, entity: &str, rows: &[Value]) -> Vec<Fault> {
        let (domain, name) = entity.split_once('.').unwrap();
        let segments = vec![Segment {
            entity: name.to_owned(),
            rows: Value::from(rows.to_vec()).to_string(),
        }];
        let (scope, domain) = (&self.places[0].scope, self.catalog.domain(domain).unwrap());
        if domain.triggered {
            return self.product_faults(entity, rows, segments);
        }
        match self.catalog.check_clone(scope, domain, segments) {
            Ok(_) => Vec::new(),
            Err(rejection) => rejection.faults,
        }
    }

    /// The faults of records that a trigger is said to have made: of figures, the one that computes the
    /// first.
    fn product_faults(&self, entity: &str, rows: &[Value], segments: Vec<Segment>) -> Vec<Fault> {
        let figure = rows.first().and_then(|row| row["kpi"].as_str());
        let mut writing = self
            .catalog
            .triggers()
            .iter()
            .filter(|trigger| trigger.writes.to_string() == entity);
        let computes = |trigger: &&Trigger| {
            figure.is_some_and(|figure| trigger.figures.iter().any(|one| one == figure))
        };
        let trigger = writing.clone().find(computes).or_else(|| writing.next());
        let checked = self.catalog.check_product(
            &self.places[0].scope,
            trigger.unwrap(),
            segments,
            &self.checked,
            usize::MAX,
        );
        checked
            .err()
            .map_or_else(Vec::new, |rejection| rejection.faults)
    }

    /// The faults of the session's references where some records were changed; `None` where a domain
    /// is refused before its references are looked at.
    pub(super) fn reference_faults(&self, changes: &[Change]) -> Option<Vec<Fault>> {
        let mut domains: Vec<(usize, String)> = changes
            .iter()
            .map(|(place, entity, _)| (*place, entity.split_once('.').unwrap().0.to_owned()))
            .collect();
        domains.dedup();
        Some(self.faults_of(&self.check(changes, &domains)?))
    }

    fn faults_of(&self, tenants: &[CheckedTenant]) -> Vec<Fault> {
        let report = self
            .catalog
            .check_references(self.places[0].scope.session_created_at, tenants);
        report
            .domains
            .into_values()
            .flat_map(|findings| findings.faults)
            .collect()
    }

    /// The tenants with some domains checked again.
    fn check(&self, changes: &[Change], domains: &[(usize, String)]) -> Option<Vec<CheckedTenant>> {
        let mut tenants = self.checked.clone();
        for (place, slug) in domains {
            let domain = self.catalog.domain(slug).unwrap();
            let rows = |name: &str| {
                let changed = changes
                    .iter()
                    .find(|(at, entity, _)| at == place && entity == name);
                let own = self.places[*place].rows.get(name);
                changed
                    .map(|(_, _, rows)| rows)
                    .or(own)
                    .cloned()
                    .unwrap_or_default()
            };
            let segments = domain.entities.iter().map(|entity| Segment {
                entity: entity.clone(),
                rows: Value::from(rows(&format!("{slug}.{entity}"))).to_string(),
            });
            let segments = segments.collect();
            let scope = &self.places[*place].scope;
            let checked = self.catalog.check_clone(scope, domain, segments).ok()?;
            tenants[*place].domains.insert(slug.clone(), checked);
        }
        Some(tenants)
    }
}
