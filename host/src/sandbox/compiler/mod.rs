//! Compilation within bounds: in a process of its own, which can be stopped.
//!
//! Cranelift cannot be interrupted, and what it needs grows with what it is given: a component that is
//! within its size can still keep a thread busy for minutes, or take all memory there is. So the program
//! runs itself once more for each component: with the same engine, without a pool, under limits of its
//! own, and the process that waits kills it when its time is over.

mod bounds;
mod child;
mod program;

use std::path::PathBuf;

use wasmtime::component::Component;

use super::component::CompileError;
use super::engine::SandboxEngine;
use super::limits::CompileLimits;

pub use child::{ChildFailure, ChildTask, compile_as_child};

/// Where components are compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Compiler {
    /// In this process: neither time nor memory are bounded. For components that are trusted.
    #[default]
    InProcess,
    /// By this program, which is `levain` itself, in a process for each component.
    Program(PathBuf),
}

/// What a compiler made.
pub(super) enum Made {
    /// A component of this process.
    Component(Component),
    /// Code that is to be mapped.
    Code(Vec<u8>),
}

impl Compiler {
    /// The program that runs, in a process of its own.
    ///
    /// # Errors
    /// Where the machine does not tell which program that is.
    pub fn this_program() -> std::io::Result<Self> {
        // The very file that runs, also where another was put in its place since.
        let running = PathBuf::from("/proc/self/exe");
        if running.exists() {
            return Ok(Self::Program(running));
        }
        std::env::current_exe().map(Self::Program)
    }

    /// Compiles a component. Blocks.
    pub(super) fn compile(
        &self,
        engine: &SandboxEngine,
        bytes: &[u8],
        limits: &CompileLimits,
    ) -> Result<Made, CompileError> {
        match self {
            Self::InProcess => compile_here(engine, bytes),
            Self::Program(program) => {
                program::compile(program, &engine.compatibility, bytes, limits).map(Made::Code)
            }
        }
    }
}

/// Compiles a component in this process.
pub(super) fn compile_here(engine: &SandboxEngine, bytes: &[u8]) -> Result<Made, CompileError> {
    Component::from_binary(&engine.engine, bytes)
        .map(Made::Component)
        .map_err(|error| CompileError::Invalid {
            reason: format!("{error:#}"),
        })
}
