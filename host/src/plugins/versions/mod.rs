//! The registry in the store, and what of it is at hand in this process.

mod bring;
mod fill;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;

use super::{Loader, Plugin, Refusal, Refused, Registry};
use levain_catalog::{Account, Domain};
use levain_model::{ComponentRow, Revision};
use levain_store::{Repo, RepoError};

/// Every version that sessions here may be of.
pub struct Versions {
    store: Option<Store>,
    state: RwLock<State>,
    /// Held while a revision is loaded: others then find it loaded.
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
        // The store has committed it: it serves even if loading fails here.
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

    /// Removes the compiled code and the images of components that the store does not have.
    ///
    /// # Errors
    /// [`VersionError`].
    pub async fn forget_unknown(&self, digests: Vec<String>) -> Result<(), VersionError> {
        let Store { repo, loader, .. } = self.store()?;
        for digest in digests {
            if repo.find_component(&digest).await?.is_none() {
                let sandbox = loader.sandbox.clone();
                blocking(move || sandbox.forget(&digest)).await?;
            }
        }
        Ok(())
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

/// Does work that keeps a core busy when one of the places is free.
fn in_turn<T: Send + 'static>(
    places: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, VersionError>> + Send + 'static {
    let places = Arc::clone(places);
    async move {
        // The semaphore is never closed.
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
