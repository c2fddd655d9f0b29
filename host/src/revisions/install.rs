//! Installing: candidates are admitted, proven, compared and committed as a revision, or only compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Revisions;
use super::difference::Difference;
use super::draw::Seed;
use super::error::RevisionError;
use super::proof::{Proof, Subject};
use crate::plugins::{Plugin, Registry, VersionError};
use crate::sessions::SessionError;
use levain_catalog::Domain;
use levain_model::sha256_hex;
use levain_model::{Cause, ComponentRow, Revision};

/// Components that are to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// One per domain.
    pub candidates: Vec<Candidate>,
    /// Who asks for it, as they call themselves.
    pub by: String,
    /// Whether to activate them once they are proven; otherwise only the difference is returned.
    pub activate: bool,
    /// What the proof draws from, where one is to be repeated.
    pub seed: Option<Seed>,
}

/// A component that is to serve a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The domain.
    pub domain: String,
    /// The component.
    pub bytes: Vec<u8>,
}

/// What came of candidates that were proven.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    /// The candidates, in the order that they were given in.
    pub candidates: Vec<Installed>,
    /// What was proven.
    pub proof: Proof,
    /// What they make differently.
    pub difference: Difference,
    /// The revision that they were held against.
    pub before: u32,
    /// The revision that serves now.
    pub revision: u32,
}

/// A candidate that was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The domain.
    pub domain: String,
    /// Its SHA-256.
    pub digest: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The version of the interface that it was built for.
    pub interface: String,
    /// The digest of what served before.
    pub previous: Option<String>,
    /// What it imports and that does not.
    pub new_imports: Vec<String>,
    /// How long it took to compile and admit.
    pub admission: Duration,
}

/// The exclusive right to change the plugins of a host, while it is held.
#[derive(Debug)]
pub struct InstallTurn(#[expect(dead_code, reason = "held")] OwnedMutexGuard<()>);

impl InstallTurn {
    /// The turn, if it is free.
    pub(crate) fn take(turns: &Arc<Mutex<()>>) -> Option<Self> {
        Arc::clone(turns).try_lock_owned().ok().map(Self)
    }
}

impl Revisions {
    /// Has candidates admitted, proven and, where that is asked for, made the components that serve: one
    /// domain or several, as one revision. Sessions that are being made go on with what they began with.
    ///
    /// # Errors
    /// [`RevisionError`]; then nothing has changed.
    pub async fn install(&self, asked: Install) -> Result<Installation, RevisionError> {
        let turn = self.take_turn()?;
        self.install_in(turn, asked).await
    }

    /// The turn to change the plugins. Who has it can read the candidates, and knows that it is not in vain.
    ///
    /// # Errors
    /// [`RevisionError::Busy`] where another has it.
    pub fn take_turn(&self) -> Result<InstallTurn, RevisionError> {
        InstallTurn::take(&self.installing).ok_or(RevisionError::Busy)
    }

    /// [`Revisions::install`] in a turn that was taken before.
    ///
    /// # Errors
    /// As it.
    pub async fn install_in(
        &self,
        _turn: InstallTurn,
        asked: Install,
    ) -> Result<Installation, RevisionError> {
        let (asked, digests) = digested(asked).await?;
        let mut leftovers = Leftovers {
            revisions: self.clone(),
            digests,
        };
        let activate = asked.activate;
        let installed = self.prove_and_change(asked).await;
        if activate && installed.is_ok() {
            leftovers.digests.clear();
        }
        installed
    }

    async fn prove_and_change(&self, mut asked: Install) -> Result<Installation, RevisionError> {
        let versions = &self.sessions.parts().plugins;
        let domains = self.candidate_domains(&asked.candidates)?;
        let before = versions.refresh().await?;
        let mut admitted = Vec::new();
        for (candidate, domain) in asked.candidates.iter_mut().zip(domains) {
            admitted.push(self.admit(candidate, domain).await?);
        }
        let seed = match asked.seed {
            Some(seed) => seed,
            None => {
                Seed::draw(self.sessions.now()).map_err(|reason| SessionError::Host { reason })?
            }
        };
        let plugins = || admitted.iter().map(|(plugin, _)| Arc::clone(plugin));
        let after = Arc::new(before.with(plugins()));
        let subject = Subject {
            domains: plugins().map(|plugin| plugin.domain.clone()).collect(),
            before: Arc::clone(&before),
            after,
            seed,
        };
        let (proof, difference, findings) = self.prove(&subject).await?;
        if findings.total > 0 {
            return Err(RevisionError::Disproved {
                findings: findings.kept,
                total: findings.total,
                seed,
            });
        }
        let candidates = admitted
            .iter()
            .map(|(plugin, admission)| installed(plugin, *admission, &before))
            .collect();
        let mut revision = before.revision();
        if asked.activate {
            let rows = asked
                .candidates
                .into_iter()
                .map(|candidate| candidate.bytes);
            let rows = plugins().zip(rows).map(|(plugin, bytes)| ComponentRow {
                digest: plugin.digest.clone(),
                bytes,
            });
            let change = Change {
                cause: Cause::Install,
                by: asked.by,
                before: before.revision(),
                active: plugins()
                    .map(|plugin| (plugin.domain.clone(), plugin.digest.clone()))
                    .collect(),
                plugins: plugins().collect(),
                components: rows.collect(),
            };
            revision = self.change(change).await?;
        }
        Ok(Installation {
            candidates,
            proof,
            difference,
            before: before.revision(),
            revision,
        })
    }

    /// The domains of candidates, each once.
    fn candidate_domains(&self, candidates: &[Candidate]) -> Result<Vec<Domain>, RevisionError> {
        let mut seen = BTreeSet::new();
        let misuse = |reason: String| Err(RevisionError::Misuse { reason });
        if candidates.is_empty() {
            return misuse("no component was given".to_owned());
        }
        let mut domains = Vec::new();
        for candidate in candidates {
            if !seen.insert(&candidate.domain) {
                return misuse(format!("domain `{}` was given twice", candidate.domain));
            }
            domains.push(self.served_domain(&candidate.domain)?.clone());
        }
        Ok(domains)
    }

    /// A domain that a plugin of its own serves.
    pub(super) fn served_domain(&self, asked: &str) -> Result<&Domain, RevisionError> {
        let catalog = &self.sessions.parts().catalog;
        let Some(domain) = catalog.domain(asked) else {
            let served = catalog
                .domains()
                .iter()
                .filter(|domain| domain.plugin.is_some());
            return Err(RevisionError::UnknownDomain {
                asked: asked.to_owned(),
                known: served.map(|domain| domain.slug.clone()).collect(),
            });
        };
        match domain.plugin {
            Some(_) => Ok(domain),
            None => Err(RevisionError::NoPlugin {
                domain: domain.slug.clone(),
            }),
        }
    }

    /// Compiles and admits a candidate, off the async threads.
    async fn admit(
        &self,
        candidate: &mut Candidate,
        domain: Domain,
    ) -> Result<(Arc<Plugin>, Duration), RevisionError> {
        let loader = self.sessions.parts().plugins.loader()?.clone();
        // Lent and not copied: a component may have tens of megabytes.
        let bytes = std::mem::take(&mut candidate.bytes);
        let started = Instant::now();
        let admitted = tokio::task::spawn_blocking(move || (loader.admit(&domain, &bytes), bytes));
        let (admitted, bytes) = admitted.await.map_err(|lost| VersionError::Lost {
            reason: lost.to_string(),
        })?;
        candidate.bytes = bytes;
        match admitted {
            Ok(plugin) => Ok((Arc::new(plugin), started.elapsed())),
            Err(refusal) => Err(RevisionError::Refused {
                domain: candidate.domain.clone(),
                refusal,
            }),
        }
    }

    /// Appends a revision and returns its number. No-op if nothing changes.
    pub(super) async fn change(&self, change: Change) -> Result<u32, RevisionError> {
        let revisions = self.clone();
        // It belongs to the host and not to the request: this host's sessions learn what was written.
        let changed = self
            .sessions
            .tracked(async move { Ok(revisions.write(change).await) });
        changed.await?
    }

    async fn write(&self, change: Change) -> Result<u32, RevisionError> {
        let parts = self.sessions.parts();
        let newest_row = parts.repo.find_revision(None).await?;
        let newest = newest_row.as_ref().map_or(0, |found| found.revision);
        if newest != change.before {
            return Err(RevisionError::Changed { revision: newest });
        }
        let before = newest_row.map(|row| row.active).unwrap_or_default();
        let mut active = before.clone();
        active.extend(change.active.clone());
        if active == before {
            return Ok(newest);
        }
        let next = Revision {
            revision: newest + 1,
            cause: change.cause,
            made_at: parts.clock.now(),
            made_by: change.by,
            active,
        };
        let made_by = next.made_by.clone();
        let appended = parts
            .plugins
            .append(next, change.plugins, &change.components);
        if !appended.await? {
            return Err(RevisionError::Changed {
                revision: newest + 1,
            });
        }
        let revision = newest + 1;
        for (domain, digest) in &change.active {
            tracing::info!(
                domain,
                digest,
                revision,
                cause = %change.cause,
                by = made_by,
                "plugin active"
            );
        }
        let sessions = self.sessions.clone();
        self.sessions.spawn(async move {
            if let Err(error) = sessions.collect_versions().await {
                tracing::warn!(%error, "versions that nothing names could not be collected");
            }
        });
        Ok(revision)
    }
}

/// The digests of candidates, found off the async threads.
async fn digested(asked: Install) -> Result<(Install, Vec<String>), RevisionError> {
    let found = tokio::task::spawn_blocking(move || {
        let candidates = asked.candidates.iter();
        let digests = candidates
            .map(|candidate| sha256_hex(&candidate.bytes))
            .collect();
        (asked, digests)
    });
    Ok(found.await.map_err(|lost| VersionError::Lost {
        reason: lost.to_string(),
    })?)
}

/// Candidates that have not come to serve. When this ends, nothing of them stays in the cache of compiled code:
/// also where the caller goes away.
struct Leftovers {
    revisions: Revisions,
    digests: Vec<String>,
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        if self.digests.is_empty() {
            return;
        }
        let sessions = self.revisions.sessions.clone();
        let digests = std::mem::take(&mut self.digests);
        self.revisions.sessions.spawn(async move {
            let versions = &sessions.parts().plugins;
            if let Err(error) = versions.forget_unknown(digests).await {
                tracing::warn!(%error, "compiled code of candidates stays until versions are collected");
            }
        });
    }
}

/// A change of what serves.
pub(super) struct Change {
    pub(super) cause: Cause,
    pub(super) by: String,
    /// The revision that it is a change of.
    pub(super) before: u32,
    /// The digest per domain that changes.
    pub(super) active: BTreeMap<String, String>,
    /// What of it is at hand.
    pub(super) plugins: Vec<Arc<Plugin>>,
    /// What of it the store may not have.
    pub(super) components: Vec<ComponentRow>,
}

fn installed(plugin: &Plugin, admission: Duration, before: &Registry) -> Installed {
    let previous = before.active(&plugin.domain);
    let imports = previous.map(|previous| &previous.component.shape().imports);
    let shape = plugin.component.shape();
    let is_new = |import: &&String| imports.is_none_or(|imports| !imports.contains(import));
    Installed {
        domain: plugin.domain.clone(),
        digest: plugin.digest.clone(),
        size_bytes: plugin.size_bytes,
        interface: shape.interface_version().to_owned(),
        previous: previous.map(|previous| previous.digest.clone()),
        new_imports: shape.imports.iter().filter(is_new).cloned().collect(),
        admission,
    }
}
