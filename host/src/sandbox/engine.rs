//! The engine: one configuration, chosen for determinism first and speed second, and the thread
//! that ticks its epoch.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

use super::bindings::v0_1;
use super::functions::Functions;
use super::layout::SandboxConfig;
use super::state::State;
use super::workers::reserved_slots;
use levain_model::hex;

/// How often the epoch moves: the grain of every wall-time limit.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// The most time that the epoch makes up for after one sleep.
const CATCH_UP: Duration = Duration::from_millis(250);

/// Core instances that one component may consist of: the plugin's own module and the adapters
/// that a toolchain puts beside it. One of componentize-py links a Python of 38; a place that is not
/// taken costs a number.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;
/// Linear memories of one component.
const MEMORIES_PER_COMPONENT: u32 = 4;
/// Tables of one component.
const TABLES_PER_COMPONENT: u32 = 16;

/// Why the engine could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox cannot be set up: {reason}")]
pub struct EngineError {
    reason: String,
}

impl EngineError {
    /// A guest's stack is too large for a thread to have room for it.
    pub(super) fn no_stack(bytes: usize, error: &std::io::Error) -> Self {
        Self {
            reason: format!(
                "there is no thread with room for a guest's stack of {} KiB ({error}); \
                 set a smaller --sandbox-stack-kib, or give the process more address space",
                bytes >> 10
            ),
        }
    }
}

/// The engine, its linker and its clock.
pub(super) struct SandboxEngine {
    pub(super) engine: Engine,
    pub(super) linker: Linker<State>,
    pub(super) functions: Arc<Functions>,
    pub(super) stack_bytes: usize,
    /// This program, and its engine by the digest of all that decides what it makes of a component.
    pub(super) name: String,
    pub(super) compatibility: String,
    turns: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
    stopped: Arc<AtomicBool>,
}

impl SandboxEngine {
    /// What compiled code of a component is called in a cache.
    pub(super) fn entry(&self, digest: &str) -> String {
        format!("{digest}-{}", self.compatibility)
    }

    /// What the compiled image of a component is called that has prepared a slice.
    pub(super) fn image_entry(&self, digest: &str, slice: &str) -> String {
        format!("{digest}-{slice}-{}", self.compatibility)
    }

    /// What whoever makes something of a component holds meanwhile: where several want the same, one makes it
    /// and the others find it in the cache.
    pub(super) fn turn(&self, digest: &str) -> Arc<Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody has those any more.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(digest.to_owned()).or_default())
    }

    pub(super) fn new(config: SandboxConfig) -> Result<Self, EngineError> {
        let fail = |error: wasmtime::Error| EngineError {
            reason: format!("{error:#}"),
        };
        let functions = Arc::new(Functions::default());
        let mut configured = engine_config(config);
        configured
            .enable_incremental_compilation(Arc::<Functions>::clone(&functions))
            .map_err(fail)?;
        let engine = Engine::new(&configured).map_err(fail)?;
        let mut linker = Linker::new(&engine);
        v0_1::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).map_err(fail)?;
        let stopped = Arc::new(AtomicBool::new(false));
        tick(engine.clone(), Arc::clone(&stopped)).map_err(|error| EngineError {
            reason: format!("no thread for its clock: {error}"),
        })?;
        let compatibility = compatibility(&engine);
        Ok(Self {
            name: format!(
                "levain {}, wasmtime {compatibility}",
                env!("CARGO_PKG_VERSION")
            ),
            compatibility,
            turns: Mutex::default(),
            engine,
            linker,
            functions,
            stack_bytes: config.stack_bytes,
            stopped,
        })
    }
}

/// A digest of the engine's version, target and configuration: of all that decides what it makes of a
/// component, and so not of how it lays out memory.
pub(super) fn compatibility(engine: &Engine) -> String {
    let mut digest = Digest(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digest);
    hex(&digest.0.finalize()).chars().take(16).collect()
}

/// A hasher whose whole digest is taken: the one of `std` differs from build to build.
struct Digest(Sha256);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

impl Drop for SandboxEngine {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

fn engine_config(config: SandboxConfig) -> Config {
    // Twice the workers, since a call that outlives its wall time keeps its slot until it is gone, and those
    // that stepped aside.
    let slots = u32::try_from(config.workers * 2 + reserved_slots(config.workers))
        .unwrap_or(u32::MAX)
        .clamp(4, 256);
    // A place for each that instances are made from, besides: one that is made where the last of its kind was
    // finds the memory as it needs it, and nothing is mapped anew.
    let origins = u32::try_from(config.origins).unwrap_or(u32::MAX).min(256);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots * CORE_INSTANCES_PER_COMPONENT)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .total_memories(slots * MEMORIES_PER_COMPONENT + origins)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .total_tables(slots * TABLES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_memory_size(config.largest_memory_bytes)
        .table_elements(config.largest_table_elements)
        .max_core_instance_size(4 << 20)
        .max_component_instance_size(4 << 20)
        .linear_memory_keep_resident(2 << 20)
        // The pages that a call has written are found by asking the kernel for them, where it can be asked (Linux
        // 6.7): to write over all pages that are kept would copy those that were only read, and each copy stops
        // every other processor for a moment.
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(slots + origins);

    let mut engine = code_config();
    engine
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // No call is asynchronous, but the engine compares the two.
        .async_stack_size(config.stack_bytes)
        .max_wasm_stack(config.stack_bytes);
    engine
}

/// The part of the configuration that decides what a component compiles to: the same wherever one is
/// compiled. A pool is no part of it, and reserves more addresses than a compiling process may have.
pub(super) fn code_config() -> Config {
    let mut engine = Config::new();
    engine
        .wasm_component_model(true)
        .epoch_interruption(true)
        .wasm_relaxed_simd(true)
        .relaxed_simd_deterministic(true)
        .cranelift_nan_canonicalization(true)
        // Debug information is a guest's bytes: the process that compiles them makes a table of it (`lines`), and
        // the host looks at nothing else of it, whatever a variable of the environment says.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        // A prepared image of a large fixture is still mapped rather than copied.
        .memory_guaranteed_dense_image_size(64 << 20);
    engine
}

/// Moves the epoch from a thread of the operating system: a timer on the async threads could be
/// starved by the very guests that it has to stop.
fn tick(engine: Engine, stopped: Arc<AtomicBool>) -> std::io::Result<()> {
    let weak = engine.weak();
    drop(engine);
    thread::Builder::new()
        .name("levain-epoch".into())
        .spawn(move || {
            let mut last = Instant::now();
            let mut due = Duration::ZERO;
            while !stopped.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                let Some(engine) = weak.upgrade() else { break };
                // On a busy machine a sleep takes longer than it should, and a limit that counted sleeps would grow
                // with the load. A process that was stopped for long does not end every call when it goes on.
                due += last.elapsed().min(CATCH_UP);
                last = Instant::now();
                while let Some(rest) = due.checked_sub(TICK) {
                    engine.increment_epoch();
                    due = rest;
                }
            }
        })
        .map(drop)
}
