//! A real session's records, to be broken one at a time and held to the catalog's checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use levain::catalog::{Catalog, CheckedTenant, TenantScope};
use levain::fault::Fault;
use levain::segment::Segment;
use serde_json::Value;

use crate::support::{Records, TestApp, bakery};

/// A session as it was cloned, checked and exported.
pub(super) struct Sample {
    /// The catalog that holds it to its rules.
    pub(super) catalog: Arc<Catalog>,
    /// Which tenant it is of.
    pub(super) scope: TenantScope,
    /// Its records by `domain.entity`.
    pub(super) rows: BTreeMap<String, Vec<Value>>,
    checked: CheckedTenant,
}

impl Sample {
    /// Clones a session and checks that it stands.
    pub(super) async fn take() -> Self {
        let app = TestApp::bakery().await;
        let now: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().unwrap();
        let session = app.create_at("professional", now).await;
        let records = Records::of(&app, &session).await;
        let catalog = Arc::clone(&bakery().catalog);
        let scope = TenantScope {
            account: "professional".to_owned(),
            tenant_id: session["virtual_tenant_id"].as_str().unwrap().parse().unwrap(),
            base_tenant_id: catalog.account("professional").unwrap().base_tenant_id,
            outlet: None,
            parent_tenant_id: None,
            session_created_at: now,
        };
        let rows = records.iter().map(|(entity, rows)| (entity.clone(), rows.clone())).collect();
        let checked = CheckedTenant::new(scope.clone());
        let mut sample = Self { catalog, scope, rows, checked };
        let domains: Vec<String> =
            sample.catalog.domains().iter().map(|domain| domain.slug.clone()).collect();
        let checked = sample.check(&sample.rows, &domains).unwrap();
        assert!(sample.faults_of(&checked).is_empty(), "a sound session has faults");
        sample.checked = checked;
        sample
    }

    /// The faults that records of one entity have by themselves.
    pub(super) fn faults_of_rows(&self, entity: &str, rows: &[Value]) -> Vec<Fault> {
        let (domain, entity) = entity.split_once('.').unwrap();
        let segment =
            Segment { entity: entity.to_owned(), rows: Value::from(rows.to_vec()).to_string() };
        let domain = self.catalog.domain(domain).unwrap();
        match self.catalog.check_clone(&self.scope, domain, vec![segment]) {
            Ok(_) => Vec::new(),
            Err(rejection) => rejection.faults,
        }
    }

    /// The faults of the session's references where some entities' records were changed; `None`
    /// where a domain is refused before its references are looked at.
    pub(super) fn reference_faults(
        &self,
        rows: &BTreeMap<String, Vec<Value>>,
        changed: &[&str],
    ) -> Option<Vec<Fault>> {
        let mut domains: Vec<String> = changed
            .iter()
            .map(|entity| entity.split_once('.').unwrap().0.to_owned())
            .collect();
        domains.dedup();
        Some(self.faults_of(&self.check(rows, &domains)?))
    }

    fn faults_of(&self, tenant: &CheckedTenant) -> Vec<Fault> {
        let report = self
            .catalog
            .check_references(self.scope.session_created_at, std::slice::from_ref(tenant));
        report.domains.into_values().flat_map(|findings| findings.faults).collect()
    }

    /// The tenant with some domains checked again.
    fn check(
        &self,
        rows: &BTreeMap<String, Vec<Value>>,
        domains: &[String],
    ) -> Option<CheckedTenant> {
        let mut tenant = self.checked.clone();
        for slug in domains {
            let domain = self.catalog.domain(slug).unwrap();
            let segments = domain.entities.iter().map(|entity| Segment {
                entity: entity.clone(),
                rows: Value::from(rows[&format!("{slug}.{entity}")].clone()).to_string(),
            });
            let segments = segments.collect();
            let checked = self.catalog.check_clone(&self.scope, domain, segments).ok()?;
            tenant.domains.insert(slug.clone(), checked);
        }
        Some(tenant)
    }
}
