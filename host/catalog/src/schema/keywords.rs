//! The keywords of a schema: which there are, and where schemas stand inside schemas.
//!
//! JSON Schema ignores unknown keywords, so a slip (`maxlength`) would silently check
//! nothing. Here an unknown keyword is a fault.

use super::super::json::{Json, push_step};
use levain_model::fault::nearest;

/// Keywords whose value is a schema.
const ONE: &[&str] = &[
    "items",
    "additionalProperties",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentSchema",
];
/// Keywords whose value is an array of schemas.
const LIST: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas.
const NAMED: &[&str] = &[
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
];
/// The other keywords of draft 2020-12, and those that the host itself reads.
const OTHER: &[&str] = &[
    "$schema",
    "$id",
    "$ref",
    "$anchor",
    "$comment",
    "$vocabulary",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
    "format",
    "contentEncoding",
    "contentMediaType",
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "examples",
    "version",
    "x-rules",
    "x-identity",
];

/// Visits a schema and every schema inside it, with its JSON pointer.
pub(super) fn visit<'j>(
    schema: &'j Json<'j>,
    pointer: &str,
    seen: &mut impl FnMut(&'j Json<'j>, &str),
) {
    seen(schema, pointer);
    let Some(fields) = schema.as_object() else {
        return;
    };
    for (keyword, value) in fields.iter() {
        let mut here = pointer.to_owned();
        push_step(&mut here, keyword);
        if ONE.contains(&keyword) {
            visit(value, &here, seen);
        } else if LIST.contains(&keyword) {
            for (index, item) in value.as_list().unwrap_or_default().iter().enumerate() {
                visit(item, &format!("{here}/{index}"), seen);
            }
        } else if NAMED.contains(&keyword) {
            for (name, item) in value
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.iter())
            {
                let mut inner = here.clone();
                push_step(&mut inner, name);
                visit(item, &inner, seen);
            }
        }
    }
}

pub(super) fn is_known(keyword: &str) -> bool {
    [ONE, LIST, NAMED, OTHER]
        .iter()
        .any(|known| known.contains(&keyword))
}

pub(super) fn nearest_keyword(slip: &str) -> Option<&'static str> {
    nearest(
        slip,
        [ONE, LIST, NAMED, OTHER].into_iter().flatten().copied(),
    )
}

/// The end of a message about a slip: `; did you mean ...?`, or empty.
pub(crate) fn hint<'n>(slip: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    nearest(slip, known)
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}
