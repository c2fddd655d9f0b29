//! Owns every setting of the host: one table, read from flag, variable, file and default, in that order of precedence.
//! The rooms own the types of their settings.
//!
//! Never: what a setting does. A wrong value or an unknown name stops the start.

mod error;
mod file;
mod resolve;
mod settings;
mod value;

use crate::keys::KeySettings;
use crate::mirror::MirrorSettings;
use crate::notices::WebhookSettings;
use levain_store::{StoreOptions, StoreUrl};

pub use error::ConfigError;
pub use resolve::Sources;
pub use settings::{Config, SETTINGS, Setting, setting};

impl Config {
    /// The store: the one that was named, or a file in the data directory.
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

    /// The keys that were given, and where the others are kept.
    #[must_use]
    pub fn key_settings(&self) -> KeySettings {
        KeySettings {
            data_dir: self.data_dir.clone(),
            listen: self.listen,
            internal_api_key: self.internal_api_key.clone(),
            admin_api_key: self.admin_api_key.clone(),
            token_key: self.token_key.clone(),
            receipt_key: self.receipt_key.clone(),
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

    /// Where notices are sent, beside the log.
    #[must_use]
    pub fn webhook(&self) -> Option<WebhookSettings> {
        Some(WebhookSettings {
            url: self.webhook_url.clone()?,
            secret: self.webhook_secret.clone()?,
        })
    }
}
