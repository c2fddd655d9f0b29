//! How many streams may be open: each of them looks at its session's row for as long as it is.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::problem::Problem;

/// Lets streams in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EventStreams(Arc<Semaphore>);

/// One stream's place, as long as it is held.
#[derive(Debug)]
pub(in crate::http) struct Place(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl EventStreams {
    /// At most so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// A place for one stream.
    ///
    /// # Errors
    /// 503 where there is none.
    pub(in crate::http) fn take(&self) -> Result<Place, Problem> {
        let place = Arc::clone(&self.0).try_acquire_owned();
        place.map(Place).map_err(|_| {
            let title = "Too many streams are open";
            let detail = "this host has as many streams of events open as it may";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Problem::new(status, "too_many_streams", title, detail)
                .with_retry()
                .with_hint("GET the session's status instead")
        })
    }
}
