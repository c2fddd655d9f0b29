//! Compilation within bounds: in a process of its own, which can be stopped.
//!
//! Cranelift cannot be interrupted, and what it needs grows with what it is given: a component that is
//! within its size can still keep a thread busy for minutes, or take all memory there is. So the program
//! runs itself once more for each component, and once more for all images of one: with the same engine, without a
//! pool, under limits of its own, and the process that waits kills it when its time is over.

mod bounds;
mod child;
mod frames;
mod program;
mod state;
mod work;

use std::path::PathBuf;

use super::code::Made;
use super::compile_error::{CompileError, reason_of};
use super::engine::SandboxEngine;
use super::limits::CompileLimits;

pub use child::{ChildFailure, ChildTask, compile_as_child};
use frames::Kind;
use program::Process;
pub(super) use state::{InstanceState, Value};
use work::Snapshots;

/// Where components are compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Compiler {
    /// In this process: neither time nor memory are bounded. For components that are trusted.
    #[default]
    InProcess,
    /// By this program, which is `levain` itself, in a process of its own.
    Program(PathBuf),
}

/// What snapshots instances of one component.
pub(super) enum Snapshotter<'w> {
    Here(Box<Snapshots<'w>>),
    Apart(Box<Process>),
}

impl Compiler {
    /// The program that runs, in a process of its own.
    ///
    /// # Errors
    /// If the path of this program is unknown.
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
        component: &[u8],
        limits: &CompileLimits,
    ) -> Result<Made, CompileError> {
        match self {
            Self::InProcess => work::compile(&engine.engine, component).map_err(invalid),
            Self::Program(program) => Process::start(program, &engine.compatibility, limits, 1)?
                .ask(|to| frames::write(to, Kind::Compile, component)),
        }
    }

    /// Compiles a component so that its instances show their state; what snapshots them comes with it, for at most
    /// so many. Blocks.
    pub(super) fn instrument<'w>(
        &self,
        engine: &SandboxEngine,
        component: &'w [u8],
        limits: &CompileLimits,
        snapshots: usize,
    ) -> Result<(Snapshotter<'w>, Made), CompileError> {
        match self {
            Self::InProcess => {
                let made = Snapshots::instrument(&engine.engine, component).map_err(invalid);
                made.map(|(snapshots, made)| (Snapshotter::Here(Box::new(snapshots)), made))
            }
            Self::Program(program) => {
                let answers = snapshots.saturating_add(1);
                let engine = &engine.compatibility;
                let mut process = Process::start(program, engine, limits, answers)?;
                let made = process.ask(|to| frames::write(to, Kind::Instrument, component))?;
                Ok((Snapshotter::Apart(Box::new(process)), made))
            }
        }
    }
}

impl Snapshotter<'_> {
    /// Compiles the component with this state as its initial one. Blocks.
    pub(super) fn snapshot(&mut self, state: InstanceState) -> Result<Made, CompileError> {
        match self {
            Self::Here(snapshots) => snapshots.snapshot(state).map_err(invalid),
            Self::Apart(process) => process.ask(|to| {
                state.write(to)?;
                frames::write(to, Kind::Snapshot, &[])
            }),
        }
    }
}

fn invalid(error: wasmtime::Error) -> CompileError {
    CompileError::Invalid {
        reason: reason_of(&error),
    }
}
