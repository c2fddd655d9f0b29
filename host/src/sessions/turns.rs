//! Whoever changes a session's data after its creation waits for a turn: what is checked against the
//! rest of a session must still be so when it is written.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tokio::sync::{Mutex, MutexGuard};

/// Locks for all sessions. Two sessions may share one, and then wait for each other.
pub(super) struct Turns([Mutex<()>; 64]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Turns {
    /// Waits for this session's turn, which lasts as long as what is returned. No caller may take a
    /// second one meanwhile.
    pub(super) async fn take(&self, session_id: &str) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        session_id.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % 64).unwrap_or_default();
        match self.0.get(place) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }
}
