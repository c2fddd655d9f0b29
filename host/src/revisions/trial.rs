//! The count over the first sessions of a revision, and when it calls for a rollback: a pure decision.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use levain_model::{DomainStatus, Failure, Session, TriggerStatus};

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

/// At least one in this many sessions must fail.
const ONE_IN: u32 = 10;

/// Failures that are not the version's: the host had no thread, or could not admit it.
const NOT_OF_THE_VERSION: [&str; 3] = ["host_error", "no_thread", "plugin_not_active"];

/// The most of a failure's text that a notice has, in characters.
pub(super) const LONGEST_REASON: usize = 300;

/// The watch over the newest revision.
pub(super) struct Watch {
    pub(super) policy: WatchPolicy,
    watched: Mutex<Option<Watched>>,
}

pub(super) struct Watched {
    pub(super) revision: u32,
    /// The domains that it gave another version; none where it is not to be watched.
    pub(super) domains: BTreeSet<String>,
    pub(super) made_at: DateTime<Utc>,
    pub(super) sessions: u32,
    pub(super) failed: u32,
    /// Whether it is being rolled back, or was.
    pub(super) acted: bool,
    /// Whether an operator knows that it cannot be.
    pub(super) told: bool,
}

/// What the watch has found.
pub(super) struct Alarm {
    pub(super) domains: Vec<String>,
    pub(super) failed: u32,
    pub(super) of: u32,
    pub(super) reason: String,
}

impl Watch {
    pub(super) fn new(policy: WatchPolicy) -> Self {
        Self {
            policy,
            watched: Mutex::new(None),
        }
    }

    /// Whether sessions of a revision are still to be counted.
    pub(super) fn is_open(&self, revision: u32, now: DateTime<Utc>) -> bool {
        let policy = self.policy;
        policy.sessions > 0
            && revision > 0
            && self.change(|held| match held {
                Some(held) if held.revision == revision => !held.is_over(policy, now),
                Some(held) => held.revision < revision,
                None => true,
            })
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Option<Watched>) -> T) -> T {
        // A poisoned lock guards plain data that is whole between statements.
        change(&mut self.watched.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watched {
    fn is_over(&self, policy: WatchPolicy, now: DateTime<Utc>) -> bool {
        let is_old = self.sessions >= policy.sessions && now - self.made_at >= LEAST;
        is_old || self.acted || self.domains.is_empty()
    }

    /// Takes a session that ended.
    pub(super) fn count(
        &mut self,
        session: &Session,
        policy: WatchPolicy,
        now: DateTime<Utc>,
    ) -> Option<Alarm> {
        if self.is_over(policy, now) {
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
        Some(Alarm {
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
