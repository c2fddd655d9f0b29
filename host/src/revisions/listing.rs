//! Which versions there are.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::RevisionError;
use super::Revisions;
use crate::plugins::VersionError;
use crate::sessions::OpenCircuit;
use levain_model::{Cause, ROLLBACKS, Revision, versions};

/// How often the newest revision is read: another host may have appended it.
const FOLLOWING: Duration = Duration::from_secs(1);

/// The versions of one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainVersions {
    /// The domain.
    pub domain: String,
    /// Whether a session fails without it.
    pub required: bool,
    /// What serves it, where anything does.
    pub active: Option<Version>,
    /// The size of that in bytes.
    pub size_bytes: Option<u64>,
    /// The version of the interface that it was built for.
    pub interface: Option<String>,
    /// Whether it serves.
    pub health: VersionHealth,
    /// What rollbacks lead to, the next first.
    pub earlier: Vec<Version>,
}

/// A version, and when it came to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its SHA-256.
    pub digest: String,
    /// The revision that it came with; 0 where the host was built with it.
    pub revision: u32,
    /// What made that revision.
    pub cause: Option<Cause>,
    /// When.
    pub made_at: Option<DateTime<Utc>>,
    /// Who.
    pub made_by: Option<String>,
}

/// Whether a domain is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionHealth {
    /// It is.
    Serving,
    /// It is, and calls of some kinds are failed fast: they hit a limit again and again.
    Failing(Vec<OpenCircuit>),
    /// It is not, and why.
    Refused(String),
    /// There is no component for it.
    Missing,
}

impl Revisions {
    /// Brings in what other hosts on the store have made the newest revision, until it is dropped: no visitor
    /// waits for that.
    pub async fn follow_plugins(self) {
        let mut interval = tokio::time::interval(FOLLOWING);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            if let Err(error) = self.sessions.parts().plugins.refresh().await {
                tracing::debug!(%error, "the registry of plugins was not looked at");
            }
        }
    }

    /// The versions of every domain that has a plugin, in the catalog's order, and the newest revision.
    ///
    /// # Errors
    /// [`RevisionError::Session`].
    pub async fn versions(&self) -> Result<(u32, Vec<DomainVersions>), RevisionError> {
        let parts = self.sessions.parts();
        let registry = parts.plugins.refresh().await?;
        let history = match parts.plugins.history().await {
            Err(VersionError::Unregistered) => Vec::new(),
            history => history?,
        };
        let served = parts.catalog.domains().iter();
        let served = served.filter(|domain| domain.plugin.is_some());
        let listed = served.map(|domain| {
            let slug = &domain.slug;
            let plugin = registry.active(slug);
            let mut versions = versions(&history, slug);
            let digest = versions
                .pop()
                .or_else(|| plugin.map(|plugin| plugin.digest.clone()));
            let health = match (plugin, registry.refused(slug)) {
                (Some(plugin), _) => match self.sessions.open_circuits(slug, &plugin.digest) {
                    open if open.is_empty() => VersionHealth::Serving,
                    open => VersionHealth::Failing(open),
                },
                (None, Some(refused)) => VersionHealth::Refused(refused.refusal.to_string()),
                (None, None) => VersionHealth::Missing,
            };
            let earlier = versions.into_iter().rev().take(ROLLBACKS);
            DomainVersions {
                domain: slug.clone(),
                required: domain.required,
                active: digest.map(|digest| version(&history, slug, digest)),
                size_bytes: plugin.map(|plugin| plugin.size_bytes),
                interface: plugin.map(|plugin| {
                    let shape = plugin.component.shape();
                    shape.interface_version().to_owned()
                }),
                health,
                earlier: earlier
                    .map(|digest| version(&history, slug, digest))
                    .collect(),
            }
        });
        Ok((registry.revision(), listed.collect()))
    }
}

/// A version, with the last revision that activated it.
fn version(history: &[Revision], domain: &str, digest: String) -> Version {
    let serves = |revision: &Revision| revision.active.get(domain) == Some(&digest);
    let brought = (0..history.len()).rev().find(|place| {
        let before = place.checked_sub(1).and_then(|place| history.get(place));
        history.get(*place).is_some_and(serves) && !before.is_some_and(serves)
    });
    let brought = brought.and_then(|place| history.get(place));
    Version {
        revision: brought.map_or(0, |revision| revision.revision),
        cause: brought.map(|revision| revision.cause),
        made_at: brought.map(|revision| revision.made_at),
        made_by: brought.map(|revision| revision.made_by.clone()),
        digest,
    }
}
