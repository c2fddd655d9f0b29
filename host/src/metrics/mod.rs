//! Owns the host's metrics: their names, what each counts, and how Prometheus reads them.
//!
//! Never: a decision. The rooms report what happened, and only operators read it.
//!
//! The names that begin with `demo_` are the product's own, which dashboards know already.

mod exposition;
mod gauges;
mod names;
mod report;

pub use exposition::{register_series, render, run_maintenance};
pub use gauges::Gauges;
pub use names::{METRICS, Metric, MetricKind};
pub use report::{
    Dispatch, answered, clone_refused, cloning_failed, counts_unavailable, interrupted,
    mirror_failed, mirrored, noticed, plugin_failed, service_cloned, session_created,
    session_deleted, traces_lost, trigger_failed, webhook_ended,
};
