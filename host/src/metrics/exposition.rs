//! The recorder of this process, and the text that Prometheus reads (format 0.0.4).

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::names::{
    CLEANUP, COUNTS_UNAVAILABLE, CREATED, CREATION, DELETED, INTERRUPTED, METRICS, MIRROR_ERRORS,
    MetricKind, NOTICES, REFUSED, TRACES_LOST, WEBHOOKS,
};
use super::report::Dispatch;
use super::{Gauges, report};

/// Durations are sorted into their buckets at least so often: until then each takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// How creations and cleanups end.
const CREATED_STATUSES: [&str; 4] = ["READY", "PARTIAL", "FAILED", "CANCELLED"];
const DELETED_STATUSES: [&str; 3] = ["SUCCESS", "PARTIAL", "FAILED"];

/// The recorder that every room's words go to. The library has one per process.
fn recorded() -> &'static PrometheusHandle {
    static RECORDED: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDED.get_or_init(|| {
        #[expect(
            clippy::expect_used,
            reason = "what it refuses is a histogram without bounds, and the table has none"
        )]
        let recorder = builder().expect("bounds").build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!(
                "this process records its metrics elsewhere; /metrics shows none of them"
            );
        }
        for metric in METRICS {
            match metric.kind {
                MetricKind::Counter => describe_counter!(metric.name, metric.help),
                MetricKind::Histogram(_) => describe_histogram!(metric.name, metric.help),
                MetricKind::Gauge => {}
            }
        }
        handle
    })
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    METRICS
        .iter()
        .try_fold(PrometheusBuilder::new(), |builder, metric| {
            match metric.kind {
                MetricKind::Histogram(bounds) => {
                    builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)
                }
                _ => Ok(builder),
            }
        })
}

/// Registers the series that sessions of these accounts and notices of these kinds will be counted in, each with a zero:
/// the first event is then an increase, which `rate()` sees.
pub fn register_series<'a>(accounts: impl IntoIterator<Item = &'a str>, notices: &[&'static str]) {
    recorded();
    for account in accounts {
        let tier = || account.to_owned();
        for status in CREATED_STATUSES {
            counter!(CREATED, "tier" => tier(), "status" => status).increment(0);
        }
        for status in DELETED_STATUSES {
            counter!(DELETED, "tier" => tier(), "status" => status).increment(0);
        }
        // To name a histogram is to show it.
        drop(histogram!(CREATION, "tier" => tier()));
        drop(histogram!(CLEANUP, "tier" => tier()));
    }
    for name in [
        REFUSED,
        INTERRUPTED,
        COUNTS_UNAVAILABLE,
        MIRROR_ERRORS,
        TRACES_LOST,
    ] {
        counter!(name).increment(0);
    }
    for how in [Dispatch::Success, Dispatch::Failed, Dispatch::Dropped] {
        counter!(WEBHOOKS, "status" => how.as_str()).increment(0);
    }
    for how in [Dispatch::Success, Dispatch::Dropped] {
        report::mirrored(how, 0);
    }
    for kind in notices {
        counter!(NOTICES, "type" => *kind).increment(0);
    }
}

/// Sorts recorded durations into their buckets until it is dropped: without scrapes they would take memory.
pub async fn run_maintenance() {
    let mut due = tokio::time::interval(UPKEEP);
    loop {
        due.tick().await;
        recorded().run_upkeep();
    }
}

/// Everything, as Prometheus reads it. What has no value yet is named all the same.
#[must_use]
pub fn render(gauges: &Gauges) -> String {
    let mut text = recorded().render();
    text.push_str(&gauges.render());
    for metric in METRICS {
        let kind = format!("# TYPE {} {}\n", metric.name, metric.kind.as_str());
        if !text.contains(&kind) {
            // Writing to a String cannot fail.
            let _ = write!(text, "# HELP {} {}\n{kind}\n", metric.name, metric.help);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use levain_model::SessionCounts;

    #[test]
    fn every_metric_is_named_and_told_once() {
        report::answered("GET", "/healthz", 200, Duration::from_millis(3));
        let text = render(&Gauges::default());
        for metric in METRICS {
            for line in [
                format!("# HELP {} {}\n", metric.name, metric.help),
                format!("# TYPE {} {}\n", metric.name, metric.kind.as_str()),
            ] {
                assert_eq!(text.matches(&line).count(), 1, "{line}{text}");
            }
        }
    }

    #[test]
    fn a_store_that_is_gone_leaves_a_gap() {
        let mut gauges = Gauges {
            clones_under_way: 3,
            ..Gauges::default()
        };
        let text = gauges.render();
        assert!(text.contains("levain_clones_under_way 3\n"), "{text}");
        assert!(!text.contains("\ndemo_sessions_"), "{text}");
        gauges.sessions = Some(SessionCounts {
            active: [("gold".to_owned(), 2), ("tin".to_owned(), 0)].into(),
            pending_cleanup: 7,
        });
        let text = gauges.render();
        for line in [
            "demo_sessions_active{tier=\"gold\"} 2\n",
            "demo_sessions_active{tier=\"tin\"} 0\n",
            "demo_sessions_pending_cleanup 7\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn a_method_that_nobody_knows_makes_no_series_of_its_own() {
        recorded();
        report::answered("BREW", "/made-up", 405, Duration::ZERO);
        let text = recorded().render();
        let line =
            "levain_http_requests_total{method=\"other\",route=\"/made-up\",status=\"405\"} 1";
        assert!(text.contains(line), "{text}");
        assert!(!text.contains("BREW"));
    }
}
