//! The watch mode, for whoever writes a plugin: a component's file that changes is proven and serves, or is
//! refused, and either is told at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Revisions;
use super::difference::Difference;
use super::error::RevisionError;
use super::install::{Candidate, Install, Installation};

/// How often the files are checked. A changed file must look the same twice before it is read.
const INTERVAL: Duration = Duration::from_millis(300);

/// Who installs.
const WATCHER: &str = "levain serve --watch";

/// What a file looked like.
type Look = (SystemTime, u64);

impl Revisions {
    /// Installs what changes in a directory of components, until it is dropped.
    pub async fn watch_plugins(self, directory: PathBuf) {
        let mut interval = tokio::time::interval(INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // How each file looked when it was dealt with, and how it looks since.
        let mut settled: BTreeMap<String, Look> = BTreeMap::new();
        let mut pending: BTreeMap<String, Look> = BTreeMap::new();
        tracing::info!(directory = %directory.display(), "watching for components");
        loop {
            interval.tick().await;
            let looks = self.looks(&directory);
            let steady: Vec<String> = looks
                .iter()
                .filter(|(domain, look)| settled.get(*domain) != Some(look))
                .filter(|(domain, look)| pending.get(*domain) == Some(look))
                .map(|(domain, _)| domain.clone())
                .collect();
            if !steady.is_empty() {
                for domain in &steady {
                    settled.extend(looks.get_key_value(domain).map(|(d, l)| (d.clone(), *l)));
                }
                for domain in self.take(&directory, &steady).await {
                    // Another change was being made, or the store was not there: it is tried again.
                    settled.remove(&domain);
                }
            }
            pending = looks;
        }
    }

    /// How the files of all domains look that have one.
    fn looks(&self, directory: &Path) -> BTreeMap<String, Look> {
        let domains = self.sessions.parts().catalog.domains().iter();
        let look = |plugin: &str| {
            let file = std::fs::metadata(directory.join(format!("{plugin}.wasm"))).ok()?;
            Some((file.modified().ok()?, file.len()))
        };
        domains
            .filter_map(|domain| Some((domain.slug.clone(), look(domain.plugin.as_deref()?)?)))
            .collect()
    }

    /// Installs the new files among these; returns the domains to try again.
    async fn take(&self, directory: &Path, domains: &[String]) -> Vec<String> {
        let newest = self.sessions.parts().plugins.newest();
        let mut candidates = Vec::new();
        for name in domains {
            let Some(domain) = self.sessions.parts().catalog.domain(name) else {
                continue;
            };
            let plugin = domain.plugin.as_deref().unwrap_or_default();
            let file = directory.join(format!("{plugin}.wasm"));
            let Ok(loader) = self.sessions.parts().plugins.loader().cloned() else {
                return Vec::new();
            };
            let read = {
                let file = file.clone();
                let domain = domain.clone();
                tokio::task::spawn_blocking(move || loader.read(&domain, &file)).await
            };
            match read {
                Ok(Ok(bytes)) => {
                    let digest = levain_model::sha256_hex(&bytes);
                    let serves = newest
                        .active(name)
                        .is_some_and(|plugin| plugin.digest == digest);
                    if !serves {
                        let domain = name.clone();
                        candidates.push(Candidate { domain, bytes });
                    }
                }
                Ok(Err(refusal)) => {
                    tracing::error!(domain = name, file = %file.display(), %refusal, "the component is refused");
                }
                Err(lost) => tracing::error!(domain = name, %lost, "the component was not read"),
            }
        }
        if candidates.is_empty() {
            return Vec::new();
        }
        let again = self.prove_and_tell(candidates.clone()).await;
        match again {
            Some(Verdict::Refused) if candidates.len() > 1 => {
                // One of them may hold without the others.
                for candidate in candidates {
                    self.prove_and_tell(vec![candidate]).await;
                }
                Vec::new()
            }
            Some(Verdict::NotNow) => candidates.into_iter().map(|one| one.domain).collect(),
            _ => Vec::new(),
        }
    }

    /// Installs these together and logs the outcome; `None` if they serve.
    async fn prove_and_tell(&self, candidates: Vec<Candidate>) -> Option<Verdict> {
        let named: Vec<&str> = candidates.iter().map(|one| one.domain.as_str()).collect();
        let named = named.join(", ");
        tracing::info!(domains = named, "proving");
        let asked = Install {
            candidates,
            by: WATCHER.to_owned(),
            activate: true,
            seed: None,
        };
        match self.install(asked).await {
            Ok(installation) => {
                tell(&named, &installation);
                None
            }
            Err(error) => {
                tell_refusal(&named, &error);
                Some(match error {
                    RevisionError::Busy
                    | RevisionError::Changed { .. }
                    | RevisionError::Session(_) => Verdict::NotNow,
                    _ => Verdict::Refused,
                })
            }
        }
    }
}

/// Why a candidate does not serve.
enum Verdict {
    /// It may not.
    Refused,
    /// The attempt did not finish.
    NotNow,
}

fn tell(domains: &str, installation: &Installation) {
    let Installation {
        revision,
        proof,
        difference,
        ..
    } = installation;
    let seconds = proof.duration.as_secs_f64();
    tracing::info!(
        domains,
        revision,
        calls = proof.calls,
        seconds,
        changes = %summary(difference),
        "proven, and serving"
    );
}

fn tell_refusal(domains: &str, error: &RevisionError) {
    tracing::error!(domains, %error, "refused: what served before serves on");
    if let RevisionError::Disproved { findings, .. } = error {
        for finding in findings {
            let faults = finding.faults.iter().take(3).map(ToString::to_string);
            let faults: Vec<String> = faults.collect();
            tracing::error!(%finding, ?faults, "a finding");
        }
    }
}

/// A difference in one line.
fn summary(difference: &Difference) -> String {
    if difference.is_empty() {
        return "none".to_owned();
    }
    let entities = difference.entities.iter().map(|one| {
        let fields: Vec<&str> = one
            .fields
            .iter()
            .map(|field| field.field.as_str())
            .collect();
        let (added, removed) = (one.added.records, one.removed.records);
        format!(
            "{}.{}: {added} added, {removed} removed, {} changed ({})",
            one.domain,
            one.entity,
            one.changed,
            fields.join(", ")
        )
    });
    entities.collect::<Vec<_>>().join("; ")
}
