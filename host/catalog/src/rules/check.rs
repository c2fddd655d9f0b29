//! Checks a record against its entity's rules.

use std::collections::HashMap;

use levain_plugin::{identity, time};
use uuid::Uuid;

use super::super::json::{Fields, Json};
use super::{Demand, Rule};

/// State of an entity's rules across records: the values of each `unique` rule
/// seen so far, with the record that has them.
#[derive(Debug, Default)]
pub(crate) struct RuleState {
    seen: Vec<HashMap<String, usize>>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Broken<'r> {
    pub(crate) rule: &'r str,
    /// The field that a fault points to.
    pub(crate) field: &'r str,
    pub(crate) message: String,
}

/// Checks one valid record. `index` identifies it in the message about a repeated value;
/// `base_id` is given for a clone, whose codes are checked to the letter.
pub(crate) fn check<'r>(
    rules: &'r [Rule],
    record: &Fields<'_>,
    index: usize,
    base_id: Option<&Uuid>,
    state: &mut RuleState,
    mut broken: impl FnMut(Broken<'r>),
) {
    if state.seen.len() < rules.len() {
        state.seen.resize_with(rules.len(), HashMap::new);
    }
    for (rule, seen) in rules.iter().zip(&mut state.seen) {
        let found = match &rule.demand {
            Demand::Order {
                left,
                right,
                strict,
            } => order(record, left, right, *strict),
            Demand::AtMost {
                left,
                right,
                factor,
            } => at_most(record, left, right, *factor),
            Demand::Unique { fields } => unique(record, fields, index, seen),
            Demand::Code {
                field,
                prefix,
                date,
            } => base_id.and_then(|base_id| code(record, field, prefix, date, base_id)),
        };
        if let Some((field, message)) = found {
            broken(Broken {
                rule: &rule.name,
                field,
                message,
            });
        }
    }
}

type Found<'r> = Option<(&'r str, String)>;

fn text<'a>(record: &'a Fields<'_>, field: &str) -> Option<&'a str> {
    record.get(field).and_then(Json::as_text)
}

fn order<'r>(record: &Fields<'_>, left: &'r str, right: &str, strict: bool) -> Found<'r> {
    let (before, after) = (text(record, left)?, text(record, right)?);
    // The schema's form makes texts of equal length sort like their instants.
    let ordering = if before.len() == after.len() {
        before.cmp(after)
    } else {
        time::parse(before).ok()?.cmp(&time::parse(after).ok()?)
    };
    let holds = if strict {
        ordering.is_lt()
    } else {
        ordering.is_le()
    };
    let relation = if strict {
        "must be before"
    } else {
        "must not be after"
    };
    (!holds).then(|| (left, format!("`{left}` {relation} `{right}`, {after}")))
}

fn number(record: &Fields<'_>, field: &str) -> Option<f64> {
    match record.get(field)? {
        Json::Number(number) => number.as_f64(),
        _ => None,
    }
}

fn at_most<'r>(record: &Fields<'_>, left: &'r str, right: &str, factor: f64) -> Found<'r> {
    let (value, bound) = (number(record, left)?, number(record, right)? * factor);
    // Rounding in the last bit must not make 110 exceed 100 x 1.1.
    let slack = bound.abs() * 1e-12;
    (value > bound + slack).then(|| {
        let times = if (factor - 1.0).abs() < f64::EPSILON {
            String::new()
        } else {
            format!(" x {factor}")
        };
        (
            left,
            format!("`{left}` must be at most `{right}`{times}, {bound}"),
        )
    })
}

fn unique<'r>(
    record: &Fields<'_>,
    fields: &'r [String],
    index: usize,
    seen: &mut HashMap<String, usize>,
) -> Found<'r> {
    let mut key = String::with_capacity(64);
    for field in fields {
        match record.get(field)? {
            Json::Null => return None,
            // A separator: no text contains U+0000.
            Json::Text(text) => {
                key.push_str(text);
                key.push('\0');
            }
            other => {
                key.push_str(&serde_json::to_string(other).ok()?);
                key.push_str("\0\0");
            }
        }
    }
    let first = *seen.entry(key).or_insert(index);
    let field = fields.first()?;
    (first != index).then(|| {
        (
            field.as_str(),
            format!(
                "{} must be unique, record {first} has the same",
                fields.join(", ")
            ),
        )
    })
}

fn code<'r>(
    record: &Fields<'_>,
    field: &'r str,
    prefix: &str,
    date: &str,
    base_id: &Uuid,
) -> Found<'r> {
    let code = text(record, field)?;
    let Some(date_text) = text(record, date) else {
        return Some((
            field,
            format!("a code takes its date from `{date}`, which is empty"),
        ));
    };
    let day: String = date_text.chars().take(10).filter(|c| *c != '-').collect();
    let expected = format!("{prefix}-{day}-{}", identity::code_suffix(base_id));
    (code != expected).then(|| {
        (
            field,
            format!(
                "`{field}` must be {expected}: the day of `{date}`, the characters of its base id"
            ),
        )
    })
}
