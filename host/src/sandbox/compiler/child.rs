//! The other side: the process that compiles one component, and images of it, and ends.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use wasmtime::Engine;

use super::bounds::bound;
use super::frames::{self, Frame, Kind, MEMORY};
use super::state::{InstanceState, value_of};
use super::work::{Snapshots, compile};
use crate::sandbox::code::Made;
use crate::sandbox::engine::{code_config, compatibility};
use crate::sandbox::functions::Functions;

/// The task of a compiling process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildTask {
    /// The digest of the engine that the code is for.
    pub engine: String,
    /// The address space that it may have, in bytes.
    pub memory_bytes: u64,
    /// The processor time that it may use, in seconds.
    pub cpu_seconds: u64,
}

/// Why a compiling process ended early.
#[derive(Debug, thiserror::Error)]
pub enum ChildFailure {
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
    /// The engine cannot be set up.
    #[error("its engine cannot be set up: {0}")]
    Engine(String),
    /// It was sent what it does not know.
    #[error("it was sent a frame out of order")]
    Order,
    /// The limits cannot be set, or the pipes not be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ChildFailure {
    /// The exit code, by which the parent tells them apart.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Memory => MEMORY,
            _ => FAILED,
        }
    }
}

/// The process could not do its work; misuse ends so as well.
const FAILED: u8 = 2;

/// Reads request frames and writes a response to each. The bounds on this process are permanent.
///
/// # Errors
/// [`ChildFailure`]; the last request then has no response.
pub fn compile_as_child(
    task: &ChildTask,
    mut asked: impl Read,
    mut answer: impl Write,
) -> Result<(), ChildFailure> {
    bound(task.memory_bytes, task.cpu_seconds)?;
    let Some(Frame { kind, content }) = frames::read(&mut asked, task.memory_bytes)? else {
        return Ok(());
    };
    match kind {
        Kind::Compile => {
            let engine = engine(task, None)?;
            reply(&mut answer, compile(&engine, &content))
        }
        Kind::Instrument => {
            let functions = Arc::new(Functions::default());
            // The images of a component have the same code: it is compiled once, for all of them.
            let _held = functions.hold();
            let engine = engine(task, Some(functions))?;
            match Snapshots::instrument(&engine, &content) {
                Ok((snapshots, made)) => {
                    reply(&mut answer, Ok(made))?;
                    images(task, &snapshots, asked, answer)
                }
                Err(error) => reply(&mut answer, Err(error)),
            }
        }
        _ => Err(ChildFailure::Order),
    }
}

fn engine(task: &ChildTask, functions: Option<Arc<Functions>>) -> Result<Engine, ChildFailure> {
    let broken = |error: wasmtime::Error| ChildFailure::Engine(format!("{error:#}"));
    let mut config = code_config();
    if let Some(functions) = functions {
        config
            .enable_incremental_compilation(functions)
            .map_err(broken)?;
    }
    let engine = Engine::new(&config).map_err(broken)?;
    let own = compatibility(&engine);
    if own != task.engine {
        return Err(ChildFailure::OtherEngine {
            own,
            wanted: task.engine.clone(),
        });
    }
    Ok(engine)
}

/// Makes images until no more is asked for.
fn images(
    task: &ChildTask,
    snapshots: &Snapshots<'_>,
    mut asked: impl Read,
    mut answer: impl Write,
) -> Result<(), ChildFailure> {
    let mut state = InstanceState::default();
    let mut next = || frames::read(&mut asked, task.memory_bytes);
    while let Some(frame) = next()? {
        match frame.kind {
            Kind::Name => {
                let name = String::from_utf8(frame.content).map_err(|_| ChildFailure::Order)?;
                let value = next()?.and_then(value_of).ok_or(ChildFailure::Order)?;
                state.insert(name, value);
            }
            Kind::Snapshot => {
                let state = std::mem::take(&mut state);
                reply(&mut answer, snapshots.snapshot(state))?;
            }
            _ => return Err(ChildFailure::Order),
        }
    }
    Ok(())
}

/// Writes the output, or the reason why there is none. After running out of memory the process ends.
fn reply(answer: &mut impl Write, made: wasmtime::Result<Made>) -> Result<(), ChildFailure> {
    match made {
        Ok(Made { code, lines }) => {
            frames::write(answer, Kind::Code, &code)?;
            frames::write(answer, Kind::Lines, &lines)?;
        }
        Err(error) if is_of_memory(&error) => return Err(ChildFailure::Memory),
        Err(error) => frames::write(answer, Kind::Refused, format!("{error:#}").as_bytes())?,
    }
    Ok(answer.flush()?)
}

fn is_of_memory(error: &wasmtime::Error) -> bool {
    let refused = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::OutOfMemory);
    refused || error.is::<wasmtime::OutOfMemory>()
}
