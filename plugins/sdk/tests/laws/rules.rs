//! The rules that a schema states in `x-rules`, so far as they concern times and codes.

use std::collections::{BTreeMap, BTreeSet};

use levain_plugin::time::{self, Micros};
use levain_plugin::{Uuid, identity};
use serde_json::Value;

/// The rules that some record breaks, each with the record.
pub fn broken(schema: &Value, records: &[Value], base_ids: &BTreeMap<Uuid, Uuid>) -> Vec<String> {
    let mut broken = Vec::new();
    for rule in schema["x-rules"].as_array().into_iter().flatten() {
        let text = |name: &str| rule[name].as_str().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for record in records {
            let (left, right) = (
                instant(record, text("left")),
                instant(record, text("right")),
            );
            let holds = match text("rule") {
                "before" => left.zip(right).is_none_or(|(left, right)| left < right),
                "not_after" => left.zip(right).is_none_or(|(left, right)| left <= right),
                "unique" => {
                    let fields = rule["fields"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str);
                    seen.insert(
                        fields
                            .map(|field| record[field].to_string())
                            .collect::<Vec<_>>(),
                    )
                }
                "code" => {
                    let id: Uuid = record["id"].as_str().unwrap().parse().unwrap();
                    let date = instant(record, text("date")).unwrap();
                    record[text("field")] == identity::code(text("prefix"), date, &base_ids[&id])
                }
                _ => true,
            };
            if !holds {
                broken.push(format!("{}: {record}", text("name")));
            }
        }
    }
    broken
}

fn instant(record: &Value, field: &str) -> Option<Micros> {
    record[field]
        .as_str()
        .and_then(|text| time::parse(text).ok())
}
