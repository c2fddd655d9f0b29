//! The one table of settings: name, variable, flag, default and meaning.

use std::time::Duration;

use super::Config;
use super::value::{address, api_key, log_filter, log_format, path, token_key, whole};

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
    text("catalog", "LEVAIN_CATALOG", "catalog", "FILE", "fixtures/catalog.toml",
        "The catalog of accounts and domains",
        |config, text| { config.catalog = path(text)?; Ok(()) }).path(),
    text("plugins", "LEVAIN_PLUGINS", "plugins", "DIR", "target/plugins",
        "Directory of the domains' components",
        |config, text| { config.plugins = path(text)?; Ok(()) }).path(),
    text("session_duration_minutes", "DEMO_SESSION_DURATION_MINUTES", "session-duration-minutes", "MINUTES", "30",
        "How long a session lives",
        |config, text| {
            config.session_duration = Duration::from_secs(60 * whole(text, 1..=525_600_u64)?);
            Ok(())
        }),
    text("max_extensions", "DEMO_SESSION_MAX_EXTENSIONS", "max-extensions", "TIMES", "3",
        "How often a session can be extended",
        |config, text| { config.max_extensions = whole(text, 0..=1000)?; Ok(()) }),
    text("internal_api_key", "INTERNAL_API_KEY", "internal-api-key", "KEY", "made at first start and kept in the data directory",
        "The key of the internal API; required when listening beyond loopback",
        |config, text| { config.internal_api_key = Some(api_key(text)?); Ok(()) }).secret(),
    text("token_key", "LEVAIN_TOKEN_KEY", "token-key", "HEX", "made at first start and kept in the data directory",
        "The PASETO v4.public secret key that signs access tokens",
        |config, text| { config.token_key = Some(token_key(text)?); Ok(()) }).secret(),
    text("max_body_bytes", "LEVAIN_MAX_BODY_BYTES", "max-body-bytes", "BYTES", "65536",
        "The largest body of a request",
        |config, text| { config.max_body_bytes = whole(text, 1024..=67_108_864)?; Ok(()) }),
    text("clone_workers", "LEVAIN_CLONE_WORKERS", "clone-workers", "THREADS", "one per processor",
        "Threads that run plugins",
        |config, text| { config.clone_workers = whole(text, 1..=256)?; Ok(()) }).described(),
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
        "WebAssembly stack of one call into a plugin",
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
    text("sandbox.component_mib", "LEVAIN_SANDBOX_COMPONENT_MIB", "sandbox-component-mib", "MIB", "32",
        "Size of a component's file",
        |config, text| { config.sandbox.component_mib = whole(text, 1..=256)?; Ok(()) }),
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
