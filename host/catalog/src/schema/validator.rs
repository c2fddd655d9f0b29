//! The compiled validator of one schema.

use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use levain_plugin::time;
use serde_json::{Number, Value};

use super::super::json::{Instance, Json, push_step};
use super::shape::TextKind;
use levain_model::fault::shortened;

/// Checks a record against its schema.
pub(crate) struct RecordValidator {
    schema: Validator<Instance>,
    /// The fields that are columns of whole numbers.
    whole: BTreeSet<String>,
}

impl std::fmt::Debug for RecordValidator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecordValidator")
    }
}

/// The integers that a column can store. To JSON Schema, 1e300 is an integer too.
const BEYOND: &str = "a whole number is written in digits, from -2^63 to 2^63 - 1; with a fraction or an exponent, it is less than 2^52 from zero";

/// One mismatch between a record and its schema.
pub(crate) struct Miss {
    /// Where in the record, as a JSON pointer.
    pub(crate) pointer: String,
    /// What was expected, with the place of the keyword that says so.
    pub(crate) message: String,
    pub(crate) value: Value,
}

impl RecordValidator {
    /// Compiles a schema of draft 2020-12. Formats are checked, an unknown one is refused, nothing
    /// is fetched, and patterns run in linear time.
    pub(super) fn compile(schema: &Value) -> Result<Self, jsonschema::ValidationError<'static>> {
        jsonschema::options_for::<Instance>()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .with_format("date-time", is_instant)
            .with_format("date", is_day)
            .with_format("uuid", is_id)
            .build(schema)
            .map(|schema| Self {
                schema,
                whole: BTreeSet::new(),
            })
    }

    /// Limits these fields to integers of 64 bits.
    pub(super) fn with_whole(mut self, fields: impl IntoIterator<Item = String>) -> Self {
        self.whole.extend(fields);
        self
    }

    /// Whether the record is valid; faster than [`Self::misses`].
    pub(crate) fn is_valid(&self, record: &Json<'_>) -> bool {
        self.schema.is_valid(record) && self.first_beyond(record).is_none()
    }

    /// The first `most` mismatches, and the number of further ones.
    pub(crate) fn misses(&self, record: &Json<'_>, most: usize) -> (Vec<Miss>, usize) {
        let mut errors = self.schema.iter_errors(record);
        let mut told: Vec<Miss> = errors
            .by_ref()
            .take(most)
            .map(|error| Miss {
                pointer: error.instance_path().as_str().to_owned(),
                message: message(&error),
                value: error.instance().clone().into_owned(),
            })
            .collect();
        if let (true, Some((name, value))) = (told.is_empty(), self.first_beyond(record)) {
            let mut pointer = String::new();
            push_step(&mut pointer, name);
            told.push(Miss {
                pointer,
                message: BEYOND.to_owned(),
                value: value.to_value(),
            });
        }
        (told, errors.count())
    }

    /// The first integer that its column cannot store.
    fn first_beyond<'r>(&self, record: &'r Json<'_>) -> Option<(&'r str, &'r Json<'r>)> {
        let fields = record.as_object()?;
        fields.iter().find(|(name, value)| {
            matches!(value, Json::Number(number) if !is_within(number))
                && self.whole.contains(*name)
        })
    }
}

/// The validator's message names every unknown key; it is built only as far as a fault shows it.
fn message(error: &jsonschema::ValidationError<'_>) -> String {
    const LONGEST: usize = 400;
    let said = shortened(error.masked(), LONGEST);
    let path = shortened(error.schema_path(), LONGEST / 2);
    match error.kind() {
        ValidationErrorKind::Format { format } => format!("{said}{} ({path})", form(format)),
        _ => format!("{said} ({path})"),
    }
}

/// How a value of a format is written here.
fn form(format: &str) -> &'static str {
    match format {
        "uuid" => ": ids are hyphenated UUIDs in lower case",
        "date-time" => {
            ": instants are YYYY-MM-DDTHH:MM:SSZ, in UTC, with six more digits where there are microseconds, in the years 0001 to 9999"
        }
        "date" => ": days are YYYY-MM-DD, in the years 0001 to 9999",
        _ => "",
    }
}

/// Whether every store reads a number as the same integer. From 2^52 on, a double drops any fraction
/// in the text.
fn is_within(number: &Number) -> bool {
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    number.is_i64() || number.is_f64() && number.as_f64().is_some_and(|value| value.abs() < WHOLE)
}

/// The only form of an id, so that filters and SQL can compare ids as texts.
fn is_id(text: &str) -> bool {
    TextKind::id(text).is_some() && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// The only form of a day. PostgreSQL has no year 0000.
fn is_day(text: &str) -> bool {
    time::parse_day(text).is_ok() && !text.starts_with("0000")
}

/// The only form of an instant: UTC, to the second, with exactly six more digits if its
/// microseconds are not zero. So texts compare like instants, in SQL too.
pub(crate) fn is_instant(text: &str) -> bool {
    let form = match text.len() {
        20 => true,
        27 => !text.ends_with(".000000Z"),
        _ => false,
    };
    form && time::parse(text).is_ok() && !text.starts_with("0000")
}
