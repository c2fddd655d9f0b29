//! Every `x-rules` entry of every schema, broken in turn and named.

use serde_json::{Value, json};

use super::sample::Sample;

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_is_named_when_it_is_broken() {
    let sample = Sample::take().await;
    let mut unnamed = Vec::new();
    let mut tried = 0;
    for schema in sample.catalog.schemas() {
        let entity = format!("{}.{}", schema.domain(), schema.entity());
        for rule in schema.document()["x-rules"].as_array().unwrap() {
            tried += 1;
            let records = &sample.rows[&entity];
            let properties = &schema.document()["properties"];
            let broken = ways(rule, properties, records);
            let name = rule["name"].as_str().unwrap();
            let is_named = broken.into_iter().any(|rows| {
                let faults = sample.faults_of_rows(&entity, &rows);
                faults.iter().any(|fault| fault.rule == name && fault.source == entity)
            });
            if !is_named {
                unnamed.push(format!("{entity}: {rule}"));
            }
        }
    }
    println!("{tried} rules");
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

/// Records that break a rule, in several ways: a schema's conditions may refuse some of them first.
fn ways(rule: &Value, properties: &Value, records: &[Value]) -> Vec<Vec<Value>> {
    let text = |name: &str| rule[name].as_str().unwrap_or_default();
    let (left, right) = (text("left"), text("right"));
    let mut ways = Vec::new();
    match text("rule") {
        "before" | "not_after" => {
            let (early, late) = match properties[left]["format"].as_str() {
                Some("date") => ("2026-02-01", "2026-02-02"),
                _ => ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00.000001Z"),
            };
            let equal = if text("rule") == "before" { early } else { late };
            for record in records.iter().take(200) {
                let mut changed = record.clone();
                changed[left] = equal.into();
                changed[right] = early.into();
                ways.push(vec![changed.clone()]);
                // What has ended is no longer active.
                changed["is_active"] = false.into();
                ways.push(vec![changed]);
            }
        }
        "at_most" => {
            let factor = rule["factor"].as_f64().unwrap();
            let whole = properties[left]["type"].to_string().contains("integer");
            for record in records.iter().take(200) {
                for bound in [record[right].as_f64().unwrap_or(1.0), 1.0] {
                    let over = bound * factor;
                    let over = if whole { json!(over.floor() as i64 + 1) } else { json!(over + 0.01) };
                    let mut changed = record.clone();
                    if bound != record[right].as_f64().unwrap_or(f64::NAN) {
                        changed[right] = json!(1);
                    }
                    changed[left] = over;
                    ways.push(vec![changed]);
                }
            }
        }
        "unique" => {
            for (first, second) in records.iter().zip(records.iter().skip(1)).take(200) {
                let mut second = second.clone();
                for field in rule["fields"].as_array().unwrap() {
                    let field = field.as_str().unwrap();
                    second[field] = first[field].clone();
                }
                ways.push(vec![first.clone(), second]);
            }
        }
        "code" => {
            let mut changed = records[0].clone();
            let code = changed[text("field")].as_str().unwrap();
            let (start, _) = code.rsplit_once('-').unwrap();
            changed[text("field")] = format!("{start}-ZZZZZZ").into();
            ways.push(vec![changed]);
            // The day of another date.
            let mut moved = records[0].clone();
            let code = moved[text("field")].as_str().unwrap();
            let (prefix, rest) = code.split_once('-').unwrap();
            let (_, suffix) = rest.split_once('-').unwrap();
            moved[text("field")] = format!("{prefix}-20010101-{suffix}").into();
            ways.push(vec![moved]);
        }
        other => panic!("no way is known to break a rule of the kind {other}"),
    }
    ways
}
