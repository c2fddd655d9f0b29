//! The watch after an activation: a proof cannot show everything, so the first sessions of a new revision are
//! watched, and too many that fail in a domain that it changed have it rolled back.
//!
//! Each host watches the sessions that it makes. What serves is changed by the registry's compare-and-set from the
//! watched revision to the next: however many hosts come to the same conclusion, it changes once, and never goes
//! back further than the versions before.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Rollback, VersionsError};
use crate::notices::Notice;
use crate::sessions::Sessions;
use levain_model::{Cause, DomainStatus, Failure, Session, TriggerStatus};
use levain_store::RepoError;

/// Which sessions are watched, and what has a revision rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchPolicy {
    /// Sessions that are watched at least; 0 watches none.
    pub sessions: u32,
    /// Sessions that must fail before the revision is rolled back.
    pub failures: u32,
}

/// For how long sessions are watched at least: the first of a busy host are over in a moment.
const LEAST: TimeDelta = TimeDelta::minutes(10);

/// One in so many sessions must fail, too.
const ONE_IN: u32 = 10;

/// Failures that are not the version's: the host had no thread, or could not admit it.
const NOT_OF_THE_VERSION: [&str; 3] = ["host_error", "no_thread", "plugin_not_active"];

/// The most of a failure's text that a notice has, in characters.
const LONGEST_REASON: usize = 300;

/// The revision that is watched.
#[derive(Default)]
pub(in crate::sessions) struct Watch(Mutex<Option<Watched>>);

struct Watched {
    revision: u32,
    /// The domains that it gave another version; none where it is not to be watched.
    domains: BTreeSet<String>,
    made_at: DateTime<Utc>,
    sessions: u32,
    failed: u32,
    /// Whether it is being rolled back, or was.
    acted: bool,
    /// Whether an operator knows that it cannot be.
    told: bool,
}

/// What the watch has found.
struct Verdict {
    domains: Vec<String>,
    failed: u32,
    of: u32,
    reason: String,
}

impl Watch {
    fn change<T>(&self, change: impl FnOnce(&mut Option<Watched>) -> T) -> T {
        // A poisoned lock guards plain data that is whole between statements.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watched {
    /// Takes a session that ended.
    fn count(
        &mut self,
        session: &Session,
        policy: WatchPolicy,
        now: DateTime<Utc>,
    ) -> Option<Verdict> {
        let over = self.sessions >= policy.sessions && now - self.made_at >= LEAST;
        if over || self.acted || self.domains.is_empty() {
            return None;
        }
        self.sessions = self.sessions.saturating_add(1);
        let failure = failure(session, &self.domains)?;
        self.failed = self.failed.saturating_add(1);
        let many = self.failed.saturating_mul(ONE_IN) >= self.sessions;
        if self.failed < policy.failures || !many {
            return None;
        }
        self.acted = true;
        let reason = format!("{}: {}", failure.code, failure.message);
        Some(Verdict {
            domains: self.domains.iter().cloned().collect(),
            failed: self.failed,
            of: self.sessions,
            reason: reason.chars().take(LONGEST_REASON).collect(),
        })
    }
}

/// The first failure of a session that is one of these domains'.
fn failure<'s>(session: &'s Session, domains: &BTreeSet<String>) -> Option<&'s Failure> {
    let of_version = |error: &&Failure| !NOT_OF_THE_VERSION.contains(&error.code.as_str());
    session.tenants.iter().find_map(|tenant| {
        let services = tenant
            .services
            .iter()
            .filter(|row| row.status == DomainStatus::Failed && domains.contains(&row.domain))
            .filter_map(|row| row.error.as_ref());
        let triggers = tenant
            .triggers
            .iter()
            .filter(|row| row.status == TriggerStatus::Failed && domains.contains(&row.domain))
            .filter_map(|row| row.error.as_ref());
        services.chain(triggers).find(of_version)
    })
}

impl Sessions {
    /// Takes a visitor's session that was made, or came to nothing.
    pub(in crate::sessions) async fn watch_activation(&self, session: &Session) {
        let parts = &self.inner.parts;
        let (policy, revision) = (parts.safeguards.watch, session.plugin_revision);
        if policy.sessions == 0 || revision == 0 {
            return;
        }
        let watched = |held: &mut Option<Watched>| held.as_ref().map_or(0, |held| held.revision);
        if self.inner.watch.change(watched) < revision {
            match self.watched(revision).await {
                Ok(new) => self.inner.watch.change(|held| {
                    // Another session may have been faster.
                    if held.as_ref().is_none_or(|held| held.revision < revision) {
                        *held = Some(new);
                    }
                }),
                Err(error) => {
                    tracing::debug!(%error, revision, "a session of a revision was not watched");
                    return;
                }
            }
        }
        let now = parts.clock.now();
        let verdict = self.inner.watch.change(|held| {
            let held = held.as_mut().filter(|held| held.revision == revision)?;
            held.count(session, policy, now)
        });
        if let Some(verdict) = verdict {
            let sessions = self.clone();
            self.inner.tasks.spawn(async move {
                sessions.roll_back_watched(revision, verdict).await;
            });
        }
    }

    /// What there is to be watched of a revision: the domains that an installation gave another version. Its
    /// catalog's first ones have nothing before them to go back to.
    async fn watched(&self, revision: u32) -> Result<Watched, RepoError> {
        let repo = &self.inner.parts.repo;
        let found = repo.find_revision(Some(revision)).await?;
        let before = repo.find_revision(Some(revision.saturating_sub(1))).await?;
        let mut watched = Watched {
            revision,
            domains: BTreeSet::new(),
            made_at: DateTime::UNIX_EPOCH,
            sessions: 0,
            failed: 0,
            acted: false,
            told: false,
        };
        if let (Some(found), Some(before)) = (found, before)
            && found.cause == Cause::Install
        {
            watched.made_at = found.made_at;
            let changed = found.active.into_iter().filter(|(domain, digest)| {
                let was = before.active.get(domain);
                was.is_some_and(|was| was != digest)
            });
            watched.domains = changed.map(|(domain, _)| domain).collect();
        }
        Ok(watched)
    }

    async fn roll_back_watched(&self, revision: u32, verdict: Verdict) {
        let Verdict {
            domains,
            failed,
            of,
            reason,
        } = verdict;
        let asked = Rollback {
            domains: domains.clone(),
            by: format!("levain serve, the watch of revision {revision}"),
        };
        let notices = &self.inner.parts.notices;
        match self.go_back(asked, Some(revision)).await {
            Ok(serves) => notices.send(Notice::VersionsRolledBack {
                domains,
                revision,
                serves,
                failed,
                of,
                reason,
            }),
            Err(VersionsError::Changed { revision: serves }) => {
                tracing::info!(
                    revision,
                    serves,
                    "a revision that failed was replaced already"
                );
            }
            Err(error) => {
                // The next session that fails tries again; an operator is told once.
                let told = self.inner.watch.change(|held| {
                    let held = held.as_mut().filter(|held| held.revision == revision)?;
                    held.acted = false;
                    Some(std::mem::replace(&mut held.told, true))
                });
                if told == Some(false) {
                    let reason = error.to_string().chars().take(LONGEST_REASON).collect();
                    notices.send(Notice::RollbackFailed {
                        domains,
                        revision,
                        reason,
                    });
                }
            }
        }
    }
}
