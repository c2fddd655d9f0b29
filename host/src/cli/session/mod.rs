//! `levain session`: what anybody can do with a running host through its API.

mod create;
mod destroy;
mod list;
mod made;
mod show;
mod table;
mod verify;
mod view;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::client::Client;
use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;
use crate::keys::internal_key_file;
use levain_model::Secret;

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Create a session of an account and wait until it is ready
    Create(create::CreateArguments),
    /// Show a session
    Show(show::ShowArguments),
    /// List sessions, newest first (needs the internal key)
    List(list::ListArguments),
    /// Have a session made again, and compare it byte by byte (needs the internal key)
    Verify(verify::VerifyArguments),
    /// Print what a session was made of, signed by the host
    Receipt(verify::ReceiptArguments),
    /// Delete a session and its data
    Delete(destroy::DeleteArguments),
}

/// Where a host listens that was told nothing else.
pub(in crate::cli) const DEFAULT_URL: &str = "http://127.0.0.1:8018";

/// Which host, and how to print.
#[derive(Debug, Args)]
pub(in crate::cli) struct HostArguments {
    /// The running host
    #[arg(
        long,
        value_name = "URL",
        env = "LEVAIN_URL",
        default_value = DEFAULT_URL
    )]
    pub(in crate::cli) url: String,
    /// Print the host's JSON as it is
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl HostArguments {
    fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// The command that does something with a session of this host.
    fn command(&self, verb: &str, session_id: &str) -> String {
        let command = format!("levain session {verb} {session_id}");
        if self.url == DEFAULT_URL {
            command
        } else {
            format!("{command} --url {}", self.url)
        }
    }
}

/// The internal key, where a call needs it.
#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    /// The internal API key
    #[arg(
        long,
        value_name = "KEY",
        env = "INTERNAL_API_KEY",
        hide_env_values = true
    )]
    internal_api_key: Option<String>,
    /// The host's data directory, to read the internal API key from
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
}

impl KeyArguments {
    /// The key: the one that was given, or else that of the data directory.
    pub(super) fn key(&self) -> Result<Option<Secret>, Failure> {
        if let Some(key) = self.internal_api_key.as_deref()
            && !key.is_empty()
        {
            return Ok(Some(Secret::new(key)));
        }
        let Some(directory) = &self.data_dir else {
            return Ok(None);
        };
        let file = internal_key_file(directory);
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("the key file `{}` cannot be read", file.display()))?;
        Ok(Some(Secret::new(text.trim_end())))
    }
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
