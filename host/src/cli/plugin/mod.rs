//! `levain plugin`: which component serves each domain of a running host, and what changes that.

mod answer;
mod change;
mod show;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;
use super::session::HostArguments;
use crate::keys::admin_key_file;
use levain_model::Secret;

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

/// The admin key.
#[derive(Debug, Args)]
struct AdminArguments {
    /// The admin API key
    #[arg(
        long,
        value_name = "KEY",
        env = "ADMIN_API_KEY",
        hide_env_values = true
    )]
    admin_api_key: Option<String>,
    /// The host's data directory, to read the admin API key from
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    host: HostArguments,
}

impl AdminArguments {
    /// The key: the one that was given, or else that of the data directory.
    fn key(&self) -> Result<Option<Secret>, Failure> {
        if let Some(key) = self.admin_api_key.as_deref().filter(|key| !key.is_empty()) {
            return Ok(Some(Secret::new(key)));
        }
        let Some(directory) = &self.data_dir else {
            return Ok(None);
        };
        let file = admin_key_file(directory);
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("the key file `{}` cannot be read", file.display()))?;
        Ok(Some(Secret::new(text.trim_end())))
    }
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

/// A domain's place in the API, or a refusal of what would be another.
fn domain_path(domain: &str, rest: &str) -> Result<String, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if domain.is_empty() || !domain.chars().all(plain) {
        return Err(Failure::from(anyhow::anyhow!("`{domain}` is not a domain")));
    }
    Ok(format!("/api/plugins/{domain}{rest}"))
}
