//! The wire form of a notice: the same body and id at every try.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use uuid::Uuid;

use super::notice::Notice;

/// A notice that is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// By which a receiver knows that it has seen it before.
    pub(super) id: String,
    /// JSON: `{type, timestamp, data}`.
    pub(super) body: String,
}

impl Message {
    /// A notice of this moment.
    pub(super) fn of(notice: &Notice, now: DateTime<Utc>) -> Self {
        let body = json!({
            "type": notice.kind(),
            "timestamp": now.to_rfc3339_opts(SecondsFormat::Micros, true),
            "data": notice,
        });
        Self {
            id: format!("msg_{}", Uuid::new_v4().simple()),
            body: body.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_when_and_about_what() {
        let notice = Notice::SweepFailed { failed: 2, of: 9 };
        let message = Message::of(&notice, "2026-03-02T10:00:00Z".parse().unwrap());
        let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
        let expected = json!({
            "type": "sweep.failed",
            "timestamp": "2026-03-02T10:00:00.000000Z",
            "data": {"failed": 2, "of": 9},
        });
        assert_eq!(body, expected);
        assert!(message.id.starts_with("msg_") && !message.id.contains('.'));
    }
}
