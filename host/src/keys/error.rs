//! Why the host has no keys.

use std::path::PathBuf;

use levain_model::KeyName;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// An API key was not given, and the host listens beyond loopback.
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
    /// The store's hosts sign with other keys.
    #[error("{}", others.iter().map(OtherKey::to_string).collect::<Vec<_>>().join("\nerror: "))]
    Other {
        /// Which of them.
        others: Vec<OtherKey>,
    },
    /// The machine gives no random bytes.
    #[error("no random bytes for a new key")]
    Random,
}

/// A key that the store knows otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the hosts of this store sign with another {name} key ({known}) than this host ({own}): give it theirs with \
     {variable}; a host that made its own keeps it in `{file}` of its data directory"
)]
pub struct OtherKey {
    /// Which.
    pub name: KeyName,
    /// The fingerprint that the store knows, shortened.
    pub known: String,
    /// That of this host's key, shortened.
    pub own: String,
    /// What sets it.
    pub variable: &'static str,
    /// Where a host keeps one that it made.
    pub file: &'static str,
}
