//! Times of stored records: what a clone wrote, read and written as text.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Day, Micros, format, format_day, parse, parse_day};

/// A `date-time` of a stored record: RFC 3339 text in JSON, microseconds in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub Micros);

/// A `date` of a stored record: `YYYY-MM-DD` in JSON, a day number in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub Day);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        parse(&text).map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        parse_day(&text).map(Self).map_err(de::Error::custom)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format(self.0))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_day(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_and_out() -> Result<(), serde_json::Error> {
        let text = r#"["2026-03-02T10:00:00Z","2026-03-02"]"#;
        let (instant, date): (Instant, Date) = serde_json::from_str(text)?;
        assert_eq!(instant.0, 1_772_445_600_000_000);
        assert_eq!(date.0, 20_514);
        assert_eq!(serde_json::to_string(&(instant, date))?, text);
        assert!(serde_json::from_str::<Instant>("\"2026-03-02\"").is_err());
        assert!(serde_json::from_str::<Instant>("5").is_err());
        assert!(serde_json::from_str::<Date>("\"2026-02-30\"").is_err());
        Ok(())
    }
}
