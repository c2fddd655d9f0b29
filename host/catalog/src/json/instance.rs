//! [`Json`] as the schema validator reads it, without a copy.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json as Representation, Node, NodeIdentity, Object};
use serde_json::{Number, Value};

use super::{Fields, Json};

pub(crate) struct Instance;

impl Representation for Instance {
    type Node<'a> = &'a Json<'a>;
    type PreparedKey = String;
    // A lookup is a scan: one pass over the fields costs as much as one or two lookups.
    const KEYS_PER_LOOKUP: usize = 8;
    const ACYCLIC: bool = true;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(
        (): &mut (),
        text: &str,
        f: impl for<'n> FnOnce(&'n Json<'n>) -> T,
    ) -> T {
        f(&Json::Text(Cow::Borrowed(text)))
    }
}

impl<'a> Node<'a, Instance> for &'a Json<'a> {
    type Object = &'a Fields<'a>;
    type Array = &'a [Json<'a>];
    type Number = &'a Number;

    fn as_object(&self) -> Option<&'a Fields<'a>> {
        Json::as_object(self)
    }

    fn as_array(&self) -> Option<&'a [Json<'a>]> {
        Json::as_list(self)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        Json::as_text(self).map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        match self {
            Json::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Json::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Json::Null => JsonType::Null,
            Json::Bool(_) => JsonType::Boolean,
            Json::Number(_) => JsonType::Number,
            Json::Text(_) => JsonType::String,
            Json::List(_) => JsonType::Array,
            Json::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        Json::equals(self, expected)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Json::to_value(self))
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(
            std::ptr::from_ref::<Json<'a>>(self) as usize
        ))
    }
}

impl<'a> Object<'a, Instance> for &'a Fields<'a> {
    type Node = &'a Json<'a>;
    type MemberName = &'a str;
    type MembersIter = Pairs<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<&'a Json<'a>> {
        Fields::get(self, key)
    }

    fn members(&self) -> Pairs<'a> {
        Pairs(self.0.iter())
    }
}

/// The fields of an object, one by one.
pub(crate) struct Pairs<'a>(std::slice::Iter<'a, (Cow<'a, str>, Json<'a>)>);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name.as_ref(), value))
    }
}

impl<'a> Array<'a, Instance> for &'a [Json<'a>] {
    type Node = &'a Json<'a>;
    type ElementsIter = std::slice::Iter<'a, Json<'a>>;

    fn len(&self) -> usize {
        <[Json<'a>]>::len(self)
    }

    fn elements(&self) -> std::slice::Iter<'a, Json<'a>> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse;
    use super::*;

    #[test]
    fn validates_like_a_serde_json_value() {
        let schemas = [
            json!({"type": "integer", "maximum": 5}),
            json!({"type": ["number", "null"], "exclusiveMinimum": 0, "multipleOf": 0.5}),
            json!({"enum": ["é", 5, null, [1], {"a": 1.0}]}),
            json!({"const": {"a": [1, "x"]}}),
            json!({"minLength": 2, "maxLength": 3}),
            json!({"pattern": "^[a-z]+$"}),
            json!({"uniqueItems": true, "maxItems": 3, "items": {"type": ["number", "object", "string"]}}),
            json!({"required": ["a"], "properties": {"a": {"type": "number"}}, "additionalProperties": false}),
            json!({"required": ["a", "b", "c"], "minProperties": 2}),
            json!({"propertyNames": {"maxLength": 1}, "patternProperties": {"^b": {"type": "string"}}}),
            json!({"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"required": ["b"]}, "else": {"not": {"required": ["c"]}}}),
            json!({"anyOf": [{"type": "boolean"}, {"contains": {"const": 2}}], "not": {"const": false}}),
            json!({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "additionalProperties": {"$ref": "#/$defs/tree"}}}}),
        ];
        let values = [
            "null",
            "true",
            "false",
            "0",
            "-0.0",
            "5",
            "5.0",
            "5.5",
            "6",
            "1e2",
            "18446744073709551615",
            "-3",
            "\"\"",
            "\"é\"",
            "\"éé\"",
            "\"éééé\"",
            "\"\\u00e9\"",
            "\"ab\"",
            "[]",
            "[1]",
            "[1.0]",
            "[1,1.0]",
            "[1,2,3]",
            "[2]",
            "[{\"a\":1},{\"a\":1.0}]",
            "[\"x\",\"y\",\"x\"]",
            "{}",
            "{\"a\":1}",
            "{\"a\":1.0}",
            "{\"a\":\"1\"}",
            "{\"a\":1,\"b\":\"x\"}",
            "{\"a\":2,\"c\":3}",
            "{\"a\":[1,\"x\"]}",
            "{\"c\":1,\"b\":2,\"a\":3}",
            "{\"bb\":\"\"}",
            "{\"a\":{\"b\":{}}}",
            "{\"a\":{\"b\":{\"c\":1}}}",
        ];
        for schema in &schemas {
            let ours = jsonschema::options_for::<Instance>().build(schema).unwrap();
            let theirs = jsonschema::validator_for(schema).unwrap();
            for text in values {
                let value: Value = serde_json::from_str(text).unwrap();
                let json = parse(text).unwrap();
                assert_eq!(
                    ours.is_valid(&json),
                    theirs.is_valid(&value),
                    "{schema} {text}"
                );
                let places = |error: &jsonschema::ValidationError<'_>| {
                    (
                        error.instance_path().as_str().to_owned(),
                        error.schema_path().as_str().to_owned(),
                    )
                };
                let mut one: Vec<_> = ours
                    .iter_errors(&json)
                    .map(|error| places(&error))
                    .collect();
                let mut other: Vec<_> = theirs
                    .iter_errors(&value)
                    .map(|error| places(&error))
                    .collect();
                // The order of the fields differs.
                one.sort_unstable();
                other.sort_unstable();
                assert_eq!(one, other, "{schema} {text}");
            }
        }
    }
}
