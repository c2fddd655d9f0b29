//! The only place that makes a store, and so the only place where a call gets its limits.

use std::time::Duration;

use wasmtime::{Store, UpdateDeadline};

use super::engine::{SandboxEngine, TICK};
use super::limits::Limits;
use super::lines::Lines;
use super::state::{Origin, State};
use super::workers::{PATIENCE, step_aside};

/// A fresh store with every limit of `limits` on it, for code that has these source lines.
pub(super) fn build(
    engine: &SandboxEngine,
    origin: impl Into<Origin>,
    lines: &Lines,
    limits: &Limits,
) -> Store<State> {
    let state = State::new(origin.into(), lines, limits);
    #[expect(clippy::disallowed_methods, reason = "the one home of stores")]
    let mut store = Store::new(&engine.engine, state);
    store.limiter(|state| state);
    // The deadline fires when the call has taken long enough to step aside, again while there is no room for
    // that, and at its end. What the call waited before it began is no longer its to use.
    let whole = ticks(limits.left()).saturating_add(1);
    let patience = ticks(PATIENCE);
    let first = patience.min(whole);
    store.set_epoch_deadline(first);
    let mut rest = whole - first;
    store.epoch_deadline_callback(move |_| {
        if rest == 0 {
            return Ok(UpdateDeadline::Interrupt);
        }
        let next = if step_aside() {
            rest
        } else {
            patience.min(rest)
        };
        rest -= next;
        Ok(UpdateDeadline::Continue(next))
    });
    store.set_hostcall_fuel(limits.output_bytes);
    store
}

/// Gives a store its whole time once more, and as many bytes as a memory can have to hand back: for the host's
/// own look at a guest that has ended.
pub(super) fn begin_again(store: &mut Store<State>, limits: &Limits) {
    store.set_epoch_deadline(ticks(limits.timeout).saturating_add(1));
    store.set_hostcall_fuel(usize::MAX);
}

/// How many ticks of the epoch a time has.
fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX)
}
