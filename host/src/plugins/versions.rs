//! The registry in the store, and what of it is at hand in this process.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::load::{file_of, served};
use super::{Loader, Plugin, Refusal, Refused, Registry};
use crate::catalog::{Account, Domain};
use crate::repo::{Cause, ComponentRow, Repo, RepoError, Revision};
use crate::segment::sha256_hex;

/// How often a directory's components are put into a registry that others change meanwhile.
const FILL_ATTEMPTS: u32 = 5;

/// Who fills a registry.
const FILLER: &str = "levain serve --plugins";

/// Every version that sessions here may be of.
pub struct Versions {
    store: Option<Store>,
    state: RwLock<State>,
    /// Held by whoever brings a revision in: the others find it there.
    loading: tokio::sync::Mutex<()>,
}

struct Store {
    repo: Arc<dyn Repo>,
    loader: Loader,
    /// One per core: compiling takes all of one, and much memory.
    places: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    newest: Arc<Registry>,
    registries: BTreeMap<u32, Arc<Registry>>,
    /// By domain and digest.
    plugins: HashMap<(String, String), Arc<Plugin>>,
    /// Why the directory of components has none for a domain.
    unfilled: BTreeMap<String, Refused>,
}

/// Why a revision is not at hand.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RepoError),
    /// There is no such revision.
    #[error("the registry of plugins has no revision {revision}")]
    Unknown {
        /// Its number.
        revision: u32,
    },
    /// The host was built with its components, and has no registry to change.
    #[error("this host was built with its components: they are in no registry")]
    Unregistered,
    /// A task was lost.
    #[error("the work was lost: {reason}")]
    Lost {
        /// Why.
        reason: String,
    },
}

impl Versions {
    /// What a host is built with, which is in no store: revision 0, and no other.
    #[must_use]
    pub fn given(registry: Arc<Registry>) -> Self {
        Self {
            store: None,
            state: RwLock::new(State {
                newest: registry,
                ..State::default()
            }),
            loading: tokio::sync::Mutex::new(()),
        }
    }

    /// The registry of a store. Domains that have no version there are given that of the directory; where
    /// both have one, the store's rules, and a file that differs is named in the log. With `replace`, the
    /// directory rules.
    ///
    /// # Errors
    /// [`VersionError::Store`]; a component that is refused is in the registry's list.
    pub async fn open(
        repo: Arc<dyn Repo>,
        loader: Loader,
        directory: &Path,
        replace: bool,
        now: DateTime<Utc>,
    ) -> Result<Self, VersionError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let versions = Self {
            store: Some(Store {
                repo,
                loader,
                places: Arc::new(Semaphore::new(cores)),
            }),
            state: RwLock::default(),
            loading: tokio::sync::Mutex::new(()),
        };
        versions.fill(directory, replace, now).await?;
        Ok(versions)
    }

    /// The newest revision that this host knows of.
    #[must_use]
    pub fn newest(&self) -> Arc<Registry> {
        Arc::clone(&self.read().newest)
    }

    /// The newest revision of the store, brought in where it is new here.
    ///
    /// # Errors
    /// [`VersionError`].
    pub async fn refresh(&self) -> Result<Arc<Registry>, VersionError> {
        let Some(store) = &self.store else {
            return Ok(self.newest());
        };
        match store.repo.find_revision(None).await? {
            Some(revision) => self.bring(&revision).await,
            None => Ok(self.newest()),
        }
    }

    /// A revision, brought in where it is not at hand: its components are read from the store and, where
    /// no code of them is kept, compiled. What is from before there were revisions is served by the newest.
    ///
    /// # Errors
    /// [`VersionError`].
    pub async fn at(&self, revision: u32) -> Result<Arc<Registry>, VersionError> {
        let Some(store) = self.store.as_ref().filter(|_| revision > 0) else {
            return Ok(self.newest());
        };
        if let Some(registry) = self.read().registries.get(&revision) {
            return Ok(Arc::clone(registry));
        }
        let found = store.repo.find_revision(Some(revision)).await?;
        let found = found.ok_or(VersionError::Unknown { revision })?;
        self.bring(&found).await
    }

    /// Every revision of the registry, the oldest first.
    ///
    /// # Errors
    /// [`VersionError::Store`], [`VersionError::Unregistered`].
    pub async fn history(&self) -> Result<Vec<Revision>, VersionError> {
        Ok(self.store()?.repo.list_revisions().await?)
    }

    /// What brings candidates in.
    ///
    /// # Errors
    /// [`VersionError::Unregistered`].
    pub fn loader(&self) -> Result<&Loader, VersionError> {
        Ok(&self.store()?.loader)
    }

    /// Makes the next revision, with some components changed, brought along where the store may not
    /// have them. `false` where somebody else has changed the registry since.
    ///
    /// # Errors
    /// [`VersionError`]; then nothing has changed.
    pub async fn append(
        &self,
        next: Revision,
        plugins: Vec<Arc<Plugin>>,
        components: &[ComponentRow],
    ) -> Result<bool, VersionError> {
        let repo = &self.store()?.repo;
        if !repo.append_revision(&next, components).await? {
            return Ok(false);
        }
        {
            let mut state = self.write();
            for plugin in plugins {
                state.plugins.insert(name(&plugin), plugin);
            }
        }
        // It serves from now on, whatever becomes of it here.
        if let Err(error) = self.bring(&next).await {
            tracing::warn!(revision = next.revision, %error, "a new revision is brought in later");
        }
        Ok(true)
    }

    /// A version of a domain that the store has, admitted here; `None` where it has been removed.
    ///
    /// # Errors
    /// [`VersionError`]; within, why it may not serve here.
    pub async fn version(
        &self,
        domain: &Domain,
        digest: &str,
    ) -> Result<Option<Result<Arc<Plugin>, Refusal>>, VersionError> {
        let Store {
            repo,
            loader,
            places,
        } = self.store()?;
        let Some(bytes) = repo.find_component(digest).await? else {
            return Ok(None);
        };
        let name = (domain.slug.clone(), digest.to_owned());
        if let Some(plugin) = self.read().plugins.get(&name) {
            return Ok(Some(Ok(Arc::clone(plugin))));
        }
        let (loader, domain) = (loader.clone(), domain.clone());
        let admitted = in_turn(places, move || loader.admit(&domain, &bytes)).await?;
        Ok(Some(admitted.map(|plugin| {
            let plugin = Arc::new(plugin);
            self.write().plugins.insert(name, Arc::clone(&plugin));
            plugin
        })))
    }

    /// Removes what nothing names any more, nor may name that began before another revision came after
    /// `since`: from the store, and of what is at hand here.
    ///
    /// # Errors
    /// [`VersionError::Store`].
    pub async fn collect(&self, since: DateTime<Utc>) -> Result<(), VersionError> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let stay = store.repo.collect_components(since).await?;
        {
            let mut state = self.write();
            let newest = state.newest.revision;
            // What is under way holds its registry itself; a later call brings it in again.
            state.registries.retain(|revision, _| *revision == newest);
            state.plugins.retain(|(_, digest), _| stay.contains(digest));
        }
        let Loader {
            sandbox, catalog, ..
        } = store.loader.clone();
        blocking(move || {
            let slices = catalog.accounts().flat_map(Account::all_slices);
            let slices = slices.flat_map(BTreeMap::values);
            sandbox.forget_but(
                stay.iter().map(String::as_str),
                slices.map(|slice| slice.digest.as_str()),
            );
        })
        .await
    }

    async fn fill(
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
        for _ in 0..FILL_ATTEMPTS {
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

    /// Has a revision at hand.
    async fn bring(&self, revision: &Revision) -> Result<Arc<Registry>, VersionError> {
        let number = revision.revision;
        let at_hand = || self.read().registries.get(&number).cloned();
        if let Some(registry) = at_hand() {
            return Ok(registry);
        }
        let Store {
            repo,
            loader,
            places,
        } = self.store()?;
        let _turn = self.loading.lock().await;
        if let Some(registry) = at_hand() {
            return Ok(registry);
        }
        let mut loading = JoinSet::new();
        let mut refused = Vec::new();
        for (domain, plugin) in served(&loader.catalog) {
            let Some(digest) = revision.active.get(&domain.slug) else {
                continue;
            };
            let name = (domain.slug.clone(), digest.clone());
            if self.read().plugins.contains_key(&name) {
                continue;
            }
            let origin = format!("revision {number}, component {digest}");
            let refuse = {
                let (domain, plugin) = (domain.slug.clone(), plugin.to_owned());
                move |refusal| Refused {
                    domain,
                    plugin,
                    origin,
                    refusal,
                }
            };
            let Some(bytes) = repo.find_component(digest).await? else {
                refused.push(refuse(Refusal::Unreadable {
                    reason: "the store does not have it any more".to_owned(),
                }));
                continue;
            };
            let (loader, domain, digest) = (loader.clone(), domain.clone(), digest.clone());
            loading.spawn(in_turn(places, move || {
                let intact = sha256_hex(&bytes) == digest;
                let admitted = match intact {
                    true => loader.admit(&domain, &bytes),
                    false => Err(Refusal::Unreadable {
                        reason: "the store has other bytes under its digest".to_owned(),
                    }),
                };
                admitted.map_err(|refusal| Box::new(refuse(refusal)))
            }));
        }
        while let Some(loaded) = loading.join_next().await {
            match loaded.map_err(|lost| lost_work(&lost))?? {
                Ok(plugin) => {
                    let plugin = Arc::new(plugin);
                    self.write().plugins.insert(name(&plugin), plugin);
                }
                Err(why) => refused.push(*why),
            }
        }
        let mut registry = self.assemble(number, &revision.active);
        for refused in refused {
            registry.refuse(refused);
        }
        // What a busy machine refused, it may admit the next time.
        let is_lasting = registry
            .all_refused()
            .all(|refused| !refused.refusal.is_passing());
        let registry = Arc::new(registry);
        let mut state = self.write();
        if is_lasting {
            state.registries.insert(number, Arc::clone(&registry));
        }
        if number >= state.newest.revision {
            state.newest = Arc::clone(&registry);
        }
        Ok(registry)
    }

    /// A registry of what is at hand.
    fn assemble(&self, revision: u32, active: &BTreeMap<String, String>) -> Registry {
        let state = self.read();
        let mut registry = Registry {
            revision,
            ..Registry::default()
        };
        for refused in state.unfilled.values() {
            if !active.contains_key(&refused.domain) {
                registry.refuse(refused.clone());
            }
        }
        for (domain, digest) in active {
            let name = (domain.clone(), digest.clone());
            if let Some(plugin) = state.plugins.get(&name) {
                registry.put(Arc::clone(plugin));
            }
        }
        registry
    }

    fn store(&self) -> Result<&Store, VersionError> {
        self.store.as_ref().ok_or(VersionError::Unregistered)
    }

    // A poisoned lock guards plain data that is whole between statements.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(plugin: &Plugin) -> (String, String) {
    (plugin.domain.clone(), plugin.digest.clone())
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
    // Where there is none, there is nothing to be told.
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

/// Does work that keeps a core busy when one of the places is free.
fn in_turn<T: Send + 'static>(
    places: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, VersionError>> + Send + 'static {
    let places = Arc::clone(places);
    async move {
        // Nobody closes them.
        let _place = places.acquire_owned().await;
        blocking(work).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, VersionError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|lost| lost_work(&lost))
}

fn lost_work(lost: &tokio::task::JoinError) -> VersionError {
    VersionError::Lost {
        reason: lost.to_string(),
    }
}
