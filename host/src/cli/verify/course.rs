//! Runs all sessions of one account, sequentially or concurrently. Deletes what it created, also after an
//! interrupt or a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use ureq::http::Method;

use super::database::Database;
use super::interrupt::Interrupt;
use super::observation::Observation;
use super::progress::Progress;
use crate::cli::client::{Call, Client, session_path};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use levain_catalog::{Account, Catalog, ExactTimes};
use levain_model::Secret;

/// Exact times by place.
pub(super) type MarkedTimes = BTreeMap<String, ExactTimes>;

/// The verification of one account.
pub(super) struct Course<'c> {
    pub(super) client: &'c Client,
    pub(super) key: &'c Secret,
    pub(super) catalog: &'c Catalog,
    pub(super) account: &'c Account,
    /// The data clock of all sessions.
    pub(super) instant: DateTime<Utc>,
    pub(super) database: Option<&'c Database>,
    pub(super) keep: bool,
    pub(super) sessions: u32,
    pub(super) concurrency: u32,
    pub(super) interrupt: &'c Interrupt,
    pub(super) output: Output,
    /// Sessions that were created and not deleted yet.
    pub(super) remaining: Mutex<BTreeSet<String>>,
}

/// The name of a domain of a tenant in messages.
pub(super) fn place(outlet: Option<&str>, domain: &str) -> String {
    match outlet {
        Some(outlet) => format!("{outlet} {domain}"),
        None => domain.to_owned(),
    }
}

impl Course<'_> {
    /// Creates and checks all sessions, then deletes the remaining ones.
    pub(super) fn run(&self) -> Result<Vec<Observation>, Failure> {
        let outcome = self.try_all();
        match self.keep {
            false => self.delete_remaining(),
            true => self.report_kept(),
        }
        let seen = outcome?;
        if self.interrupt.is_asked() {
            let made = seen.len();
            return Err(anyhow::anyhow!(
                "interrupted after {made} sessions of `{}`",
                self.account.slug
            )
            .into());
        }
        Ok(seen)
    }

    fn try_all(&self) -> Result<Vec<Observation>, Failure> {
        let marked = self.marked();
        let progress = Progress::new(&self.account.slug, self.sessions, self.output);
        let begun = AtomicU32::new(0);
        let (seen, failed) = (Mutex::new(Vec::new()), Mutex::new(None));
        let work = || {
            while begun.fetch_add(1, Ordering::Relaxed) < self.sessions {
                if self.interrupt.is_asked() || locked(&failed).is_some() {
                    return;
                }
                match self.try_one(&marked) {
                    Ok(one) => {
                        let mut seen = locked(&seen);
                        seen.push(one);
                        progress.step(seen.len());
                    }
                    Err(failure) => *locked(&failed) = Some(failure),
                }
            }
        };
        std::thread::scope(|threads| {
            for _ in 1..self.concurrency {
                threads.spawn(work);
            }
            work();
        });
        progress.end();
        match unlocked(failed) {
            Some(failure) => Err(failure),
            None => Ok(unlocked(seen)),
        }
    }

    /// Reads the exact times of the account once, for all sessions.
    fn marked(&self) -> MarkedTimes {
        let outlets = self.account.outlets.iter().map(|o| Some(o.slug.as_str()));
        let tenants = std::iter::once(None).chain(outlets);
        tenants
            .flat_map(|outlet| {
                self.catalog
                    .domains()
                    .iter()
                    .map(move |d| (outlet, &d.slug))
            })
            .map(|(outlet, domain)| {
                let times = self.catalog.exact_times(self.account, outlet, domain);
                (place(outlet, domain), times)
            })
            .filter(|(_, times)| !times.is_empty())
            .collect()
    }

    /// Records a created session for deletion.
    pub(super) fn remember(&self, session_id: Option<&str>) {
        locked(&self.remaining).extend(session_id.map(str::to_owned));
    }

    /// Removes a deleted session from that record.
    pub(super) fn forget(&self, session_id: &str) {
        locked(&self.remaining).remove(session_id);
    }

    fn report_kept(&self) {
        for session_id in &*locked(&self.remaining) {
            self.output.say(&format!("kept: {session_id}"));
        }
    }

    fn delete_remaining(&self) {
        for session_id in std::mem::take(&mut *locked(&self.remaining)) {
            let deleted = session_path(&session_id)
                .and_then(|path| self.client.call(Call::new(Method::DELETE, &path)));
            if deleted.is_err() {
                self.output.warning(&format!("{session_id} is still there"));
                self.output
                    .hint(&format!("levain session delete {session_id}"));
            }
        }
    }
}

/// Ignores poisoning: the panic itself is reported when the thread is joined.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unlocked<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
