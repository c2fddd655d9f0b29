//! Owns the command line: raw arguments, resolved arguments, what is printed and the exit code.
//!
//! Never: a second way to do anything. Sessions go through HTTP, the catalog through `catalog`.
//!
//! Exit codes: 0 all is well, 1 a problem was found, 2 misuse or failure.

mod catalog;
mod client;
mod compile;
mod ending;
mod failure;
mod host;
mod output;
mod plugin;
mod problem;
mod receipt;
mod serve;
mod session;
mod text;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::ending::Ending;
use self::output::Output;

/// Instant, deterministic, disposable demo sessions.
#[derive(Debug, Parser)]
#[command(name = "levain", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP API
    Serve(serve::ServeArguments),
    /// Create, show, list and delete sessions of a running host
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Check a catalog and its components
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// Verify the receipt of a session
    #[command(subcommand)]
    Receipt(receipt::ReceiptCommand),
    /// List, install, compare and roll back the plugins of a running host (needs the admin key)
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Verify a running host: determinism, references, times, cleanup, latency
    Verify(verify::VerifyArguments),
    /// Compile one component from standard input to standard output, as a child of the host
    #[command(hide = true)]
    CompileComponent(compile::CompileArguments),
}

/// Runs the command of this process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    let output = Output::of_process();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output with 0, misuse to standard error with 2. If that fails, no
            // stream is left to report it on.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2).into();
        }
    };
    let outcome = match arguments.command {
        Command::Serve(arguments) => serve::run(&arguments, &output),
        Command::Session(command) => session::run(&command, &output),
        Command::Catalog(command) => catalog::run(&command, &output),
        Command::Receipt(command) => receipt::run(&command, &output),
        Command::Plugin(command) => plugin::run(&command, &output),
        Command::Verify(arguments) => verify::run(&arguments, &output),
        Command::CompileComponent(arguments) => return compile::run(&arguments, &output),
    };
    match outcome {
        Ok(Ending::Well) => ExitCode::SUCCESS,
        Ok(Ending::Problem) => ExitCode::from(1),
        Err(failure) => {
            failure.print(&output);
            ExitCode::from(failure.code())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
