//! Every keyword of every property of every schema, missed in turn and named.

use serde_json::{Map, Value, json};

use super::sample::Sample;
use crate::support::root;

/// A value that misses one keyword, and the keyword's place in its property.
struct Miss {
    keyword: String,
    value: Value,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_schema_rejects_a_mutation_of_each_of_its_properties() {
    let sample = Sample::take().await;
    let mut kept = Vec::new();
    let mut tried = 0;
    for schema in sample.catalog.schemas() {
        let entity = format!("{}.{}", schema.domain(), schema.entity());
        let record = &sample.rows[&entity][0];
        assert_eq!(
            sample.faults_of_rows(&entity, std::slice::from_ref(record)),
            [],
            "{entity}"
        );
        for (name, property) in schema.document()["properties"].as_object().unwrap() {
            let misses = misses(property);
            assert!(
                !misses.is_empty(),
                "{entity}.{name} says nothing of its values"
            );
            for miss in misses {
                tried += 1;
                let mut changed = record.clone();
                changed[name] = miss.value.clone();
                let place = format!("(/properties/{name}{})", miss.keyword);
                if !named(&sample, &entity, changed, &place, &format!("/0/{name}")) {
                    kept.push(format!("{entity} {place}: {}", miss.value));
                }
            }
        }
        for name in schema.document()["required"].as_array().unwrap() {
            tried += 1;
            let name = name.as_str().unwrap();
            let mut changed = record.clone();
            changed.as_object_mut().unwrap().remove(name);
            let place = format!("\"{name}\" is a required property (/required)");
            if !named(&sample, &entity, changed, &place, "/0") {
                kept.push(format!("{entity} without {name}"));
            }
        }
        let mut changed = record.clone();
        changed["surprise"] = json!(1);
        if !named(&sample, &entity, changed, "(/additionalProperties)", "/0") {
            kept.push(format!("{entity} with an unknown field"));
        }
    }
    println!(
        "{tried} mutations of {} schemas",
        sample.catalog.schemas().count()
    );
    assert!(kept.is_empty(), "{kept:#?}");
}

fn named(sample: &Sample, entity: &str, changed: Value, place: &str, pointer: &str) -> bool {
    sample
        .faults_of_rows(entity, &[changed])
        .iter()
        .any(|fault| {
            fault.source == entity
                && fault.rule == "schema"
                && fault.pointer.starts_with(pointer)
                && fault.message.ends_with(place)
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_condition_of_a_schema_is_held_to() {
    let sample = Sample::take().await;
    let mut kept = Vec::new();
    let mut tried = 0;
    for schema in sample.catalog.schemas() {
        let entity = format!("{}.{}", schema.domain(), schema.entity());
        let conditionals = schema.document()["allOf"].as_array().into_iter().flatten();
        for (at, conditional) in conditionals.enumerate() {
            // The values that bring the condition about.
            let mut record = sample.rows[&entity][0].clone();
            for (name, value) in conditional["if"]["properties"].as_object().unwrap() {
                record[name] = value.get("const").unwrap_or(&value["enum"][0]).clone();
            }
            let then = &conditional["then"];
            for (name, property) in then["properties"].as_object().unwrap() {
                for miss in misses(property) {
                    tried += 1;
                    let mut changed = record.clone();
                    changed[name] = miss.value.clone();
                    let place = format!("(/allOf/{at}/then/properties/{name}{})", miss.keyword);
                    if !named(&sample, &entity, changed, &place, &format!("/0/{name}")) {
                        kept.push(format!("{entity} {place} {}", miss.value));
                    }
                }
            }
            for name in then["required"].as_array().into_iter().flatten() {
                tried += 1;
                let name = name.as_str().unwrap();
                let mut changed = record.clone();
                changed.as_object_mut().unwrap().remove(name);
                let place =
                    format!("\"{name}\" is a required property (/allOf/{at}/then/required)");
                if !named(&sample, &entity, changed, &place, "/0") {
                    kept.push(format!("{entity} allOf/{at} without {name}"));
                }
            }
        }
    }
    println!("{tried} mutations of conditions");
    assert!(kept.is_empty(), "{kept:#?}");
}

/// A miss of every keyword that a schema states of its values.
fn misses(schema: &Value) -> Vec<Miss> {
    let mut misses = Vec::new();
    let mut miss = |keyword: &str, value: Value| {
        misses.push(Miss {
            keyword: keyword.to_owned(),
            value,
        });
    };
    for (keyword, stated) in schema.as_object().unwrap() {
        let step = || stated.as_f64().unwrap();
        let count = || usize::try_from(stated.as_u64().unwrap()).unwrap();
        let place = format!("/{keyword}");
        match keyword.as_str() {
            "type" => {
                let types: Vec<&str> = match stated {
                    Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
                    one => one.as_str().into_iter().collect(),
                };
                for (name, value) in [
                    ("boolean", json!(true)),
                    ("object", json!({"a": 1})),
                    ("array", json!(["a"])),
                    ("string", json!("a")),
                    ("null", Value::Null),
                    ("number", json!(1.5)),
                ] {
                    if !types.contains(&name) {
                        miss(&place, value);
                    }
                }
            }
            "enum" => {
                miss(&place, json!("NO_SUCH_VALUE"));
                miss(&place, json!(0.123));
            }
            "const" => miss(&place, json!("NO_SUCH_VALUE")),
            "not" => {
                assert_eq!(
                    stated,
                    &json!({"type": "null"}),
                    "no miss is known of another `not`"
                );
                miss(&place, Value::Null);
            }
            "format" => {
                for text in [
                    "",
                    "nonsense",
                    "2026-02-30",
                    "2026-02-30T00:00:00Z",
                    "BASE_TS",
                ] {
                    miss(&place, json!(text));
                }
                match stated.as_str().unwrap() {
                    "uuid" => miss(&place, json!("A1B2C3D4-E5F6-47A8-B9C0")),
                    "date-time" => {
                        miss(&place, json!("2026-03-02T10:00:00+01:00"));
                        miss(&place, json!("2026-03-02T10:00:00.000000Z"));
                        miss(&place, json!("2026-03-02"));
                    }
                    "date" => miss(&place, json!("2026-03-02T10:00:00Z")),
                    "email" => miss(&place, json!("@example.org")),
                    "uri" => miss(&place, json!("/relative")),
                    other => panic!("unknown format {other}"),
                }
            }
            "pattern" => {
                miss(&place, json!("~"));
                miss(&place, json!(" "));
            }
            "minLength" => miss(&place, json!("x".repeat(count() - 1))),
            "maxLength" => miss(&place, json!("x".repeat(count() + 1))),
            "minimum" => miss(&place, json!(step() - 0.01)),
            "exclusiveMinimum" => miss(&place, stated.clone()),
            "maximum" => miss(&place, json!(step() + 0.01)),
            "minItems" => miss(&place, json!(vec!["x"; count() - 1])),
            "maxItems" => miss(&place, (0..=count()).map(|at| json!(at)).collect()),
            "uniqueItems" => miss(&place, json!(["x", "x"])),
            "maxProperties" => {
                let fields: Map<String, Value> = (0..=count())
                    .map(|at| (format!("f{at}"), json!(at)))
                    .collect();
                miss(&place, fields.into());
            }
            "required" => miss(&place, json!({})),
            "additionalProperties" if stated.is_object() => {
                for inner in self::misses(stated) {
                    let value = json!({"surprise": inner.value});
                    miss(&format!("{place}{}", inner.keyword), value);
                }
            }
            "additionalProperties" => miss(&place, json!({"surprise": 1})),
            "minProperties" => miss(&place, json!({})),
            "items" => {
                for inner in self::misses(stated) {
                    miss(&format!("{place}{}", inner.keyword), json!([inner.value]));
                }
            }
            "properties" => {
                for (name, property) in stated.as_object().unwrap() {
                    for inner in self::misses(property) {
                        let value = json!({name.as_str(): inner.value});
                        miss(&format!("{place}/{name}{}", inner.keyword), value);
                    }
                }
            }
            "description" | "default" => {}
            other => panic!("no miss is known of the keyword {other}"),
        }
    }
    misses
}

/// Every schema is of the quality of the model entity, and its domain's changes tell its version.
#[tokio::test(flavor = "multi_thread")]
async fn every_schema_says_all_of_its_values() {
    let sample = Sample::take().await;
    for schema in sample.catalog.schemas() {
        let (domain, entity) = (schema.domain(), schema.entity());
        let document = schema.document();
        let version = document["version"].as_str().unwrap();
        let major = version.split('.').next().unwrap();
        let id = document["$id"].as_str().unwrap();
        assert!(
            id.ends_with(&format!("/{domain}/{entity}/v{major}")),
            "{id} {version}"
        );
        assert_eq!(document["additionalProperties"], false, "{id}");
        assert!(document["x-rules"].is_array(), "{id}");
        for (name, property) in document["properties"].as_object().unwrap() {
            let property = property.as_object().unwrap();
            let has = |keywords: &[&str]| keywords.iter().any(|key| property.contains_key(*key));
            let types = property["type"].to_string();
            assert!(has(&["description"]), "{id} {name}");
            if types.contains("string") {
                assert!(
                    has(&["enum", "format", "maxLength"]),
                    "{id} {name}: unbounded text"
                );
            }
            if types.contains("number") || types.contains("integer") {
                let low = has(&["enum", "minimum", "exclusiveMinimum"]);
                assert!(
                    low && has(&["enum", "maximum"]),
                    "{id} {name}: unbounded number"
                );
            }
            if types.contains("array") {
                assert!(
                    has(&["maxItems"]) && has(&["items"]),
                    "{id} {name}: unbounded array"
                );
            }
            let optional = types.contains("null") || has(&["default"]);
            let required = document["required"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one == name);
            assert!(
                required || optional,
                "{id} {name}: neither required, nullable nor defaulted"
            );
        }
        let changes = root().join(format!("schemas/{domain}/CHANGELOG.md"));
        let changes = std::fs::read_to_string(changes).unwrap();
        assert!(
            changes.contains(&format!("`{entity}` {version}")),
            "{domain}: {entity} {version}"
        );
    }
}
