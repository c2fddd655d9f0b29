//! Which values a field can have at all: a filter by any other is a slip, not an empty answer.

use serde_json::Value;

use super::Filter;
use crate::http::problem::{Violation, nearest};

/// One fault per value that the field of its filter cannot have, by the entity's schema; `outlets` are
/// those of the session.
pub(in crate::http) fn impossible(
    filters: &[Filter],
    schema: &Value,
    outlets: &[&str],
) -> Vec<Violation> {
    let faults = filters.iter().flat_map(|filter| {
        let allowed = match filter.field.as_str() {
            "outlet" => Some(outlets.to_vec()),
            field => enumerated(schema, field),
        };
        filter
            .values
            .iter()
            .filter_map(move |value| fault(&filter.field, value, allowed.as_ref()?))
    });
    faults.collect()
}

fn fault(field: &str, value: &str, allowed: &[&str]) -> Option<Violation> {
    if value == "null" || allowed.contains(&value) {
        return None;
    }
    let detail = match nearest(value, allowed.iter().copied()) {
        Some(near) => format!("`{field}` is never `{value}`; did you mean `{near}`?"),
        None if allowed.is_empty() => format!("`{field}` is never `{value}`"),
        None => format!(
            "`{field}` is never `{value}`; it is one of: {}",
            allowed.join(", ")
        ),
    };
    Some(Violation::of(field, detail))
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
    fn a_value_that_a_field_never_has_is_a_fault() {
        let schema = json!({"properties": {
            "shade": {"type": ["string", "null"], "enum": ["red", "blue", null]},
            "title": {"type": "string"},
        }});
        let filter = |field: &str, values: &[&str]| Filter {
            field: field.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let told = |filter: Filter| -> Vec<String> {
            impossible(&[filter], &schema, &["kiosk"])
                .into_iter()
                .map(|fault| fault.detail)
                .collect()
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
