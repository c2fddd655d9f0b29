//! Server-Sent Events: a session's state whenever it has changed, as long as there is something to
//! tell (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

mod places;
mod snapshot;
mod stream;

pub(super) use places::Place;
pub use places::{EventStreams, StreamBounds};
pub(super) use snapshot::Snapshot;
pub(super) use stream::tell;
