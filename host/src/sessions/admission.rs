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
    /// Bytes of records that one session may have.
    pub session_bytes: u64,
    /// Bytes of records that all clones under way may have together.
    pub all_bytes: u64,
}

impl CloneBounds {
    /// How many clones there may be at once. Each has its session's whole budget from the start: none waits for more
    /// of it while it holds some, and none fails because of another.
    fn places(&self) -> usize {
        let by_bytes = self.all_bytes / self.session_bytes.max(1);
        let by_bytes = usize::try_from(by_bytes).unwrap_or(usize::MAX).max(1);
        if by_bytes < self.under_way {
            tracing::warn!(
                clones_under_way = self.under_way,
                at_once = by_bytes,
                "clones_output_mib has room for fewer clones at once than clones_under_way allows; the others wait"
            );
        }
        self.under_way.min(by_bytes)
    }
}

/// Lets clones in.
pub(super) struct Admission {
    bounds: CloneBounds,
    /// How many places there are.
    most: usize,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Admission {
    pub(super) fn new(bounds: CloneBounds) -> Self {
        let most = bounds.places();
        Self {
            bounds,
            most,
            places: Arc::new(Semaphore::new(most)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Clones under way, and callers that wait for one of them to end.
    pub(super) fn load(&self) -> (usize, usize) {
        let free = self.places.available_permits();
        let waiting = self.waiting.load(Ordering::Relaxed);
        (self.most.saturating_sub(free), waiting)
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
            session_bytes: 1,
            all_bytes: 1,
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
    async fn clones_at_once_have_all_of_their_bytes() {
        for (all_bytes, places) in [(31, 1), (64, 2), (127, 3), (1_000, 5)] {
            let admission = Admission::new(CloneBounds {
                under_way: 5,
                queue: 0,
                session_bytes: 32,
                all_bytes,
                ..bounds(Duration::ZERO)
            });
            let mut held = Vec::new();
            while let Ok(place) = admission.enter().await {
                held.push(place);
            }
            assert_eq!(held.len(), places, "{all_bytes}");
            assert_eq!(admission.load(), (places, 0));
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let admission = Admission::new(bounds(Duration::from_millis(1)));
        let _first = admission.enter().await.unwrap();
        assert!(matches!(admission.enter().await, Err(SessionError::Busy)));
        assert_eq!(admission.load(), (1, 0));
    }
}
