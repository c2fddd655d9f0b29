//! Why a component is not compiled.

use levain_model::fault::shortened;

use super::limits::CompileLimits;
use super::shape::Shape;

/// The longest reason that is kept, in characters: a component decides what it says.
pub(super) const LONGEST_REASON: usize = 1000;

/// The engine's reason, cut to [`LONGEST_REASON`].
pub(super) fn reason_of(error: &wasmtime::Error) -> String {
    shortened(format!("{error:#}"), LONGEST_REASON)
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
