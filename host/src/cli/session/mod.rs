//! `levain session`: creates, reads and deletes sessions of a running host through its API.

mod create;
mod destroy;
mod list;
mod products;
mod show;
mod table;
mod verify;
mod view;

use clap::Subcommand;

use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Create a session of an account and wait until it is ready
    Create(create::CreateArguments),
    /// Show a session
    Show(show::ShowArguments),
    /// List sessions, newest first (needs the internal key)
    List(list::ListArguments),
    /// Create the data of a session again and compare it byte by byte (needs the internal key)
    Verify(verify::VerifyArguments),
    /// Print the signed receipt of a session
    Receipt(verify::ReceiptArguments),
    /// Delete a session and its data
    Delete(destroy::DeleteArguments),
}

/// Runs a command.
pub(super) fn run(command: &SessionCommand, output: &Output) -> Result<Ending, Failure> {
    match command {
        SessionCommand::Create(arguments) => create::run(arguments, output),
        SessionCommand::Show(arguments) => show::run(arguments, output),
        SessionCommand::List(arguments) => list::run(arguments, output),
        SessionCommand::Verify(arguments) => verify::run(arguments, output),
        SessionCommand::Receipt(arguments) => verify::receipt(arguments, output),
        SessionCommand::Delete(arguments) => destroy::run(arguments, output),
    }
}
