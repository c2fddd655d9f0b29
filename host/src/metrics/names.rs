//! The one table of metrics: name, kind, meaning and, of a histogram, the bounds of its buckets.

/// One metric, as `/metrics` shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: MetricKind,
    /// What it means, in a line.
    pub help: &'static str,
}

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Durations, counted by these upper bounds in seconds.
    Histogram(&'static [f64]),
}

impl MetricKind {
    /// As a `TYPE` line has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

pub(super) const CREATED: &str = "demo_sessions_created_total";
pub(super) const DELETED: &str = "demo_sessions_deleted_total";
pub(super) const CLONING_ERRORS: &str = "demo_cloning_errors_total";
pub(super) const CREATION: &str = "demo_session_creation_duration_seconds";
pub(super) const SERVICE_CLONE: &str = "demo_service_clone_duration_seconds";
pub(super) const CLEANUP: &str = "demo_session_cleanup_duration_seconds";
pub(super) const ACTIVE: &str = "demo_sessions_active";
pub(super) const PENDING: &str = "demo_sessions_pending_cleanup";
pub(super) const REQUESTS: &str = "levain_http_requests_total";
pub(super) const REQUEST: &str = "levain_http_request_duration_seconds";
pub(super) const UNDER_WAY: &str = "levain_clones_under_way";
pub(super) const WAITING: &str = "levain_clones_waiting";
pub(super) const REFUSED: &str = "levain_clones_refused_total";
pub(super) const INTERRUPTED: &str = "levain_sessions_interrupted_total";
pub(super) const TRIGGER_ERRORS: &str = "levain_trigger_errors_total";
pub(super) const PLUGIN_ERRORS: &str = "levain_plugin_call_errors_total";
pub(super) const CIRCUITS_OPEN: &str = "levain_plugin_circuits_open";
pub(super) const COUNTS_UNAVAILABLE: &str = "levain_session_counts_unavailable_total";
pub(super) const NOTICES: &str = "levain_operator_notices_total";
pub(super) const WEBHOOKS: &str = "levain_webhook_deliveries_total";
pub(super) const MIRRORED: &str = "levain_mirror_changes_total";
pub(super) const MIRROR_ERRORS: &str = "levain_mirror_errors_total";
pub(super) const MIRROR_BACKLOG: &str = "levain_mirror_backlog";
pub(super) const TRACES_LOST: &str = "levain_trace_export_errors_total";

// The product's bounds come last in each; before them the finer ones, where this host lives.
const CREATION_BOUNDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, //
    1.0, 2.0, 5.0, 7.0, 10.0, 12.0, 15.0, 18.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0,
];
const SERVICE_CLONE_BOUNDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, //
    0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0,
];
const CLEANUP_BOUNDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, //
    0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0,
];
const REQUEST_BOUNDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

const fn counter(name: &'static str, help: &'static str) -> Metric {
    let kind = MetricKind::Counter;
    Metric { name, kind, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    let kind = MetricKind::Gauge;
    Metric { name, kind, help }
}

const fn histogram(name: &'static str, bounds: &'static [f64], help: &'static str) -> Metric {
    let kind = MetricKind::Histogram(bounds);
    Metric { name, kind, help }
}

/// Every metric of the host.
#[rustfmt::skip]
pub static METRICS: &[Metric] = &[
    counter(CREATED, "Sessions that were asked for, by how their creation ended: READY, PARTIAL, FAILED, or CANCELLED where they were deleted meanwhile"),
    counter(DELETED, "Cleanups of sessions, by how they ended: SUCCESS, PARTIAL where a plugin's plan was amiss, FAILED where the data is still there"),
    counter(CLONING_ERRORS, "Domains of sessions that were not cloned, by what kept them from it"),
    histogram(CREATION, CREATION_BOUNDS, "From the request for a session, the wait for a place included, to its commit; of those that are READY or PARTIAL"),
    histogram(SERVICE_CLONE, SERVICE_CLONE_BOUNDS, "Prepare, clone and checks of one domain of one tenant of a session"),
    histogram(CLEANUP, CLEANUP_BOUNDS, "Plans and deletion of one session's data"),
    gauge(ACTIVE, "Sessions in the store that are READY or PARTIAL and whose time is not over"),
    gauge(PENDING, "Sessions in the store whose time is over, or whose cleanup was begun, and whose data is still there"),
    counter(REQUESTS, "Requests that were answered"),
    histogram(REQUEST, REQUEST_BOUNDS, "From a request's head to its answer's"),
    gauge(UNDER_WAY, "Sessions that this host is creating or resetting"),
    gauge(WAITING, "Requests that wait for one of them to end"),
    counter(REFUSED, "Requests for a session that were sent away, since too many were under way"),
    counter(INTERRUPTED, "Sessions that became FAILED since their host stopped while it created them"),
    counter(TRIGGER_ERRORS, "Triggers that made nothing, by what kept them from it"),
    counter(PLUGIN_ERRORS, "Calls into a plugin for a session (clone, trigger, cleanup) that the sandbox ended or the plugin failed"),
    gauge(CIRCUITS_OPEN, "Kinds of calls into the plugin that serves a domain that are failed fast, since they hit a limit again and again"),
    counter(COUNTS_UNAVAILABLE, "Scrapes without the numbers of sessions, since the store did not answer"),
    counter(NOTICES, "Operator notices, by their type"),
    counter(WEBHOOKS, "Notices to the webhook, by how they ended: SUCCESS, FAILED after all tries, DROPPED where too many waited"),
    counter(MIRRORED, "Changes of sessions for Redis, by how they ended: SUCCESS, or DROPPED where too many waited or for too long"),
    counter(MIRROR_ERRORS, "Tries to reach Redis that failed; what they were for is tried again"),
    gauge(MIRROR_BACKLOG, "Changes of sessions that wait for Redis"),
    counter(TRACES_LOST, "Batches of spans that the collector did not take"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The bounds of the product's histograms, as its own metrics file has them.
    const OF_THE_PRODUCT: [(&str, &[f64]); 3] = [
        (
            "demo_session_creation_duration_seconds",
            &[
                1.0, 2.0, 5.0, 7.0, 10.0, 12.0, 15.0, 18.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0,
            ],
        ),
        (
            "demo_service_clone_duration_seconds",
            &[0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0],
        ),
        (
            "demo_session_cleanup_duration_seconds",
            &[0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0],
        ),
    ];

    fn bounds(name: &str) -> &'static [f64] {
        let metric = METRICS.iter().find(|metric| metric.name == name).unwrap();
        match metric.kind {
            MetricKind::Histogram(bounds) => bounds,
            _ => panic!("{name} is no histogram"),
        }
    }

    #[test]
    fn histograms_keep_the_product_bounds_and_start_at_500_us() {
        for (name, of_the_product) in OF_THE_PRODUCT {
            let ours = bounds(name);
            assert_eq!(ours[0], 0.0005, "{name}");
            assert!(ours.is_sorted_by(|one, next| one < next), "{name}");
            assert!(ours.ends_with(of_the_product), "{name}");
        }
    }

    #[test]
    fn names_say_what_kind_of_number_they_are() {
        for metric in METRICS {
            let total = metric.name.ends_with("_total");
            assert_eq!(total, metric.kind == MetricKind::Counter, "{}", metric.name);
            let seconds = metric.name.ends_with("_seconds");
            let histogram = matches!(metric.kind, MetricKind::Histogram(_));
            assert_eq!(seconds, histogram, "{}", metric.name);
            let twins = METRICS.iter().filter(|other| other.name == metric.name);
            assert_eq!(twins.count(), 1, "{}", metric.name);
        }
    }
}
