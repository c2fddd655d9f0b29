//! Reads the conditions of a line: which fields they compare, and whether those can be compared.

use serde::Deserialize;
use serde_json::Value;

use super::super::EntityNumber;
use super::super::condition::{Condition, Scalar};
use super::Reader;
use crate::schema::{Shape, TextKind, hint};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Comparison {
    field: String,
    equals: Option<Value>,
    not_equals: Option<Value>,
    equals_field_of_referrer: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interval {
    interval: [String; 2],
    contains: Moment,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Moment {
    SessionInstant,
}

impl Reader<'_> {
    pub(super) fn condition(
        &mut self,
        pointer: &str,
        value: Value,
        from: EntityNumber,
        to: EntityNumber,
    ) -> Option<Condition> {
        if value.get("interval").is_some() {
            let Interval {
                interval,
                contains: Moment::SessionInstant,
            } = self.parsed(pointer, value)?;
            let [start, end] = &interval;
            let date = |shape: &Shape| match shape.text {
                Some(TextKind::Instant | TextKind::Day) => Ok(()),
                _ => Err("is not a date"),
            };
            let from = self.slot(pointer, to, start, date)?;
            let until = self.slot(pointer, to, end, date)?;
            return Some(Condition::ContainsInstant {
                from,
                until,
                fields: interval,
            });
        }
        let comparison: Comparison = self.parsed(pointer, value)?;
        let field = comparison.field;
        match (
            comparison.equals,
            comparison.not_equals,
            comparison.equals_field_of_referrer,
        ) {
            (Some(value), None, None) => {
                let (slot, value) = self.compared(pointer, to, &field, &value)?;
                Some(Condition::Equals { slot, field, value })
            }
            (None, Some(value), None) => {
                let (slot, value) = self.compared(pointer, to, &field, &value)?;
                Some(Condition::NotEquals { slot, field, value })
            }
            (None, None, Some(own_field)) => {
                let slot = self.slot(pointer, to, &field, |_| Ok(()))?;
                let own_slot = self.slot(pointer, from, &own_field, |_| Ok(()))?;
                Some(Condition::EqualsOwn {
                    slot,
                    field,
                    own_slot,
                    own_field,
                })
            }
            _ => {
                self.refuse(pointer, "a condition says one of `equals`, `not_equals`, `equals_field_of_referrer`, `interval`");
                None
            }
        }
    }

    /// The slot of a field and the value to compare it with, which the schema must allow.
    fn compared(
        &mut self,
        pointer: &str,
        of: EntityNumber,
        field: &str,
        value: &Value,
    ) -> Option<(usize, Scalar)> {
        let slot = self.slot(pointer, of, field, |shape| match &shape.options {
            Some(options) if !options.contains(value) => Err("never has that value"),
            _ => Ok(()),
        })?;
        let scalar = match value {
            Value::Bool(flag) => Scalar::Bool(*flag),
            Value::Number(number) => Scalar::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Scalar::Text(text.as_str().into()),
            _ => {
                self.refuse(
                    pointer,
                    "only a text, a number, true or false can be compared with",
                );
                return None;
            }
        };
        Some((slot, scalar))
    }

    fn slot(
        &mut self,
        pointer: &str,
        of: EntityNumber,
        field: &str,
        fits: impl FnOnce(&Shape) -> Result<(), &'static str>,
    ) -> Option<usize> {
        let Some(schema) = self.schema(of) else {
            return self
                .references
                .plans
                .get_mut(of)
                .map(|plan| plan.keep(field));
        };
        let name = self.entities.name(of);
        let Some(shape) = schema.shape.property(field) else {
            let known = schema
                .shape
                .properties
                .iter()
                .map(|(name, _)| name.as_str());
            let hint = hint(field, known);
            self.refuse(pointer, format!("{name} has no field `{field}`{hint}"));
            return None;
        };
        if let Err(reason) = fits(shape) {
            self.refuse(pointer, format!("`{field}` of {name} {reason}"));
            return None;
        }
        self.references
            .plans
            .get_mut(of)
            .map(|plan| plan.keep(field))
    }
}
