//! The states of a session as a stream of events.

use std::convert::Infallible;

use axum::response::sse::Event;
use futures_util::{Stream, stream};

use super::{Place, Snapshot};
use crate::sessions::SessionWatch;

/// The events of one client.
struct Events {
    /// The state to send first.
    first: Option<Snapshot>,
    states: SessionWatch,
    /// The id of the last event that the client has.
    known: Option<String>,
    _place: Place,
}

/// `first` and every later state, except the one the client has. Ends with the states, or at an error: the client
/// then connects again, here or to another host.
pub(in crate::http) fn events(
    first: Snapshot,
    states: SessionWatch,
    known: Option<String>,
    place: Place,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
    let events = Events {
        first: Some(first),
        states,
        known,
        _place: place,
    };
    stream::unfold(events, |mut events| async move {
        let event = events.next().await?;
        Some((Ok(event), events))
    })
}

impl Events {
    async fn next(&mut self) -> Option<Event> {
        loop {
            let snapshot = match self.first.take() {
                Some(first) => first,
                None => self.next_state().await?,
            };
            if self.known.as_ref() != Some(&snapshot.id) {
                self.known = Some(snapshot.id.clone());
                return Some(snapshot.into_event());
            }
        }
    }

    async fn next_state(&mut self) -> Option<Snapshot> {
        match self.states.next().await {
            Ok(session) => Snapshot::of(&session?).ok(),
            Err(error) => {
                tracing::warn!(
                    error = levain_model::fault::chain(&error),
                    "a stream of events ends early"
                );
                None
            }
        }
    }
}
