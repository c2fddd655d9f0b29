//! What triggers make: alerts, insights and figures, written as the host checks them.
//!
//! A trigger's rules give [`Alert`]s, [`Insight`]s or [`Kpi`]s, which hold what a rule knows. [`alerts`],
//! [`insights`] and [`kpis`] complete them with what all of them have alike (id, tenant, outlet, place, the
//! instant of the computation), put them into their order and write them. The fields of a record always
//! come in the same order, and numbers in their shortest form: the same records, the same bytes.

mod alert;
mod insight;
mod kpi;
mod params;
mod scopes;

pub use alert::{Action, Alert, Course, Location, Place, Severity, alerts};
pub use insight::{Figure, Impact, Insight, Source, insights};
pub use kpi::{Kpi, Scope, Unit, kpis};
pub use params::{Param, Params};
pub use scopes::Scopes;

use serde::Serialize;
use uuid::Uuid;

use crate::contract::{PluginError, Segment};
use crate::identity::derive_base;

/// The record that something is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The domain that owns it.
    pub domain: &'static str,
    /// Its entity.
    pub entity: &'static str,
    /// Its id in this session.
    pub id: Uuid,
    /// Its name or code.
    pub name: String,
}

/// The id of something that a trigger makes: UUIDv5 of its subject's id in this session and a label that
/// says what it is to the subject. The host verifies it, by the identity that the entity's schema states.
pub fn made_id(subject: &Uuid, label: &str) -> Uuid {
    derive_base(subject, label)
}

/// Records as the segment of an entity; none where there are no records.
fn segment<T: Serialize>(entity: &str, records: &[T]) -> Result<Vec<Segment>, PluginError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let rows = serde_json::to_string(records)
        .map_err(|error| PluginError::Failed(format!("{entity} cannot be written: {error}")))?;
    Ok(vec![Segment {
        entity: entity.to_owned(),
        rows,
    }])
}

/// A text of at most so many characters: a longer one, made of long names, is cut and says so.
fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The longest name of a subject.
const NAME: usize = 255;
/// The longest message or statement.
const TEXT: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(clipped("niño", 4), "niño");
        assert_eq!(clipped("el niño", 5), "el n…");
        assert_eq!(clipped("el niño", 4), "el…");
    }

    #[test]
    fn no_records_no_segment() {
        assert_eq!(segment::<u8>("alert", &[]), Ok(Vec::new()));
        assert_eq!(segment("alert", &[1]).unwrap()[0].rows, "[1]");
    }
}
