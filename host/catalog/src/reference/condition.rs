//! Conditions on a record that is referred to.

use levain_plugin::time::{self, Micros};

use super::super::json::Json;

/// A plain value of a record, kept for a condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    /// Null, absent, or not comparable.
    Nothing,
    Bool(bool),
    Number(f64),
    Text(Box<str>),
}

impl Scalar {
    pub(crate) fn of(value: Option<&Json<'_>>) -> Self {
        match value {
            Some(Json::Bool(flag)) => Self::Bool(*flag),
            Some(Json::Number(number)) => number.as_f64().map_or(Self::Nothing, Self::Number),
            Some(Json::Text(text)) => Self::Text(text.as_ref().into()),
            _ => Self::Nothing,
        }
    }
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A condition. Slots are places among the kept fields of the record referred to, or (`own`) of the
/// one that refers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Equals {
        slot: usize,
        field: String,
        value: Scalar,
    },
    NotEquals {
        slot: usize,
        field: String,
        value: Scalar,
    },
    EqualsOwn {
        slot: usize,
        field: String,
        own_slot: usize,
        own_field: String,
    },
    /// The data clock is not before the one date and not after the other, a day counting whole. An
    /// end that is null is open.
    ContainsInstant {
        from: usize,
        until: usize,
        fields: [String; 2],
    },
}

impl Condition {
    /// Why the condition does not hold; `None` if it does. `kept` and `own` are the kept fields of
    /// the record referred to and of the one that refers.
    pub(crate) fn unmet(&self, kept: &[Scalar], own: &[Scalar], instant: Micros) -> Option<String> {
        let at =
            |values: &[Scalar], slot: usize| values.get(slot).cloned().unwrap_or(Scalar::Nothing);
        match self {
            Self::Equals { slot, field, value } => {
                let found = at(kept, *slot);
                (found != *value).then(|| format!("its `{field}` is {found}, it must be {value}"))
            }
            Self::NotEquals { slot, field, value } => {
                (at(kept, *slot) == *value).then(|| format!("its `{field}` must not be {value}"))
            }
            Self::EqualsOwn {
                slot,
                field,
                own_slot,
                own_field,
            } => {
                let (found, expected) = (at(kept, *slot), at(own, *own_slot));
                (found != expected).then(|| {
                    format!("its `{field}` is {found}, it must equal this record's `{own_field}`, {expected}")
                })
            }
            Self::ContainsInstant {
                from,
                until,
                fields: [start, end],
            } => {
                let (from, until) = (at(kept, *from), at(kept, *until));
                let begun = bound(&from).is_none_or(|(first, _)| first <= instant);
                let ended = bound(&until).is_some_and(|(_, last)| last < instant);
                (!begun || ended).then(|| {
                    let instant = time::format(instant);
                    format!("`{start}` to `{end}`, {from} to {until}, must contain {instant}")
                })
            }
        }
    }
}

/// The first and the last instant of a date; of an instant, itself.
fn bound(value: &Scalar) -> Option<(Micros, Micros)> {
    let Scalar::Text(text) = value else {
        return None;
    };
    match time::parse_day(text) {
        Ok(day) => Some((time::at(day, 0), time::at(day, time::DAY - 1))),
        Err(_) => time::parse(text).ok().map(|instant| (instant, instant)),
    }
}
