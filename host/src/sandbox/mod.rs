//! Owns everything of wasmtime: the engine, the limits, the bindings of each WIT generation, and
//! the rule that one call is one fresh store.
//!
//! Never: storage, HTTP, or what the records mean.

mod bindings;
mod cache;
mod call;
mod code;
mod compile_error;
mod compiler;
mod component;
mod engine;
mod failure;
mod functions;
#[doc(hidden)]
pub mod fuzzing;
mod image;
mod layout;
mod limits;
mod lines;
mod shape;
mod state;
mod store;
mod threads;
mod trim;
mod workers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

pub use cache::CodeCache;
pub use call::{CallContext, CallCost, CleanupPlan, HeldSegment, Purpose};
pub use compile_error::CompileError;
pub(crate) use compile_error::refuse_large;
pub use compiler::{ChildFailure, ChildTask, Compiler, compile_as_child};
pub use component::Compiled;
use component::Linked;
pub use engine::EngineError;
pub use failure::{CallError, Trap};
pub use functions::SharedFunctions;
pub use image::{NoImage, Preparation, Source};
pub use layout::SandboxConfig;
pub use limits::{CompileLimits, Limits, SandboxLimits};
pub use shape::Shape;
pub(crate) use shape::{LIFECYCLE, TRIGGERS};
pub(crate) use workers::Allowance;

use crate::metrics;
use levain_catalog::FixtureSlice;
use levain_model::{EntityCount, Phase, Segment};

/// The sandbox: compiles components and calls them, each call in a store of its own.
#[derive(Clone)]
pub struct Sandbox {
    engine: Arc<engine::SandboxEngine>,
    workers: workers::Workers,
    cache: Option<Arc<CodeCache>>,
    compiler: Compiler,
}

impl Sandbox {
    /// Builds the engine and starts its clock.
    ///
    /// # Errors
    /// [`EngineError`] where the machine cannot reserve what the configuration asks for.
    pub fn new(config: SandboxConfig) -> Result<Self, EngineError> {
        let threads = threads::Threads::new(config.stack_bytes)
            .map_err(|error| EngineError::no_stack(config.stack_bytes, &error))?;
        Ok(Self {
            engine: Arc::new(engine::SandboxEngine::new(config)?),
            workers: workers::Workers::new(config.workers, threads),
            cache: None,
            compiler: Compiler::InProcess,
        })
    }

    /// The same, which has components compiled as told. Without it, they are compiled in this process,
    /// where nothing bounds what that takes.
    #[must_use]
    pub fn with_compiler(mut self, compiler: Compiler) -> Self {
        self.compiler = compiler;
        self
    }

    /// The same, which looks for compiled code in a cache before it compiles, and keeps there what it
    /// compiled.
    #[must_use]
    pub fn with_cache(mut self, cache: CodeCache) -> Self {
        self.cache = Some(Arc::new(cache));
        self
    }

    /// Has the cache forget all but the code of these components, and the images of them that have prepared one
    /// of these slices. Both are told by their digests: what no version here is made of, and what no account is.
    pub fn forget_but<'a>(
        &self,
        components: impl IntoIterator<Item = &'a str>,
        slices: impl IntoIterator<Item = &'a str>,
    ) {
        let Some(cache) = &self.cache else {
            return;
        };
        let slices: Vec<&str> = slices.into_iter().collect();
        let names: BTreeSet<String> = components
            .into_iter()
            .flat_map(|digest| {
                let images = slices
                    .iter()
                    .map(|slice| self.engine.image_entry(digest, slice));
                images.chain([self.engine.entry(digest)])
            })
            .collect();
        match cache.retain(|name| names.contains(name)) {
            Ok(0) => {}
            Ok(forgotten) => {
                tracing::info!(forgotten, "compiled code that nothing uses was removed")
            }
            Err(error) => tracing::warn!(%error, "the cache of compiled code cannot be tidied"),
        }
    }

    /// Has the cache forget the code of a component, and all images of it. Blocks while they are being made.
    pub fn forget(&self, digest: &str) {
        let Some(cache) = &self.cache else {
            return;
        };
        let turn = self.engine.turn(digest);
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_it = |name: &str| name.split('-').next() == Some(digest);
        if let Err(error) = cache.retain(|name| !is_of_it(name)) {
            tracing::warn!(%error, "the cache of compiled code cannot be tidied");
        }
    }

    /// What runs components here, for receipts: this program and its engine.
    #[must_use]
    pub fn engine_name(&self) -> &str {
        &self.engine.name
    }

    /// Compiles a component within its limits and reads what it imports and exports. Takes tenths of
    /// a second at best: never on an async thread.
    ///
    /// # Errors
    /// [`CompileError`] where the bytes are not a component, or one that this host cannot run.
    pub fn compile(&self, bytes: &[u8], limits: &CompileLimits) -> Result<Compiled, CompileError> {
        let cache = self.cache.as_deref();
        Compiled::new(&self.engine, &self.compiler, cache, bytes, limits)
    }

    /// Makes the prepared images of a component that are not there yet, or takes them from the cache: one per
    /// slice. Takes about as long as to compile the component: never on an async thread.
    ///
    /// A slice that gets no image is no fault of the host: whoever clones with it prepares it, and is told
    /// what is wrong.
    pub fn prepare_images<'s>(
        &self,
        component: &Compiled,
        source: &Source<'_>,
        slices: impl IntoIterator<Item = &'s FixtureSlice>,
    ) -> Preparation {
        let engine = &self.engine;
        let _shared = self.share_functions();
        let turn = engine.turn(component.digest());
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = self.cache.as_deref();
        let mut preparation = Preparation::default();
        let mut missing = BTreeMap::new();
        for slice in slices {
            if component.image(&slice.digest).is_some() {
                continue;
            }
            let entry = engine.image_entry(component.digest(), &slice.digest);
            let kept = cache
                .and_then(|cache| component::kept(cache, engine, &entry))
                .and_then(|code| Linked::new(engine, code).ok());
            if let Some(image) = kept {
                preparation.kept += 1;
                component.add_image(&slice.digest, image);
            } else {
                missing.insert(entry, slice);
            }
        }
        if missing.is_empty() {
            return preparation;
        }
        let maker = image::Maker::new(
            engine,
            &self.compiler,
            *source,
            component.digest(),
            missing.len(),
        );
        let mut maker = maker.map_err(|reason| {
            for slice in missing.values() {
                preparation
                    .without
                    .push((slice.digest.clone(), reason.clone()));
            }
        });
        let Ok(maker) = &mut maker else {
            return preparation;
        };
        for (entry, slice) in missing {
            let snapshot = self.workers.threads().run(|| maker.snapshot(engine, slice));
            let snapshot = snapshot.unwrap_or_else(|error| {
                Err(NoImage::Prepare(CallError::Host {
                    reason: format!("there is no thread for it: {error}"),
                }))
            });
            let image = snapshot.and_then(|made| {
                let reason = |reason| NoImage::Snapshot { reason };
                let code = component::keep(engine, cache, &entry, &made)
                    .map_err(|error| reason(error.to_string()))?;
                Linked::new(engine, code).map_err(|error| reason(compile_error::reason_of(&error)))
            });
            match image {
                Ok(image) => {
                    preparation.prepared += 1;
                    component.add_image(&slice.digest, image);
                }
                Err(reason) => preparation.without.push((slice.digest.clone(), reason)),
            }
        }
        preparation
    }

    /// Has the compiler remember the functions that it compiles, for as long as what comes back lives: whoever
    /// compiles a component and then makes images of it holds one over both.
    #[must_use]
    pub fn share_functions(&self) -> SharedFunctions {
        self.engine.functions.hold()
    }

    /// Runs CPU-bound work on the bounded pool and waits for it, at most `limit` from when its
    /// turn came.
    ///
    /// # Errors
    /// [`CallError::Host`] where the work panicked, [`CallError::Timeout`] where it did not end.
    pub async fn run<T, F>(&self, limit: Duration, work: F) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.workers.run(limit, work).await
    }

    /// Runs CPU-bound work on the bounded pool, within an allowance that its wait for a turn is part of.
    ///
    /// # Errors
    /// [`CallError::NoThread`] where no turn came in time, [`CallError::Host`] where the work panicked,
    /// [`CallError::Timeout`] where it did not end.
    pub(crate) async fn run_within<T, F>(
        &self,
        allowance: Allowance,
        work: F,
    ) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.workers.run_within(allowance, work).await
    }

    /// How many calls have a turn at once.
    pub(crate) const fn turns(&self) -> usize {
        self.workers.count()
    }

    /// Clones one tenant with an instance that has prepared the slice: of the image that the component has of
    /// it, or a fresh one that prepares it first. Blocks.
    ///
    /// # Errors
    /// [`CallError`]: the guest's own error, its trap, or the limit that it hit.
    pub fn clone_tenant(
        &self,
        component: &Compiled,
        slice: &FixtureSlice,
        context: &CallContext,
        limits: &Limits,
    ) -> Result<(Vec<Segment>, CallCost), CallError> {
        let started = Instant::now();
        let image = component.image(&slice.digest);
        let lines = &image.as_ref().unwrap_or(&component.linked).lines;
        let mut store = store::build(&self.engine, context, lines, limits);
        let outcome = match &image {
            Some(image) => bindings::clone_prepared(&image.plugin, &mut store, context),
            None => bindings::clone_tenant(
                &component.linked.plugin,
                &mut store,
                &slice.segments,
                context,
            ),
        };
        self.conclude("clone", context, outcome, &store, started, limits)
    }

    /// Asks the plugin how to delete what is held of it. Blocks.
    ///
    /// # Errors
    /// [`CallError`], as [`Sandbox::clone_tenant`].
    pub fn plan_cleanup(
        &self,
        component: &Compiled,
        context: &CallContext,
        held: &[EntityCount],
        limits: &Limits,
    ) -> Result<(CleanupPlan, CallCost), CallError> {
        let started = Instant::now();
        let mut store = store::build(&self.engine, context, &component.linked.lines, limits);
        let outcome = bindings::plan_cleanup(&component.linked.plugin, &mut store, context, held);
        self.conclude("cleanup", context, outcome, &store, started, limits)
    }

    /// Has the plugin raise what the records it is handed call for. `trigger` is its name in the
    /// catalog. Blocks.
    ///
    /// # Errors
    /// [`CallError`], as [`Sandbox::clone_tenant`]; [`CallError::Unsupported`] also where the
    /// component exports no triggers.
    pub fn run_trigger(
        &self,
        component: &Compiled,
        phase: Phase,
        trigger: &str,
        context: &CallContext,
        held: &[HeldSegment<'_>],
        limits: &Limits,
    ) -> Result<(Vec<Segment>, CallCost), CallError> {
        let started = Instant::now();
        let mut store = store::build(&self.engine, context, &component.linked.lines, limits);
        let outcome = bindings::run_trigger(
            &component.linked.plugin,
            &mut store,
            phase,
            trigger,
            context,
            held,
        );
        self.conclude("trigger", context, outcome, &store, started, limits)
    }

    fn conclude<T>(
        &self,
        call: &'static str,
        context: &CallContext,
        outcome: Result<T, bindings::Failure>,
        store: &wasmtime::Store<state::State>,
        started: Instant,
        limits: &Limits,
    ) -> Result<(T, CallCost), CallError> {
        let state = store.data();
        match outcome {
            Ok(value) => Ok((
                value,
                CallCost {
                    duration: started.elapsed(),
                    peak_memory_bytes: state.peak_memory_bytes(),
                    dropped_log_lines: state.dropped_log_lines(),
                },
            )),
            Err(failure) => {
                let error = failure::explain(failure, state, limits, self.engine.stack_bytes);
                if context.purpose == Purpose::Session {
                    metrics::plugin_failed(&context.domain, call, error.code());
                }
                Err(error)
            }
        }
    }
}
