//! Owns which calls of a version may run, and how long they wait: a version that misbehaves costs its own domain
//! and nobody else.
//!
//! A version has as many threads as there are turns and no more, so that its calls that never end leave the others
//! to other versions. A call's deadline includes every wait. Calls of one kind that hit a limit again and again are
//! failed fast: see [`circuit`].
//!
//! Never: what a call does, or what its failure means for a session.

mod call;
mod circuit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(super) use self::call::{Bounds, Called};
pub use self::circuit::{BreakerPolicy, OpenCircuit};
use self::circuit::{Circuits, Entry};

/// The calls of all versions in this process.
#[derive(Default)]
pub(super) struct Guard(Mutex<HashMap<Name, Arc<Version>>>);

/// Domain and digest.
type Name = (String, String);

struct Version {
    threads: Arc<Semaphore>,
    circuits: Mutex<Circuits>,
}

/// A call that may run. It holds one of the version's threads, unless it is a probe.
struct Pass {
    version: Arc<Version>,
    name: Name,
    work: String,
    entry: Entry,
    /// Whether its ending counts.
    counts: bool,
    /// Whether its wait and its time are.
    to_blame: bool,
    thread: Option<OwnedSemaphorePermit>,
    concluded: bool,
}

impl Guard {
    /// The circuits of a version that are open.
    pub(super) fn open_circuits(&self, domain: &str, digest: &str) -> Vec<OpenCircuit> {
        let name = (domain.to_owned(), digest.to_owned());
        let version = lock(&self.0).get(&name).map(Arc::clone);
        version.map_or_else(Vec::new, |version| lock(&version.circuits).open())
    }

    fn version(&self, name: &Name, threads: usize) -> Arc<Version> {
        let mut versions = lock(&self.0);
        // A version without a call and without a failure has nothing to remember.
        versions.retain(|_, version| {
            Arc::strong_count(version) > 1 || !lock(&version.circuits).is_clear()
        });
        let new = || {
            Arc::new(Version {
                threads: Arc::new(Semaphore::new(threads)),
                circuits: Mutex::default(),
            })
        };
        Arc::clone(versions.entry(name.clone()).or_insert_with(new))
    }
}

impl Drop for Pass {
    /// After a probe without a conclusion, the next call probes.
    fn drop(&mut self) {
        let mut circuits = lock(&self.version.circuits);
        if !self.concluded {
            circuits.give_up(self.entry);
        }
        if self.thread.is_some() {
            circuits.leave(&self.work);
        }
    }
}

/// A poisoned lock guards plain data that is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
