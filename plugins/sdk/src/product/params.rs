//! The parameters that a text is made from, raw: a reader in another language formats them itself.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::Decimal;
use crate::time::{Date, Instant};

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Param {
    None,
    Bool(bool),
    Number(Decimal),
    Text(String),
    Instant(Instant),
    Date(Date),
}

/// The parameters of one text, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<&'static str, Param>);

impl Params {
    /// No parameters yet.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// With one more; a second of the same name replaces the first.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Param>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    /// The parameter of a name.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.0.get(name)
    }
}

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.0)
    }
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Uuid> for Param {
    fn from(id: Uuid) -> Self {
        Self::Text(id.to_string())
    }
}

impl From<bool> for Param {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Param {
    fn from(number: i64) -> Self {
        Self::Number(Decimal::whole(number))
    }
}

impl From<Decimal> for Param {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<Instant> for Param {
    fn from(instant: Instant) -> Self {
        Self::Instant(instant)
    }
}

impl From<Date> for Param {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl<T: Into<Self>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_values_in_the_order_of_their_names() {
        let params = Params::new()
            .with("quantity", Decimal::new(25, 1))
            .with("name", "Sal")
            .with("at", Instant(0))
            .with("late", true)
            .with("hours", 3)
            .with("order", None::<&str>);
        assert_eq!(
            serde_json::to_string(&params).unwrap(),
            r#"{"at":"1970-01-01T00:00:00Z","hours":3,"late":true,"name":"Sal","order":null,"quantity":2.5}"#
        );
    }
}
