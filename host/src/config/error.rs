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
