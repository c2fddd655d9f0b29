//! How values stand in PostgreSQL where its types are not ours.

use crate::RepoError;
pub(super) use crate::expect::corrupt;
pub(super) use crate::json_text::{from_json, to_json};

/// A number that the store keeps signed, read back.
pub(super) fn unsigned(what: &'static str, number: i32) -> Result<u32, RepoError> {
    u32::try_from(number).map_err(|error| corrupt(what, &error))
}

/// A number that the store keeps signed, written.
pub(super) fn signed(what: &'static str, number: u32) -> Result<i32, RepoError> {
    i32::try_from(number).map_err(|error| corrupt(what, &error))
}

/// A count read back.
pub(super) fn count(what: &'static str, number: i64) -> Result<u64, RepoError> {
    u64::try_from(number).map_err(|error| corrupt(what, &error))
}
