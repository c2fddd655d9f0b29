//! The one table of settings: name, variable, flag, default and meaning.

use std::time::Duration;

use super::Config;
use super::store::store_url;
use super::value::{
    address, api_key, key_prefix, log_filter, log_format, minutes, networks, path, redis_url,
    seconds, signing_key, switch, webhook_secret, webhook_url, whole,
};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its key in the configuration file; a dot stands for a table.
    pub key: &'static str,
    /// Its environment variable.
    pub variable: &'static str,
    /// Another variable that is read where the first is not set.
    pub other_variable: Option<&'static str>,
    /// Its flag, without the dashes.
    pub flag: &'static str,
    /// What stands for its value in help.
    pub value_name: &'static str,
    /// Its default, in words where only the machine can tell.
    pub default: SettingDefault,
    /// What it means, in a line.
    pub doc: &'static str,
    /// How its text is taken into the configuration.
    pub(super) set: fn(&mut Config, &str) -> Result<(), String>,
    /// What kind of text it is.
    pub(super) kind: Kind,
}

/// What a setting is when nobody sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingDefault {
    /// This text.
    Text(&'static str),
    /// Something that is known at run time only, described here.
    Described(&'static str),
}

/// What kind of text a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything that can be shown.
    Plain,
    /// A path: relative ones in the configuration file are relative to it.
    Path,
    /// A key: never shown, not even when it is wrong.
    Secret,
}

impl std::fmt::Display for SettingDefault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Text(text) | Self::Described(text)) = self;
        f.write_str(text)
    }
}

/// The setting of a key.
#[must_use]
pub fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

const fn text(
    key: &'static str,
    variable: &'static str,
    flag: &'static str,
    value_name: &'static str,
    default: &'static str,
    doc: &'static str,
    set: fn(&mut Config, &str) -> Result<(), String>,
) -> Setting {
    Setting {
        key,
        variable,
        other_variable: None,
        flag,
        value_name,
        default: SettingDefault::Text(default),
        doc,
        set,
        kind: Kind::Plain,
    }
}

impl Setting {
    const fn path(mut self) -> Self {
        self.kind = Kind::Path;
        self
    }

    const fn secret(mut self) -> Self {
        self.kind = Kind::Secret;
        self.described()
    }

    /// Its default is the machine's; the text only describes it.
    const fn described(mut self) -> Self {
        if let SettingDefault::Text(text) = self.default {
            self.default = SettingDefault::Described(text);
        }
        self
    }

    const fn or_variable(mut self, variable: &'static str) -> Self {
        self.other_variable = Some(variable);
        self
    }
}

/// Every setting of the host.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    text("listen", "LEVAIN_LISTEN", "listen", "ADDRESS", "127.0.0.1:8018",
        "Where the HTTP API listens",
        |config, text| { config.listen = address(text)?; Ok(()) }),
    text("data_dir", "LEVAIN_DATA_DIR", "data-dir", "DIR", "data",
        "Directory of the store and the keys; one host at a time holds it",
        |config, text| { config.data_dir = path(text)?; Ok(()) }).path(),
    text("cache_dir", "LEVAIN_CACHE_DIR", "cache-dir", "DIR", "`cache` in the data directory",
        "Directory of compiled code; the host's own, and no other's",
        |config, text| { config.cache_dir = Some(path(text)?); Ok(()) }).path().described(),
    text("catalog", "LEVAIN_CATALOG", "catalog", "FILE", "fixtures/catalog.toml",
        "The catalog of accounts and domains",
        |config, text| { config.catalog = path(text)?; Ok(()) }).path(),
    text("plugins", "LEVAIN_PLUGINS", "plugins", "DIR", "target/plugins",
        "Directory of the domains' components",
        |config, text| { config.plugins = path(text)?; Ok(()) }).path(),
    text("prepared_images", "LEVAIN_PREPARED_IMAGES", "prepared-images", "BOOL", "true",
        "Whether components are prepared with their fixtures once, at the start, and not by every session",
        |config, text| { config.prepared_images = switch(text)?; Ok(()) }),
    text("watch", "LEVAIN_WATCH", "watch", "DIR", "none",
        "A directory of components to watch, for development: what changes there is proven and serves, or is refused",
        |config, text| { config.watch = Some(path(text)?); Ok(()) }).path().described(),
    text("replace_catalog", "LEVAIN_REPLACE_CATALOG", "replace-catalog", "BOOL", "false",
        "Whether catalog and components, as they are given, take the place of others in the store: unproven, as one release",
        |config, text| { config.replace_catalog = switch(text)?; Ok(()) }),
    text("replace_keys", "LEVAIN_REPLACE_KEYS", "replace-keys", "BOOL", "false",
        "Whether the token and receipt keys of this host replace others that the store knows: tokens of live sessions then open nothing",
        |config, text| { config.replace_keys = switch(text)?; Ok(()) }),
    text("database_url", "DEMO_SESSION_DATABASE_URL", "database-url", "URL", "an SQLite file in the data directory",
        "The store: postgres://name:password@server/database, or sqlite:path/to/file",
        |config, text| { config.database_url = Some(store_url(text)?); Ok(()) }).secret(),
    text("database_connections", "LEVAIN_DATABASE_CONNECTIONS", "database-connections", "COUNT", "16",
        "Connections to a PostgreSQL server",
        |config, text| { config.database_connections = whole(text, 2..=1000)?; Ok(()) }),
    text("session_duration_minutes", "DEMO_SESSION_DURATION_MINUTES", "session-duration-minutes", "MINUTES", "30",
        "How long a session lives",
        |config, text| {
            config.session_duration = Duration::from_secs(60 * whole(text, 1..=525_600_u64)?);
            Ok(())
        }),
    text("max_extensions", "DEMO_SESSION_MAX_EXTENSIONS", "max-extensions", "TIMES", "3",
        "How often a session can be extended",
        |config, text| { config.max_extensions = whole(text, 0..=1000)?; Ok(()) }),
    text("cleanup_interval_minutes", "DEMO_SESSION_CLEANUP_INTERVAL_MINUTES", "cleanup-interval-minutes", "MINUTES", "1",
        "How often sessions whose time is over are looked for and destroyed",
        |config, text| { config.cleanup_interval = minutes(text, 0.05..=1440.0)?; Ok(()) }),
    text("cleanup_grace_minutes", "DEMO_SESSION_CLEANUP_GRACE_MINUTES", "cleanup-grace-minutes", "MINUTES", "0",
        "How long after its end a session is kept before it is destroyed; its data is closed all the same",
        |config, text| { config.cleanup_grace = minutes(text, 0.0..=525_600.0)?; Ok(()) }),
    text("ledger_days", "DEMO_SESSION_LEDGER_DAYS", "ledger-days", "DAYS", "30",
        "How long destroyed sessions and the audits of their cleanup stay in the ledger",
        |config, text| {
            config.ledger = Duration::from_secs(86_400 * whole(text, 0..=36_500_u64)?);
            Ok(())
        }),
    text("lease_seconds", "LEVAIN_LEASE_SECONDS", "lease-seconds", "SECONDS", "45",
        "How long a clone may take; what a host that died was at work on is found after as long",
        |config, text| { config.lease = seconds(text, 1.0..=3600.0)?; Ok(()) }),
    text("clones_under_way", "LEVAIN_CLONES_UNDER_WAY", "clones-under-way", "COUNT", "16",
        "Sessions that are created or reset at once",
        |config, text| { config.clones_under_way = whole(text, 1..=1024)?; Ok(()) }),
    text("clone_queue", "LEVAIN_CLONE_QUEUE", "clone-queue", "COUNT", "256",
        "Requests that may wait for one of them to end; more are answered 503",
        |config, text| { config.clone_queue = whole(text, 0..=65_536)?; Ok(()) }),
    text("clone_queue_seconds", "LEVAIN_CLONE_QUEUE_SECONDS", "clone-queue-seconds", "SECONDS", "10",
        "How long such a request waits before it is answered 503",
        |config, text| { config.clone_queue_wait = seconds(text, 0.0..=600.0)?; Ok(()) }),
    text("session_output_mib", "LEVAIN_SESSION_OUTPUT_MIB", "session-output-mib", "MIB", "32",
        "Records that one session may have; past it the domain that has the most fails",
        |config, text| { config.session_output_mib = whole(text, 1..=4096)?; Ok(()) }),
    text("clones_output_mib", "LEVAIN_CLONES_OUTPUT_MIB", "clones-output-mib", "MIB", "512",
        "Records that all clones under way may have together: each is given session_output_mib of it, or waits",
        |config, text| { config.clones_output_mib = whole(text, 1..=1_048_576)?; Ok(()) }),
    text("creations_per_minute", "LEVAIN_CREATIONS_PER_MINUTE", "creations-per-minute", "COUNT", "60",
        "Sessions that one client address may create or reset in a minute; more are answered 429; 0 is no limit",
        |config, text| { config.creations_per_minute = whole(text, 0..=60_000)?; Ok(()) }),
    text("creations_burst", "LEVAIN_CREATIONS_BURST", "creations-burst", "COUNT", "60",
        "How many of them it may ask for at once, after a while without any",
        |config, text| { config.creations_burst = whole(text, 1..=60_000)?; Ok(()) }),
    text("reads_per_minute", "LEVAIN_READS_PER_MINUTE", "reads-per-minute", "COUNT", "12000",
        "GET requests that one client address may send in a minute, a sixth of them at once; more are answered 429; 0 is no limit",
        |config, text| { config.reads_per_minute = whole(text, 0..=6_000_000)?; Ok(()) }),
    text("reads_at_once", "LEVAIN_READS_AT_ONCE", "reads-at-once", "COUNT", "32",
        "Answers to GET requests that are prepared for one client address, or on their way to it, at once; more are answered 429",
        |config, text| { config.reads_at_once = whole(text, 1..=65_536)?; Ok(()) }),
    text("connections", "LEVAIN_CONNECTIONS", "connections", "COUNT", "1024",
        "Connections that are open at once; for one more, that is closed which waits longest of the address that has most",
        |config, text| { config.connections = whole(text, 16..=65_536)?; Ok(()) }),
    text("trusted_proxies", "LEVAIN_TRUSTED_PROXIES", "trusted-proxies", "NETWORKS", "none",
        "Proxies that add to X-Forwarded-For, such as 10.0.0.0/8,fd00::/8; from others it says nothing",
        |config, text| { config.trusted_proxies = networks(text)?; Ok(()) }).described(),
    text("event_streams", "LEVAIN_EVENT_STREAMS", "event-streams", "COUNT", "256",
        "Streams of session events that are open at once; more are answered 503",
        |config, text| { config.event_streams = whole(text, 0..=65_536)?; Ok(()) }),
    text("event_streams_share", "LEVAIN_EVENT_STREAMS_SHARE", "event-streams-share", "COUNT", "64",
        "Streams of session events that one client address may have open at once, and as many of one session; more are answered 429",
        |config, text| { config.event_streams_share = whole(text, 1..=65_536)?; Ok(()) }),
    text("enable_demo_alert_generation", "ENABLE_DEMO_ALERT_GENERATION", "enable-demo-alert-generation", "BOOL", "true",
        "Whether a new session's alerts are looked for",
        |config, text| { config.alert_generation = switch(text)?; Ok(()) }),
    text("enable_demo_ai_insights", "ENABLE_DEMO_AI_INSIGHTS", "enable-demo-ai-insights", "BOOL", "true",
        "Whether a new session's insights are computed",
        |config, text| { config.insight_generation = switch(text)?; Ok(()) }),
    text("internal_api_key", "INTERNAL_API_KEY", "internal-api-key", "KEY", "made at first start and kept in the data directory",
        "The key of the internal API; required when listening beyond loopback",
        |config, text| { config.internal_api_key = Some(api_key(text)?); Ok(()) }).secret(),
    text("admin_api_key", "ADMIN_API_KEY", "admin-api-key", "KEY", "made at first start and kept in the data directory",
        "The key of the plugin API; required when listening beyond loopback",
        |config, text| { config.admin_api_key = Some(api_key(text)?); Ok(()) }).secret(),
    text("token_key", "LEVAIN_TOKEN_KEY", "token-key", "HEX", "made at first start and kept in the data directory",
        "The PASETO v4.public secret key that signs access tokens: an Ed25519 seed and its public key",
        |config, text| { config.token_key = Some(signing_key(text)?); Ok(()) }).secret(),
    text("receipt_key", "LEVAIN_RECEIPT_KEY", "receipt-key", "HEX", "made at first start and kept in the data directory",
        "The Ed25519 seed and public key that sign receipts; hosts on one store have the same, and the same token_key",
        |config, text| { config.receipt_key = Some(signing_key(text)?); Ok(()) }).secret(),
    text("redis_url", "REDIS_URL", "redis-url", "URL", "no Redis",
        "The Redis that sessions are mirrored in: redis://:password@server:6379/0, rediss:// with TLS",
        |config, text| { config.redis_url = Some(redis_url(text)?); Ok(()) }).secret(),
    text("redis_key_prefix", "REDIS_KEY_PREFIX", "redis-key-prefix", "PREFIX", "demo:session",
        "What a session's key in Redis begins with",
        |config, text| { config.redis_key_prefix = key_prefix(text)?; Ok(()) }),
    text("redis_session_ttl", "REDIS_SESSION_TTL", "redis-session-ttl", "SECONDS", "until the session expires",
        "How long a session's key in Redis lives after each change",
        |config, text| {
            config.redis_session_ttl = Some(Duration::from_secs(whole(text, 1..=31_536_000_u64)?));
            Ok(())
        }).described(),
    text("webhook_url", "LEVAIN_WEBHOOK_URL", "webhook-url", "URL", "no webhook",
        "Where operator notices are sent, signed; needs webhook_secret",
        |config, text| { config.webhook_url = Some(webhook_url(text)?); Ok(()) }).secret(),
    text("webhook_secret", "LEVAIN_WEBHOOK_SECRET", "webhook-secret", "SECRET", "no webhook",
        "What they are signed with: whsec_ and base64, as Standard Webhooks has it",
        |config, text| { config.webhook_secret = Some(webhook_secret(text)?); Ok(()) }).secret(),
    text("max_body_bytes", "LEVAIN_MAX_BODY_BYTES", "max-body-bytes", "BYTES", "65536",
        "The largest body of a request",
        |config, text| { config.max_body_bytes = whole(text, 1024..=67_108_864)?; Ok(()) }),
    text("clone_workers", "LEVAIN_CLONE_WORKERS", "clone-workers", "THREADS", "one per processor",
        "Threads that run plugins",
        |config, text| { config.clone_workers = whole(text, 1..=256)?; Ok(()) }).described(),
    text("breaker_failures", "LEVAIN_BREAKER_FAILURES", "breaker-failures", "COUNT", "3",
        "Calls of one kind into a version that hit a limit in a row before the next ones are failed without being made",
        |config, text| { config.breaker_failures = whole(text, 1..=1_000_000)?; Ok(()) }),
    text("breaker_seconds", "LEVAIN_BREAKER_SECONDS", "breaker-seconds", "SECONDS", "30",
        "How long they are, until one call is made as a probe",
        |config, text| { config.breaker_rest = seconds(text, 1.0..=86_400.0)?; Ok(()) }),
    text("watch_sessions", "LEVAIN_WATCH_SESSIONS", "watch-sessions", "COUNT", "20",
        "Sessions of a new plugin revision that are watched, and all of its first ten minutes; 0 watches none",
        |config, text| { config.watch_sessions = whole(text, 0..=1_000_000)?; Ok(()) }),
    text("watch_failures", "LEVAIN_WATCH_FAILURES", "watch-failures", "COUNT", "3",
        "How many of them, and at least one in ten, must fail in a domain that the revision changed before it is rolled back",
        |config, text| { config.watch_failures = whole(text, 1..=1_000_000)?; Ok(()) }),
    text("log", "LEVAIN_LOG", "log", "FILTER", "info",
        "What is logged",
        |config, text| { config.log = log_filter(text)?; Ok(()) }).or_variable("RUST_LOG"),
    text("log_format", "LEVAIN_LOG_FORMAT", "log-format", "FORMAT", "auto",
        "How a log line looks: human, json, or auto (human on a terminal)",
        |config, text| { config.log_format = log_format(text)?; Ok(()) }),
    text("sandbox.memory_mib", "LEVAIN_SANDBOX_MEMORY_MIB", "sandbox-memory-mib", "MIB", "128",
        "Linear memory of one call into a plugin",
        |config, text| { config.sandbox.memory_mib = whole(text, 1..=4096)?; Ok(()) }),
    text("sandbox.table_elements", "LEVAIN_SANDBOX_TABLE_ELEMENTS", "sandbox-table-elements", "COUNT", "20000",
        "Elements of all tables of a plugin",
        |config, text| { config.sandbox.table_elements = whole(text, 1..=1_000_000)?; Ok(()) }),
    text("sandbox.stack_kib", "LEVAIN_SANDBOX_STACK_KIB", "sandbox-stack-kib", "KIB", "512",
        "WebAssembly stack of one call into a plugin; the same for all domains",
        |config, text| { config.sandbox.stack_kib = whole(text, 64..=8192)?; Ok(()) }),
    text("sandbox.output_kib", "LEVAIN_SANDBOX_OUTPUT_KIB", "sandbox-output-kib", "KIB", "16384",
        "Text that one clone may return",
        |config, text| { config.sandbox.output_kib = whole(text, 1..=1_048_576)?; Ok(()) }),
    text("sandbox.records", "LEVAIN_SANDBOX_RECORDS", "sandbox-records", "COUNT", "50000",
        "Records that one clone may return",
        |config, text| { config.sandbox.records = whole(text, 1..=10_000_000)?; Ok(()) }),
    text("sandbox.log_kib", "LEVAIN_SANDBOX_LOG_KIB", "sandbox-log-kib", "KIB", "64",
        "Log text of one call into a plugin",
        |config, text| { config.sandbox.log_kib = whole(text, 1..=16_384)?; Ok(()) }),
    text("sandbox.log_lines", "LEVAIN_SANDBOX_LOG_LINES", "sandbox-log-lines", "COUNT", "500",
        "Log lines of one call into a plugin",
        |config, text| { config.sandbox.log_lines = whole(text, 1..=100_000)?; Ok(()) }),
    text("sandbox.component_mib", "LEVAIN_SANDBOX_COMPONENT_MIB", "sandbox-component-mib", "MIB", "32",
        "Size of a component's file",
        |config, text| { config.sandbox.component_mib = whole(text, 1..=256)?; Ok(()) }),
    text("sandbox.compile_ms", "LEVAIN_SANDBOX_COMPILE_MS", "sandbox-compile-ms", "MS", "120000",
        "Time that compiling a component may take",
        |config, text| { config.sandbox.compile_ms = whole(text, 100..=3_600_000)?; Ok(()) }),
    text("sandbox.compile_memory_mib", "LEVAIN_SANDBOX_COMPILE_MEMORY_MIB", "sandbox-compile-memory-mib", "MIB", "1024",
        "Memory that compiling a component may take, the program's own included",
        |config, text| { config.sandbox.compile_memory_mib = whole(text, 256..=65_536)?; Ok(()) }),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_flag_is_its_key_with_dashes() {
        for setting in SETTINGS {
            assert_eq!(setting.flag, setting.key.replace(['_', '.'], "-"));
        }
    }

    #[test]
    fn nothing_is_named_twice() {
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
