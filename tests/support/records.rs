//! The records of one tenant, to be queried as a test pleases.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::app::TestApp;

/// Every record of a tenant of a session, by `domain.entity`, as the service API exports them.
#[derive(Clone)]
pub struct Records(BTreeMap<String, Vec<Value>>);

impl Records {
    /// Exports every domain of a session.
    pub async fn of(app: &TestApp, session: &Value) -> Self {
        let tenant = session["virtual_tenant_id"].as_str().unwrap();
        Self::of_tenant(app, session, tenant).await
    }

    /// Exports every domain of one tenant of a session.
    pub async fn of_tenant(app: &TestApp, session: &Value, tenant: &str) -> Self {
        let mut all = BTreeMap::new();
        for domain in app.sessions.catalog().domains() {
            let path = format!("/services/{}/internal/demo/export/{tenant}", domain.slug);
            let answer = app.get_internal(&path).await;
            // Of a domain that takes no part, or that no trigger writes, there is nothing to export.
            if session["services"][tenant][&domain.slug].is_null() && answer.status == 409 {
                continue;
            }
            let export = answer.expect(200);
            for (entity, rows) in export.as_object().unwrap() {
                let rows = rows.as_array().unwrap().clone();
                all.insert(format!("{}.{entity}", domain.slug), rows);
            }
        }
        Self(all)
    }

    /// Records that a test made or changed.
    pub fn from_rows(rows: BTreeMap<String, Vec<Value>>) -> Self {
        Self(rows)
    }

    /// All records of an entity.
    pub fn all(&self, entity: &str) -> &[Value] {
        self.0.get(entity).map_or(&[], Vec::as_slice)
    }

    /// All records of an entity, to be changed.
    pub fn all_mut(&mut self, entity: &str) -> &mut Vec<Value> {
        self.0.entry(entity.to_owned()).or_default()
    }

    /// The records of an entity that satisfy a predicate.
    pub fn find(&self, entity: &str, keep: impl Fn(&Value) -> bool) -> Vec<&Value> {
        self.all(entity)
            .iter()
            .filter(|record| keep(record))
            .collect()
    }

    /// The record of an entity with this id.
    pub fn by_id(&self, entity: &str, id: &Value) -> Option<&Value> {
        self.all(entity).iter().find(|record| &record["id"] == id)
    }

    /// Entities and their records.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Vec<Value>)> {
        self.0.iter()
    }

    /// How many records there are in all.
    pub fn total(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

/// The instant in a field; `None` where it is null or absent.
pub fn instant(record: &Value, field: &str) -> Option<DateTime<Utc>> {
    record[field].as_str().map(|text| text.parse().unwrap())
}

/// The day in a field.
pub fn day(record: &Value, field: &str) -> NaiveDate {
    record[field].as_str().unwrap().parse().unwrap()
}

/// The number in a field.
pub fn number(record: &Value, field: &str) -> f64 {
    record[field]
        .as_f64()
        .unwrap_or_else(|| panic!("{field} of {record} is not a number"))
}
