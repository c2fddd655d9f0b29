//! The bounded pool that guests run on. Calls are CPU-bound and block a thread, so there are as
//! many at once as the configuration says and the rest wait their turn in order.
//!
//! A turn is meant for the short calls that nearly all are. One that takes long steps aside: it goes on, and
//! its turn goes to the next, so that a few calls that never end do not delay the others.
//! The system shares the processors among them all, and lets those that come anew begin at once.
//!
//! Guests and the checks of their output run at a lower priority than the host's own threads.
//! takes requests and commits sessions would otherwise wait for a processor at each of its steps. A thread that
//! Lowering priority is permanent: only root may raise it again.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::{CallError, Trap};
use super::threads::Threads;

/// How long a call may take before it steps aside.
pub(super) const PATIENCE: Duration = Duration::from_millis(10);

/// The time that a call has: its wait for a turn is part of `limit`, its host work may take `slack` more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// When the call was asked for.
    pub(crate) asked: Instant,
    /// The time from then on, for the wait and the guest together.
    pub(crate) limit: Duration,
    /// How much later the host gives up on a call that has a turn.
    pub(crate) slack: Duration,
}

impl Allowance {
    fn turn_by(&self) -> tokio::time::Instant {
        (self.asked + self.limit).into()
    }
}

/// A bound on the blocking threads in use.
#[derive(Clone)]
pub(super) struct Workers {
    count: usize,
    threads: Arc<Threads>,
    turns: Arc<Semaphore>,
    aside: Arc<Semaphore>,
}

/// The calls that may run without a turn, for this many turns. Beyond them, a call keeps its turn.
pub(super) const fn reserved_slots(turns: usize) -> usize {
    /// More are more slots of a pool than addresses are well spent on.
    const MOST: usize = 192;
    let room = MOST.saturating_sub(turns);
    if turns * 2 < room { turns * 2 } else { room }
}

/// The turn of the call that this thread is at.
struct Turn {
    place: Option<OwnedSemaphorePermit>,
    aside: Arc<Semaphore>,
}

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Lowers the priority of this thread below threads that run no guests.
fn lower_priority() {
    thread_local! {
        static STANDS_BACK: Cell<bool> = const { Cell::new(false) };
    }
    if STANDS_BACK.replace(true) {
        return;
    }
    // Only there is it a thread that is nice, and not a process.
    #[cfg(target_os = "linux")]
    {
        /// Than the rest of the process, as `nice(1)` counts.
        const NICER: i32 = 5;
        let thread = Some(rustix::thread::gettid());
        // A thread begins as nice as the one that made it, which may have stood back already.
        let process = Some(rustix::process::getpid());
        let nicer = rustix::process::getpriority_process(process)
            .map(|nice| nice.saturating_add(NICER))
            .and_then(|nice| rustix::process::setpriority_process(thread, nice));
        if let Err(error) = nicer {
            tracing::debug!(%error, "a thread that runs guests keeps the host's priority");
        }
    }
}

/// Holds this thread's turn until the call has ended, also where it panics.
struct Held;

impl Held {
    fn new(turn: Turn) -> Self {
        TURN.set(Some(turn));
        Self
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        TURN.take();
    }
}

/// Moves the call of this thread beside the others, so that the next one may begin. Returns whether it has left
/// its turn: `false` means that no place was free, and the caller tries again later.
pub(super) fn step_aside() -> bool {
    TURN.with_borrow_mut(|turn| {
        // A call outside of the pool has no turn to leave.
        let Some(turn) = turn else { return true };
        match Arc::clone(&turn.aside).try_acquire_owned() {
            Ok(place) => {
                turn.place = Some(place);
                true
            }
            Err(_) => false,
        }
    })
}

impl Workers {
    pub(super) fn new(count: usize, threads: Threads) -> Self {
        let count = count.max(1);
        Self {
            count,
            threads: Arc::new(threads),
            turns: Arc::new(Semaphore::new(count)),
            aside: Arc::new(Semaphore::new(reserved_slots(count))),
        }
    }

    /// How many calls have a turn at once.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// The threads that guests run on.
    pub(super) fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Runs `work` when its turn comes. `limit` bounds the wait for its end, not for its turn.
    pub(super) async fn run<T, F>(&self, limit: Duration, work: F) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        // The semaphore is never closed; were it, the work would still have to be done.
        let place = Arc::clone(&self.turns).acquire_owned().await.ok();
        self.run_at(place, limit, limit, work).await
    }

    /// Runs `work` when its turn comes, within an allowance that counts from when it was asked for.
    pub(super) async fn run_within<T, F>(
        &self,
        allowance: Allowance,
        work: F,
    ) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let Ok(place) = tokio::time::timeout_at(allowance.turn_by(), turn).await else {
            return Err(CallError::NoThread {
                limit_ms: allowance.limit.as_millis(),
                own: false,
            });
        };
        let left = allowance.limit.saturating_sub(allowance.asked.elapsed());
        let end = left.saturating_add(allowance.slack);
        self.run_at(place.ok(), end, allowance.limit, work).await
    }

    /// Runs `work` at a turn, and waits for it for `end`. A failure names `limit`.
    async fn run_at<T, F>(
        &self,
        place: Option<OwnedSemaphorePermit>,
        end: Duration,
        limit: Duration,
        work: F,
    ) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let turn = Turn {
            place,
            aside: Arc::clone(&self.aside),
        };
        let span = tracing::Span::current();
        let call = self.threads.begin(move || {
            // The turn ends with the work, not with whoever waits for it: a call that is given
            // up on still occupies its thread.
            let _held = Held::new(turn);
            lower_priority();
            span.in_scope(work)
        });
        let lost = |error: &dyn fmt::Display| CallError::Host {
            reason: format!("the call was lost: {error}"),
        };
        let call = call.ok_or_else(|| lost(&"the sandbox is closed"))?;
        // The epoch stops a guest by itself; this is for a host call that never comes back.
        match tokio::time::timeout(end, call).await {
            Ok(done) => done.map_err(|error| lost(&error)),
            Err(_elapsed) => Err(CallError::Timeout {
                limit_ms: limit.as_millis(),
                waited_ms: 0,
                trap: Trap::default(),
            }),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{getpid, getpriority_process};
    use rustix::thread::gettid;

    use super::*;

    #[tokio::test]
    async fn wait_for_a_turn_ends_with_the_limit() {
        let workers = Workers::new(1, Threads::new(1 << 20).unwrap());
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let held = {
            let workers = workers.clone();
            tokio::spawn(async move {
                let work = move || {
                    let _ = begin.send(());
                    ended.recv().is_ok()
                };
                workers.run(Duration::from_secs(60), work).await
            })
        };
        begun.await.unwrap();
        let allowance = Allowance {
            asked: Instant::now(),
            limit: Duration::from_millis(1),
            slack: Duration::from_secs(60),
        };
        let waited = workers.run_within(allowance, || ()).await;
        let own = false;
        assert_eq!(waited, Err(CallError::NoThread { limit_ms: 1, own }));
        end.send(()).unwrap();
        assert_eq!(held.await.unwrap(), Ok(true));
        let allowance = Allowance {
            limit: Duration::from_secs(60),
            ..allowance
        };
        assert_eq!(workers.run_within(allowance, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn guests_run_at_lower_priority_and_their_callers_do_not() {
        let nice = || getpriority_process(Some(gettid())).unwrap();
        let process = getpriority_process(Some(getpid())).unwrap();
        let workers = Workers::new(1, Threads::new(1 << 19).unwrap());
        for _ in 0..2 {
            let guest = workers.run(Duration::from_secs(60), nice).await.unwrap();
            assert_eq!(guest, (process + 5).min(19));
            assert_eq!(nice(), process);
        }
    }
}
