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
    /// An account to verify, may be repeated; by default all of the catalog
    #[arg(long = "account", value_name = "ACCOUNT")]
    pub(super) accounts: Vec<String>,
    /// Sessions of each account
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(super) sessions: u32,
    /// Sessions that are created concurrently
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(super) concurrency: u32,
    /// The data clock of all sessions (RFC 3339); by default now
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
    /// The host's database, to check what deletions leave; by default the file in the data directory
    #[arg(
        long,
        value_name = "URL",
        env = "DEMO_SESSION_DATABASE_URL",
        hide_env_values = true
    )]
    pub(super) database_url: Option<String>,
    /// Skip the checks that need the database
    #[arg(long, conflicts_with = "database_url")]
    pub(super) without_database: bool,
    /// Keep the sessions in the host; deletion is then not checked
    #[arg(long)]
    pub(super) keep: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(super) json: bool,
}
