//! What became of a tenant's services and triggers, as the JSON text that a row keeps.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RepoError;
use super::expect::corrupt;

/// A value as JSON text.
pub(super) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, RepoError> {
    serde_json::to_string(value).map_err(|error| corrupt(what, &error))
}

/// A value read back from JSON text.
pub(super) fn from_json<T: DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, RepoError> {
    serde_json::from_str(text).map_err(|error| corrupt(what, &error))
}
