//! What a host needs before it opens a store: a catalog, its components, a sandbox.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use levain::config::Sources;
use levain::plugins::{self, Registry};
use levain::sandbox::SandboxLimits;
use levain::sandbox::{CodeCache, Sandbox, SandboxConfig};
use levain_catalog::Catalog;

/// A catalog with its components compiled; shared by every test that changes none of it.
pub struct Hosting {
    /// Accounts, domains, fixtures, rules.
    pub catalog: Arc<Catalog>,
    /// The components.
    pub plugins: Arc<Registry>,
    /// Where they run.
    pub sandbox: Sandbox,
    /// The host's limits.
    pub limits: SandboxLimits,
}

impl Hosting {
    /// The same components, in the same sandbox, over another catalog with the same domains.
    pub fn over(&self, catalog: &Path) -> Self {
        Self {
            catalog: Arc::new(read(catalog)),
            plugins: Arc::clone(&self.plugins),
            sandbox: self.sandbox.clone(),
            limits: self.limits,
        }
    }

    /// Loads a catalog and compiles its components.
    pub fn load(catalog: &Path, plugins_dir: &Path) -> Self {
        Self::load_in(catalog, plugins_dir, true, |sandbox| sandbox)
    }

    /// The same with what was compiled before kept in a directory, and with prepared images or without.
    pub fn load_with_cache(catalog: &Path, plugins_dir: &Path, cache: &Path, images: bool) -> Self {
        Self::load_in(catalog, plugins_dir, images, |sandbox| {
            sandbox.with_cache(CodeCache::open(cache.to_owned(), b"a key of the tests").unwrap())
        })
    }

    fn load_in(
        catalog: &Path,
        plugins_dir: &Path,
        images: bool,
        set_up: impl FnOnce(Sandbox) -> Sandbox,
    ) -> Self {
        let catalog = Arc::new(read(catalog));
        let limits = Sources::default().resolve().unwrap().sandbox;
        let sandbox = Sandbox::new(SandboxConfig::for_catalog(&catalog, &limits, 2)).unwrap();
        let sandbox = set_up(sandbox);
        let registry = plugins::load(&sandbox, plugins_dir, &catalog, &limits, images);
        Self {
            catalog,
            plugins: Arc::new(registry),
            sandbox,
            limits,
        }
    }
}

fn read(catalog: &Path) -> Catalog {
    Catalog::load(catalog).unwrap_or_else(|error| panic!("{error}: {error:#?}"))
}

/// The project's own catalog and components, compiled once.
pub fn bakery() -> &'static Hosting {
    static BAKERY: OnceLock<Hosting> = OnceLock::new();
    BAKERY.get_or_init(|| {
        // Without images: to make them all keeps every core busy for long, beside tests that wait for a store.
        let hosting = Hosting::load_in(&catalog_file(), &plugins_dir(), false, |sandbox| sandbox);
        let refused: Vec<String> = hosting
            .plugins
            .all_refused()
            .map(ToString::to_string)
            .collect();
        assert!(
            refused.is_empty(),
            "{refused:#?}\nhint: cargo xtask build-plugins"
        );
        hosting
    })
}

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The project's catalog.
pub fn catalog_file() -> PathBuf {
    root().join("fixtures/catalog.toml")
}

/// Where cargo builds: this test is `target/<profile>/deps/<name>`.
pub fn target_dir() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .ancestors()
        .nth(3)
        .unwrap()
        .to_owned()
}

/// Where `cargo xtask build-plugins` puts the components.
pub fn plugins_dir() -> PathBuf {
    target_dir().join("plugins")
}

/// Where `cargo xtask test` puts the misbehaving components.
pub fn guests_dir() -> PathBuf {
    target_dir().join("guests")
}
