//! A trade whose plugins do no more than every plugin does: every id derived, every instant moved with the
//! session, and the rest as the fixture has it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use levain_plugin::identity;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Records, TestApp, root};

/// Such a trade.
pub struct Trade {
    /// Its folder under `tests`, with a fixture `<domain>.json` for each domain.
    pub folder: &'static str,
    /// The instant that its fixtures describe.
    pub base_reference: &'static str,
    /// Its domains.
    pub domains: &'static [&'static str],
    /// Fields that hold an id and are not called so.
    pub ids: &'static [&'static str],
}

impl Trade {
    /// Its catalog.
    pub fn catalog(&self) -> PathBuf {
        root().join("tests").join(self.folder).join("catalog.toml")
    }

    /// The records of a domain's fixture, by entity.
    pub fn fixture(&self, domain: &str) -> Value {
        let folder = root().join("tests").join(self.folder);
        let text = std::fs::read_to_string(folder.join(format!("{domain}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Holds a session against the fixtures, field by field.
    pub async fn compare(&self, app: &TestApp, session: &Value) {
        let records = Records::of(app, session).await;
        let base: DateTime<Utc> = self.base_reference.parse().unwrap();
        let by = instant(&session["session_created_at"]) - base;
        for domain in self.domains {
            for (entity, templates) in self.fixture(domain).as_object().unwrap() {
                let (cloned, templates) = (
                    records.all(&format!("{domain}.{entity}")),
                    templates.as_array().unwrap(),
                );
                assert_eq!(cloned.len(), templates.len(), "{domain}.{entity}");
                for (record, template) in cloned.iter().zip(templates) {
                    for (field, value) in template.as_object().unwrap() {
                        let expected = self.expected(session, field, value, by);
                        assert_eq!(
                            as_told(field, &record[field]),
                            as_told(field, &expected),
                            "{domain}.{entity} {field}: {record:#}"
                        );
                    }
                    let fields = template.as_object().unwrap().len();
                    assert_eq!(record.as_object().unwrap().len(), fields, "{record:#}");
                }
            }
        }
    }

    fn expected(
        &self,
        session: &Value,
        field: &str,
        value: &Value,
        by: chrono::TimeDelta,
    ) -> Value {
        let tenant = &session["virtual_tenant_id"];
        let derived = |text: &Value| {
            let tenant: Uuid = tenant.as_str().unwrap().parse().unwrap();
            let base: Uuid = text.as_str().unwrap().parse().unwrap();
            json!(identity::derive(&tenant, &base))
        };
        match value {
            Value::Null => Value::Null,
            _ if field == "tenant_id" => tenant.clone(),
            _ if field == "id" || field.ends_with("_id") || self.ids.contains(&field) => {
                derived(value)
            }
            Value::Array(ids) if field.ends_with("_ids") => ids.iter().map(derived).collect(),
            Value::String(_) if is_instant(field) => json!(instant(value) + by),
            _ => value.clone(),
        }
    }
}

fn is_instant(field: &str) -> bool {
    field.ends_with("_at") || field == "best_before"
}

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// One form of a value that languages write differently: 14.0 is 14 to one of them.
fn as_told(field: &str, value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::String(_) if is_instant(field) => json!(instant(value)),
        other => other.clone(),
    }
}
