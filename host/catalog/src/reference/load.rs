//! Reads the reference map and checks it against the schemas: every line refers to a known entity and field,
//! and every id field has a line.

mod conditions;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::json;
use super::super::schema::{EntitySchema, TextKind, hint};
use super::condition::Condition;
use super::path::{FieldPath, Places};
use super::{Entities, EntityNumber, EntityPlan, Naming, Reference, References, Scope, Target};
use levain_model::fault::Fault;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outline {
    #[serde(rename = "version")]
    _version: String,
    references: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    from: String,
    field: String,
    /// One of this and the next.
    to: Option<String>,
    named_by: Option<Naming>,
    scope: Scope,
    #[serde(default)]
    conditions: Vec<Value>,
}

/// Reads the map. `schemas` is by entity number; `None` where a schema could not be read, which is
/// its own fault.
pub(crate) fn load(
    file: &str,
    text: &str,
    entities: &Entities,
    schemas: &[Option<EntitySchema>],
    faults: &mut Vec<Fault>,
) -> References {
    let outline = json::parse(text)
        .map_err(|fault| Fault::new(file, fault.pointer, "json", fault.message))
        .and_then(|json| {
            serde_json::from_value::<Outline>(json.to_value())
                .map_err(|error| Fault::new(file, "", "reference_map", error.to_string()))
        });
    let mut references = References {
        list: Vec::new(),
        plans: entities.0.iter().map(|_| EntityPlan::default()).collect(),
    };
    let outline = match outline {
        Ok(outline) => outline,
        Err(fault) => {
            faults.push(fault);
            return references;
        }
    };
    let mut covered = BTreeSet::new();
    for (index, value) in outline.references.into_iter().enumerate() {
        let mut reader = Reader {
            entities,
            schemas,
            references: &mut references,
            reasons: Vec::new(),
        };
        let line = reader.line(value.clone());
        let reasons = reader.reasons;
        if let Some((from, field)) = line
            && !covered.insert((from, field.clone()))
        {
            let reason = format!("`{field}` of {} has a line already", entities.name(from));
            faults.push(refusal(
                file,
                &format!("/references/{index}"),
                reason,
                &value,
            ));
        }
        faults.extend(reasons.into_iter().map(|(pointer, reason)| {
            refusal(
                file,
                &format!("/references/{index}{pointer}"),
                reason,
                &value,
            )
        }));
    }
    for (number, schema) in schemas.iter().enumerate() {
        let Some(schema) = schema else { continue };
        for path in schema.shape.paths(TextKind::Id) {
            let own = path == "id" || path == "tenant_id";
            if !own && !covered.contains(&(number, path.clone())) {
                let name = entities.name(number);
                faults.push(Fault::new(
                    file,
                    "/references",
                    "unmapped_id",
                    format!("`{path}` of {name} is an id, and no line says what it refers to"),
                ));
            }
        }
    }
    references
}

fn refusal(file: &str, pointer: &str, reason: String, line: &Value) -> Fault {
    Fault::new(file, pointer, "reference_map", reason).with_value(line)
}

struct Reader<'r> {
    entities: &'r Entities,
    schemas: &'r [Option<EntitySchema>],
    references: &'r mut References,
    reasons: Vec<(String, String)>,
}

impl<'r> Reader<'r> {
    fn refuse(&mut self, pointer: &str, reason: impl Into<String>) {
        self.reasons.push((pointer.to_owned(), reason.into()));
    }

    fn parsed<T: DeserializeOwned>(&mut self, pointer: &str, value: Value) -> Option<T> {
        serde_json::from_value(value)
            .map_err(|error| self.refuse(pointer, error.to_string()))
            .ok()
    }

    /// Reads one line and returns the field that it covers, even where the rest of the line is wrong.
    fn line(&mut self, value: Value) -> Option<(EntityNumber, String)> {
        let line: Line = self.parsed("", value)?;
        let from = self.entity("/from", &line.from);
        let target = match (&line.to, line.named_by) {
            (Some(to), None) => self.entity("/to", to).map(Target::Entity),
            (None, Some(naming)) => Some(Target::Named(naming)),
            _ => {
                self.refuse("", "a line says one of `to` and `named_by`");
                None
            }
        };
        let from = from?;
        let path = FieldPath::parse(&line.field);
        if let Some(schema) = self.schema(from) {
            if !schema.shape.paths(TextKind::Id).contains(&line.field) {
                let known = schema.shape.paths(TextKind::Id);
                let hint = hint(&line.field, known.iter().map(String::as_str));
                self.refuse(
                    "/field",
                    format!("{} has no id field `{}`{hint}", line.from, line.field),
                );
                return None;
            }
            if path.arrays() > Places::default().len() {
                self.refuse(
                    "/field",
                    "more than two arrays inside each other are not followed",
                );
            }
        }
        let covered = (from, line.field.clone());
        let Some(target) = target else {
            return Some(covered);
        };
        let before = self.reasons.len();
        let to = match &target {
            Target::Entity(to) => Some(*to),
            Target::Named(naming) => {
                self.naming(naming, &path, from);
                if !line.conditions.is_empty() {
                    let reason = "no condition can be held against a record of any entity";
                    self.refuse("/conditions", reason);
                }
                None
            }
        };
        let conditions: Vec<Condition> = line
            .conditions
            .into_iter()
            .enumerate()
            .filter_map(|(index, value)| {
                self.condition(&format!("/conditions/{index}"), value, from, to?)
            })
            .collect();
        if self.reasons.len() == before {
            if let Some(plan) = self.references.plans.get_mut(from) {
                plan.outgoing.push(self.references.list.len());
            }
            if let Some(plan) = to.and_then(|to| self.references.plans.get_mut(to)) {
                plan.is_target = true;
            }
            self.references.list.push(Reference {
                path,
                target,
                scope: line.scope,
                conditions,
            });
        }
        Some(covered)
    }

    fn entity(&mut self, pointer: &str, name: &str) -> Option<EntityNumber> {
        let found = name
            .split_once('.')
            .and_then(|(domain, entity)| self.entities.number(domain, entity));
        if found.is_none() {
            let known: Vec<String> = (0..self.entities.0.len())
                .map(|n| self.entities.name(n))
                .collect();
            let hint = hint(name, known.iter().map(String::as_str));
            self.refuse(pointer, format!("unknown entity `{name}`{hint}"));
        }
        found
    }

    /// Both fields must stand beside the id, and be texts.
    fn naming(&mut self, naming: &Naming, path: &FieldPath, from: EntityNumber) {
        let Some(schema) = self.schema(from) else {
            return;
        };
        let Some(holder) = path.holder(&schema.shape) else {
            return;
        };
        for (key, field) in [("domain", &naming.domain), ("entity", &naming.entity)] {
            let pointer = format!("/named_by/{key}");
            match holder.property(field) {
                None => {
                    let known = holder.properties.iter().map(|(name, _)| name.as_str());
                    let hint = hint(field, known);
                    self.refuse(
                        &pointer,
                        format!("there is no field `{field}` beside `{path}`{hint}"),
                    );
                }
                Some(shape) if !shape.is_plain() => {
                    self.refuse(&pointer, format!("`{field}` is not a name"));
                }
                Some(_) => {}
            }
        }
    }

    fn schema(&self, number: EntityNumber) -> Option<&'r EntitySchema> {
        self.schemas.get(number).and_then(Option::as_ref)
    }
}
