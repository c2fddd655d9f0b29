//! The compiled validator of one schema.

use jsonschema::{Draft, PatternOptions, Validator};
use levain_plugin::time;
use serde_json::Value;

use super::super::json::{Instance, Json};
use super::shape::TextKind;

/// Says whether a record is valid, and where it is not.
pub(crate) struct RecordValidator(Validator<Instance>);

impl std::fmt::Debug for RecordValidator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecordValidator")
    }
}

/// One way in which a record misses its schema.
pub(crate) struct Miss {
    /// Where in the record, as a JSON pointer.
    pub(crate) pointer: String,
    /// What was expected, with the place of the keyword that says so.
    pub(crate) message: String,
    /// What stands there.
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
            .with_format("date", |text| time::parse_day(text).is_ok())
            .with_format("uuid", |text| TextKind::id(text).is_some())
            .build(schema)
            .map(Self)
    }

    /// Whether the record is valid: the quick answer.
    pub(crate) fn is_valid(&self, record: &Json<'_>) -> bool {
        self.0.is_valid(record)
    }

    /// Every way in which the record misses the schema.
    pub(crate) fn misses(&self, record: &Json<'_>) -> Vec<Miss> {
        self.0
            .iter_errors(record)
            .map(|error| Miss {
                pointer: error.instance_path().as_str().to_owned(),
                message: format!("{} ({})", error.masked(), error.schema_path()),
                value: error.instance().clone().into_owned(),
            })
            .collect()
    }
}

/// The one form of an instant: UTC, to the second, with exactly six more digits where its
/// microseconds are not zero. So texts compare as the instants do, in SQL too.
pub(crate) fn is_instant(text: &str) -> bool {
    let form = match text.len() {
        20 => true,
        27 => !text.ends_with(".000000Z"),
        _ => false,
    };
    form && time::parse(text).is_ok()
}
