//! One event: the whole state, so that whoever missed some has missed nothing.

use std::time::Duration;

use axum::response::sse::Event;

use crate::http::problem::Problem;
use crate::http::view::StatusView;
use levain_model::Session;
use levain_model::sha256_hex;

/// Hexadecimal digits of a state's name.
const ID_DIGITS: usize = 16;

/// How long a client should wait before it connects again.
const RECONNECT: Duration = Duration::from_secs(2);

/// A session's state, and a name for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Snapshot {
    /// A digest of the state: a client that has this one knows it already.
    pub(in crate::http) id: String,
    json: String,
}

impl Snapshot {
    /// The state of a session.
    ///
    /// # Errors
    /// 500 where it cannot be written.
    pub(in crate::http) fn of(session: &Session) -> Result<Self, Problem> {
        let json = serde_json::to_string(&StatusView::from(session)).map_err(|error| {
            tracing::error!(%error, "a session's state cannot be written");
            Problem::internal()
        })?;
        let mut id = sha256_hex(json.as_bytes());
        id.truncate(ID_DIGITS);
        Ok(Self { id, json })
    }

    /// The event that tells it.
    pub(in crate::http) fn into_event(self) -> Event {
        // Each of them says when to come back: a client that skipped the first must know as well.
        Event::default()
            .event("status")
            .id(self.id)
            .retry(RECONNECT)
            .data(self.json)
    }
}
