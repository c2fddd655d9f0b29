//! What the host does by itself: ends what a process that died left behind, destroys sessions whose
//! time is over, forgets what the ledger need not keep.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt as _, stream};

use super::{SessionError, Sessions, redacted};
use crate::metrics;
use crate::notices::Notice;
use levain_model::SessionStatus;
use levain_store::Due;

/// What became of sessions whose host did not finish them.
const INTERRUPTED: &str = "the host stopped while the session was being created";

/// Sessions that one sweep takes at a time.
const SWEPT_AT_A_TIME: u32 = 100;

/// Cleanups that are under way at once. Each waits its turn among the calls of all clones: one by one, a
/// host that is busy creating sessions would fall ever further behind in ending them.
const CLEANED_AT_ONCE: usize = 8;

/// How often a cleanup may fail: once, and at three retries.
const MOST_FAILURES: u32 = 4;

/// The percentage of a sweep's cleanups that may fail without a notice.
const TOLERATED_PERCENT: u64 = 5;

/// How often what a dead host left is looked for: leases run out unnoticed for this long.
const RECOVERY_INTERVAL: Duration = Duration::from_secs(5);

/// The rules for what the host does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepPolicy {
    /// How often sessions whose time is over are looked for.
    pub interval: Duration,
    /// How long after its end a session is kept.
    pub grace: Duration,
    /// How long the ledger keeps what is over.
    pub ledger: Duration,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions that were destroyed.
    pub destroyed: u64,
    /// Sessions that could not be.
    pub failed: u64,
    /// Sessions that the ledger forgot.
    pub forgotten: u64,
}

/// For how long a revision that was replaced may still be what a session is begun with.
const RECENT: TimeDelta = TimeDelta::hours(2);

impl Sessions {
    /// Removes the versions that nothing names any more: neither what serves, nor a rollback, nor a session of
    /// the ledger.
    ///
    /// # Errors
    /// [`SessionError::Store`].
    pub async fn collect_versions(&self) -> Result<(), SessionError> {
        let parts = &self.inner.parts;
        // Whoever began before it has ended: no clone outlasts its lease, and a request waits for its place.
        let since = parts.clock.now() - RECENT;
        Ok(parts.plugins.collect(since).await?)
    }

    /// Recovers and sweeps until it is dropped. What fails is logged and tried again.
    pub async fn run_maintenance(self) {
        let mut recovery = tokio::time::interval(RECOVERY_INTERVAL);
        recovery.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let interval = self.inner.parts.sweep.interval;
        let mut sweep = tokio::time::interval(interval);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let outcome = tokio::select! {
                _ = recovery.tick() => self.recover().await.map(|_| ()),
                _ = sweep.tick() => self.sweep().await.map(|_| ()),
            };
            if let Err(error) = outcome {
                let error = levain_model::fault::chain(&error);
                tracing::warn!(error, "the host could not clean up; it tries again");
            }
        }
    }

    /// Fails what was being created by a host whose lease has run out, and ends the destructions that
    /// such a host had begun. Answers how many sessions failed.
    ///
    /// # Errors
    /// [`SessionError::Store`].
    pub async fn recover(&self) -> Result<usize, SessionError> {
        let failed = self.inner.parts.repo.fail_interrupted(INTERRUPTED).await?;
        metrics::interrupted(failed.len());
        for session_id in &failed {
            tracing::warn!(session = %redacted(session_id), "a session that was being created is FAILED: its host stopped");
        }
        // Nothing is due at the beginning of time but what was begun.
        self.destroy_due(DateTime::UNIX_EPOCH).await?;
        Ok(failed.len())
    }

    /// Destroys the sessions whose time, and grace, is over, and forgets what is older than the ledger.
    ///
    /// # Errors
    /// [`SessionError::Store`].
    pub async fn sweep(&self) -> Result<Swept, SessionError> {
        let parts = &self.inner.parts;
        let now = parts.clock.now();
        let mut swept = self.destroy_due(before(now, parts.sweep.grace)).await?;
        swept.forgotten = parts
            .repo
            .prune(before(now, parts.sweep.ledger), now)
            .await?;
        if swept.forgotten > 0 {
            // The ledger names fewer versions now.
            self.collect_versions().await?;
        }
        if swept != Swept::default() {
            tracing::info!(
                destroyed = swept.destroyed,
                failed = swept.failed,
                forgotten = swept.forgotten,
                "swept"
            );
        }
        Ok(swept)
    }

    async fn destroy_due(&self, expired_by: DateTime<Utc>) -> Result<Swept, SessionError> {
        let parts = &self.inner.parts;
        let mut swept = Swept::default();
        loop {
            let due = Due {
                expired_by,
                limit: SWEPT_AT_A_TIME,
                most_failures: MOST_FAILURES,
            };
            let begun = parts
                .repo
                .begin_destroying_due(&due, &parts.lease())
                .await?;
            let more = begun.len() >= SWEPT_AT_A_TIME as usize;
            let cleanups = begun
                .into_iter()
                .map(|session_id| self.clean_up(session_id));
            let mut cleanups = stream::iter(cleanups).buffer_unordered(CLEANED_AT_ONCE);
            while let Some(destroyed) = cleanups.next().await {
                match destroyed {
                    true => swept.destroyed += 1,
                    false => swept.failed += 1,
                }
            }
            if !more {
                break;
            }
        }
        if swept.failed * 100 > (swept.destroyed + swept.failed) * TOLERATED_PERCENT {
            parts.notices.send(Notice::SweepFailed {
                failed: swept.failed,
                of: swept.destroyed + swept.failed,
            });
        }
        Ok(swept)
    }

    /// Destroys one session that was claimed; whether that worked.
    async fn clean_up(&self, session_id: String) -> bool {
        let parts = &self.inner.parts;
        let sessions = self.clone();
        let id = session_id.clone();
        // A session that was claimed is DESTROYING, and was not destroyed before.
        let ended = self.tracked(async move {
            sessions
                .wipe(&id, SessionStatus::Destroying, super::destroy::Cause::Sweep)
                .await
        });
        let Err(error) = ended.await else {
            return true;
        };
        let reason = levain_model::fault::chain(&error);
        tracing::warn!(session = %redacted(&session_id), reason, "a cleanup failed");
        let failures = parts
            .repo
            .record_failed_cleanup(&session_id, parts.clock.now(), &reason)
            .await
            // Then it counts the next time.
            .unwrap_or_default();
        if failures >= MOST_FAILURES {
            parts.notices.send(Notice::CleanupGivenUp {
                session: redacted(&session_id),
                failures,
                reason,
            });
        }
        false
    }
}

fn before(now: DateTime<Utc>, age: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(age)
        .ok()
        .and_then(|age| now.checked_sub_signed(age))
        .unwrap_or(DateTime::UNIX_EPOCH)
}
