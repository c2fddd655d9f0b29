//! How many clones may be under way, and how many may wait for their turn: past that a caller is told
//! to come back, and never left hanging.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::SessionError;
use crate::metrics;

/// Bounds on the clones of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloneBounds {
    /// Clones under way at once.
    pub under_way: usize,
    /// Callers that may wait for one to end.
    pub queue: usize,
    /// How long a caller waits.
    pub wait: Duration,
}

/// Lets clones in.
pub(super) struct Admission {
    bounds: CloneBounds,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Admission {
    pub(super) fn new(bounds: CloneBounds) -> Self {
        Self {
            bounds,
            places: Arc::new(Semaphore::new(bounds.under_way)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Clones under way, and callers that wait for one of them to end.
    pub(super) fn load(&self) -> (usize, usize) {
        let free = self.places.available_permits();
        let waiting = self.waiting.load(Ordering::Relaxed);
        (self.bounds.under_way.saturating_sub(free), waiting)
    }

    /// Waits for a place, which is held as long as what is returned.
    ///
    /// # Errors
    /// [`SessionError::Busy`] where too many wait already, or none became free in time.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, SessionError> {
        let entered = self.find_place().await;
        if entered.is_err() {
            metrics::clone_refused();
        }
        entered
    }

    async fn find_place(&self) -> Result<OwnedSemaphorePermit, SessionError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let waiting = Waiting::begin(&self.waiting);
        if waiting.ahead >= self.bounds.queue {
            return Err(SessionError::Busy);
        }
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.bounds.wait, place).await {
            Ok(Ok(place)) => Ok(place),
            // The places are never closed.
            Ok(Err(_)) | Err(_) => Err(SessionError::Busy),
        }
    }
}

/// One that waits; it counts as long as it lives, also where its caller goes away.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    ahead: usize,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        let ahead = count.fetch_add(1, Ordering::Relaxed);
        Self { count, ahead }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(wait: Duration) -> CloneBounds {
        CloneBounds {
            under_way: 1,
            queue: 1,
            wait,
        }
    }

    #[tokio::test]
    async fn one_works_one_waits_and_the_next_is_sent_away() {
        let admission = Arc::new(Admission::new(bounds(Duration::from_secs(60))));
        let first = admission.enter().await.unwrap();
        let waiting = {
            let admission = Arc::clone(&admission);
            tokio::spawn(async move { admission.enter().await.map(drop) })
        };
        while admission.load() != (1, 1) {
            tokio::task::yield_now().await;
        }
        assert!(matches!(admission.enter().await, Err(SessionError::Busy)));
        drop(first);
        waiting.await.unwrap().unwrap();
        assert!(admission.enter().await.is_ok());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let admission = Admission::new(bounds(Duration::from_millis(1)));
        let _first = admission.enter().await.unwrap();
        assert!(matches!(admission.enter().await, Err(SessionError::Busy)));
        assert_eq!(admission.load(), (1, 0));
    }
}
