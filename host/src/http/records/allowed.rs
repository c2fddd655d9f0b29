//! Which values a field can have at all: a filter by any other is a slip, not an empty answer.

use serde_json::Value;

use super::Filter;
use crate::http::problem::{Violation, Violations, echo};
use levain_model::fault::nearest;

/// One fault per value that the field of its filter cannot have, by the entity's schema; `outlets` are
/// those of the session.
pub(in crate::http) fn impossible(
    filters: &[Filter],
    schema: &Value,
    outlets: &[&str],
) -> Violations {
    let mut faults = Violations::default();
    for filter in filters {
        let allowed = match filter.field.as_str() {
            "outlet" => Some(outlets.to_vec()),
            field => enumerated(schema, field),
        };
        let Some(allowed) = allowed else {
            continue;
        };
        for value in &filter.values {
            if value != "null" && !allowed.contains(&value.as_str()) {
                faults.add(|| fault(&filter.field, value, &allowed));
            }
        }
    }
    faults
}

fn fault(field: &str, value: &str, allowed: &[&str]) -> Violation {
    let near = nearest(value, allowed.iter().copied());
    let value = echo(value);
    let detail = match near {
        Some(near) => format!("`{field}` is never `{value}`; did you mean `{near}`?"),
        None if allowed.is_empty() => format!("`{field}` is never `{value}`"),
        None => format!(
            "`{field}` is never `{value}`; it is one of: {}",
            allowed.join(", ")
        ),
    };
    Violation::of(field, detail)
}

/// The values that a schema allows a field, where it lists them.
fn enumerated<'s>(schema: &'s Value, field: &str) -> Option<Vec<&'s str>> {
    let values = schema.get("properties")?.get(field)?.get("enum")?;
    Some(
        values
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn impossible_value_is_a_fault() {
        let schema = json!({"properties": {
            "shade": {"type": ["string", "null"], "enum": ["red", "blue", null]},
            "title": {"type": "string"},
        }});
        let filter = |field: &str, values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned());
            Filter::new(field, values.collect()).unwrap()
        };
        let told = |filter: Filter| -> Vec<String> {
            let (faults, _) = impossible(&[filter], &schema, &["kiosk"]).into_parts();
            faults.into_iter().map(|fault| fault.detail).collect()
        };
        for right in [
            filter("shade", &["red", "blue", "null"]),
            filter("title", &["whatever"]),
            filter("outlet", &["kiosk", "null"]),
        ] {
            assert_eq!(told(right), [""; 0]);
        }
        assert_eq!(
            told(filter("shade", &["red", "rde", "lavender"])),
            [
                "`shade` is never `rde`; did you mean `red`?",
                "`shade` is never `lavender`; it is one of: red, blue",
            ]
        );
        assert_eq!(
            told(filter("outlet", &["kisok"])),
            ["`outlet` is never `kisok`; did you mean `kiosk`?"]
        );
    }
}
