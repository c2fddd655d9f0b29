//! Prepared images: a component as it is after `prepare`, as a component of its own.
//!
//! What `prepare` makes of a fixture slice is the same for every session. So it is done once: the component
//! is instrumented to show its memories and globals, an instance of it prepares the slice within the limits
//! of a call, and what it is then becomes the initial state of another component, which is compiled and kept
//! as any is. Whoever clones with that one begins behind `prepare`, its memory mapped copy-on-write.
//!
//! A component that has state which cannot be seen this way has no images, and neither has a slice that
//! cannot be prepared: every call prepares by itself then, and tells by itself what fails.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt as _;
use wasmparser::{CanonicalFunction, Parser, Payload};
use wasmtime::Store;
use wasmtime::component::types::{ComponentItem, Type};
use wasmtime::component::{Component, ComponentNamedList, Instance, Lift, WasmList};
use wasmtime_wizer::{ComponentContext, ComponentInstanceState, Wizer};

use super::bindings;
use super::component::Generation;
use super::engine::SandboxEngine;
use super::failure::{self, CallError};
use super::limits::Limits;
use super::store::{self, Origin, State};
use crate::catalog::FixtureSlice;
use crate::segment::sha256_hex;

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

/// A component that is ready to be prepared and looked at.
pub(super) struct Maker<'w> {
    wizer: Wizer,
    context: ComponentContext<'w>,
    component: Component,
    plugin: Generation,
}

impl<'w> Maker<'w> {
    /// Instruments and compiles the component whose bytes and digest these are.
    ///
    /// # Errors
    /// [`NoImage::Component`] where it has state that a snapshot would lose.
    pub(super) fn new(
        engine: &SandboxEngine,
        wasm: &'w [u8],
        digest: &str,
    ) -> Result<Self, NoImage> {
        let refused = |reason: String| NoImage::Component { reason };
        if sha256_hex(wasm) != digest {
            return Err(refused("these are not its bytes".into()));
        }
        refuse_hidden_state(wasm).map_err(refused)?;
        let mut wizer = Wizer::new();
        // `prepare` is an export like any other, and stays one.
        wizer.keep_init_func(true);
        let (context, instrumented) = guarded(|| wizer.instrument_component(wasm))
            .map_err(refused)?
            .map_err(|error| refused(format!("{error:#}")))?;
        let compiled =
            Component::from_binary(&engine.engine, &instrumented).and_then(|component| {
                let plugin = Generation::link(engine, &component, false)?;
                Ok((component, plugin))
            });
        let (component, plugin) = compiled.map_err(|error| refused(format!("{error:#}")))?;
        Ok(Self {
            wizer,
            context,
            component,
            plugin,
        })
    }

    /// The bytes of the component as it is once it has prepared the slice.
    ///
    /// # Errors
    /// [`NoImage`] where it does not prepare the slice within the limits, or cannot be looked at afterwards.
    pub(super) fn snapshot(
        &self,
        engine: &SandboxEngine,
        domain: &str,
        slice: &FixtureSlice,
        limits: &Limits,
    ) -> Result<Vec<u8>, NoImage> {
        let mut store = store::build(engine, Origin::preparing(domain), limits);
        let prepared = bindings::prepare(&self.plugin, &mut store, &slice.segments);
        let instance = prepared.map_err(|error: bindings::Failure| {
            let error = failure::explain(error, store.data(), limits, engine.stack_bytes);
            NoImage::Prepare(error)
        })?;
        // From here on it is the host that works: what the guest has used of its time and of what it may hand
        // back says nothing of that.
        store::begin_again(&mut store, limits);
        let unseen = |reason| NoImage::Snapshot { reason };
        let mut seen = self
            .look(engine, &mut store, &instance)
            .map_err(|error| unseen(format!("{error:#}")))?;
        drop(store);
        let bytes = guarded(|| {
            self.wizer
                .snapshot_component(&self.context, &mut seen)
                .now_or_never()
        })
        .map_err(unseen)?
        .ok_or_else(|| unseen("the snapshot waits for something".into()))?
        .map_err(|error| unseen(format!("{error:#}")))?;
        match seen.missed {
            None => Ok(bytes),
            Some(name) => Err(unseen(format!("`{name}` is not to be seen"))),
        }
    }

    /// Everything that the instrumented instance shows.
    fn look(
        &self,
        engine: &SandboxEngine,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Seen> {
        let mut seen = Seen::default();
        let ty = self.component.component_type();
        let access = ty
            .get_export(&engine.engine, ACCESS)
            .map(|access| access.ty);
        let Some(ComponentItem::ComponentInstance(access)) = access else {
            return Ok(seen);
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
            seen.values.insert(name.to_owned(), value);
        }
        Ok(seen)
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

/// The state of an instance, each value once: to look at a memory makes it grow, which may fail, and whoever
/// writes the snapshot asks twice and takes no error.
#[derive(Default)]
struct Seen {
    values: BTreeMap<String, Value>,
    missed: Option<String>,
}

enum Value {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    Memory(Vec<u8>),
}

impl Seen {
    fn missed(&mut self, name: &str) {
        self.missed.get_or_insert_with(|| name.to_owned());
    }
}

impl ComponentInstanceState for Seen {
    async fn call_func_ret_list_u8(
        &mut self,
        _instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        if let Some(Value::Memory(bytes)) = self.values.get(func) {
            contents(bytes);
        } else {
            self.missed(func);
            contents(&[]);
        }
    }

    async fn call_func_ret_s32(&mut self, _instance: &str, func: &str) -> i32 {
        if let Some(Value::I32(value)) = self.values.get(func) {
            return *value;
        }
        self.missed(func);
        0
    }

    async fn call_func_ret_s64(&mut self, _instance: &str, func: &str) -> i64 {
        if let Some(Value::I64(value)) = self.values.get(func) {
            return *value;
        }
        self.missed(func);
        0
    }

    async fn call_func_ret_f32(&mut self, _instance: &str, func: &str) -> u32 {
        if let Some(Value::F32(value)) = self.values.get(func) {
            return *value;
        }
        self.missed(func);
        0
    }

    async fn call_func_ret_f64(&mut self, _instance: &str, func: &str) -> u64 {
        if let Some(Value::F64(value)) = self.values.get(func) {
            return *value;
        }
        self.missed(func);
        0
    }
}

/// Refuses a component that may have state outside of its memories and globals. Tables are looked after by the
/// instrumentation; what the component model itself keeps for an instance (handles to resources, tasks, streams)
/// is in no memory, and a component that passes calls on and no more has none of it.
fn refuse_hidden_state(wasm: &[u8]) -> Result<(), String> {
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| error.to_string())?;
        let Payload::ComponentCanonicalSection(functions) = payload else {
            continue;
        };
        for function in functions {
            match function.map_err(|error| error.to_string())? {
                CanonicalFunction::Lift { .. }
                | CanonicalFunction::Lower { .. }
                // Without one that makes them, there is nothing to drop.
                | CanonicalFunction::ResourceDrop { .. } => {}
                other => {
                    let shown = format!("{other:?}");
                    let name = shown.split([' ', '(', '{']).next().unwrap_or_default();
                    return Err(format!("it keeps state outside of its memories ({name})"));
                }
            }
        }
    }
    Ok(())
}

/// Runs what stops on an input that it did not foresee: that input is one of which no image is made.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| "the snapshot of it went wrong".into())
}
