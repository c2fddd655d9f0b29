//! The unit of data: all records of one entity of one tenant, as one JSON array text.

use std::collections::BTreeMap;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The input or output of a plugin, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub entity: String,
    /// One JSON array of objects.
    pub rows: String,
}

/// A segment that passed every check, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSegment {
    pub tenant_id: Uuid,
    pub domain: String,
    pub entity: String,
    /// Which part of the entity's records it is: the slug of the trigger that created it, so that
    /// one trigger's records can be replaced without the others'; empty for a clone's.
    pub part: String,
    /// One JSON array of objects, as the plugin returned it without the white space between its tokens.
    pub rows: String,
    pub records: u32,
    /// The SHA-256 of `rows`, in lower-case hexadecimal.
    pub digest: String,
}

/// The total length of the segments' `rows`, in bytes.
#[must_use]
pub fn stored_bytes<'s>(segments: impl IntoIterator<Item = &'s StoredSegment>) -> u64 {
    segments
        .into_iter()
        .map(|held| held.rows.len() as u64)
        .sum()
}

pub type EntityCounts = BTreeMap<String, u32>;

/// The SHA-256 of some bytes, in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Decodes hexadecimal digits of either case; `None` where `text` is not hexadecimal.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()
}

/// A short content digest of a domain: the SHA-256 over its segments' digests, in entity order.
#[must_use]
pub fn content_digest<'a>(segments: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let ordered: BTreeMap<&str, &str> = segments.into_iter().collect();
    let mut hasher = Sha256::new();
    for (entity, digest) in ordered {
        hasher.update(entity.as_bytes());
        hasher.update([0]);
        hasher.update(digest.as_bytes());
        hasher.update([b'\n']);
    }
    hex(&hasher.finalize())
}

/// The text of several JSON arrays as one: their elements in order, none of them parsed.
#[must_use]
pub fn concatenated<'a>(arrays: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::from("[");
    for array in arrays {
        let array = array.trim();
        let elements = array.strip_prefix('[').unwrap_or(array);
        let elements = elements.strip_suffix(']').unwrap_or(elements).trim();
        if elements.is_empty() {
            continue;
        }
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(elements);
    }
    text.push(']');
    text
}

/// Stored records of one entity; the JSON form of a line of a cleanup plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityCount {
    pub entity: String,
    pub records: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_concatenated() {
        for (arrays, whole) in [
            (&[][..], "[]"),
            (&["[]", " [ ] "], "[]"),
            (&["[1]"], "[1]"),
            (
                &["[]", "[{\"a\":[]}]", "[]", "[2, [3]]\n"],
                "[{\"a\":[]},2, [3]]",
            ),
        ] {
            assert_eq!(concatenated(arrays.iter().copied()), whole);
        }
    }
}
