//! The states of a session as a stream of events.

use std::convert::Infallible;

use axum::response::sse::Event;
use futures_util::{Stream, stream};

use super::{Place, Snapshot};
use crate::sessions::SessionWatch;

/// What is told to one client.
struct Telling {
    /// What is to be told first.
    first: Option<Snapshot>,
    states: SessionWatch,
    /// What the client knows.
    known: Option<String>,
    _place: Place,
}

/// Tells a client of `first` and of every state after it, but for one that it knows. It ends where the
/// states end, and where one cannot be read: the client then connects again, here or elsewhere.
pub(in crate::http) fn tell(
    first: Snapshot,
    states: SessionWatch,
    known: Option<String>,
    place: Place,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
    let telling = Telling {
        first: Some(first),
        states,
        known,
        _place: place,
    };
    stream::unfold(telling, |mut telling| async move {
        let event = telling.next().await?;
        Some((Ok(event), telling))
    })
}

impl Telling {
    async fn next(&mut self) -> Option<Event> {
        loop {
            let snapshot = match self.first.take() {
                Some(first) => first,
                None => self.look().await?,
            };
            if self.known.as_ref() != Some(&snapshot.id) {
                self.known = Some(snapshot.id.clone());
                return Some(snapshot.into_event());
            }
        }
    }

    async fn look(&mut self) -> Option<Snapshot> {
        match self.states.next().await {
            Ok(session) => Snapshot::of(&session?).ok(),
            Err(error) => {
                tracing::warn!(
                    error = crate::fault::chain(&error),
                    "a stream of events ends early"
                );
                None
            }
        }
    }
}
