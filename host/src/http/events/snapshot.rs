//! One event holds the whole state, so a client that missed events needs only the next one.

use std::time::Duration;

use axum::response::sse::Event;

use crate::http::problem::Problem;
use crate::http::view::StatusView;
use levain_model::Session;
use levain_model::sha256_hex;

/// Hexadecimal digits of an event's id.
const ID_DIGITS: usize = 16;

/// How long a client should wait before it connects again.
const RECONNECT: Duration = Duration::from_secs(2);

/// A session's state and the id of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Snapshot {
    /// A digest of the state: a client with the same id has the same state.
    pub(in crate::http) id: String,
    json: String,
}

impl Snapshot {
    /// The state of a session.
    ///
    /// # Errors
    /// 500 if it cannot be serialised.
    pub(in crate::http) fn of(session: &Session) -> Result<Self, Problem> {
        let json = serde_json::to_string(&StatusView::from(session)).map_err(|error| {
            tracing::error!(%error, "a session's state cannot be written");
            Problem::internal()
        })?;
        let mut id = sha256_hex(json.as_bytes());
        id.truncate(ID_DIGITS);
        Ok(Self { id, json })
    }

    pub(in crate::http) fn into_event(self) -> Event {
        // On every event, for clients that did not receive the first one.
        Event::default()
            .event("status")
            .id(self.id)
            .retry(RECONNECT)
            .data(self.json)
    }
}
