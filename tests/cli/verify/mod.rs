//! `levain verify` against a host that is sound, and against hosts that are wrong: their database is told
//! to spoil what is written into it.

mod misuse;
mod planted;
mod skipped;
mod sound;
mod wrong;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Host, INTERNAL_KEY, Puppets, Said, Store, guests_dir, levain};

/// What the puppets' catalog demands, in a table at its end.
const DEMANDS: &str = r#"
[account.verify]
open_alerts = 4
creation_ms = { p50 = 60000, p95 = 60000, p99 = 60000 }
"#;

/// A host over a store that can be looked into.
struct Scene {
    host: Host,
    store: Store,
    /// The catalog's, and the data directory.
    directories: [TempDir; 2],
}

impl Scene {
    /// Puppets that raise four alerts, of which four are demanded.
    async fn sound() -> Self {
        let mut puppets = Puppets::triggering("lead", "honest");
        demand(&mut puppets, DEMANDS);
        Self::over(&puppets).await
    }

    async fn over(puppets: &Puppets) -> Self {
        let directories = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let catalog = puppets.write(&directories[0]);
        let store = Store::make(directories[1].path()).await;
        let more = [("--database-url", store.url.as_str())];
        let host = Host::serve_with(&catalog, &guests_dir(), directories[1].path(), &more, &[]);
        Self {
            host,
            store,
            directories,
        }
    }

    fn catalog(&self) -> String {
        let file = self.directories[0].path().join("catalog.toml");
        file.to_str().unwrap().to_owned()
    }

    /// Verifies three sessions with all that it takes.
    fn verify(&self, more: &[&str]) -> Said {
        let database = ["--database-url", self.store.url.as_str()];
        self.verify_without_database(&[&database, more].concat())
    }

    /// Verifies three sessions without a way into the database.
    fn verify_without_database(&self, more: &[&str]) -> Said {
        let catalog = self.catalog();
        let mut arguments = vec!["verify", "--url", &self.host.url, "--catalog", &catalog];
        arguments.extend(["--internal-api-key", INTERNAL_KEY, "--sessions", "3"]);
        arguments.extend(more);
        levain(&arguments)
    }

    /// How many sessions of the host have which status.
    fn statuses(&self) -> Vec<String> {
        let (_, list) = self.host.get_internal("/api/demo/sessions?limit=500");
        let sessions = list["sessions"].as_array().unwrap().iter();
        sessions
            .map(|session| session["status"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Adds a table of demands to the one account.
fn demand(puppets: &mut Puppets, demands: &str) {
    let manifest = puppets.texts.get_mut("catalog.toml").unwrap();
    manifest.push_str(demands);
}

/// The report that was printed as JSON.
fn report(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.all()))
}

/// A requirement of the `n`-th account of a report.
fn requirement<'r>(report: &'r Value, account: usize, name: &str) -> &'r Value {
    let requirements = report["accounts"][account]["requirements"].as_array();
    let mut requirements = requirements.unwrap().iter();
    let found = requirements.find(|requirement| requirement["requirement"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {report:#}"))
}
