//! What is so at the moment of a scrape: asked then, and kept nowhere.

use std::collections::BTreeMap;

use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::names::{
    ACTIVE, CIRCUITS_OPEN, METRICS, MIRROR_BACKLOG, MetricKind, PENDING, UNDER_WAY, WAITING,
};
use levain_model::SessionCounts;

/// The numbers of one host and its store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gauges {
    /// The store's counts; `None` if it does not answer: a gap says more than an old number.
    pub sessions: Option<SessionCounts>,
    /// Clones under way.
    pub clones_under_way: usize,
    /// Callers that wait for one of them to end.
    pub clones_waiting: usize,
    /// Changes that wait for the mirror.
    pub mirror_backlog: usize,
    /// Kinds of calls that are failed fast, by domain.
    pub circuits_open: BTreeMap<String, usize>,
}

impl Gauges {
    /// As Prometheus reads them. A recorder of their own: two hosts in one process have two stores.
    pub(super) fn render(&self) -> String {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            for metric in METRICS {
                if metric.kind == MetricKind::Gauge {
                    describe_gauge!(metric.name, metric.help);
                }
            }
            for (name, value) in [
                (UNDER_WAY, self.clones_under_way),
                (WAITING, self.clones_waiting),
                (MIRROR_BACKLOG, self.mirror_backlog),
            ] {
                gauge!(name).set(float(u64::try_from(value).unwrap_or(u64::MAX)));
            }
            for (domain, open) in &self.circuits_open {
                let open = u64::try_from(*open).unwrap_or(u64::MAX);
                gauge!(CIRCUITS_OPEN, "service" => domain.clone()).set(float(open));
            }
            if let Some(counts) = &self.sessions {
                for (account, active) in &counts.active {
                    gauge!(ACTIVE, "tier" => account.clone()).set(float(*active));
                }
                gauge!(PENDING).set(float(counts.pending_cleanup));
            }
        });
        recorder.handle().render()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float; no host has 2^53 sessions"
)]
const fn float(count: u64) -> f64 {
    count as f64
}
