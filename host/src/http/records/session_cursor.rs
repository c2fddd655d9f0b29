//! Where the next page of sessions begins: after which one. Sessions that are created meanwhile come
//! before it, so that no page has one twice or leaves one out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;

use levain_store::SessionPosition;

/// Bytes of the instant, in microseconds since the Unix epoch.
const INSTANT_BYTES: usize = 8;

/// A position in the list of sessions, as callers are given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct SessionCursor;

impl SessionCursor {
    /// The position after a session, as a caller is given it.
    pub(in crate::http) fn write(position: &SessionPosition) -> String {
        let mut bytes = position
            .created_at
            .timestamp_micros()
            .to_be_bytes()
            .to_vec();
        bytes.extend_from_slice(position.session_id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position that a cursor holds; `None` where it is none.
    pub(in crate::http) fn read(text: &str) -> Option<SessionPosition> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (instant, session_id) = bytes.split_first_chunk::<INSTANT_BYTES>()?;
        let session_id = std::str::from_utf8(session_id).ok()?;
        // No store takes a NUL for text.
        if session_id.is_empty() || session_id.contains('\0') {
            return None;
        }
        Some(SessionPosition {
            created_at: DateTime::from_timestamp_micros(i64::from_be_bytes(*instant))?,
            session_id: session_id.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_cursor_round_trips() {
        let position = SessionPosition {
            created_at: "2026-03-02T10:00:00.000001Z".parse().unwrap(),
            session_id: "demo_0".to_owned(),
        };
        let cursor = SessionCursor::write(&position);
        assert_eq!(SessionCursor::read(&cursor), Some(position));
        for wrong in [
            "",
            "x",
            "AAAAAAAAAAA",
            "AAAAAAAAAAAA",
            "~",
            &cursor[1..],
            &format!("{cursor}="),
        ] {
            assert_eq!(SessionCursor::read(wrong), None, "{wrong}");
        }
        // An instant that no calendar has.
        let never = URL_SAFE_NO_PAD.encode([&i64::MAX.to_be_bytes()[..], b"demo_0"].concat());
        assert_eq!(SessionCursor::read(&never), None);
    }
}
