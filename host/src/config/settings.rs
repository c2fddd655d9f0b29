//! The one table of settings: field, type, variable, default, bounds and meaning of each.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::value::{
    address, key_prefix, log_filter, log_format, minutes, networks, path, redis_url, seconds,
    switch, webhook_secret, webhook_url, whole,
};
use crate::keys::{api_key, signing_key};
use crate::logging::LogFormat;
use crate::sandbox::SandboxLimits;
use levain_model::Secret;
use levain_store::StoreUrl;

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its key in the configuration file; a dot stands for a table.
    pub key: &'static str,
    /// Its environment variable.
    pub variable: &'static str,
    /// Another variable, read where the first is not set.
    pub other_variable: Option<&'static str>,
    /// The kind of its text.
    pub kind: Kind,
    /// Its default.
    pub default: SettingDefault,
    /// Its meaning, in a line.
    pub doc: &'static str,
    /// Parses its text into the configuration.
    pub(super) set: fn(&mut Config, &str) -> Result<(), String>,
}

impl Setting {
    /// Its flag, without the leading dashes.
    #[must_use]
    pub fn flag(&self) -> String {
        self.key.replace(['_', '.'], "-")
    }
}

/// The default of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingDefault {
    /// This text.
    Text(&'static str),
    /// Known at run time only; the text describes it.
    Described(&'static str),
}

impl std::fmt::Display for SettingDefault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Text(text) | Self::Described(text)) = self;
        f.write_str(text)
    }
}

/// The kind of a setting's text, with the placeholder of its value in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text that errors may repeat.
    Plain(&'static str),
    /// A path: a relative one in the configuration file is relative to that file.
    Path(&'static str),
    /// A secret: no error repeats it.
    Secret(&'static str),
}

impl Kind {
    /// The placeholder of the value.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Plain(name) | Self::Path(name) | Self::Secret(name) => name,
        }
    }
}

/// The setting of a key.
#[must_use]
pub fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Declares [`Config`] and [`SETTINGS`] from one list. A row is
///
/// ```text
/// /// meaning
/// field ("key, where it is not the field's name"): Type { value before any is set } =
///     Kind("PLACEHOLDER"), "VARIABLE" or "OTHER_VARIABLE", Default("text"), reader;
/// ```
///
/// Fields without a value of their own before any is set have that of `Default`; rows of `sandbox` are fields of
/// [`SandboxLimits`].
macro_rules! settings {
    (
        config { $(
            #[doc = $doc:literal]
            $field:ident $(($key:literal))? : $type:ty $({ $initial:expr })? =
                $kind:ident($placeholder:literal), $variable:literal $(or $other:literal)?,
                $default:ident($text:literal), $read:expr;
        )* }
        sandbox { $(
            #[doc = $limit_doc:literal]
            $limit:ident = $limit_kind:ident($limit_placeholder:literal), $limit_variable:literal,
                $limit_default:ident($limit_text:literal), $limit_read:expr;
        )* }
    ) => {
        /// Every setting of the host, resolved and checked.
        #[derive(Debug, Clone)]
        pub struct Config {
            $(#[doc = $doc] pub $field: $type,)*
            /// Limits of a plugin where the catalog sets none.
            pub sandbox: SandboxLimits,
        }

        impl Config {
            /// The configuration before the first default is set.
            pub(super) fn blank() -> Self {
                Self {
                    $($field: settings!(@initial $($initial)?),)*
                    sandbox: SandboxLimits::default(),
                }
            }
        }

        /// Every setting of the host.
        pub static SETTINGS: &[Setting] = &[
            $(Setting {
                key: settings!(@key $field $($key)?),
                variable: $variable,
                other_variable: settings!(@other $($other)?),
                kind: Kind::$kind($placeholder),
                default: SettingDefault::$default($text),
                doc: $doc.trim_ascii_start(),
                set: |config, text| {
                    let read: fn(&str) -> Result<$type, String> = $read;
                    config.$field = read(text)?;
                    Ok(())
                },
            },)*
            $(Setting {
                key: concat!("sandbox.", stringify!($limit)),
                variable: $limit_variable,
                other_variable: None,
                kind: Kind::$limit_kind($limit_placeholder),
                default: SettingDefault::$limit_default($limit_text),
                doc: $limit_doc.trim_ascii_start(),
                set: |config, text| {
                    let read: fn(&str) -> Result<u32, String> = $limit_read;
                    config.sandbox.$limit = read(text)?;
                    Ok(())
                },
            },)*
        ];
    };
    (@initial) => { Default::default() };
    (@initial $initial:expr) => { $initial };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@other) => { None };
    (@other $other:literal) => { Some($other) };
}

#[rustfmt::skip]
settings! {
    config {
        /// Where the HTTP API listens
        listen: SocketAddr { SocketAddr::from(([127, 0, 0, 1], 0)) } = Plain("ADDRESS"), "LEVAIN_LISTEN", Text("127.0.0.1:8018"), address;
        /// Directory of the store and the keys; one host at a time holds it
        data_dir: PathBuf = Path("DIR"), "LEVAIN_DATA_DIR", Text("data"), path;
        /// Directory of compiled code; the host's own, and no other's
        cache_dir: Option<PathBuf> = Path("DIR"), "LEVAIN_CACHE_DIR", Described("`cache` in the data directory"), |text| path(text).map(Some);
        /// The catalog of accounts and domains
        catalog: PathBuf = Path("FILE"), "LEVAIN_CATALOG", Text("fixtures/catalog.toml"), path;
        /// Directory of the domains' components
        plugins: PathBuf = Path("DIR"), "LEVAIN_PLUGINS", Text("target/plugins"), path;
        /// Whether components are prepared with their fixtures once, at the start, and not by every session
        prepared_images: bool = Plain("BOOL"), "LEVAIN_PREPARED_IMAGES", Text("true"), switch;
        /// A directory of components to watch, for development: what changes there is proven and serves, or is refused
        watch: Option<PathBuf> = Path("DIR"), "LEVAIN_WATCH", Described("none"), |text| path(text).map(Some);
        /// Whether catalog and components, as they are given, take the place of others in the store: unproven, as one release
        replace_catalog: bool = Plain("BOOL"), "LEVAIN_REPLACE_CATALOG", Text("false"), switch;
        /// Whether the token and receipt keys of this host replace others that the store knows: tokens of live sessions then open nothing
        replace_keys: bool = Plain("BOOL"), "LEVAIN_REPLACE_KEYS", Text("false"), switch;
        /// The store: postgres://name:password@server/database, or sqlite:path/to/file
        database_url: Option<StoreUrl> = Secret("URL"), "DEMO_SESSION_DATABASE_URL", Described("an SQLite file in the data directory"), |text| text.parse().map(Some);
        /// Connections to a PostgreSQL server
        database_connections: u32 = Plain("COUNT"), "LEVAIN_DATABASE_CONNECTIONS", Text("16"), |text| whole(text, 2..=1000);
        /// How long a session lives
        session_duration ("session_duration_minutes"): Duration = Plain("MINUTES"), "DEMO_SESSION_DURATION_MINUTES", Text("30"), |text| whole(text, 1..=525_600).map(|count| Duration::from_secs(60 * count));
        /// How often a session can be extended
        max_extensions: u32 = Plain("TIMES"), "DEMO_SESSION_MAX_EXTENSIONS", Text("3"), |text| whole(text, 0..=1000);
        /// How often sessions whose time is over are looked for and destroyed
        cleanup_interval ("cleanup_interval_minutes"): Duration = Plain("MINUTES"), "DEMO_SESSION_CLEANUP_INTERVAL_MINUTES", Text("1"), |text| minutes(text, 0.05..=1440.0);
        /// How long after its end a session is kept before it is destroyed; its data is closed all the same
        cleanup_grace ("cleanup_grace_minutes"): Duration = Plain("MINUTES"), "DEMO_SESSION_CLEANUP_GRACE_MINUTES", Text("0"), |text| minutes(text, 0.0..=525_600.0);
        /// How long destroyed sessions and the audits of their cleanup stay in the ledger
        ledger ("ledger_days"): Duration = Plain("DAYS"), "DEMO_SESSION_LEDGER_DAYS", Text("30"), |text| whole(text, 0..=36_500).map(|count| Duration::from_secs(86_400 * count));
        /// How long a clone may take; what a host that died was at work on is found after as long
        lease ("lease_seconds"): Duration = Plain("SECONDS"), "LEVAIN_LEASE_SECONDS", Text("45"), |text| seconds(text, 1.0..=3600.0);
        /// Sessions that are created or reset at once
        clones_under_way: usize = Plain("COUNT"), "LEVAIN_CLONES_UNDER_WAY", Text("16"), |text| whole(text, 1..=1024);
        /// Requests that may wait for one of them to end; more are answered 503
        clone_queue: usize = Plain("COUNT"), "LEVAIN_CLONE_QUEUE", Text("256"), |text| whole(text, 0..=65_536);
        /// How long such a request waits before it is answered 503
        clone_queue_wait ("clone_queue_seconds"): Duration = Plain("SECONDS"), "LEVAIN_CLONE_QUEUE_SECONDS", Text("10"), |text| seconds(text, 0.0..=600.0);
        /// Records that one session may have; past it the domain that has the most fails
        session_output_mib: u32 = Plain("MIB"), "LEVAIN_SESSION_OUTPUT_MIB", Text("32"), |text| whole(text, 1..=4096);
        /// Records that all clones under way may have together: each is given session_output_mib of it, or waits
        clones_output_mib: u32 = Plain("MIB"), "LEVAIN_CLONES_OUTPUT_MIB", Text("512"), |text| whole(text, 1..=1_048_576);
        /// Sessions that one client address may create or reset in a minute; more are answered 429; 0 is no limit
        creations_per_minute: u32 = Plain("COUNT"), "LEVAIN_CREATIONS_PER_MINUTE", Text("60"), |text| whole(text, 0..=60_000);
        /// How many of them it may ask for at once, after a while without any
        creations_burst: u32 = Plain("COUNT"), "LEVAIN_CREATIONS_BURST", Text("60"), |text| whole(text, 1..=60_000);
        /// GET requests that one client address may send in a minute, a sixth of them at once; more are answered 429; 0 is no limit
        reads_per_minute: u32 = Plain("COUNT"), "LEVAIN_READS_PER_MINUTE", Text("12000"), |text| whole(text, 0..=6_000_000);
        /// Answers to GET requests that are prepared for one client address, or on their way to it, at once; more are answered 429
        reads_at_once: usize = Plain("COUNT"), "LEVAIN_READS_AT_ONCE", Text("32"), |text| whole(text, 1..=65_536);
        /// Connections that are open at once; for one more, that is closed which waits longest of the address that has most
        connections: usize = Plain("COUNT"), "LEVAIN_CONNECTIONS", Text("1024"), |text| whole(text, 16..=65_536);
        /// Proxies that add to X-Forwarded-For, such as 10.0.0.0/8,fd00::/8; from others it says nothing
        trusted_proxies: Vec<IpNet> = Plain("NETWORKS"), "LEVAIN_TRUSTED_PROXIES", Described("none"), networks;
        /// Streams of session events that are open at once; more are answered 503
        event_streams: usize = Plain("COUNT"), "LEVAIN_EVENT_STREAMS", Text("256"), |text| whole(text, 0..=65_536);
        /// Streams of session events that one client address may have open at once, and as many of one session; more are answered 429
        event_streams_share: usize = Plain("COUNT"), "LEVAIN_EVENT_STREAMS_SHARE", Text("64"), |text| whole(text, 1..=65_536);
        /// Whether a new session's alerts are looked for
        alert_generation ("enable_demo_alert_generation"): bool = Plain("BOOL"), "ENABLE_DEMO_ALERT_GENERATION", Text("true"), switch;
        /// Whether a new session's insights are computed
        insight_generation ("enable_demo_ai_insights"): bool = Plain("BOOL"), "ENABLE_DEMO_AI_INSIGHTS", Text("true"), switch;
        /// The key of the internal API; required when listening beyond loopback
        internal_api_key: Option<Secret> = Secret("KEY"), "INTERNAL_API_KEY", Described("made at first start and kept in the data directory"), |text| api_key(text).map(Some);
        /// The key of the plugin API; required when listening beyond loopback
        admin_api_key: Option<Secret> = Secret("KEY"), "ADMIN_API_KEY", Described("made at first start and kept in the data directory"), |text| api_key(text).map(Some);
        /// The PASETO v4.public secret key that signs access tokens: an Ed25519 seed and its public key
        token_key: Option<Secret> = Secret("HEX"), "LEVAIN_TOKEN_KEY", Described("made at first start and kept in the data directory"), |text| signing_key(text).map(Some);
        /// The Ed25519 seed and public key that sign receipts; hosts on one store have the same, and the same token_key
        receipt_key: Option<Secret> = Secret("HEX"), "LEVAIN_RECEIPT_KEY", Described("made at first start and kept in the data directory"), |text| signing_key(text).map(Some);
        /// The Redis that sessions are mirrored in: redis://:password@server:6379/0, rediss:// with TLS
        redis_url: Option<Secret> = Secret("URL"), "REDIS_URL", Described("no Redis"), |text| redis_url(text).map(Some);
        /// What a session's key in Redis begins with
        redis_key_prefix: String = Plain("PREFIX"), "REDIS_KEY_PREFIX", Text("demo:session"), key_prefix;
        /// How long a session's key in Redis lives after each change
        redis_session_ttl: Option<Duration> = Plain("SECONDS"), "REDIS_SESSION_TTL", Described("until the session expires"), |text| whole(text, 1..=31_536_000).map(Duration::from_secs).map(Some);
        /// Where operator notices are sent, signed; needs webhook_secret
        webhook_url: Option<Secret> = Secret("URL"), "LEVAIN_WEBHOOK_URL", Described("no webhook"), |text| webhook_url(text).map(Some);
        /// What they are signed with: whsec_ and base64, as Standard Webhooks has it
        webhook_secret: Option<Secret> = Secret("SECRET"), "LEVAIN_WEBHOOK_SECRET", Described("no webhook"), |text| webhook_secret(text).map(Some);
        /// The largest body of a request
        max_body_bytes: usize = Plain("BYTES"), "LEVAIN_MAX_BODY_BYTES", Text("65536"), |text| whole(text, 1024..=67_108_864);
        /// Threads that run plugins
        clone_workers: usize { std::thread::available_parallelism().map_or(1, usize::from) } = Plain("THREADS"), "LEVAIN_CLONE_WORKERS", Described("one per processor"), |text| whole(text, 1..=256);
        /// Calls of one kind into a version that hit a limit in a row before the next ones are failed without being made
        breaker_failures: u32 = Plain("COUNT"), "LEVAIN_BREAKER_FAILURES", Text("3"), |text| whole(text, 1..=1_000_000);
        /// How long they are, until one call is made as a probe
        breaker_rest ("breaker_seconds"): Duration = Plain("SECONDS"), "LEVAIN_BREAKER_SECONDS", Text("30"), |text| seconds(text, 1.0..=86_400.0);
        /// Sessions of a new plugin revision that are watched, and all of its first ten minutes; 0 watches none
        watch_sessions: u32 = Plain("COUNT"), "LEVAIN_WATCH_SESSIONS", Text("20"), |text| whole(text, 0..=1_000_000);
        /// How many of them, and at least one in ten, must fail in a domain that the revision changed before it is rolled back
        watch_failures: u32 = Plain("COUNT"), "LEVAIN_WATCH_FAILURES", Text("3"), |text| whole(text, 1..=1_000_000);
        /// What is logged
        log: String = Plain("FILTER"), "LEVAIN_LOG" or "RUST_LOG", Text("info"), log_filter;
        /// How a log line looks: human, json, or auto (human on a terminal)
        log_format: LogFormat = Plain("FORMAT"), "LEVAIN_LOG_FORMAT", Text("auto"), log_format;
    }
    sandbox {
        /// Linear memory of one call into a plugin
        memory_mib = Plain("MIB"), "LEVAIN_SANDBOX_MEMORY_MIB", Text("128"), |text| whole(text, 1..=4096);
        /// Elements of all tables of a plugin
        table_elements = Plain("COUNT"), "LEVAIN_SANDBOX_TABLE_ELEMENTS", Text("20000"), |text| whole(text, 1..=1_000_000);
        /// WebAssembly stack of one call into a plugin; the same for all domains
        stack_kib = Plain("KIB"), "LEVAIN_SANDBOX_STACK_KIB", Text("512"), |text| whole(text, 64..=8192);
        /// Text that one clone may return
        output_kib = Plain("KIB"), "LEVAIN_SANDBOX_OUTPUT_KIB", Text("16384"), |text| whole(text, 1..=1_048_576);
        /// Records that one clone may return
        records = Plain("COUNT"), "LEVAIN_SANDBOX_RECORDS", Text("50000"), |text| whole(text, 1..=10_000_000);
        /// Log text of one call into a plugin
        log_kib = Plain("KIB"), "LEVAIN_SANDBOX_LOG_KIB", Text("64"), |text| whole(text, 1..=16_384);
        /// Log lines of one call into a plugin
        log_lines = Plain("COUNT"), "LEVAIN_SANDBOX_LOG_LINES", Text("500"), |text| whole(text, 1..=100_000);
        /// Size of a component's file
        component_mib = Plain("MIB"), "LEVAIN_SANDBOX_COMPONENT_MIB", Text("32"), |text| whole(text, 1..=256);
        /// Time that compiling a component may take
        compile_ms = Plain("MS"), "LEVAIN_SANDBOX_COMPILE_MS", Text("120000"), |text| whole(text, 100..=3_600_000);
        /// Memory that compiling a component may take, the program's own included
        compile_memory_mib = Plain("MIB"), "LEVAIN_SANDBOX_COMPILE_MEMORY_MIB", Text("1024"), |text| whole(text, 256..=65_536);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let variables = SETTINGS
            .iter()
            .flat_map(|setting| [Some(setting.variable), setting.other_variable])
            .flatten();
        let unique: BTreeSet<_> = variables.clone().collect();
        assert_eq!(unique.len(), variables.count());
        let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        assert_eq!(keys.len(), SETTINGS.len());
    }

    #[test]
    fn every_default_is_accepted() {
        let mut config = Config::blank();
        for setting in SETTINGS {
            if let SettingDefault::Text(text) = setting.default {
                assert_eq!((setting.set)(&mut config, text), Ok(()), "{}", setting.key);
            }
        }
    }
}
