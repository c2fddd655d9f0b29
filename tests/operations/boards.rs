//! The dashboard and the alert rules speak of the metrics that there are.

use std::collections::BTreeSet;
use std::fs;

use levain::metrics::{METRICS, MetricKind};
use serde_json::Value;

use crate::support::{Metrics, Puppets, TestApp, root};

/// The metrics that a text names: a histogram by its series.
fn named(text: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.split(word)
        .filter(|name| name.starts_with("demo_") || name.starts_with("levain_"))
        // A table of the store that a text points to.
        .filter(|name| *name != "demo_cleanup_audit")
        .map(|name| {
            let histogram = METRICS.iter().find(|metric| {
                matches!(metric.kind, MetricKind::Histogram(_))
                    && ["_bucket", "_sum", "_count"]
                        .iter()
                        .any(|part| name == format!("{}{part}", metric.name))
            });
            histogram.map_or(name, |metric| metric.name).to_owned()
        })
        .collect()
}

async fn shown() -> BTreeSet<String> {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    Metrics::read(&app.get("/metrics").await.text).names
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_shows_every_metric_and_no_other() {
    let file = root().join("host/ops/grafana/levain.json");
    let board: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let ids: BTreeSet<i64> = panels
        .iter()
        .map(|panel| panel["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.len(), panels.len());
    let mut expressions = String::new();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{}", panel["title"]);
        for target in targets {
            expressions.push_str(target["expr"].as_str().unwrap());
            expressions.push('\n');
        }
    }
    assert_eq!(named(&expressions), shown().await);
    // Its variables are made of metrics as well.
    assert!(named(&board["templating"].to_string()).is_subset(&shown().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alerts_are_raised_on_metrics_that_there_are() {
    let file = root().join("host/ops/prometheus/levain.rules.yml");
    let rules = fs::read_to_string(file).unwrap();
    let metrics = named(&rules);
    assert!(metrics.is_subset(&shown().await), "{metrics:?}");
    let count = |what: &str| {
        rules
            .lines()
            .filter(|line| line.trim_start().starts_with(what))
            .count()
    };
    let alerts = count("- alert: ");
    assert!(alerts > 0);
    for each in [
        "expr: ",
        "labels: {severity: ",
        "summary: ",
        "description: ",
    ] {
        assert_eq!(count(each), alerts, "{each}");
    }
}
