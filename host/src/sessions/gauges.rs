//! The gauges of this moment. The store is asked at most once a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Sessions;
use crate::metrics::{self, Gauges};
use levain_model::SessionCounts;

/// How long the store's counts are reused.
const FRESH: Duration = Duration::from_secs(1);

/// How long the store may take: a scrape has a deadline.
const PATIENCE: Duration = Duration::from_secs(2);

impl Sessions {
    /// The current gauges. If the store does not answer, only its counts are missing.
    pub async fn gauges(&self) -> Gauges {
        let (clones_under_way, clones_waiting) = self.inner.admission.load();
        Gauges {
            sessions: self.counts().await,
            clones_under_way,
            clones_waiting,
            mirror_backlog: self.inner.parts.mirror.backlog(),
            circuits_open: self.circuits_open(),
        }
    }

    /// The open circuits of what serves, by domain.
    fn circuits_open(&self) -> BTreeMap<String, usize> {
        let newest = self.inner.parts.plugins.newest();
        let open = newest.all_active().map(|plugin| {
            let open = self
                .inner
                .guard
                .open_circuits(&plugin.domain, &plugin.digest);
            (plugin.domain.clone(), open.len())
        });
        open.collect()
    }

    async fn counts(&self) -> Option<SessionCounts> {
        let mut last = self.inner.counted.lock().await;
        match &*last {
            Some((when, counts)) if when.elapsed() < FRESH => counts.clone(),
            _ => {
                let counts = self.ask_for_counts().await;
                *last = Some((Instant::now(), counts.clone()));
                counts
            }
        }
    }

    async fn ask_for_counts(&self) -> Option<SessionCounts> {
        let parts = &self.inner.parts;
        let asked = parts.repo.count_sessions(parts.clock.now());
        let Ok(Ok(mut counts)) = tokio::time::timeout(PATIENCE, asked).await else {
            metrics::counts_unavailable();
            return None;
        };
        for account in parts.catalog.accounts() {
            counts.active.entry(account.slug.clone()).or_default();
        }
        Some(counts)
    }
}
