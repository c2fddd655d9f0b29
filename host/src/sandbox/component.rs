//! Compiled components, and what a component imports and exports.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::bindings::Generation;
use super::cache::CodeCache;
use super::code::{self, Code, Made};
use super::compile_error::{CompileError, reason_of, refuse_foreign, refuse_large};
use super::compiler::Compiler;
use super::engine::SandboxEngine;
use super::limits::CompileLimits;
use super::lines::Lines;
use super::shape::{Shape, TRIGGERS};
use levain_model::sha256_hex;

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
            plugin: Generation::link(&engine.linker, &code.component, false)?,
            lines: code.lines,
        })
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
        let shape = Shape::of(&engine.engine, &component);
        let plugin = Generation::link(
            &engine.linker,
            &component,
            shape.exports_interface(TRIGGERS),
        )
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
    // Only loading checks whether an instance fits into the pool.
    code::take(&engine.engine, made).inspect_err(|_| {
        if let Some(cache) = cache {
            cache.forget(entry);
        }
    })
}
