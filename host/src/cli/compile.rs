//! `levain compile-component`: the process that a host starts to compile a component, so that it can be
//! stopped. Its arguments and exit codes are between the two of them, and nobody else's.

use std::io;
use std::process::ExitCode;

use clap::Args;

use super::output::Output;
use crate::sandbox::{ChildTask, compile_as_child};

#[derive(Debug, Args)]
pub(super) struct CompileArguments {
    /// The digest of the engine that the code is for
    #[arg(long)]
    engine: String,
    /// The address space of this process
    #[arg(long)]
    memory_bytes: u64,
    /// The processor time of this process
    #[arg(long)]
    cpu_seconds: u64,
}

pub(super) fn run(arguments: &CompileArguments, output: &Output) -> ExitCode {
    let task = ChildTask {
        engine: arguments.engine.clone(),
        memory_bytes: arguments.memory_bytes,
        cpu_seconds: arguments.cpu_seconds,
    };
    match compile_as_child(&task, io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // The bare reason: the host puts its own words around it.
            output.say(&failure.to_string());
            ExitCode::from(failure.exit_code())
        }
    }
}
