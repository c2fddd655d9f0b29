//! Where the next page begins. Opaque to callers: it holds for the segments that it was given
//! for, and says so when one of them was replaced since.

use levain_model::{StoredSegment, sha256_hex};

/// Hexadecimal digits of the digest that a cursor carries.
const DIGEST_DIGITS: usize = 16;

/// Hexadecimal digits of the position.
const POSITION_DIGITS: usize = 8;

/// A position in a list of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Cursor;

impl Cursor {
    /// The position, as a caller is given it.
    pub(in crate::http) fn write(digest: &str, position: usize) -> String {
        format!("{}{position:08x}", segment(digest))
    }

    /// The position that a cursor holds; `None` where it was not given for this segment.
    pub(in crate::http) fn read(text: &str, digest: &str) -> Option<usize> {
        let position = text.strip_prefix(segment(digest))?;
        let digits = position.bytes().all(|digit| digit.is_ascii_hexdigit());
        if position.len() != POSITION_DIGITS || !digits {
            return None;
        }
        usize::from_str_radix(position, 16).ok()
    }
}

/// What tells the records of some segments from any others: the digest of the only one, or one over
/// those of all.
pub(in crate::http) fn digest_of(segments: &[StoredSegment]) -> String {
    match segments {
        [only] => only.digest.clone(),
        several => {
            let digests: Vec<&str> = several.iter().map(|part| part.digest.as_str()).collect();
            sha256_hex(digests.join("\n").as_bytes())
        }
    }
}

fn segment(digest: &str) -> &str {
    digest.get(..DIGEST_DIGITS).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use levain_model::sha256_hex;

    #[test]
    fn cursor_is_bound_to_its_segment() {
        let (one, two) = (sha256_hex(b"one"), sha256_hex(b"two"));
        let cursor = Cursor::write(&one, 300);
        assert_eq!(Cursor::read(&cursor, &one), Some(300));
        assert_eq!(Cursor::read(&cursor, &two), None);
        for wrong in [
            "",
            "x",
            &cursor[1..],
            &format!("{cursor}0"),
            &cursor.replace('c', "+"),
        ] {
            assert_ne!(Cursor::read(wrong, &one), Some(300), "{wrong}");
        }
    }
}
