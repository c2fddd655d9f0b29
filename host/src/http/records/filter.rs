//! `?field=value`: the records whose field has this value.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::http::problem::{Problem, Violation};

/// Values that one field may be filtered by: more than a page of choices, and few enough that a request
/// costs no more than its answer.
pub(in crate::http) const MOST_VALUES: usize = 100;

/// A field, and the values that it may have. The values are parsed once; a record is then compared with all of
/// them at the cost of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Filter {
    /// The field's name.
    pub(in crate::http) field: String,
    /// Any of these, in the request's order.
    pub(in crate::http) values: Vec<String>,
    texts: HashSet<String>,
    /// Those that are numbers, as [`comparable`] bits.
    numbers: HashSet<u64>,
}

impl Filter {
    /// A filter by any of these values.
    ///
    /// # Errors
    /// 400 for more than [`MOST_VALUES`].
    pub(in crate::http) fn new(
        field: impl Into<String>,
        values: Vec<String>,
    ) -> Result<Self, Problem> {
        let field = field.into();
        if values.len() > MOST_VALUES {
            let given = values.len();
            let detail = format!(
                "`{field}` is given {given} times; a filter has at most {MOST_VALUES} values"
            );
            let problem = Problem::invalid(vec![Violation::of(field, detail)])
                .with_code("too_many_values")
                .with_hint("ask in several requests, or without the filter");
            return Err(problem);
        }
        Ok(Self {
            field,
            texts: values.iter().cloned().collect(),
            numbers: values.iter().filter_map(|text| number(text)).collect(),
            values,
        })
    }

    /// Whether a record's field has one of the values. A field that is absent is null.
    pub(in crate::http) fn matches(&self, record: &Map<String, Value>) -> bool {
        self.has(record.get(&self.field).unwrap_or(&Value::Null))
    }

    /// Whether a value is what one of the texts stands for: a string itself, a number by its size, `true`,
    /// `false` and `null` by name, an array by any of its elements. An object is nothing.
    pub(super) fn has(&self, value: &Value) -> bool {
        match value {
            Value::Null => self.texts.contains("null"),
            Value::Bool(true) => self.texts.contains("true"),
            Value::Bool(false) => self.texts.contains("false"),
            Value::String(text) => self.texts.contains(text),
            Value::Number(number) => number
                .as_f64()
                .is_some_and(|size| self.numbers.contains(&comparable(size))),
            Value::Array(elements) => elements.iter().any(|element| self.has(element)),
            Value::Object(_) => false,
        }
    }
}

/// The number that a text stands for; NaN equals nothing.
fn number(text: &str) -> Option<u64> {
    let size: f64 = text.parse().ok()?;
    (!size.is_nan()).then(|| comparable(size))
}

/// Bits that are equal where the numbers are: of the two zeros, the positive one.
fn comparable(size: f64) -> u64 {
    if size == 0.0 { 0.0_f64 } else { size }.to_bits()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn is(value: &Value, wanted: &str) -> bool {
        Filter::new("x", vec![wanted.to_owned()])
            .unwrap()
            .has(value)
    }

    /// What a text stands for, one value at a time.
    fn is_by_definition(value: &Value, wanted: &str) -> bool {
        match value {
            Value::Null => wanted == "null",
            Value::Bool(truth) => wanted == truth.to_string(),
            Value::String(text) => text == wanted,
            Value::Number(number) => wanted
                .parse()
                .is_ok_and(|wanted: f64| number.as_f64() == Some(wanted)),
            Value::Array(elements) => elements.iter().any(|one| is_by_definition(one, wanted)),
            Value::Object(_) => false,
        }
    }

    #[test]
    fn text_matches_a_value_of_the_field_type() {
        for (value, wanted) in [
            (json!("blue"), "blue"),
            (json!(7), "7"),
            (json!(7.5), "7.50"),
            (json!(-0.5), "-.5"),
            (json!(-0.0), "0"),
            (json!(0), "-0"),
            (json!(u64::MAX), "18446744073709551615"),
            (json!(true), "true"),
            (json!(null), "null"),
            (json!(["a", "b"]), "b"),
        ] {
            assert!(is(&value, wanted), "{value} {wanted}");
        }
        for (value, wanted) in [
            (json!("blue"), "Blue"),
            (json!(7), "seven"),
            (json!(7), "NaN"),
            (json!(true), "1"),
            (json!([]), "null"),
            (json!({"a": 1}), "1"),
        ] {
            assert!(!is(&value, wanted), "{value} {wanted}");
        }
    }

    #[test]
    fn absent_field_is_null() {
        let filter = Filter::new("shelf", vec!["null".to_owned()]).unwrap();
        assert!(filter.matches(&Map::new()));
    }

    #[test]
    fn values_are_capped() {
        let values = |count: usize| (0..count).map(|number| number.to_string()).collect();
        assert!(Filter::new("shelf", values(MOST_VALUES)).is_ok());
        let refusal = Filter::new("shelf", values(MOST_VALUES + 1)).unwrap_err();
        assert_eq!(refusal.code(), "too_many_values");
    }

    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-9_i64..9).prop_map(Value::from),
            "[a-c0-9.]{0,2}".prop_map(Value::from),
        ];
        let array = prop::collection::vec(scalar.clone(), 0..3).prop_map(Value::from);
        prop_oneof![scalar, array]
    }

    proptest! {
        #[test]
        fn a_set_selects_what_its_values_select_one_by_one(
            value in value(),
            wanted in prop::collection::vec(prop_oneof!["[a-c0-9.+-]{0,3}", "null|true|false|inf|NaN", any::<f64>().prop_map(|size| size.to_string())], 0..9),
        ) {
            let one_by_one = wanted.iter().any(|wanted| is_by_definition(&value, wanted));
            prop_assert_eq!(Filter::new("x", wanted).unwrap().has(&value), one_by_one);
        }
    }
}
