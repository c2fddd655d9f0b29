//! The arguments of `levain verify`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;

use crate::cli::host::{DEFAULT_URL, KeyArguments};

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArguments {
    /// The running host
    #[arg(long, value_name = "URL", env = "LEVAIN_URL", default_value = DEFAULT_URL)]
    pub(super) url: String,
    /// The account to verify, may be given more than once; all of the catalog without it
    #[arg(long = "account", value_name = "ACCOUNT")]
    pub(super) accounts: Vec<String>,
    /// Sessions of each account
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(super) sessions: u32,
    /// Sessions that are made at once
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(super) concurrency: u32,
    /// The data clock of all sessions (RFC 3339); now without it
    #[arg(long, value_name = "INSTANT")]
    pub(super) session_created_at: Option<DateTime<Utc>>,
    /// The catalog that the host serves
    #[arg(
        long,
        value_name = "FILE",
        env = "LEVAIN_CATALOG",
        default_value = "fixtures/catalog.toml"
    )]
    pub(super) catalog: PathBuf,
    #[command(flatten)]
    pub(super) key: KeyArguments,
    /// The host's database, to be asked what a deletion left; the file in the data directory without it
    #[arg(
        long,
        value_name = "URL",
        env = "DEMO_SESSION_DATABASE_URL",
        hide_env_values = true
    )]
    pub(super) database_url: Option<String>,
    /// Go without what only the database can tell
    #[arg(long, conflicts_with = "database_url")]
    pub(super) without_database: bool,
    /// Leave the sessions in the host; what a deletion must show is then not looked at
    #[arg(long)]
    pub(super) keep: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(super) json: bool,
}
