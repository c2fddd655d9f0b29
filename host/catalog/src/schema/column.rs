//! The columns of an entity's SQL view, read from its schema's properties.

use super::super::json::Json;
use super::shape::{Shape, TextKind};
use levain_model::{Column, ColumnKind};

/// Reads the columns; a property whose type cannot be a column goes to `refused`, with
/// the reason.
pub(super) fn columns(
    schema: &Json<'_>,
    shape: &Shape,
    mut refused: impl FnMut(&str, String),
) -> Vec<Column> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Json::as_list)
        .unwrap_or_default()
        .iter()
        .filter_map(Json::as_text)
        .collect();
    let mut columns = Vec::new();
    for (name, property) in schema
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(|f| f.iter())
    {
        // A date in some records only is a text column: the view must read every record.
        let text = shape.property(name).and_then(|shape| shape.always);
        match kind(property, text) {
            Ok((kind, null)) => columns.push(Column {
                name: name.to_owned(),
                kind,
                nullable: null || !required.contains(&name),
            }),
            Err(reason) => refused(name, reason),
        }
    }
    columns
}

/// The kind of a property, and whether it may be null.
fn kind(property: &Json<'_>, text: Option<TextKind>) -> Result<(ColumnKind, bool), String> {
    let mut types: Vec<&str> = match property.get("type") {
        Some(Json::Text(one)) => vec![one],
        Some(Json::List(several)) => several.iter().filter_map(Json::as_text).collect(),
        _ => return Err("has no `type`, which its column needs".to_owned()),
    };
    let null = types.contains(&"null");
    types.retain(|name| *name != "null");
    let kind = match (types.as_slice(), text) {
        (["string"], Some(TextKind::Instant)) => ColumnKind::Timestamp,
        (["string"], Some(TextKind::Day)) => ColumnKind::Date,
        (["string"], _) => ColumnKind::Text,
        (["integer"], _) => ColumnKind::Integer,
        (["number"], _) => ColumnKind::Number,
        (["boolean"], _) => ColumnKind::Boolean,
        (["array" | "object"], _) => ColumnKind::Json,
        _ => {
            return Err(
                "must have exactly one type, and perhaps `null`, to be a column".to_owned(),
            );
        }
    };
    Ok((kind, null))
}
