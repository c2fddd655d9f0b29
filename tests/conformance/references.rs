//! Every rule of the reference map, broken in turn and named (domain specification, section 3).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::sample::Sample;
use crate::support::root;

/// One line of the map.
#[derive(serde::Deserialize)]
struct Line {
    from: String,
    field: String,
    to: String,
    scope: String,
    conditions: Vec<Value>,
}

fn map() -> Vec<Line> {
    let file = root().join("fixtures/metadata/cross_refs_map.json");
    let map: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    serde_json::from_value(map["references"].clone()).unwrap()
}

/// The pairs of section 3's table, with what must hold.
const SECTION_3: &[(&str, &str, &str, &str)] = &[
    ("production.batch", "recipe_id", "recipes.recipe", "is_active=true"),
    ("production.batch", "product_id", "inventory.ingredient", PRODUCT),
    ("production.batch", "equipment_used[]", "production.equipment", "status=\"OPERATIONAL\""),
    ("production.batch", "order_id", "orders.customer_order", "status!=\"CANCELLED\""),
    ("production.batch", "forecast_id", "forecasting.forecast", "product_id==product_id"),
    ("production.batch", "staff_assigned[]", "auth.user", ""),
    ("recipes.recipe", "finished_product_id", "inventory.ingredient", PRODUCT),
    ("recipes.recipe_ingredient", "ingredient_id", "inventory.ingredient", INGREDIENT),
    ("inventory.stock", "ingredient_id", "inventory.ingredient", ""),
    ("inventory.stock", "supplier_id", "suppliers.supplier", "contract_start..contract_end"),
    ("procurement.purchase_order", "supplier_id", "suppliers.supplier", "status=\"ACTIVE\""),
    ("procurement.purchase_order_item", "ingredient_id", "inventory.ingredient", INGREDIENT),
    ("procurement.purchase_order_item", "purchase_order_id", "procurement.purchase_order", ""),
    ("procurement.procurement_requirement", "plan_id", "procurement.procurement_plan", ""),
    ("procurement.procurement_requirement", "ingredient_id", "inventory.ingredient", ""),
    ("procurement.delivery", "purchase_order_id", "procurement.purchase_order", ""),
    ("orders.customer_order", "customer_id", "orders.customer", ""),
    ("orders.order_item", "customer_order_id", "orders.customer_order", ""),
    ("orders.order_item", "product_id", "inventory.ingredient", PRODUCT),
    ("production.quality_check", "batch_id", "production.batch", ""),
    ("production.quality_check", "template_id", "production.quality_check_template", ""),
    ("sales.sale", "product_id", "inventory.ingredient", PRODUCT),
    ("forecasting.forecast", "product_id", "inventory.ingredient", ""),
];
/// What must change with a field for its record to stay sound: entity, field, the other, its value.
const COMPANIONS: &[(&str, &str, &str, &str)] =
    &[("recipes.recipe", "is_active", "status", "ARCHIVED")];

const PRODUCT: &str = "product_type=\"FINISHED_PRODUCT\"";
const INGREDIENT: &str = "product_type=\"INGREDIENT\"";

fn told(condition: &Value) -> String {
    let text = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
    if let Some(value) = condition.get("equals") {
        format!("{}={value}", text("field"))
    } else if let Some(value) = condition.get("not_equals") {
        format!("{}!={value}", text("field"))
    } else if condition.get("equals_field_of_referrer").is_some() {
        format!("{}=={}", text("field"), text("equals_field_of_referrer"))
    } else {
        let ends = condition["interval"].as_array().unwrap();
        format!("{}..{}", ends[0].as_str().unwrap(), ends[1].as_str().unwrap())
    }
}

#[test]
fn the_map_holds_all_of_section_3() {
    let map = map();
    for (from, field, to, holds) in SECTION_3 {
        let line = map.iter().find(|line| line.from == *from && line.field == *field);
        let line = line.unwrap_or_else(|| panic!("{from}.{field} is not in the map"));
        assert_eq!((line.to.as_str(), line.scope.as_str()), (*to, "own"), "{from}.{field}");
        let conditions: Vec<String> = line.conditions.iter().map(told).collect();
        assert_eq!(conditions.join(", "), *holds, "{from}.{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_holds_every_id_field_of_every_schema() {
    let sample = Sample::take().await;
    let mapped: BTreeSet<String> =
        map().iter().map(|line| format!("{}.{}", line.from, line.field)).collect();
    let mut found = BTreeSet::new();
    for schema in sample.catalog.schemas() {
        for (name, property) in schema.document()["properties"].as_object().unwrap() {
            let (domain, entity) = (schema.domain(), schema.entity());
            if property["format"] == "uuid" && name != "id" && name != "tenant_id" {
                found.insert(format!("{domain}.{entity}.{name}"));
            } else if property["items"]["format"] == "uuid" {
                found.insert(format!("{domain}.{entity}.{name}[]"));
            }
        }
    }
    assert_eq!(found, mapped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_to_nothing_is_named() {
    let sample = Sample::take().await;
    let nothing = "00000000-0000-4000-8000-00000000dead";
    let mut unnamed = Vec::new();
    for line in map() {
        let named = (0..sample.rows[&line.from].len()).any(|at| {
            let mut rows = sample.rows.clone();
            point(&mut rows.get_mut(&line.from).unwrap()[at], &line, nothing);
            let faults = sample.reference_faults(&rows, &[&line.from]);
            let id = &rows[&line.from][at]["id"];
            faults.is_some_and(|faults| {
                faults.iter().any(|fault| {
                    fault.source == line.from
                        && fault.rule == "reference"
                        && fault.message.contains(&format!("record {}:", id.as_str().unwrap()))
                        && fault.message.contains(&format!("`{}` refers to {}", line.field, line.to))
                        && fault.value.as_deref() == Some(&format!("\"{nothing}\""))
                })
            })
        });
        if !named {
            unnamed.push(format!("{}.{}", line.from, line.field));
        }
    }
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_does_not_hold_is_named() {
    let sample = Sample::take().await;
    let mut broken = 0;
    let mut unnamed = Vec::new();
    for line in map() {
        for condition in &line.conditions {
            for (field, value) in unmet(&sample, &line, condition) {
                broken += 1;
                if !breaks(&sample, &line, &field, &value) {
                    unnamed.push(format!("{}.{}: {field} {value}", line.from, line.field));
                }
            }
        }
    }
    assert!(unnamed.is_empty(), "{unnamed:#?}");
    assert!(broken >= 16, "{broken}");
}

/// Points a field of a record to an id.
fn point(record: &mut Value, line: &Line, id: &str) {
    match line.field.strip_suffix("[]") {
        Some(field) => record[field] = json!([id]),
        None => record[&line.field] = id.into(),
    }
    if line.scope == "parent" {
        // Only an outlet has a parent.
        record["tenant_type"] = "child".into();
        record["business_model"] = "outlet".into();
        record["subdomain"] = Value::Null;
    }
}

/// What a record of the session refers to by a line of the map.
fn target<'v>(record: &'v Value, line: &Line) -> Option<&'v str> {
    match line.field.strip_suffix("[]") {
        Some(field) => record[field][0].as_str(),
        None => record[&line.field].as_str(),
    }
}

/// Fields with values that break a condition, each of them.
fn unmet(sample: &Sample, line: &Line, condition: &Value) -> Vec<(String, Value)> {
    let field = condition["field"].as_str().unwrap_or_default().to_owned();
    if let Some(value) = condition.get("not_equals") {
        return vec![(field, value.clone())];
    }
    if let Some(value) = condition.get("equals") {
        let (domain, entity) = line.to.split_once('.').unwrap();
        let property =
            &sample.catalog.schema(domain, entity).unwrap().document()["properties"][&field];
        let other = match value.as_bool() {
            Some(flag) => json!(!flag),
            None => {
                let mut values = property["enum"].as_array().unwrap().iter();
                values.find(|other| *other != value).unwrap().clone()
            }
        };
        return vec![(field, other)];
    }
    if condition.get("equals_field_of_referrer").is_some() {
        // Something that no other record is about, so that no rule but this one is broken.
        let bought = sample.rows["inventory.ingredient"].iter();
        let mut bought = bought.filter(|ingredient| ingredient["product_type"] == "INGREDIENT");
        return vec![(field, bought.next().unwrap()["id"].clone())];
    }
    let ends = condition["interval"].as_array().unwrap();
    vec![
        (ends[0].as_str().unwrap().to_owned(), "2026-03-02T10:00:00.000001Z".into()),
        (ends[1].as_str().unwrap().to_owned(), "2026-03-02T09:59:59.999999Z".into()),
    ]
}

/// Whether a broken condition is named: on the target itself, where that leaves the target
/// otherwise sound; else by pointing the reference to a record that does not meet it.
fn breaks(sample: &Sample, line: &Line, field: &str, value: &Value) -> bool {
    let named = |rows: &_, changed: &[&str]| {
        sample.reference_faults(rows, changed).map(|faults| {
            faults.iter().any(|fault| {
                fault.source == line.from
                    && fault.rule == "condition"
                    && fault.message.contains(&format!("`{}` refers to {}", line.field, line.to))
                    && fault.message.contains(&format!("`{field}`"))
            })
        })
    };
    let referrers = &sample.rows[&line.from];
    let targets: BTreeSet<&str> =
        referrers.iter().filter_map(|record| target(record, line)).collect();
    for id in targets.iter().take(8) {
        let mut rows = sample.rows.clone();
        let mut records = rows.get_mut(&line.to).unwrap().iter_mut();
        let record = records.find(|row| row["id"] == *id).unwrap();
        record[field] = value.clone();
        for (entity, of, with, value) in COMPANIONS {
            if (*entity, *of) == (line.to.as_str(), field) {
                record[with] = (*value).into();
            }
        }
        if let Some(named) = named(&rows, &[&line.to]) {
            return named;
        }
    }
    let unfit = sample.rows[&line.to].iter().filter(|record| record[field] == *value);
    for unfit in unfit.take(8) {
        for at in 0..referrers.len().min(200) {
            let mut rows = sample.rows.clone();
            point(&mut rows.get_mut(&line.from).unwrap()[at], line, unfit["id"].as_str().unwrap());
            if let Some(named) = named(&rows, &[&line.from]) {
                return named;
            }
        }
    }
    false
}
