//! Table `[proof]`: the instants at which a candidate is proven.

use chrono::{DateTime, TimeDelta, Utc};

use super::manifest::Manifest;
use super::source::Source;

/// The fewest instants that are a meaningful proof.
const FEWEST: usize = 16;

/// The distance between default instants: sixteen of them cover every weekday,
/// every part of the day, and the months of a year.
const STEP: TimeDelta = TimeDelta::minutes(22 * 24 * 60 + 7 * 60 + 13);

/// The instants, in the order of the file; where it lists none, sixteen from the instant of the fixtures on.
pub(super) fn instants(manifest: &Manifest, source: &mut Source) -> Vec<DateTime<Utc>> {
    let listed = &manifest.proof.instants;
    if listed.is_empty() {
        let from = manifest.catalog.base_reference;
        return (0..).take(FEWEST).map(|step| from + STEP * step).collect();
    }
    let mut instants = Vec::new();
    for (index, text) in listed.iter().enumerate() {
        let pointer = format!("/proof/instants/{index}");
        match DateTime::parse_from_rfc3339(text) {
            Err(error) => {
                let message = format!("`{text}` is no instant in RFC 3339: {error}");
                source.refuse(&pointer, "format", message);
            }
            Ok(instant) => {
                let instant = instant.with_timezone(&Utc);
                if instants.contains(&instant) {
                    source.refuse(&pointer, "unique", format!("`{text}` is listed before"));
                }
                instants.push(instant);
            }
        }
    }
    if listed.len() < FEWEST {
        let message = format!(
            "{} instants prove too little; list {FEWEST} or more, or none, to have them chosen",
            listed.len()
        );
        source.refuse("/proof/instants", "bounds", message);
    }
    instants
}
