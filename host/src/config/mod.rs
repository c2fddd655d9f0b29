//! Owns every setting and limit of the host: one table of them, read from flag, variable, file
//! and default, in that order, and the keys that the host makes for itself.
//!
//! Never: what a setting does. A wrong value or an unknown name stops the start.

mod error;
mod file;
mod keys;
mod resolve;
mod secret;
mod settings;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use error::{ConfigError, KeyError};
pub use keys::{INTERNAL_KEY_FILE, Keys, internal_key_file};
pub use resolve::Sources;
pub use secret::Secret;
pub use settings::{SETTINGS, Setting, setting};

/// Every setting of the host, resolved and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the HTTP API listens.
    pub listen: SocketAddr,
    /// The directory of the store, the keys and whatever else the host keeps.
    pub data_dir: PathBuf,
    /// The catalog file.
    pub catalog: PathBuf,
    /// The directory of the domains' components.
    pub plugins: PathBuf,
    /// How long a session lives.
    pub session_duration: Duration,
    /// How often a session can be extended.
    pub max_extensions: u32,
    /// The key of the internal API, where one was given; see [`Config::keys`].
    pub internal_api_key: Option<Secret>,
    /// The key that signs access tokens, where one was given; see [`Config::keys`].
    pub token_key: Option<Secret>,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// Threads that run plugins.
    pub clone_workers: usize,
    /// What a plugin may use where the catalog says nothing else.
    pub sandbox: SandboxLimits,
    /// What is logged, as `tracing` directives.
    pub log: String,
    /// How a log line looks.
    pub log_format: LogFormat,
}

/// What one call into a plugin may use. There is no way to have no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Linear memory, in MiB.
    pub memory_mib: u32,
    /// Elements of all tables.
    pub table_elements: u32,
    /// WebAssembly stack, in KiB.
    pub stack_kib: u32,
    /// Text that a clone may return, in KiB.
    pub output_kib: u32,
    /// Records that a clone may return.
    pub records: u32,
    /// Log text of one call, in KiB.
    pub log_kib: u32,
    /// Size of a component's file, in MiB.
    pub component_mib: u32,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

impl Config {
    /// Where the sessions are kept.
    #[must_use]
    pub fn database_file(&self) -> PathBuf {
        self.data_dir.join("levain.db")
    }

    /// What is there before the first default is set; every field has a row in the table, or a
    /// default that only the machine can tell.
    fn blank() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: PathBuf::new(),
            catalog: PathBuf::new(),
            plugins: PathBuf::new(),
            session_duration: Duration::ZERO,
            max_extensions: 0,
            internal_api_key: None,
            token_key: None,
            max_body_bytes: 0,
            clone_workers: std::thread::available_parallelism().map_or(1, usize::from),
            sandbox: SandboxLimits {
                memory_mib: 0,
                table_elements: 0,
                stack_kib: 0,
                output_kib: 0,
                records: 0,
                log_kib: 0,
                component_mib: 0,
            },
            log: String::new(),
            log_format: LogFormat::Auto,
        }
    }
}
