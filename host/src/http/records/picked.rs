//! The fields of a record that filters ask for. The others are skipped: no value is built of them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::Filter;

/// Reads the value of each filter's field, in the order of the filters; `None` where the record has none.
pub(super) struct Picked<'f>(pub(super) &'f [Filter]);

/// Whether every filter has the value that was picked for it. A field that is absent is null.
pub(super) fn matches(filters: &[Filter], picked: &[Option<Value>]) -> bool {
    let mut pairs = filters.iter().zip(picked);
    pairs.all(|(filter, value)| filter.has(value.as_ref().unwrap_or(&Value::Null)))
}

impl<'de> DeserializeSeed<'de> for Picked<'_> {
    type Value = Vec<Option<Value>>;

    fn deserialize<D: Deserializer<'de>>(self, record: D) -> Result<Self::Value, D::Error> {
        record.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Picked<'_> {
    type Value = Vec<Option<Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut record: A) -> Result<Self::Value, A::Error> {
        let mut picked = vec![None; self.0.len()];
        while let Some(place) = record.next_key_seed(Place(self.0))? {
            match place.and_then(|place| picked.get_mut(place)) {
                Some(value) => *value = Some(record.next_value()?),
                None => {
                    record.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(picked)
    }
}

/// The place of the filter that a key names.
struct Place<'f>(&'f [Filter]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|filter| filter.field == key))
    }
}
