//! The circuit breaker of one version: a pure decision.
//!
//! There is a circuit per kind of call. It opens when calls of the kind hit a limit so many times in a row: calls
//! are then failed without being made. After a rest one call is made as a probe; it closes the circuit where it
//! ends within its limits, and otherwise the rest begins anew. A call of the kind that ends within its limits is no
//! misbehaviour that others could suffer from, whatever else is wrong with it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Calls in a row that hit a limit.
    pub failures: u32,
    /// How long no call is made, until the next probe.
    pub rest: Duration,
}

/// The limits of a call, by the codes of the failures that name them.
const LIMITS: [&str; 6] = [
    "timeout",
    "memory_limit",
    "table_limit",
    "stack_limit",
    "output_limit",
    "record_limit",
];

/// Failures that are the host's own: they say nothing about the version.
const OF_THE_HOST: [&str; 2] = ["host_error", "no_thread"];

/// The most of a failure's text that is kept, in characters.
const LONGEST_REASON: usize = 300;

/// Kinds of calls that are remembered of one version; a catalog has fewer.
const MOST: usize = 10_000;

/// How a call ended, as far as its circuit is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// Within its limits.
    Within,
    /// At a limit: which, and in what words.
    Limit(String),
    /// That is not known, or is the host's fault.
    Unknown,
}

impl Ending {
    /// How a failed call ended.
    pub(super) fn of(code: &str, message: &str) -> Self {
        if LIMITS.contains(&code) {
            Self::Limit(format!("{code}: {message}"))
        } else if OF_THE_HOST.contains(&code) {
            Self::Unknown
        } else {
            Self::Within
        }
    }
}

/// Why a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Its circuit is closed.
    Regular,
    /// To see whether its circuit may close.
    Probe,
}

/// A circuit that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCircuit {
    /// The kind of call.
    pub work: String,
    /// Calls in a row that hit a limit.
    pub failures: u32,
    /// The failure of the last one, cut.
    pub reason: String,
    /// When the next call is made, as a probe.
    pub probe_at: DateTime<Utc>,
}

impl fmt::Display for OpenCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            work,
            failures,
            reason,
            probe_at,
        } = self;
        let probe_at = probe_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(
            f,
            "its {work} is not called: the last {failures} calls hit a limit, the last of them: {reason}; \
             the first call after {probe_at} probes whether it is well again, and another version is called at once"
        )
    }
}

/// What an ending changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Opened(OpenCircuit),
    Closed { work: String },
}

/// The circuits of one version that have something to remember.
#[derive(Debug, Default)]
pub(super) struct Circuits {
    successes: u64,
    /// One probe at a time: a version that spins for every account spins once.
    probing: bool,
    /// Calls that have a thread, by their kind.
    running: BTreeMap<String, usize>,
    failing: BTreeMap<String, Failing>,
}

#[derive(Debug)]
struct Failing {
    failures: u32,
    reason: String,
    probe_at: Option<DateTime<Utc>>,
}

impl Failing {
    fn open(&self, work: &str) -> Option<OpenCircuit> {
        Some(OpenCircuit {
            work: work.to_owned(),
            failures: self.failures,
            reason: self.reason.clone(),
            probe_at: self.probe_at?,
        })
    }
}

impl Circuits {
    /// Calls that ended within their limits so far.
    pub(super) const fn successes(&self) -> u64 {
        self.successes
    }

    /// A call has a thread.
    pub(super) fn begin(&mut self, work: &str) {
        *self.running.entry(work.to_owned()).or_default() += 1;
    }

    /// A call has given its thread back.
    pub(super) fn leave(&mut self, work: &str) {
        if let Some(running) = self.running.get_mut(work) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                self.running.remove(work);
            }
        }
    }

    /// Whether calls of this kind have what a call of the same kind waited for in vain, since `successes`: no call
    /// of the version came through, and some of this kind hold a thread or hit a limit. What other kinds of calls
    /// hold is not its fault.
    pub(super) fn is_stuck(&self, work: &str, successes: u64) -> bool {
        let to_blame = self.running.contains_key(work) || self.failing.contains_key(work);
        self.successes == successes && to_blame
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_clear(&self) -> bool {
        self.failing.is_empty()
    }

    /// Those that are open.
    pub(super) fn open(&self) -> Vec<OpenCircuit> {
        let failing = self.failing.iter();
        failing
            .filter_map(|(work, failing)| failing.open(work))
            .collect()
    }

    /// Whether a call may be made.
    pub(super) fn enter(&mut self, work: &str, now: DateTime<Utc>) -> Result<Entry, OpenCircuit> {
        let open = self
            .failing
            .get(work)
            .and_then(|failing| failing.open(work));
        match open {
            None => Ok(Entry::Regular),
            Some(open) if now < open.probe_at || self.probing => Err(open),
            Some(_) => {
                self.probing = true;
                Ok(Entry::Probe)
            }
        }
    }

    /// A call that entered did not run, or its ending is unknown.
    pub(super) fn give_up(&mut self, entry: Entry) {
        if entry == Entry::Probe {
            self.probing = false;
        }
    }

    /// A call ended.
    pub(super) fn end(
        &mut self,
        work: &str,
        entry: Entry,
        ending: &Ending,
        policy: BreakerPolicy,
        now: DateTime<Utc>,
    ) -> Option<Change> {
        self.give_up(entry);
        match ending {
            Ending::Unknown => None,
            Ending::Within => {
                self.successes = self.successes.wrapping_add(1);
                let was_open = self.failing.remove(work)?.probe_at.is_some();
                let work = work.to_owned();
                was_open.then_some(Change::Closed { work })
            }
            Ending::Limit(reason) => {
                if !self.failing.contains_key(work) && self.failing.len() >= MOST {
                    return None;
                }
                let failing = self.failing.entry(work.to_owned()).or_insert(Failing {
                    failures: 0,
                    reason: String::new(),
                    probe_at: None,
                });
                failing.failures = failing.failures.saturating_add(1);
                failing.reason = reason.chars().take(LONGEST_REASON).collect();
                let was_open = failing.probe_at.is_some();
                if entry == Entry::Probe || !was_open && failing.failures >= policy.failures {
                    failing.probe_at = Some(now + policy.rest);
                }
                let open = failing.open(work)?;
                (!was_open).then_some(Change::Opened(open))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 3,
        rest: Duration::from_secs(30),
    };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn limit() -> Ending {
        Ending::of("timeout", "it ran longer than its 60 ms")
    }

    /// A call at a second; what it changed, or that it was failed fast.
    fn call(circuits: &mut Circuits, work: &str, second: i64, ending: &Ending) -> Option<Change> {
        let entry = circuits.enter(work, at(second)).unwrap();
        circuits.end(work, entry, ending, POLICY, at(second))
    }

    #[test]
    fn opens_after_limits_in_a_row_probes_once_and_closes() {
        let mut circuits = Circuits::default();
        for _ in 0..2 {
            assert_eq!(call(&mut circuits, "clone", 0, &limit()), None);
        }
        // A call that ends within its limits begins the count anew.
        assert_eq!(
            call(&mut circuits, "clone", 0, &Ending::of("trap", "")),
            None
        );
        for _ in 0..2 {
            assert_eq!(call(&mut circuits, "clone", 0, &limit()), None);
        }
        // The host's own failures do not.
        assert_eq!(
            call(&mut circuits, "clone", 0, &Ending::of("host_error", "")),
            None
        );
        let opened = call(&mut circuits, "clone", 1, &limit());
        assert!(matches!(opened, Some(Change::Opened(open)) if open.probe_at == at(31)));
        assert_eq!(circuits.enter("clone", at(30)).unwrap_err().failures, 3);
        // Other work is called.
        assert_eq!(call(&mut circuits, "cleanup", 2, &Ending::Within), None);

        assert_eq!(circuits.enter("clone", at(31)), Ok(Entry::Probe));
        assert!(
            circuits.enter("clone", at(31)).is_err(),
            "one probe at a time"
        );
        let again = circuits.end("clone", Entry::Probe, &limit(), POLICY, at(32));
        assert_eq!(again, None, "it was open, and an operator knows");
        assert_eq!(
            circuits.enter("clone", at(61)).unwrap_err().probe_at,
            at(62)
        );
        // After a probe without a conclusion, the next call probes.
        assert_eq!(circuits.enter("clone", at(62)), Ok(Entry::Probe));
        circuits.give_up(Entry::Probe);
        let closed = call(&mut circuits, "clone", 62, &Ending::Within);
        assert!(matches!(closed, Some(Change::Closed { .. })));
        assert!(circuits.is_clear() && circuits.open().is_empty());
    }

    #[test]
    fn wait_is_blamed_on_its_own_kind_of_calls_alone() {
        let mut circuits = Circuits::default();
        circuits.begin("clone of show");
        assert!(circuits.is_stuck("clone of show", 0));
        assert!(!circuits.is_stuck("clone of other", 0));
        circuits.leave("clone of show");
        assert!(!circuits.is_stuck("clone of show", 0));
        circuits.end("clone of show", Entry::Regular, &limit(), POLICY, at(0));
        assert!(circuits.is_stuck("clone of show", 0));
        // A call that came through shows that the wait was for a crowd.
        circuits.end(
            "clone of other",
            Entry::Regular,
            &Ending::Within,
            POLICY,
            at(0),
        );
        assert!(!circuits.is_stuck("clone of show", 0));
    }

    #[test]
    fn late_failure_does_not_prolong_the_rest() {
        let mut circuits = Circuits::default();
        for second in 0..6 {
            circuits.end("clone", Entry::Regular, &limit(), POLICY, at(second));
        }
        assert_eq!(circuits.open()[0].probe_at, at(32));
        assert_eq!(circuits.open()[0].failures, 6);
    }

    #[test]
    fn failure_text_is_cut_and_names_the_probe() {
        let mut circuits = Circuits::default();
        let long = Ending::Limit("x".repeat(100_000));
        for _ in 0..3 {
            circuits.end("clone of show", Entry::Regular, &long, POLICY, at(0));
        }
        let told = circuits.open()[0].to_string();
        assert!(told.len() < 1000, "{}", told.len());
        assert!(
            told.contains("clone of show") && told.contains("1970-01-01T00:00:30Z"),
            "{told}"
        );
    }
}
