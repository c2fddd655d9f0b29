//! Server-Sent Events: a session's state after every change, until the session is over
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

mod places;
mod snapshot;
mod stream;

pub(super) use places::Place;
pub use places::{EventStreams, StreamBounds};
pub(super) use snapshot::Snapshot;
pub(super) use stream::events;
