//! The work itself, wherever it is done: to compile a component, to instrument one, to snapshot an instance of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt as _;
use wasmparser::{CanonicalFunction, Parser, Payload};
use wasmtime::Engine;
use wasmtime_wizer::{ComponentContext, Wizer};

use super::state::InstanceState;
use crate::sandbox::code::Made;
use crate::sandbox::lines;
use crate::sandbox::trim::trim;

/// Compiles what was made from a component: that itself, or one with other state.
fn compiled(engine: &Engine, original: &[u8], made: &[u8]) -> wasmtime::Result<Made> {
    Ok(Made {
        code: engine.precompile_component(made)?,
        lines: lines::table(original, made),
    })
}

pub(super) fn compile(engine: &Engine, component: &[u8]) -> wasmtime::Result<Made> {
    compiled(engine, component, component)
}

/// A component whose instances can be snapshotted.
pub(in crate::sandbox) struct Snapshots<'w> {
    engine: Engine,
    component: &'w [u8],
    wizer: Wizer,
    context: ComponentContext<'w>,
}

impl<'w> Snapshots<'w> {
    /// Instruments a component to show its memories and globals, and compiles it.
    pub(super) fn instrument(
        engine: &Engine,
        component: &'w [u8],
    ) -> wasmtime::Result<(Self, Made)> {
        refuse_hidden_state(component)?;
        let mut wizer = Wizer::new();
        // `prepare` is an export like any other, and stays one.
        wizer.keep_init_func(true);
        let (context, instrumented) = guarded(|| wizer.instrument_component(component))??;
        let made = compiled(engine, component, &instrumented)?;
        let snapshots = Self {
            engine: engine.clone(),
            component,
            wizer,
            context,
        };
        Ok((snapshots, made))
    }

    /// Compiles the component with the state of an instance as its initial state, without what `clone` does not
    /// reach.
    pub(super) fn snapshot(&self, mut state: InstanceState) -> wasmtime::Result<Made> {
        let wizer = &self.wizer;
        let written = guarded(|| {
            let snapshot = wizer.snapshot_component(&self.context, &mut state);
            snapshot.now_or_never()
        })?;
        let whole =
            written.ok_or_else(|| wasmtime::format_err!("the snapshot waits for something"))??;
        if let Some(name) = state.missed() {
            return Err(wasmtime::format_err!("`{name}` is not to be seen"));
        }
        drop(state);
        let trimmed = trim(&whole).unwrap_or(whole);
        compiled(&self.engine, self.component, &trimmed)
    }
}

/// Refuses a component that may have state outside of its memories and globals. Tables are looked after by the
/// instrumentation; what the component model itself keeps for an instance (handles to resources, tasks, streams)
/// is in no memory, and a component that passes calls on and no more has none of it.
fn refuse_hidden_state(wasm: &[u8]) -> wasmtime::Result<()> {
    let unread = |error: wasmparser::BinaryReaderError| wasmtime::format_err!("{error}");
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::ComponentCanonicalSection(functions) = payload.map_err(unread)? else {
            continue;
        };
        for function in functions {
            match function.map_err(unread)? {
                CanonicalFunction::Lift { .. }
                | CanonicalFunction::Lower { .. }
                // Without one that makes them, there is nothing to drop.
                | CanonicalFunction::ResourceDrop { .. } => {}
                other => {
                    let shown = format!("{other:?}");
                    let name = shown.split([' ', '(', '{']).next().unwrap_or_default();
                    return Err(wasmtime::format_err!(
                        "it keeps state outside of its memories ({name})"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Catches panics of the instrumentation on unexpected input: such a component gets no image.
fn guarded<T>(work: impl FnOnce() -> T) -> wasmtime::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| wasmtime::format_err!("the snapshot of it went wrong"))
}
