//! `levain plugin`: which component serves each domain of a running host, and what changes that.

mod answer;
mod change;
mod show;

use clap::Subcommand;

use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;

/// What can be done with plugins.
#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// List the component that serves each domain
    List(show::ListArguments),
    /// Show the versions of one domain
    Show(show::ShowArguments),
    /// Have components proven, and serve: several as one
    Install(change::InstallArguments),
    /// Have components proven, and show what they would change
    Diff(change::DiffArguments),
    /// Have the version before serve, at once
    Rollback(change::RollbackArguments),
}

/// Runs a command.
pub(super) fn run(command: &PluginCommand, output: &Output) -> Result<Ending, Failure> {
    match command {
        PluginCommand::List(arguments) => show::list(arguments, output),
        PluginCommand::Show(arguments) => show::show(arguments, output),
        PluginCommand::Install(arguments) => change::install(arguments, output),
        PluginCommand::Diff(arguments) => change::diff(arguments, output),
        PluginCommand::Rollback(arguments) => change::roll_back(arguments, output),
    }
}
