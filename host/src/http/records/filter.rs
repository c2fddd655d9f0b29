//! `?field=value`: the records whose field has this value.

use serde_json::{Map, Value};

/// A field, and the values that it may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Filter {
    /// The field's name.
    pub(in crate::http) field: String,
    /// Any of these.
    pub(in crate::http) values: Vec<String>,
}

impl Filter {
    /// Whether a record's field has one of the values. A field that is absent is null.
    pub(in crate::http) fn matches(&self, record: &Map<String, Value>) -> bool {
        let value = record.get(&self.field).unwrap_or(&Value::Null);
        self.values.iter().any(|wanted| is(value, wanted))
    }
}

/// Whether a value is what a text stands for: a string itself, a number by its size, `true`,
/// `false` and `null` by name, an array by any of its elements. An object is nothing.
fn is(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Null => wanted == "null",
        Value::Bool(truth) => wanted == if *truth { "true" } else { "false" },
        Value::String(text) => text == wanted,
        Value::Number(number) => {
            number.to_string() == wanted
                || matches!((number.as_f64(), wanted.parse::<f64>()), (Some(a), Ok(b)) if a == b)
        }
        Value::Array(elements) => elements.iter().any(|element| is(element, wanted)),
        Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_stands_for_a_value_of_the_fields_type() {
        for (value, wanted) in [
            (json!("blue"), "blue"),
            (json!(7), "7"),
            (json!(7.5), "7.50"),
            (json!(-0.5), "-.5"),
            (json!(true), "true"),
            (json!(null), "null"),
            (json!(["a", "b"]), "b"),
        ] {
            assert!(is(&value, wanted), "{value} {wanted}");
        }
        for (value, wanted) in [
            (json!("blue"), "Blue"),
            (json!(7), "seven"),
            (json!(true), "1"),
            (json!([]), "null"),
            (json!({"a": 1}), "1"),
        ] {
            assert!(!is(&value, wanted), "{value} {wanted}");
        }
    }

    #[test]
    fn a_field_that_is_absent_is_null() {
        let filter = Filter {
            field: "shelf".to_owned(),
            values: vec!["null".to_owned()],
        };
        assert!(filter.matches(&Map::new()));
    }
}
