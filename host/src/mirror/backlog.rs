//! What waits for the mirror: of each session what it was last, in the order in which they came.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The most changes that wait: more mean that Redis has been gone for long.
const ROOM: usize = 10_000;

/// Sessions that are over and are remembered: a creation that ends beside its own deletion may still
/// ask for a copy.
const REMEMBERED: usize = 1000;

/// What is to become of a session's copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) session_id: String,
    pub(super) what: What,
    /// Since when it waits.
    pub(super) since: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// It is this, until then.
    Keep {
        state: String,
        expires_at: DateTime<Utc>,
    },
    /// Delete the session's key and every key of these tenants.
    Forget { tenants: Vec<Uuid> },
}

/// The changes that wait. Pushing never blocks.
#[derive(Default)]
pub(super) struct Backlog {
    waiting: Mutex<Waiting>,
    pushed: Notify,
    closed: CancellationToken,
}

#[derive(Default)]
struct Waiting {
    order: VecDeque<String>,
    changes: HashMap<String, Change>,
    /// Changes that were taken out and are not known to be made.
    taken: usize,
    over: VecDeque<String>,
}

impl Backlog {
    /// Adds a change, in the place of what waits for the same session; whether there was room.
    pub(super) fn push(&self, change: Change) -> bool {
        let mut waiting = self.lock();
        if let What::Forget { .. } = change.what {
            if waiting.over.len() >= REMEMBERED {
                waiting.over.pop_front();
            }
            waiting.over.push_back(change.session_id.clone());
        } else if waiting.over.contains(&change.session_id) {
            return true;
        }
        let id = change.session_id.clone();
        if !waiting.changes.contains_key(&id) {
            if waiting.changes.len() >= ROOM {
                return false;
            }
            waiting.order.push_back(id.clone());
        }
        waiting.changes.insert(id, change);
        drop(waiting);
        self.pushed.notify_one();
        true
    }

    /// Takes changes that could not be made back in, unless newer ones wait.
    pub(super) fn put_back(&self, changes: Vec<Change>) {
        let mut waiting = self.lock();
        waiting.taken = 0;
        for change in changes {
            let id = change.session_id.clone();
            if !waiting.changes.contains_key(&id) {
                waiting.order.push_back(id.clone());
                waiting.changes.insert(id, change);
            }
        }
    }

    /// What was taken out is made.
    pub(super) fn done(&self) {
        self.lock().taken = 0;
    }

    /// Waits for changes and takes them out, at most `most`; none once it is closed and empty. There
    /// is one who takes.
    pub(super) async fn take(&self, most: usize) -> Vec<Change> {
        loop {
            let pushed = self.pushed.notified();
            let changes = self.take_now(most);
            if !changes.is_empty() || self.is_closed() {
                return changes;
            }
            tokio::select! {
                () = pushed => {}
                () = self.closed.cancelled() => {}
            }
        }
    }

    fn take_now(&self, most: usize) -> Vec<Change> {
        let mut waiting = self.lock();
        let mut changes = Vec::new();
        while changes.len() < most
            && let Some(id) = waiting.order.pop_front()
        {
            changes.extend(waiting.changes.remove(&id));
        }
        waiting.taken = changes.len();
        changes
    }

    /// Changes that wait, or are being made.
    pub(super) fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.changes.len() + waiting.taken
    }

    /// No more will come.
    pub(super) fn close(&self) {
        self.closed.cancel();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    pub(super) async fn until_closed(&self) {
        self.closed.cancelled().await;
    }

    /// A poisoned lock guards plain data that is whole between statements.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(session_id: &str, state: &str) -> Change {
        Change {
            session_id: session_id.to_owned(),
            what: What::Keep {
                state: state.to_owned(),
                expires_at: DateTime::<Utc>::UNIX_EPOCH,
            },
            since: Instant::now(),
        }
    }

    fn forget(session_id: &str) -> Change {
        Change {
            what: What::Forget {
                tenants: Vec::new(),
            },
            ..keep(session_id, "")
        }
    }

    async fn taken(backlog: &Backlog) -> Vec<String> {
        let changes = backlog.take(10).await;
        changes
            .into_iter()
            .map(|change| match change.what {
                What::Keep { state, .. } => format!("{} {state}", change.session_id),
                What::Forget { .. } => format!("{} over", change.session_id),
            })
            .collect()
    }

    #[tokio::test]
    async fn the_newest_state_of_a_session_is_what_waits() {
        let backlog = Backlog::default();
        for change in [keep("a", "1"), keep("b", "1"), keep("a", "2")] {
            assert!(backlog.push(change));
        }
        assert_eq!(taken(&backlog).await, ["a 2", "b 1"]);
        assert!(backlog.push(keep("a", "3")));
        assert!(backlog.push(forget("a")));
        assert_eq!(taken(&backlog).await, ["a over"]);
    }

    #[tokio::test]
    async fn what_is_over_stays_over() {
        let backlog = Backlog::default();
        assert!(backlog.push(forget("a")));
        assert_eq!(taken(&backlog).await, ["a over"]);
        backlog.done();
        assert!(backlog.push(keep("a", "late")));
        assert_eq!(backlog.len(), 0);
    }

    #[tokio::test]
    async fn what_failed_comes_back_unless_there_is_something_newer() {
        let backlog = Backlog::default();
        backlog.push(keep("a", "1"));
        backlog.push(keep("b", "1"));
        let failed = backlog.take(10).await;
        assert_eq!(backlog.len(), 2);
        backlog.push(keep("a", "2"));
        backlog.put_back(failed);
        assert_eq!(backlog.len(), 2);
        assert_eq!(taken(&backlog).await, ["a 2", "b 1"]);
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_and_known_ones_still_change() {
        let backlog = Backlog::default();
        for n in 0..ROOM {
            assert!(backlog.push(keep(&n.to_string(), "1")));
        }
        assert!(!backlog.push(keep("one more", "1")));
        assert!(backlog.push(keep("7", "2")));
        assert_eq!(backlog.len(), ROOM);
    }

    #[tokio::test]
    async fn a_closed_backlog_is_worked_off_and_keeps_nobody_waiting() {
        let backlog = Backlog::default();
        backlog.push(keep("a", "1"));
        backlog.close();
        assert_eq!(taken(&backlog).await, ["a 1"]);
        assert!(backlog.take(10).await.is_empty());
    }
}
