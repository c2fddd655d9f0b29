//! Prepared images: the state of a component after `prepare`, as a component of its own.
//!
//! What `prepare` makes of a fixture slice is the same for every session. So it is done once: the component
//! is instrumented to show its memories and globals, an instance of it prepares the slice within the limits
//! of a call, and what it is then becomes the initial state of another component, which is compiled and kept
//! as any is. Whoever clones with that one begins behind `prepare`, its memory mapped copy-on-write.
//!
//! Only `prepare` runs here. To instrument a component, to write what it is and to compile that takes as much as it is
//! large: the compiler does it, within its bounds.
//!
//! A component that has state which cannot be seen this way has no images, and neither has a slice that
//! cannot be prepared: every call prepares by itself then, and tells by itself what fails.

use wasmtime::Store;
use wasmtime::component::types::{ComponentItem, Type};
use wasmtime::component::{Component, ComponentNamedList, Instance, Lift, WasmList};

use super::bindings;
use super::code::{self, Made};
use super::compile_error::{self, CompileError};
use super::compiler::{Compiler, InstanceState, Snapshotter, Value};
use super::component::Linked;
use super::engine::SandboxEngine;
use super::failure::{self, CallError};
use super::limits::{CompileLimits, Limits};
use super::state::{Origin, State};
use super::store;
use levain_catalog::FixtureSlice;
use levain_model::fault::shortened;
use levain_model::sha256_hex;

/// The instance that an instrumented component shows its state through.
const ACCESS: &str = "wasmtime:wizer/access";

/// What became of the images of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Images that were made.
    pub prepared: usize,
    /// Images that were in the cache.
    pub kept: usize,
    /// The digests of the slices that have none, each with why.
    pub without: Vec<(String, NoImage)>,
}

/// What images are made of, and within which limits.
#[derive(Debug, Clone, Copy)]
pub struct Source<'w> {
    /// What the component was compiled from.
    pub wasm: &'w [u8],
    /// Its domain, for the log.
    pub domain: &'w str,
    /// What `prepare` may use.
    pub calling: Limits,
    /// What it may cost to instrument it, and to compile each image.
    pub compiling: CompileLimits,
}

/// Why there is no prepared image. It costs time, and nothing else: every call prepares by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoImage {
    /// The component is none that can be snapshotted.
    #[error("the component cannot be snapshotted: {reason}")]
    Component {
        /// Why not.
        reason: String,
    },
    /// It did not prepare the slice.
    #[error("the slice was not prepared: {0}")]
    Prepare(CallError),
    /// An instance that had prepared the slice could not be snapshotted.
    #[error("what it prepared cannot be snapshotted: {reason}")]
    Snapshot {
        /// Why not.
        reason: String,
    },
}

/// A component that is instrumented for snapshots.
pub(super) struct Maker<'w> {
    source: Source<'w>,
    snapshotter: Snapshotter<'w>,
    component: Component,
    linked: Linked,
}

impl<'w> Maker<'w> {
    /// Instruments and compiles the component with this digest, for at most `images` images.
    ///
    /// # Errors
    /// [`NoImage::Component`] where it has state that a snapshot would lose.
    pub(super) fn new(
        engine: &SandboxEngine,
        compiler: &Compiler,
        source: Source<'w>,
        digest: &str,
        images: usize,
    ) -> Result<Self, NoImage> {
        let refused = |reason: String| NoImage::Component { reason };
        if sha256_hex(source.wasm) != digest {
            return Err(refused("these are not its bytes".into()));
        }
        let (snapshotter, made) = compiler
            .instrument(engine, source.wasm, &source.compiling, images)
            .map_err(|error| refused(reason_of(error)))?;
        let code = code::take(&engine.engine, &made).map_err(|error| refused(reason_of(error)))?;
        let component = code.component.clone();
        let linked =
            Linked::new(engine, code).map_err(|error| refused(compile_error::reason_of(&error)))?;
        Ok(Self {
            source,
            snapshotter,
            component,
            linked,
        })
    }

    /// The compiled component in its state after preparing the slice.
    ///
    /// # Errors
    /// [`NoImage`] if it does not prepare the slice within the limits, or cannot be snapshotted.
    pub(super) fn snapshot(
        &mut self,
        engine: &SandboxEngine,
        slice: &FixtureSlice,
    ) -> Result<Made, NoImage> {
        let limits = &self.source.calling;
        let origin = Origin::preparing(self.source.domain);
        let mut store = store::build(engine, origin, &self.linked.lines, limits);
        let prepared = bindings::prepare(&self.linked.plugin, &mut store, &slice.segments);
        let instance = prepared.map_err(|error: bindings::Failure| {
            let error = failure::explain(error, store.data(), limits, engine.stack_bytes);
            NoImage::Prepare(error)
        })?;
        // From here on it is the host that works: what the guest has used of its time and of what it may hand
        // back says nothing of that.
        store::begin_again(&mut store, limits);
        let unseen = |reason| NoImage::Snapshot { reason };
        let state = self
            .look(engine, &mut store, &instance)
            // The cause alone: what is around it names frames of the guest, however long their names are.
            .map_err(|error| {
                unseen(shortened(error.root_cause(), compile_error::LONGEST_REASON))
            })?;
        drop(store);
        let made = self.snapshotter.snapshot(state);
        made.map_err(|error| unseen(reason_of(error)))
    }

    /// Everything that the instrumented instance shows.
    fn look(
        &self,
        engine: &SandboxEngine,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<InstanceState> {
        let mut state = InstanceState::default();
        let ty = self.component.component_type();
        let access = ty
            .get_export(&engine.engine, ACCESS)
            .map(|access| access.ty);
        let Some(ComponentItem::ComponentInstance(access)) = access else {
            return Ok(state);
        };
        for (name, export) in access.exports(&engine.engine) {
            let ComponentItem::ComponentFunc(function) = export.ty else {
                continue;
            };
            let value = match function.results().next() {
                Some(Type::S32) => Value::I32(call::<i32>(store, instance, name)?),
                Some(Type::S64) => Value::I64(call::<i64>(store, instance, name)?),
                Some(Type::Float32) => Value::F32(call::<f32>(store, instance, name)?.to_bits()),
                Some(Type::Float64) => Value::F64(call::<f64>(store, instance, name)?.to_bits()),
                Some(Type::List(_)) => {
                    let list = call::<WasmList<u8>>(store, instance, name)?;
                    Value::Memory(list.as_le_slice(&*store).to_vec())
                }
                _ => continue,
            };
            state.insert(name.to_owned(), value);
        }
        Ok(state)
    }
}

/// Calls an accessor.
fn call<T: Lift + 'static>(
    store: &mut Store<State>,
    instance: &Instance,
    name: &str,
) -> wasmtime::Result<T>
where
    (T,): ComponentNamedList + Lift,
{
    let missing = || wasmtime::format_err!("there is no `{name}`");
    let access = instance
        .get_export_index(&mut *store, None, ACCESS)
        .ok_or_else(missing)?;
    let function = instance
        .get_export_index(&mut *store, Some(&access), name)
        .ok_or_else(missing)?;
    let function = instance.get_typed_func::<(), (T,)>(&mut *store, function)?;
    Ok(function.call(&mut *store, ())?.0)
}

/// What is wrong with a component as an image of it is made: not that it cannot be compiled.
fn reason_of(error: CompileError) -> String {
    match error {
        CompileError::Invalid { reason } => reason,
        other => other.to_string(),
    }
}
