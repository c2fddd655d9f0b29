//! `levain plugin`: lists and changes the active components of a running host.

mod change;
mod responses;
mod show;

use clap::Subcommand;

use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;

/// What can be done with plugins.
#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// List the active component of each domain
    List(show::ListArguments),
    /// Show the versions of one domain
    Show(show::ShowArguments),
    /// Prove components on the fixtures and activate them as one revision
    Install(change::InstallArguments),
    /// Prove components on the fixtures and show what they would change
    Diff(change::DiffArguments),
    /// Activate the previous version at once
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
