//! A revision is brought in: read from the store, admitted, and put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Store, VersionError, Versions, in_turn, lost_work, name};
use crate::plugins::load::served;
use crate::plugins::{Refusal, Refused, Registry};
use levain_model::Revision;
use levain_model::sha256_hex;

impl Versions {
    /// Has a revision at hand.
    pub(super) async fn bring(&self, revision: &Revision) -> Result<Arc<Registry>, VersionError> {
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
    pub(super) fn assemble(&self, revision: u32, active: &BTreeMap<String, String>) -> Registry {
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
}
