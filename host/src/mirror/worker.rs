//! The one task that speaks to Redis: beside the sessions, at its own pace.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::RedisError;

use super::backlog::{Backlog, Change};
use super::redis::{MirrorSettings, Redis};
use crate::metrics::{self, Dispatch};

/// Changes that are made together.
const SWEPT_AT_A_TIME: usize = 200;

/// The waits between tries, while Redis is gone.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long a change is tried; a copy has an end of its own.
const GIVEN_UP: Duration = Duration::from_secs(600);

/// Applies changes until the backlog is closed and empty, or closed while Redis is gone.
pub(super) async fn run(backlog: Arc<Backlog>, settings: MirrorSettings) {
    let mut redis = Redis::new(settings);
    let mut outage: Option<Outage> = None;
    loop {
        let changes = backlog.take(SWEPT_AT_A_TIME).await;
        if changes.is_empty() {
            return;
        }
        match redis.apply(&changes).await {
            Ok(()) => {
                backlog.done();
                metrics::mirrored(Dispatch::Success, changes.len());
                if let Some(outage) = outage.take() {
                    outage.ends();
                }
            }
            Err(error) => {
                metrics::mirror_failed();
                backlog.put_back(young(changes));
                if backlog.is_closed() {
                    return;
                }
                let wait = outage
                    .get_or_insert_with(|| Outage::begins(&error))
                    .next_wait();
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = backlog.until_closed() => {}
                }
            }
        }
    }
}

/// The changes that are worth another try.
fn young(mut changes: Vec<Change>) -> Vec<Change> {
    let all = changes.len();
    changes.retain(|change| change.since.elapsed() < GIVEN_UP);
    let dropped = all - changes.len();
    if dropped > 0 {
        metrics::mirrored(Dispatch::Dropped, dropped);
        tracing::warn!(
            dropped,
            "Redis was not told of sessions: it was gone for too long"
        );
    }
    changes
}

/// A time without Redis. Its begin and its end are logged.
struct Outage {
    since: Instant,
    wait: Duration,
}

impl Outage {
    fn begins(error: &RedisError) -> Self {
        tracing::warn!(%error, "Redis does not do what it is asked; sessions go on without their mirror");
        Self {
            since: Instant::now(),
            wait: SHORTEST_WAIT,
        }
    }

    /// Longer every time.
    fn next_wait(&mut self) -> Duration {
        let wait = self.wait;
        self.wait = (wait * 2).min(LONGEST_WAIT);
        wait
    }

    fn ends(self) {
        tracing::info!(
            gone_s = self.since.elapsed().as_secs(),
            "Redis answers again"
        );
    }
}
