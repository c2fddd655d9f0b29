//! Server-Sent Events: a session's state whenever it has changed, as long as there is something to
//! tell (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

mod places;
mod snapshot;
mod stream;

pub use places::EventStreams;
pub(super) use places::Place;
pub(super) use snapshot::Snapshot;
pub(super) use stream::tell;
