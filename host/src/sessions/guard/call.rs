//! One call of a version: it waits for a thread of the version's own, runs, and reports how it ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use levain_model::Failure;

use super::circuit::{Change, Ending, Entry, OpenCircuit};
use super::{Pass, Version, lock};
use crate::notices::Notice;
use crate::plugins::Plugin;
use crate::sandbox::{Allowance, CallError, Limits, Purpose};
use crate::sessions::Inner;
use crate::sessions::clone::call_failed;

/// Which version is called, for what.
pub(in crate::sessions) struct Called<'c> {
    pub(in crate::sessions) plugin: &'c Plugin,
    /// The kind of call, in words: what fails for one account may work for another.
    pub(in crate::sessions) work: String,
    pub(in crate::sessions) purpose: Purpose,
}

/// How long a call may take.
pub(in crate::sessions) struct Bounds {
    pub(in crate::sessions) limits: Limits,
    /// How much later the host gives up on a call that has a thread.
    pub(in crate::sessions) slack: Duration,
    /// When its session must have what it makes.
    pub(in crate::sessions) until: Option<Instant>,
}

impl Inner {
    /// Runs a call on a thread of the sandbox, or fails it fast; returns how long it ran, or waited in vain.
    pub(in crate::sessions) async fn call<T: Send + 'static>(
        self: &Arc<Self>,
        called: Called<'_>,
        bounds: Bounds,
        work: impl FnOnce(&Limits) -> Result<T, Failure> + Send + 'static,
    ) -> (Duration, Result<T, Failure>) {
        let asked = Instant::now();
        let mut limits = bounds.limits;
        let left = bounds
            .until
            .map(|until| until.saturating_duration_since(asked));
        let cut = left.filter(|left| *left < limits.timeout);
        limits.timeout = cut.unwrap_or(limits.timeout);
        let allowance = Allowance {
            asked,
            limit: limits.timeout,
            slack: bounds.slack,
        };
        // A call that its session leaves less time than its domain does is not to blame for needing more.
        let to_blame = cut.is_none();
        let (duration, result) = match self.enter(called, &allowance, to_blame).await {
            Ok(pass) => self.run(pass, allowance, limits, work).await,
            Err(error) => (asked.elapsed(), Err(error)),
        };
        let result = result.map_err(|error| match cut {
            Some(_) => within_lease(error, self.parts.policy.lease),
            None => error,
        });
        (duration, result)
    }

    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        mut pass: Pass,
        allowance: Allowance,
        limits: Limits,
        work: impl FnOnce(&Limits) -> Result<T, Failure> + Send + 'static,
    ) -> (Duration, Result<T, Failure>) {
        let inner = Arc::clone(self);
        let call = self.parts.sandbox.run_within(allowance, move || {
            let started = Instant::now();
            let limits = Limits {
                waited: allowance.asked.elapsed(),
                ..limits
            };
            let result = work(&limits);
            // On the call's own thread: it must happen even if its caller has gone.
            let ending = match &result {
                Ok(_) => Ending::Within,
                // Nor is one that waited for most of its time.
                Err(error) if error.code == "timeout" => {
                    match limits.left() >= limits.timeout / 2 {
                        true if pass.to_blame => Ending::of(&error.code, &error.message),
                        _ => Ending::Unknown,
                    }
                }
                Err(error) => Ending::of(&error.code, &error.message),
            };
            inner.conclude(&mut pass, &ending);
            (started.elapsed(), result)
        });
        match call.await {
            Ok(done) => done,
            Err(error) => (allowance.asked.elapsed(), Err(call_failed(&error))),
        }
    }

    /// Waits for a thread of the version's own.
    async fn enter(
        self: &Arc<Self>,
        called: Called<'_>,
        allowance: &Allowance,
        to_blame: bool,
    ) -> Result<Pass, Failure> {
        let name = (called.plugin.domain.clone(), called.plugin.digest.clone());
        let version = self.guard.version(&name, self.parts.sandbox.turns());
        let counts = called.purpose == Purpose::Session;
        let entry = |version: &Version| match counts {
            true => lock(&version.circuits).enter(&called.work, self.parts.clock.now()),
            false => Ok(Entry::Regular),
        };
        let mut pass = Pass {
            entry: entry(&version).map_err(|open| failed_fast(&open))?,
            version,
            name,
            work: called.work.clone(),
            counts,
            to_blame,
            thread: None,
            concluded: false,
        };
        if pass.entry == Entry::Probe {
            return Ok(pass);
        }
        let successes = lock(&pass.version.circuits).successes();
        let thread = Arc::clone(&pass.version.threads).acquire_owned();
        let until = allowance.asked + allowance.limit;
        match tokio::time::timeout_at(until.into(), thread).await {
            // The semaphore is never closed.
            Ok(thread) => {
                pass.thread = thread.ok();
                lock(&pass.version.circuits).begin(&pass.work);
            }
            Err(_elapsed) => {
                let error = call_failed(&CallError::NoThread {
                    limit_ms: allowance.limit.as_millis(),
                    own: true,
                });
                // A version that is slow under a crowd is not one that never ends.
                let stuck = lock(&pass.version.circuits).is_stuck(&pass.work, successes);
                let ending = match stuck && to_blame {
                    true => Ending::Limit(format!("{}: {}", error.code, error.message)),
                    false => Ending::Unknown,
                };
                self.conclude(&mut pass, &ending);
                return Err(error);
            }
        }
        // Those that were waited for may have opened the circuit.
        pass.entry = entry(&pass.version).map_err(|open| failed_fast(&open))?;
        Ok(pass)
    }

    fn conclude(&self, pass: &mut Pass, ending: &Ending) {
        pass.concluded = true;
        if !pass.counts {
            return;
        }
        let now = self.parts.clock.now();
        let policy = self.parts.breaker;
        let change = lock(&pass.version.circuits).end(&pass.work, pass.entry, ending, policy, now);
        let Some(change) = change else { return };
        let (domain, digest) = pass.name.clone();
        self.parts.notices.send(match change {
            Change::Opened(open) => Notice::CircuitOpened {
                domain,
                digest,
                call: open.work,
                failures: open.failures,
                reason: open.reason,
                probe_at: open.probe_at,
            },
            Change::Closed { work } => Notice::CircuitClosed {
                domain,
                digest,
                call: work,
            },
        });
    }
}

fn failed_fast(open: &OpenCircuit) -> Failure {
    Failure {
        code: "circuit_open".to_owned(),
        message: open.to_string(),
        faults: Vec::new(),
        fault_count: 0,
    }
}

/// The failure of a call that had less time than its domain allows.
fn within_lease(error: Failure, lease: Duration) -> Failure {
    if !matches!(error.code.as_str(), "timeout" | "no_thread") {
        return error;
    }
    let message = format!(
        "{}; the session's lease of {} s left it no more: raise lease_seconds, or give its domains less time",
        error.message,
        lease.as_secs()
    );
    Failure { message, ..error }
}
