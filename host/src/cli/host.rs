//! Which running host a command speaks with, and the keys that it needs there.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::client::Client;
use super::failure::Failure;
use crate::keys::{admin_key_file, internal_key_file};
use levain_model::Secret;

/// The address of a host with default settings.
pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:8018";

#[derive(Debug, Args)]
pub(super) struct HostArguments {
    /// The running host
    #[arg(
        long,
        value_name = "URL",
        env = "LEVAIN_URL",
        default_value = DEFAULT_URL
    )]
    pub(super) url: String,
    /// Print the host's JSON unchanged
    #[arg(long)]
    pub(super) json: bool,
}

impl HostArguments {
    pub(super) fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// The command line that does `verb` with a session of this host.
    pub(super) fn command(&self, verb: &str, session_id: &str) -> String {
        let command = format!("levain session {verb} {session_id}");
        if self.url == DEFAULT_URL {
            command
        } else {
            format!("{command} --url {}", self.url)
        }
    }
}

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
    pub(super) fn key(&self) -> Result<Option<Secret>, Failure> {
        key(
            self.internal_api_key.as_deref(),
            self.data_dir.as_deref().map(internal_key_file),
        )
    }
}

#[derive(Debug, Args)]
pub(super) struct AdminArguments {
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
    pub(super) host: HostArguments,
}

impl AdminArguments {
    pub(super) fn key(&self) -> Result<Option<Secret>, Failure> {
        key(
            self.admin_api_key.as_deref(),
            self.data_dir.as_deref().map(admin_key_file),
        )
    }
}

/// The given key, or else the one in the file; an empty variable gives none.
fn key(given: Option<&str>, file: Option<PathBuf>) -> Result<Option<Secret>, Failure> {
    if let Some(key) = given.filter(|key| !key.is_empty()) {
        return Ok(Some(Secret::new(key)));
    }
    let read = |file: &Path| {
        std::fs::read_to_string(file)
            .with_context(|| format!("the key file `{}` cannot be read", file.display()))
    };
    let text = file.as_deref().map(read).transpose()?;
    Ok(text.map(|text| Secret::new(text.trim_end())))
}
