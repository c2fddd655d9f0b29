//! Every rule of the reference map, broken in turn and named (domain specification, section 3).

use std::collections::BTreeSet;

use levain_plugin::identity;
use serde_json::{Value, json};

use super::sample::Sample;
use crate::support::root;

/// One line of the map.
#[derive(serde::Deserialize)]
struct Line {
    from: String,
    field: String,
    /// Where it leads; a record that a trigger made names that itself.
    to: Option<String>,
    scope: String,
    conditions: Vec<Value>,
}

impl Line {
    /// Where it leads, of a line that says so.
    fn to(&self) -> &str {
        self.to.as_deref().unwrap()
    }

    /// The places of the sample that it leads from and to: only an outlet has a parent.
    fn places(&self) -> (usize, usize) {
        match self.scope.as_str() {
            "parent" => (1, 0),
            "outlets" => (0, 1),
            _ => (0, 0),
        }
    }
}

/// The lines that say where they lead.
fn fixed() -> impl Iterator<Item = Line> {
    map().into_iter().filter(|line| line.to.is_some())
}

fn map() -> Vec<Line> {
    let file = root().join("fixtures/metadata/cross_refs_map.json");
    let map: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    serde_json::from_value(map["references"].clone()).unwrap()
}

/// The pairs of section 3's table, with what must hold.
const SECTION_3: &[(&str, &str, &str, &str)] = &[
    (
        "production.batch",
        "recipe_id",
        "recipes.recipe",
        "is_active=true",
    ),
    (
        "production.batch",
        "product_id",
        "inventory.ingredient",
        PRODUCT,
    ),
    (
        "production.batch",
        "equipment_used[]",
        "production.equipment",
        "status=\"OPERATIONAL\"",
    ),
    (
        "production.batch",
        "order_id",
        "orders.customer_order",
        "status!=\"CANCELLED\"",
    ),
    (
        "production.batch",
        "forecast_id",
        "forecasting.forecast",
        "product_id==product_id",
    ),
    ("production.batch", "staff_assigned[]", "auth.user", ""),
    (
        "recipes.recipe",
        "finished_product_id",
        "inventory.ingredient",
        PRODUCT,
    ),
    (
        "recipes.recipe_ingredient",
        "ingredient_id",
        "inventory.ingredient",
        INGREDIENT,
    ),
    (
        "inventory.stock",
        "ingredient_id",
        "inventory.ingredient",
        "",
    ),
    (
        "inventory.stock",
        "supplier_id",
        "suppliers.supplier",
        "contract_start..contract_end",
    ),
    (
        "procurement.purchase_order",
        "supplier_id",
        "suppliers.supplier",
        "status=\"ACTIVE\"",
    ),
    (
        "procurement.purchase_order_item",
        "ingredient_id",
        "inventory.ingredient",
        INGREDIENT,
    ),
    (
        "procurement.purchase_order_item",
        "purchase_order_id",
        "procurement.purchase_order",
        "",
    ),
    (
        "procurement.procurement_requirement",
        "plan_id",
        "procurement.procurement_plan",
        "",
    ),
    (
        "procurement.procurement_requirement",
        "ingredient_id",
        "inventory.ingredient",
        "",
    ),
    (
        "procurement.delivery",
        "purchase_order_id",
        "procurement.purchase_order",
        "",
    ),
    (
        "orders.customer_order",
        "customer_id",
        "orders.customer",
        "",
    ),
    (
        "orders.order_item",
        "customer_order_id",
        "orders.customer_order",
        "",
    ),
    (
        "orders.order_item",
        "product_id",
        "inventory.ingredient",
        PRODUCT,
    ),
    (
        "production.quality_check",
        "batch_id",
        "production.batch",
        "",
    ),
    (
        "production.quality_check",
        "template_id",
        "production.quality_check_template",
        "",
    ),
    ("sales.sale", "product_id", "inventory.ingredient", PRODUCT),
    (
        "forecasting.forecast",
        "product_id",
        "inventory.ingredient",
        "",
    ),
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
        format!(
            "{}..{}",
            ends[0].as_str().unwrap(),
            ends[1].as_str().unwrap()
        )
    }
}

#[test]
fn the_map_holds_all_of_section_3() {
    let map = map();
    for (from, field, to, holds) in SECTION_3 {
        let line = map
            .iter()
            .find(|line| line.from == *from && line.field == *field);
        let line = line.unwrap_or_else(|| panic!("{from}.{field} is not in the map"));
        assert_eq!(
            (line.to(), line.scope.as_str()),
            (*to, "own"),
            "{from}.{field}"
        );
        let conditions: Vec<String> = line.conditions.iter().map(told).collect();
        assert_eq!(conditions.join(", "), *holds, "{from}.{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_holds_every_id_field_of_every_schema() {
    let sample = Sample::take().await;
    let mapped: BTreeSet<String> = map()
        .iter()
        .map(|line| format!("{}.{}", line.from, line.field))
        .collect();
    let mut found = BTreeSet::new();
    for schema in sample.catalog.schemas() {
        for (name, property) in schema.document()["properties"].as_object().unwrap() {
            let (domain, entity) = (schema.domain(), schema.entity());
            if property["format"] == "uuid" && name != "id" && name != "tenant_id" {
                found.insert(format!("{domain}.{entity}.{name}"));
            } else if property["items"]["format"] == "uuid" {
                found.insert(format!("{domain}.{entity}.{name}[]"));
            }
            let inner = property["items"]["properties"].as_object();
            for (field, inner) in inner.into_iter().flatten() {
                if inner["items"]["format"] == "uuid" {
                    found.insert(format!("{domain}.{entity}.{name}[].{field}[]"));
                }
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
    for line in fixed() {
        let (from, _) = line.places();
        let records = &sample.places[from].rows[&line.from];
        // The first record that stays sound but for the reference decides.
        let named = (0..records.len()).find_map(|at| {
            let mut rows = records.clone();
            point(&mut rows[at], &line, nothing);
            let id = rows[at]["id"].as_str().unwrap().to_owned();
            let faults = sample.reference_faults(&[(from, line.from.clone(), rows)]);
            faults.map(|faults| {
                faults.iter().any(|fault| {
                    fault.source == line.from
                        && fault.rule == "reference"
                        && fault.message.contains(&format!("record {id}:"))
                        && fault.message.contains(&format!(
                            "`{}` refers to {}",
                            line.field,
                            line.to()
                        ))
                        && fault.value.as_deref() == Some(&format!("\"{nothing}\""))
                })
            })
        });
        if named != Some(true) {
            unnamed.push(format!("{}.{}", line.from, line.field));
        }
    }
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

/// A change of a record, by what it does.
type Named<'n> = (&'n str, &'n dyn Fn(&mut Value));

/// What a trigger made names what it is about: that must be there, and be what it is said to be.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_trigger_made_is_about_something() {
    let sample = Sample::take().await;
    let nothing = "00000000-0000-4000-8000-00000000dead";
    let subject = |entity: &str, change: &dyn Fn(&mut Value)| {
        let mut record = sample.rows[entity][0].clone();
        change(&mut record);
        let id = record["subject_id"].as_str().unwrap().parse().unwrap();
        let label = record["type"].as_str().unwrap();
        record["id"] = identity::derive_base(&id, label).to_string().into();
        sample.faults_of_rows(entity, &[record])
    };
    for entity in ["alert_processor.alert", "ai_insights.insight"] {
        assert_eq!(subject(entity, &|_| ()), [], "{entity}");
        let changes: [Named<'_>; 2] = [
            ("nothing", &|record| record["subject_id"] = nothing.into()),
            ("something else", &|record| {
                record["subject_entity"] = "supplier".into()
            }),
        ];
        for (name, change) in changes {
            let faults = subject(entity, change);
            let named = faults
                .iter()
                .any(|fault| fault.rule == "reference" && fault.pointer.ends_with("/subject_id"));
            assert!(named, "{entity}, {name}: {faults:?}");
        }
    }
    let faults = subject("ai_insights.insight", &|record| {
        record["computed_from"][0]["ids"][0] = nothing.into();
    });
    let named = faults
        .iter()
        .any(|fault| fault.pointer.ends_with("/computed_from/0/ids/0"));
    assert!(named, "{faults:?}");
    // An id that says something else than its subject and type.
    let mut forged = sample.rows["dashboard.kpi"][0].clone();
    forged["id"] = nothing.into();
    let faults = sample.faults_of_rows("dashboard.kpi", &[forged]);
    assert!(
        faults.iter().any(|fault| fault.rule == "identity"),
        "{faults:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_does_not_hold_is_named() {
    let sample = Sample::take().await;
    let mut broken = 0;
    let mut unnamed = Vec::new();
    for line in fixed() {
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
        let (domain, entity) = line.to().split_once('.').unwrap();
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
        (
            ends[0].as_str().unwrap().to_owned(),
            "2026-03-02T10:00:00.000001Z".into(),
        ),
        (
            ends[1].as_str().unwrap().to_owned(),
            "2026-03-02T09:59:59.999999Z".into(),
        ),
    ]
}

/// Whether a broken condition is named: on the target itself, where that leaves the target
/// otherwise sound; else by pointing the reference to a record that does not meet it.
fn breaks(sample: &Sample, line: &Line, field: &str, value: &Value) -> bool {
    let (from, to) = line.places();
    let named = |place: usize, entity: &str, rows: Vec<Value>| {
        let faults = sample.reference_faults(&[(place, entity.to_owned(), rows)]);
        faults.map(|faults| {
            faults.iter().any(|fault| {
                fault.source == line.from
                    && fault.rule == "condition"
                    && fault
                        .message
                        .contains(&format!("`{}` refers to {}", line.field, line.to()))
                    && fault.message.contains(&format!("`{field}`"))
            })
        })
    };
    let referrers = &sample.places[from].rows[&line.from];
    let own = &sample.places[to].rows[line.to()];
    let targets: BTreeSet<&str> = referrers
        .iter()
        .filter_map(|record| target(record, line))
        .collect();
    for id in targets.iter().take(8) {
        let mut rows = own.clone();
        let record = rows.iter_mut().find(|row| row["id"] == *id).unwrap();
        record[field] = value.clone();
        for (entity, of, with, value) in COMPANIONS {
            if (*entity, *of) == (line.to(), field) {
                record[with] = (*value).into();
            }
        }
        if let Some(named) = named(to, line.to(), rows) {
            return named;
        }
    }
    for unfit in own.iter().filter(|record| record[field] == *value).take(8) {
        for at in 0..referrers.len().min(200) {
            let mut rows = referrers.clone();
            point(&mut rows[at], line, unfit["id"].as_str().unwrap());
            if let Some(named) = named(from, &line.from, rows) {
                return named;
            }
        }
    }
    false
}
