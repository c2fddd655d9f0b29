//! Compiled components, and what a component imports and exports.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use super::bindings::v0_1;
use super::cache::{self, CodeCache};
use super::compiler::{Compiler, Made};
use super::engine::SandboxEngine;
use super::limits::CompileLimits;
use super::lines::Lines;
use levain_model::fault::shortened;
use levain_model::sha256_hex;

/// What every plugin exports.
pub(crate) const LIFECYCLE: &str = "levain:domain/lifecycle";
/// What a plugin exports that raises something after cloning.
pub(crate) const TRIGGERS: &str = "levain:domain/triggers";

/// A component, compiled and linked: ready to be instantiated in microseconds.
#[derive(Clone)]
pub struct Compiled {
    pub(super) linked: Linked,
    digest: Arc<str>,
    shape: Shape,
    cached: bool,
    /// Its prepared images, by the digest of the slice that each has prepared.
    images: Arc<RwLock<BTreeMap<String, Linked>>>,
}

/// Code of this process, with the source lines that it has.
pub(super) struct Code {
    pub(super) component: Component,
    pub(super) lines: Lines,
}

/// Code that is linked.
#[derive(Clone)]
pub(super) struct Linked {
    pub(super) plugin: Generation,
    pub(super) lines: Lines,
}

impl Linked {
    /// Links code for all but its triggers.
    pub(super) fn new(engine: &SandboxEngine, code: Code) -> wasmtime::Result<Self> {
        Ok(Self {
            plugin: Generation::link(engine, &code.component, false)?,
            lines: code.lines,
        })
    }
}

/// One variant per WIT generation that this host serves.
#[derive(Clone)]
pub(super) enum Generation {
    V0_1(v0_1::Plugin),
}

impl Generation {
    /// Links a component and looks up what it exports, with the triggers where `triggers` says that there are some.
    pub(super) fn link(
        engine: &SandboxEngine,
        component: &Component,
        triggers: bool,
    ) -> wasmtime::Result<Self> {
        let instance = engine.linker.instantiate_pre(component)?;
        Ok(Self::V0_1(v0_1::Plugin::new(instance, triggers)?))
    }
}

/// What a component imports and exports, by name: what admission decides on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Imports, as `namespace:package/interface@version`.
    pub imports: Vec<String>,
    /// Exports, likewise.
    pub exports: Vec<String>,
}

/// Why a component was not compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The bytes are not WebAssembly.
    #[error("it is not WebAssembly: {reason}")]
    NotWasm {
        /// What is wrong.
        reason: String,
    },
    /// The bytes are a core module.
    #[error(
        "it is a core module, not a component; turn it into one with wit-component (`cargo xtask build-plugins` does)"
    )]
    CoreModule,
    /// It is larger than a component may be.
    #[error(
        "it has {size} bytes, {allowed} are allowed; build it optimised and without debug information, or raise the domain's limits.component_mib in the catalog"
    )]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        allowed: u64,
    },
    /// The component cannot be compiled.
    #[error("it cannot be compiled: {reason}")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
    /// Compiling it took too long.
    #[error(
        "compiling it took longer than its {allowed_ms} ms; split its largest functions, build it for size, or raise the domain's limits.compile_ms in the catalog"
    )]
    TimeLimit {
        /// The limit.
        allowed_ms: u128,
    },
    /// Compiling it took too much memory.
    #[error(
        "compiling it took more than the {allowed_bytes} bytes of memory that it may take; split its largest functions, or raise the domain's limits.compile_memory_mib in the catalog"
    )]
    MemoryLimit {
        /// The limit.
        allowed_bytes: u64,
    },
    /// The compiler itself failed: it could not be run, or it did not survive the component.
    #[error(
        "the compiler failed on it ({reason}); build it with another version of its toolchain, and report it"
    )]
    Compiler {
        /// How it ended.
        reason: String,
    },
    /// The component cannot be linked against the interfaces that this host serves.
    #[error("it cannot be linked: {reason}")]
    Link {
        /// What is wrong.
        reason: String,
        /// What it imports and exports.
        shape: Shape,
    },
}

impl Shape {
    /// The version of `levain:domain` that it was built for, as its exports name it; empty where they name
    /// none.
    #[must_use]
    pub fn interface_version(&self) -> &str {
        let lifecycle = |name: &&String| name.starts_with(LIFECYCLE);
        let name = self.exports.iter().find(lifecycle);
        name.and_then(|name| name.split_once('@'))
            .map_or("", |(_, version)| version)
    }
}

impl Compiled {
    pub(super) fn new(
        engine: &SandboxEngine,
        compiler: &Compiler,
        cache: Option<&CodeCache>,
        bytes: &[u8],
        limits: &CompileLimits,
    ) -> Result<Self, CompileError> {
        refuse_large(bytes.len() as u64, limits)?;
        refuse_foreign(bytes)?;
        let digest = sha256_hex(bytes);
        let turn = engine.turn(&digest);
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = engine.entry(&digest);
        let kept = cache.and_then(|cache| kept(cache, engine, &entry));
        let cached = kept.is_some();
        let Code { component, lines } = match kept {
            Some(code) => code,
            None => keep(
                engine,
                cache,
                &entry,
                &compiler.compile(engine, bytes, limits)?,
            )?,
        };
        let shape = Shape::of(engine, &component);
        let plugin = Generation::link(engine, &component, shape.exports_interface(TRIGGERS))
            .map_err(|error| CompileError::Link {
                reason: reason_of(&error),
                shape: shape.clone(),
            })?;
        Ok(Self {
            linked: Linked { plugin, lines },
            digest: digest.into(),
            shape,
            cached,
            images: Arc::default(),
        })
    }

    /// The SHA-256 of the component, in lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// How many prepared images it has.
    #[must_use]
    pub fn images(&self) -> usize {
        let images = self.images.read().unwrap_or_else(PoisonError::into_inner);
        images.len()
    }

    /// The image that has prepared the slice of this digest.
    pub(super) fn image(&self, slice: &str) -> Option<Linked> {
        let images = self.images.read().unwrap_or_else(PoisonError::into_inner);
        images.get(slice).cloned()
    }

    pub(super) fn add_image(&self, slice: &str, image: Linked) {
        let mut images = self.images.write().unwrap_or_else(PoisonError::into_inner);
        images.insert(slice.to_owned(), image);
    }

    /// Whether its code was there already, and was not compiled.
    #[must_use]
    pub const fn cached(&self) -> bool {
        self.cached
    }

    /// What it imports and exports.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Whether it exports `levain:domain/triggers`, and so can raise something after cloning.
    #[must_use]
    pub const fn triggers(&self) -> bool {
        match &self.linked.plugin {
            Generation::V0_1(plugin) => plugin.triggers(),
        }
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl Shape {
    /// Whether it exports an interface, of whichever version.
    #[must_use]
    pub fn exports_interface(&self, interface: &str) -> bool {
        self.exports
            .iter()
            .any(|name| name.split_once('@').map_or(name.as_str(), |(name, _)| name) == interface)
    }

    fn of(engine: &SandboxEngine, component: &Component) -> Self {
        let ty = component.component_type();
        // A bare type is a name, not something to call.
        let used = |item: &ComponentItem| !matches!(item, ComponentItem::Type(_));
        let mut imports: Vec<String> = ty
            .imports(&engine.engine)
            .filter(|(_, import)| used(&import.ty))
            .map(|(name, _)| shortened(name, LONGEST_NAME))
            .collect();
        let mut exports: Vec<String> = ty
            .exports(&engine.engine)
            .filter(|(_, export)| used(&export.ty))
            .map(|(name, _)| shortened(name, LONGEST_NAME))
            .collect();
        imports.sort();
        exports.sort();
        Self { imports, exports }
    }
}

/// The code that a cache has; a bad entry is reported, and is none.
pub(super) fn kept(cache: &CodeCache, engine: &SandboxEngine, entry: &str) -> Option<Code> {
    cache.load(&engine.engine, entry).unwrap_or_else(|error| {
        tracing::warn!(entry, %error, "compiled code cannot be used: it is made and compiled again");
        None
    })
}

/// Keeps what a compiler made, where there is a cache, and loads it.
pub(super) fn keep(
    engine: &SandboxEngine,
    cache: Option<&CodeCache>,
    entry: &str,
    made: &Made,
) -> Result<Code, CompileError> {
    if let Some(cache) = cache {
        if let Err(error) = cache.keep(entry, made) {
            tracing::warn!(entry, %error, "compiled code cannot be kept: it is compiled at every start");
        } else if let Some(code) = kept(cache, engine, entry) {
            // Mapped from its file: pages of it are shared, and read when they are needed.
            return Ok(code);
        }
    }
    // What an instance of it would take is looked at only here, where there is a pool.
    take(engine, made).inspect_err(|_| {
        if let Some(cache) = cache {
            cache.forget(entry);
        }
    })
}

/// Loads what a compiler made.
pub(super) fn take(engine: &SandboxEngine, made: &Made) -> Result<Code, CompileError> {
    let component = cache::take(&engine.engine, &made.code);
    Ok(Code {
        component: component.map_err(|error| CompileError::Invalid {
            reason: reason_of(&error),
        })?,
        lines: Lines::decode(&made.lines),
    })
}

/// The most of a reason that is kept, and of a name, in characters: a component may say anything in both.
pub(super) const LONGEST_REASON: usize = 1000;
const LONGEST_NAME: usize = 200;

/// What the engine says of a component, as far as it is kept.
pub(super) fn reason_of(error: &wasmtime::Error) -> String {
    shortened(format!("{error:#}"), LONGEST_REASON)
}

/// Refuses a component by its size alone: before it is read, where that is known.
pub(crate) fn refuse_large(size: u64, limits: &CompileLimits) -> Result<(), CompileError> {
    if size > limits.size_bytes {
        return Err(CompileError::TooLarge {
            size,
            allowed: limits.size_bytes,
        });
    }
    Ok(())
}

/// Reads the preamble (magic, version, layer) before the compiler does, so that what is not a
/// component is told apart from one that is broken.
pub(super) fn refuse_foreign(bytes: &[u8]) -> Result<(), CompileError> {
    const MAGIC: &[u8] = b"\0asm";
    let Some(preamble) = bytes.get(..8) else {
        return Err(CompileError::NotWasm {
            reason: format!("{} bytes cannot hold even its preamble", bytes.len()),
        });
    };
    if !preamble.starts_with(MAGIC) {
        return Err(CompileError::NotWasm {
            reason: "it does not begin with \\0asm".into(),
        });
    }
    match preamble.get(6..8) {
        Some([0, 0]) => Err(CompileError::CoreModule),
        _ => Ok(()),
    }
}
