//! A directory of components fills a registry: at the start of a host, and nothing else.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;

use super::{Store, VersionError, Versions, blocking, in_turn, lost_work, name};
use crate::plugins::load::{file_of, served};
use crate::plugins::{Loader, Refused};
use levain_catalog::Domain;
use levain_model::sha256_hex;
use levain_model::{Cause, ComponentRow, Revision};

/// How often it is tried while others change the registry.
const ATTEMPTS: u32 = 5;

/// Who fills a registry.
const FILLER: &str = "levain serve --plugins";

impl Versions {
    /// Gives domains that have no version in the store that of the directory.
    pub(super) async fn fill(
        &self,
        directory: &Path,
        replace: bool,
        now: DateTime<Utc>,
    ) -> Result<(), VersionError> {
        let Store {
            repo,
            loader,
            places,
        } = self.store()?;
        for _ in 0..ATTEMPTS {
            let newest = repo.find_revision(None).await?;
            let active = newest
                .as_ref()
                .map(|revision| revision.active.clone())
                .unwrap_or_default();
            let mut missing = Vec::new();
            for (domain, plugin) in served(&loader.catalog) {
                let file = file_of(directory, plugin);
                match active.get(&domain.slug).filter(|_| !replace) {
                    None => missing.push((domain.clone(), plugin.to_owned(), file)),
                    Some(digest) => tell_of_other(loader, domain, digest, &file).await?,
                }
            }
            let mut filled = active.clone();
            let mut components = Vec::new();
            let mut loading = JoinSet::new();
            for (domain, plugin, file) in missing {
                let loader = loader.clone();
                loading.spawn(in_turn(places, move || {
                    let loaded = loader.read(&domain, &file).and_then(|bytes| {
                        let plugin = loader.admit(&domain, &bytes)?;
                        Ok((plugin, bytes))
                    });
                    loaded.map_err(|refusal| {
                        Box::new(Refused {
                            domain: domain.slug.clone(),
                            plugin,
                            origin: file.display().to_string(),
                            refusal,
                        })
                    })
                }));
            }
            while let Some(loaded) = loading.join_next().await {
                let mut state = self.write();
                match loaded.map_err(|lost| lost_work(&lost))?? {
                    Ok((plugin, bytes)) => {
                        filled.insert(plugin.domain.clone(), plugin.digest.clone());
                        components.push(ComponentRow {
                            digest: plugin.digest.clone(),
                            bytes,
                        });
                        state.plugins.insert(name(&plugin), Arc::new(plugin));
                    }
                    Err(refused) => {
                        state.unfilled.insert(refused.domain.clone(), *refused);
                    }
                }
            }
            if filled == active {
                match &newest {
                    Some(newest) => drop(self.bring(newest).await?),
                    None => self.write().newest = Arc::new(self.assemble(0, &active)),
                }
                return Ok(());
            }
            let revision = Revision {
                revision: newest.map_or(0, |newest| newest.revision) + 1,
                cause: Cause::Fill,
                made_at: now,
                made_by: FILLER.to_owned(),
                active: filled,
            };
            if repo.append_revision(&revision, &components).await? {
                self.bring(&revision).await?;
                return Ok(());
            }
            // Another host was faster: what it filled is there now.
        }
        Err(VersionError::Lost {
            reason: "the registry of plugins changes faster than it can be filled".to_owned(),
        })
    }
}

/// Names a file that is not what serves its domain, with the command that would have it serve.
async fn tell_of_other(
    loader: &Loader,
    domain: &Domain,
    digest: &str,
    file: &Path,
) -> Result<(), VersionError> {
    let read = {
        let (loader, domain, file) = (loader.clone(), domain.clone(), file.to_owned());
        blocking(move || loader.read(&domain, &file).map(|bytes| sha256_hex(&bytes))).await?
    };
    // Without one, there is nothing to report.
    if read.is_ok_and(|other| other != digest) {
        let (file, domain) = (file.display(), &domain.slug);
        tracing::warn!(
            domain,
            active = digest,
            "`{file}` is another component than the one that serves; \
             `levain plugin install {domain}={file}` has it proven and serve"
        );
    }
    Ok(())
}
