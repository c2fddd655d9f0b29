//! The other side: the process that compiles one component and ends.

use std::io::{self, ErrorKind, Read, Write};

use wasmtime::Engine;

use super::bounds::bound;
use crate::sandbox::engine::{code_config, compatibility};

/// What a compiling process is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildTask {
    /// The digest of the engine that the code is for.
    pub engine: String,
    /// The address space that it may have, in bytes.
    pub memory_bytes: u64,
    /// The processor time that it may use, in seconds.
    pub cpu_seconds: u64,
}

/// Why a compiling process wrote no code.
#[derive(Debug, thiserror::Error)]
pub enum ChildFailure {
    /// The component cannot be compiled.
    #[error("{0}")]
    Invalid(String),
    /// There was not as much memory as it needs.
    #[error("there is no more memory")]
    Memory,
    /// Its engine is another one.
    #[error("its engine is {own}, and the code is wanted for {wanted}")]
    OtherEngine {
        /// Its own.
        own: String,
        /// The one that the code is for.
        wanted: String,
    },
    /// The limits cannot be set, or the pipes not be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ChildFailure {
    /// The exit code by which whoever waits tells them apart.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid(_) => INVALID,
            Self::Memory => MEMORY,
            Self::OtherEngine { .. } | Self::Io(_) => FAILED,
        }
    }
}

/// The component is at fault.
pub(super) const INVALID: u8 = 1;
/// The process could not do its work; misuse ends so as well.
const FAILED: u8 = 2;
/// Memory ran out where that could still be said.
pub(super) const MEMORY: u8 = 3;

/// Compiles the component that is read, and writes its code; bounds this process for good.
///
/// # Errors
/// [`ChildFailure`], and nothing was written.
pub fn compile_as_child(
    task: &ChildTask,
    mut component: impl Read,
    mut code: impl Write,
) -> Result<(), ChildFailure> {
    bound(task.memory_bytes, task.cpu_seconds)?;
    let engine = Engine::new(&code_config()).map_err(explain)?;
    let own = compatibility(&engine);
    if own != task.engine {
        return Err(ChildFailure::OtherEngine {
            own,
            wanted: task.engine.clone(),
        });
    }
    let mut bytes = Vec::new();
    component.read_to_end(&mut bytes)?;
    let made = engine.precompile_component(&bytes).map_err(explain)?;
    code.write_all(&made)?;
    Ok(code.flush()?)
}

fn explain(error: wasmtime::Error) -> ChildFailure {
    let refused = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::OutOfMemory);
    if refused || error.is::<wasmtime::OutOfMemory>() {
        ChildFailure::Memory
    } else {
        ChildFailure::Invalid(format!("{error:#}"))
    }
}
