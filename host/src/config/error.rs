//! Why the host does not start with these settings.

use std::path::PathBuf;

/// Why the settings could not be resolved.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("the configuration file `{}` cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The configuration file is not TOML.
    #[error("the configuration file `{}` is not TOML", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
    /// Unknown names and wrong values: all of them.
    #[error("{}", faults.join("\nerror: "))]
    Invalid {
        /// One sentence each.
        faults: Vec<String>,
    },
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Listening beyond loopback without a key that somebody chose.
    #[error(
        "the {key} API key must be given when listening beyond loopback (`{listen}`): set {variable}"
    )]
    Required {
        /// Whose.
        key: &'static str,
        /// What sets it.
        variable: &'static str,
        /// The address.
        listen: std::net::SocketAddr,
    },
    /// A key file cannot be read or written.
    #[error("the key file `{}` cannot be used", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A key file holds something else.
    #[error("the key file `{}` does not hold a key: {reason}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The machine gives no random bytes.
    #[error("no random bytes for a new key")]
    Random,
}
