//! Reads a schema and rejects one that would leave values unchecked.

use std::collections::BTreeSet;

use super::super::json::{self, Json};
use super::super::rules;
use super::column::columns;
use super::identity;
use super::keywords::{is_known, nearest_keyword, visit};
use super::shape::{self, TextKind};
use super::{EntitySchema, RecordValidator};
use levain_model::ColumnKind;
use levain_model::fault::Fault;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Reads the schema of an entity. Every fault goes to `faults`; a schema comes back where records
/// can still be validated against it, so that their faults are listed as well.
pub(crate) fn load(
    domain: &str,
    entity: &str,
    file: &str,
    text: &str,
    faults: &mut Vec<Fault>,
) -> Option<EntitySchema> {
    let schema = match json::parse(text) {
        Ok(schema) => schema,
        Err(fault) => {
            faults.push(Fault::new(file, fault.pointer, "json", fault.message));
            return None;
        }
    };
    let document = schema.to_value();
    if let Err(error) = jsonschema::draft202012::meta::validate(&document) {
        for error in jsonschema::draft202012::meta::validator().iter_errors(&document) {
            faults.push(
                Fault::new(
                    file,
                    error.instance_path().as_str(),
                    "draft_2020_12",
                    error.masked().to_string(),
                )
                .with_value(error.instance()),
            );
        }
        let _ = error;
        return None;
    }
    let validator = match RecordValidator::compile(&document) {
        Ok(validator) => validator,
        Err(error) => {
            let pointer = error.instance_path().as_str().to_owned();
            faults.push(Fault::new(
                file,
                pointer,
                "draft_2020_12",
                error.to_string(),
            ));
            return None;
        }
    };
    check_outline(&schema, file, faults);
    let mut traced = BTreeSet::new();
    let Some(shape) = shape::read(&schema, &mut traced) else {
        let message = format!(
            "more than {} parts: a schema may refer to itself in a few places only",
            shape::MOST
        );
        faults.push(Fault::new(file, "", "bounds", message));
        return None;
    };
    check_keywords(&schema, file, &traced, faults);
    for name in ["id", "tenant_id"] {
        if shape.property(name).and_then(|shape| shape.always) != Some(TextKind::Id) {
            let pointer = format!("/properties/{name}");
            faults.push(Fault::new(
                file,
                pointer,
                "outline",
                format!("every record has `{name}`, of format `uuid`"),
            ));
        }
    }
    let columns = columns(&schema, &shape, |name, reason| {
        let mut pointer = "/properties".to_owned();
        json::push_step(&mut pointer, name);
        faults.push(Fault::new(
            file,
            pointer,
            "column",
            format!("`{name}` {reason}"),
        ));
    });
    let whole = columns
        .iter()
        .filter(|column| column.kind == ColumnKind::Integer);
    let validator = validator.with_whole(whole.map(|column| column.name.clone()));
    let rules = rules::load(&schema, &shape, file, faults);
    let identity = identity::load(&schema, &shape, &columns, file, faults);
    Some(EntitySchema {
        domain: domain.to_owned(),
        entity: entity.to_owned(),
        document,
        columns,
        shape,
        validator,
        rules,
        identity,
    })
}

/// Checks the keywords that every schema must have.
fn check_outline(schema: &Json<'_>, file: &str, faults: &mut Vec<Fault>) {
    let mut expect = |pointer: &str, holds: bool, message: String| {
        if !holds {
            let mut fault = Fault::new(file, pointer, "outline", message);
            if let Some(value) = pointer.strip_prefix('/').and_then(|name| schema.get(name)) {
                fault = fault.with_value(&value.to_value());
            }
            faults.push(fault);
        }
    };
    let text = |name: &str| schema.get(name).and_then(Json::as_text);
    expect(
        "/$schema",
        text("$schema") == Some(DRAFT),
        format!("a schema names its draft: {DRAFT}"),
    );
    let id = text("$id").unwrap_or_default();
    let version = id
        .rsplit_once("/v")
        .is_some_and(|(_, n)| n.parse::<u32>().is_ok());
    expect(
        "/$id",
        version,
        "an `$id` ends with its version, such as `/v1`".to_owned(),
    );
    expect(
        "/version",
        text("version").is_some_and(is_version),
        "a schema has a `version` of three numbers".to_owned(),
    );
    expect(
        "/type",
        text("type") == Some("object"),
        "a record is of type `object`".to_owned(),
    );
    let closed = matches!(schema.get("additionalProperties"), Some(Json::Bool(false)));
    expect(
        "/additionalProperties",
        closed,
        "a record's fields are all declared: `additionalProperties` is false".to_owned(),
    );
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Json::as_list)
        .unwrap_or_default()
        .iter()
        .filter_map(Json::as_text)
        .collect();
    let both = required.contains(&"id") && required.contains(&"tenant_id");
    expect(
        "/required",
        both,
        "`id` and `tenant_id` are required".to_owned(),
    );
}

fn is_version(text: &str) -> bool {
    text.split('.').count() == 3 && text.split('.').all(|part| part.parse::<u32>().is_ok())
}

/// Rejects unknown keywords, and ids and dates in places that the host does not read.
fn check_keywords(
    schema: &Json<'_>,
    file: &str,
    traced: &BTreeSet<String>,
    faults: &mut Vec<Fault>,
) {
    visit(schema, "", &mut |part, pointer| {
        for (keyword, _) in part
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.iter())
        {
            if !is_known(keyword) {
                let mut here = pointer.to_owned();
                json::push_step(&mut here, keyword);
                let hint = nearest_keyword(keyword)
                    .map(|name| format!("; did you mean `{name}`?"))
                    .unwrap_or_default();
                faults.push(Fault::new(
                    file,
                    here,
                    "keyword",
                    format!("unknown keyword `{keyword}`{hint}"),
                ));
            }
        }
        let format = part.get("format").and_then(Json::as_text);
        let hidden =
            matches!(format, Some("uuid" | "date-time" | "date")) && !traced.contains(pointer);
        if hidden {
            faults.push(Fault::new(
                file,
                pointer,
                "format",
                "an id or a date can stand under `properties` and `items` only, where it is followed",
            ));
        }
    });
}
