//! The bounded pool that guests run on. Calls are CPU-bound and block a thread, so there are as
//! many at once as the configuration says and the rest wait their turn in order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::failure::{CallError, Trap};

/// A bound on the blocking threads in use.
#[derive(Clone)]
pub(super) struct Workers {
    turns: Arc<Semaphore>,
}

impl Workers {
    pub(super) fn new(count: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(count.max(1))),
        }
    }

    /// Runs `work` when its turn comes. `limit` bounds the wait for its end, not for its turn.
    pub(super) async fn run<T, F>(&self, limit: Duration, work: F) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        // The semaphore is never closed; were it, the work would still have to be done.
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok();
        let span = tracing::Span::current();
        let call = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, not with whoever waits for it: a call that is given
            // up on still occupies its thread.
            let _turn = turn;
            span.in_scope(work)
        });
        // The epoch stops a guest by itself; this is for a host call that never comes back.
        match tokio::time::timeout(limit, call).await {
            Ok(done) => done.map_err(|error| CallError::Host {
                reason: format!("the call was lost: {error}"),
            }),
            Err(_elapsed) => Err(CallError::Timeout {
                limit_ms: limit.as_millis(),
                trap: Trap::default(),
            }),
        }
    }
}
