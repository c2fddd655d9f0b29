//! Reads a schema's `x-rules`, and rejects those that cannot be checked.

use serde::Deserialize;

use super::super::json::Json;
use super::super::schema::{Shape, TextKind, nearest};
use super::{Demand, Rule};
use levain_model::fault::Fault;

const KINDS: [&str; 5] = ["before", "not_after", "at_most", "unique", "code"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    #[serde(rename = "rule")]
    _rule: String,
    name: String,
    left: String,
    right: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ratio {
    #[serde(rename = "rule")]
    _rule: String,
    name: String,
    left: String,
    right: String,
    factor: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unique {
    #[serde(rename = "rule")]
    _rule: String,
    name: String,
    fields: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    #[serde(rename = "rule")]
    _rule: String,
    name: String,
    field: String,
    prefix: String,
    date: String,
}

/// Reads the rules of a schema; faults go to `faults`.
pub(crate) fn load(
    schema: &Json<'_>,
    shape: &Shape,
    file: &str,
    faults: &mut Vec<Fault>,
) -> Vec<Rule> {
    let list = match schema.get("x-rules") {
        None => return Vec::new(),
        Some(Json::List(list)) => list,
        Some(_) => {
            faults.push(Fault::new(
                file,
                "/x-rules",
                "x-rules",
                "the rules are an array",
            ));
            return Vec::new();
        }
    };
    let mut rules: Vec<Rule> = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        let mut refuse = |reason: String| {
            faults.push(
                Fault::new(file, format!("/x-rules/{index}"), "x-rules", reason)
                    .with_value(&entry.to_value()),
            );
        };
        match read(entry) {
            Err(reason) => refuse(reason),
            Ok(rule) => {
                let mut sound = true;
                for reason in flaws(&rule.demand, shape) {
                    sound = false;
                    refuse(reason);
                }
                if rules.iter().any(|other| other.name == rule.name) {
                    sound = false;
                    refuse(format!("two rules are named `{}`", rule.name));
                }
                if sound {
                    rules.push(rule);
                }
            }
        }
    }
    rules
}

fn read(entry: &Json<'_>) -> Result<Rule, String> {
    let kind = entry
        .get("rule")
        .and_then(Json::as_text)
        .ok_or("a rule has a `rule`, its kind")?;
    let value = entry.to_value();
    let wrong = |error: serde_json::Error| error.to_string();
    let (name, demand) = match kind {
        "before" | "not_after" => {
            let Pair {
                name, left, right, ..
            } = serde_json::from_value(value).map_err(wrong)?;
            (
                name,
                Demand::Order {
                    left,
                    right,
                    strict: kind == "before",
                },
            )
        }
        "at_most" => {
            let Ratio {
                name,
                left,
                right,
                factor,
                ..
            } = serde_json::from_value(value).map_err(wrong)?;
            (
                name,
                Demand::AtMost {
                    left,
                    right,
                    factor,
                },
            )
        }
        "unique" => {
            let Unique { name, fields, .. } = serde_json::from_value(value).map_err(wrong)?;
            (name, Demand::Unique { fields })
        }
        "code" => {
            let Code {
                name,
                field,
                prefix,
                date,
                ..
            } = serde_json::from_value(value).map_err(wrong)?;
            (
                name,
                Demand::Code {
                    field,
                    prefix,
                    date,
                },
            )
        }
        other => {
            let hint = nearest(other, KINDS).map(|kind| format!("did you mean `{kind}`?"));
            let hint = hint.unwrap_or_else(|| format!("there are {}", KINDS.join(", ")));
            return Err(format!("unknown kind of rule `{other}`; {hint}"));
        }
    };
    Ok(Rule { name, demand })
}

/// Why a rule cannot be checked against records of this shape.
fn flaws(demand: &Demand, shape: &Shape) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut expect = |field: &str, fits: fn(&Shape) -> bool, what: &str| match shape.property(field)
    {
        None => {
            let known = shape.properties.iter().map(|(name, _)| name.as_str());
            let hint = nearest(field, known).map(|name| format!("; did you mean `{name}`?"));
            flaws.push(format!(
                "unknown field `{field}`{}",
                hint.unwrap_or_default()
            ));
        }
        Some(shape) if !fits(shape) => flaws.push(format!("`{field}` is not {what}")),
        Some(_) => {}
    };
    let date = |shape: &Shape| matches!(shape.text, Some(TextKind::Instant | TextKind::Day));
    match demand {
        Demand::Order { left, right, .. } => {
            expect(left, date, "a date");
            expect(right, date, "a date");
            let kind = |field: &str| shape.property(field).and_then(|shape| shape.text);
            if kind(left) != kind(right) && kind(left).is_some() && kind(right).is_some() {
                flaws.push(format!("`{left}` and `{right}` are dates of two formats"));
            }
        }
        Demand::AtMost { left, right, .. } => {
            expect(left, |shape| shape.number, "a number");
            expect(right, |shape| shape.number, "a number");
        }
        Demand::Unique { fields } => {
            for field in fields {
                expect(field, |_| true, "");
            }
            if fields.is_empty() {
                flaws.push("no fields".to_owned());
            }
        }
        Demand::Code {
            field, date: of, ..
        } => {
            expect(field, |_| true, "");
            expect(of, date, "a date");
        }
    }
    flaws
}
