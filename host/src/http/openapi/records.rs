//! Describes the accounts and the products of triggers as the catalog defines them.

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

use levain_catalog::Catalog;
use levain_model::Phase;

/// Keywords of a schema file that would change how references resolve within the description.
const OF_A_FILE: [&str; 2] = ["$id", "$schema"];

/// Where an account is named.
const ACCOUNT: &str = "/components/schemas/NewSession/properties/demo_account_type";

/// The whole description, with the catalog's accounts and the schemas of what its triggers make.
pub(in crate::http) fn described(api: &OpenApi, catalog: &Catalog) -> Value {
    let mut description = serde_json::to_value(api).unwrap_or_default();
    if let Some(account) = description.pointer_mut(ACCOUNT) {
        let slugs = catalog.accounts().map(|account| &account.slug);
        account["enum"] = slugs.cloned().collect();
    }
    for phase in Phase::ALL {
        let record = match phase {
            Phase::Alerts => "AlertRecord",
            Phase::Insights => "InsightRecord",
            Phase::Kpis => "KpiRecord",
        };
        let entity = catalog.product(phase);
        let Some(schema) = entity.and_then(|entity| catalog.schema(&entity.domain, &entity.entity))
        else {
            continue;
        };
        let reference = json!({ "$ref": format!("#/components/schemas/{record}") });
        match phase {
            Phase::Alerts => items(&mut description, "Alerts", reference),
            Phase::Insights => items(&mut description, "Insights", reference),
            Phase::Kpis => beside(&mut description, "KpiResult", reference),
        }
        let mut schema = schema.document().clone();
        if let Some(schema) = schema.as_object_mut() {
            schema.retain(|name, _| !OF_A_FILE.contains(&name.as_str()));
            if phase == Phase::Kpis {
                // The status of its trigger is beside it, and a KPI that could not be computed has few fields.
                schema.remove("additionalProperties");
                schema.remove("required");
            }
        }
        let schemas = description.pointer_mut("/components/schemas");
        if let Some(schemas) = schemas.and_then(Value::as_object_mut) {
            schemas.insert(record.to_owned(), schema);
        }
    }
    description
}

/// Sets the items of a list.
fn items(description: &mut Value, list: &str, record: Value) {
    let place = format!("/components/schemas/{list}/properties/data/items");
    if let Some(place) = description.pointer_mut(&place) {
        *place = record;
    }
}

/// Describes a view as a record with further fields.
fn beside(description: &mut Value, view: &str, record: Value) {
    if let Some(place) = description.pointer_mut(&format!("/components/schemas/{view}")) {
        let own = place.take();
        *place = json!({ "allOf": [record, own] });
    }
}
