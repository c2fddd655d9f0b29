//! Markers in fixtures: `BASE_TS + 1h30m` in a date field stands for an instant of the session
//! (domain specification, section 5). A fixture is checked on a copy with its markers resolved at the base reference.

use std::borrow::Cow;

use levain_plugin::time::{self, Micros, Stamp};

use super::json::{Fields, Json, push_step};
use super::schema::{Shape, TextKind};

/// The start of every marker.
const PREFIX: &str = "BASE_TS";

/// A marker that is malformed or in a field that takes none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MarkerFault {
    /// JSON pointer into the record.
    pub(super) pointer: String,
    pub(super) message: String,
    /// The text.
    pub(super) value: String,
}

/// The record with its markers resolved at `base`. A wrong marker goes to `faults` and is read as
/// `BASE_TS`, so that it is not reported again by the schema.
pub(super) fn resolve<'j>(
    record: &Json<'j>,
    shape: Option<&Shape>,
    base: Micros,
    faults: &mut Vec<MarkerFault>,
) -> Json<'j> {
    Resolver { base, faults }.value(record, shape, &mut String::new())
}

struct Resolver<'f> {
    base: Micros,
    faults: &'f mut Vec<MarkerFault>,
}

impl Resolver<'_> {
    fn value<'j>(
        &mut self,
        value: &Json<'j>,
        shape: Option<&Shape>,
        pointer: &mut String,
    ) -> Json<'j> {
        match value {
            Json::Text(text) if text.starts_with(PREFIX) => {
                Json::Text(self.marker(text, shape.and_then(|shape| shape.text), pointer))
            }
            // A clone has its own id in its place, in lower case.
            Json::Text(text) if shape.is_some_and(|shape| shape.text == Some(TextKind::Id)) => {
                Json::Text(Cow::Owned(text.to_ascii_lowercase()))
            }
            Json::List(items) => {
                let inner = shape.and_then(|shape| shape.items.as_deref());
                let items = items.iter().enumerate().map(|(index, item)| {
                    self.within(pointer, &index.to_string(), |this, pointer| {
                        this.value(item, inner, pointer)
                    })
                });
                Json::List(items.collect())
            }
            Json::Object(fields) => {
                let fields = fields.0.iter().map(|(name, field)| {
                    let inner = shape.and_then(|shape| shape.property(name));
                    let field = self.within(pointer, name, |this, pointer| {
                        this.value(field, inner, pointer)
                    });
                    (name.clone(), field)
                });
                Json::Object(Fields(fields.collect()))
            }
            other => other.clone(),
        }
    }

    fn within<T>(
        &mut self,
        pointer: &mut String,
        step: &str,
        read: impl FnOnce(&mut Self, &mut String) -> T,
    ) -> T {
        let length = pointer.len();
        push_step(pointer, step);
        let value = read(self, pointer);
        pointer.truncate(length);
        value
    }

    fn marker<'j>(
        &mut self,
        text: &Cow<'j, str>,
        kind: Option<TextKind>,
        pointer: &str,
    ) -> Cow<'j, str> {
        let stamp = match kind {
            Some(TextKind::Instant) => Stamp::parse(text),
            Some(TextKind::Day) => Stamp::parse_day(text),
            Some(TextKind::Id) | None => {
                self.refuse(
                    pointer,
                    text,
                    "a marker can stand in a date field only".to_owned(),
                );
                return text.clone();
            }
        };
        let instant = match stamp {
            Ok(Stamp::Marker(offset)) => self.base.saturating_add(offset),
            Ok(Stamp::At(instant)) => instant,
            Err(error) => {
                self.refuse(pointer, text, error.to_string());
                self.base
            }
        };
        Cow::Owned(match kind {
            Some(TextKind::Day) => time::format_day(time::day_of(instant)),
            _ => time::format(instant),
        })
    }

    fn refuse(&mut self, pointer: &str, text: &str, message: String) {
        self.faults.push(MarkerFault {
            pointer: pointer.to_owned(),
            message,
            value: text.to_owned(),
        });
    }
}
