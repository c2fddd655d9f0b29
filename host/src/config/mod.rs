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
mod store;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::mirror::MirrorSettings;
use crate::notices::WebhookSettings;
use crate::repo::StoreOptions;
pub use error::{ConfigError, KeyError, OtherKey};
pub use keys::{
    ADMIN_KEY_FILE, INTERNAL_KEY_FILE, Keys, MadeKey, admin_key_file, internal_key_file,
};
pub use resolve::Sources;
pub use secret::Secret;
pub use settings::{SETTINGS, Setting, setting};
pub use store::StoreUrl;
pub(crate) use value::webhook_secret_bytes;

/// Every setting of the host, resolved and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the HTTP API listens.
    pub listen: SocketAddr,
    /// The directory of the store, the keys and whatever else the host keeps.
    pub data_dir: PathBuf,
    /// The store, where one was named; see [`Config::store`].
    pub database_url: Option<StoreUrl>,
    /// The catalog file.
    pub catalog: PathBuf,
    /// The directory of the domains' components.
    pub plugins: PathBuf,
    /// Connections to a database server.
    pub database_connections: u32,
    /// How long a session lives.
    pub session_duration: Duration,
    /// How often a session can be extended.
    pub max_extensions: u32,
    /// How often sessions whose time is over are looked for.
    pub cleanup_interval: Duration,
    /// How long after its end a session is kept.
    pub cleanup_grace: Duration,
    /// How long the ledger keeps what is over.
    pub ledger: Duration,
    /// How long a clone may take at most.
    pub lease: Duration,
    /// Clones under way at once.
    pub clones_under_way: usize,
    /// Callers that may wait for one of them to end.
    pub clone_queue: usize,
    /// How long they wait.
    pub clone_queue_wait: Duration,
    /// Records that one session may have, in MiB.
    pub session_output_mib: u32,
    /// Records that all clones under way may have together, in MiB.
    pub clones_output_mib: u32,
    /// Sessions that one client address may create or reset in a minute; 0 is no limit.
    pub creations_per_minute: u32,
    /// How many of them at once.
    pub creations_burst: u32,
    /// Reads that one client address may send in a minute; 0 is no limit.
    pub reads_per_minute: u32,
    /// Answers that it may have under way at once.
    pub reads_at_once: usize,
    /// Connections that are open at once.
    pub connections: usize,
    /// Proxies whose word on a client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Streams of session events that are open at once.
    pub event_streams: usize,
    /// Those of one client address, and of one session.
    pub event_streams_share: usize,
    /// Whether a new session's alerts are looked for.
    pub alert_generation: bool,
    /// Whether a new session's insights are computed.
    pub insight_generation: bool,
    /// Where compiled code is kept, where that is not in the data directory.
    pub cache_dir: Option<PathBuf>,
    /// Whether components are prepared with their fixtures once, and not by every session.
    pub prepared_images: bool,
    /// A directory of components to watch, for whoever writes them.
    pub watch: Option<PathBuf>,
    /// Whether the catalog, and the components of the directory, take the place of others in the store.
    pub replace_catalog: bool,
    /// Whether the keys that this host signs with take the place of others that the store knows.
    pub replace_keys: bool,
    /// The key of the internal API, where one was given; see [`Config::keys`].
    pub internal_api_key: Option<Secret>,
    /// The key of the plugin API, where one was given; see [`Config::keys`].
    pub admin_api_key: Option<Secret>,
    /// The key that signs access tokens, where one was given; see [`Config::keys`].
    pub token_key: Option<Secret>,
    /// The key that signs receipts; kept in the data directory where it is not given.
    pub receipt_key: Option<Secret>,
    /// The Redis that sessions are mirrored in; see [`Config::mirror`].
    pub redis_url: Option<Secret>,
    /// What a session's key there begins with.
    pub redis_key_prefix: String,
    /// How long such a key lives, where that is not until the session expires.
    pub redis_session_ttl: Option<Duration>,
    /// Where notices are sent; see [`Config::webhook`].
    pub webhook_url: Option<Secret>,
    /// What they are signed with; there is no one without the other.
    pub webhook_secret: Option<Secret>,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// Threads that run plugins.
    pub clone_workers: usize,
    /// Calls in a row that hit a limit before the next ones are failed fast.
    pub breaker_failures: u32,
    /// How long they are, until a probe.
    pub breaker_rest: Duration,
    /// Sessions of a new revision that are watched; 0 watches none.
    pub watch_sessions: u32,
    /// How many of them must fail before it is rolled back.
    pub watch_failures: u32,
    /// What a plugin may use where the catalog says nothing else.
    pub sandbox: SandboxLimits,
    /// What is logged, as `tracing` directives.
    pub log: String,
    /// How a log line looks.
    pub log_format: LogFormat,
}

/// What one call into a plugin may use, and what its component may be. There is no way to have no limit.
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
    /// Log lines of one call.
    pub log_lines: u32,
    /// Size of a component's file, in MiB.
    pub component_mib: u32,
    /// Wall time of compiling a component, in milliseconds.
    pub compile_ms: u32,
    /// Memory of compiling a component, in MiB.
    pub compile_memory_mib: u32,
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
    /// Where the sessions are kept: what was named, or a file in the data directory.
    #[must_use]
    pub fn store(&self) -> StoreUrl {
        let file = || StoreUrl::Sqlite(self.data_dir.join("levain.db"));
        self.database_url.clone().unwrap_or_else(file)
    }

    /// How the store is used.
    #[must_use]
    pub const fn store_options(&self) -> StoreOptions {
        StoreOptions {
            connections: self.database_connections,
            lease: self.lease,
        }
    }

    /// The mirror of the sessions, where there is one.
    #[must_use]
    pub fn mirror(&self) -> Option<MirrorSettings> {
        Some(MirrorSettings {
            url: self.redis_url.clone()?,
            prefix: self.redis_key_prefix.clone(),
            ttl: self.redis_session_ttl,
        })
    }

    /// Where notices are sent, where that is anywhere but the log.
    #[must_use]
    pub fn webhook(&self) -> Option<WebhookSettings> {
        Some(WebhookSettings {
            url: self.webhook_url.clone()?,
            secret: self.webhook_secret.clone()?,
        })
    }

    /// What is there before the first default is set; every field has a row in the table, or a
    /// default that only the machine can tell.
    fn blank() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: PathBuf::new(),
            database_url: None,
            database_connections: 0,
            catalog: PathBuf::new(),
            plugins: PathBuf::new(),
            session_duration: Duration::ZERO,
            max_extensions: 0,
            cleanup_interval: Duration::ZERO,
            cleanup_grace: Duration::ZERO,
            ledger: Duration::ZERO,
            lease: Duration::ZERO,
            clones_under_way: 0,
            clone_queue: 0,
            clone_queue_wait: Duration::ZERO,
            session_output_mib: 0,
            clones_output_mib: 0,
            creations_per_minute: 0,
            creations_burst: 0,
            reads_per_minute: 0,
            reads_at_once: 0,
            connections: 0,
            trusted_proxies: Vec::new(),
            event_streams: 0,
            event_streams_share: 0,
            alert_generation: false,
            insight_generation: false,
            internal_api_key: None,
            admin_api_key: None,
            replace_catalog: false,
            replace_keys: false,
            watch: None,
            prepared_images: false,
            cache_dir: None,
            token_key: None,
            receipt_key: None,
            redis_url: None,
            redis_key_prefix: String::new(),
            redis_session_ttl: None,
            webhook_url: None,
            webhook_secret: None,
            max_body_bytes: 0,
            clone_workers: std::thread::available_parallelism().map_or(1, usize::from),
            breaker_failures: 0,
            breaker_rest: Duration::ZERO,
            watch_sessions: 0,
            watch_failures: 0,
            sandbox: SandboxLimits {
                memory_mib: 0,
                table_elements: 0,
                stack_kib: 0,
                output_kib: 0,
                records: 0,
                log_kib: 0,
                log_lines: 0,
                component_mib: 0,
                compile_ms: 0,
                compile_memory_mib: 0,
            },
            log: String::new(),
            log_format: LogFormat::Auto,
        }
    }
}
