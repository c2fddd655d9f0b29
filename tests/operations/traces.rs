//! Spans: a tree per request that a collector can read, and none of its troubles for the sessions.

use std::collections::BTreeSet;
use std::net::TcpListener;

use axum::http::Method;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Host, Puppets, Received, Receiver, guests_dir, until};

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|found| found.value.as_ref()?.value.as_ref()) {
        Some(AnyValue::StringValue(text)) => text,
        _ => "",
    }
}

/// The spans of what a collector received, all of which are of the service `named`.
fn spans(received: &[Received], named: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for post in received {
        assert_eq!(post.line, "POST /v1/traces");
        assert_eq!(post.headers["content-type"], "application/x-protobuf");
        let request = ExportTraceServiceRequest::decode(post.body.as_slice()).unwrap();
        for resource in request.resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            assert_eq!(text(&attributes, "service.name"), named);
            for scope in resource.scope_spans {
                spans.extend(scope.spans);
            }
        }
    }
    spans
}

/// What a span is called, with what tells it from others of its name.
fn called(span: &Span) -> String {
    let told = ["route", "phase", "domain", "trigger", "work"];
    let told: Vec<&str> = told
        .iter()
        .map(|key| text(&span.attributes, key))
        .filter(|value| !value.is_empty())
        .collect();
    format!("{} {}", span.name, told.join(" "))
        .trim_end()
        .to_owned()
}

#[test]
fn a_creation_is_one_tree_of_spans() {
    let collector = Receiver::answering(&[]);
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::triggering("lead", "honest").write(&files);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str())];
    // What is exported does not follow what is logged.
    let flags = [("--log", "error")];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &flags, &variables);
    let body = json!({"demo_account_type": "show"});
    let (_, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!(session["status"], "READY", "{session:#}");
    // Well within the time after which a batch is sent by itself: the stop sends it.
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");

    let spans = spans(&collector.received(), "levain");
    let creation = spans
        .iter()
        .find(|span| called(span) == "request /api/demo/sessions")
        .unwrap();
    let of_it: Vec<&Span> = spans
        .iter()
        .filter(|span| span.trace_id == creation.trace_id)
        .collect();
    let lines: BTreeSet<String> = of_it
        .iter()
        .map(|span| {
            let parent = of_it
                .iter()
                .find(|other| other.span_id == span.parent_span_id);
            match parent {
                Some(parent) => format!("{} < {}", called(span), called(parent)),
                None => called(span),
            }
        })
        .collect();
    let tree: Vec<&str> = lines.iter().map(String::as_str).collect();
    insta::assert_snapshot!(tree.join("\n"));
    let id = session["session_id"].as_str().unwrap();
    let told = format!("{spans:?}");
    assert!(!told.contains(id), "a span tells a session's id");
    assert!(told.contains(&id[..12]));
}

#[test]
fn the_variables_of_the_convention_are_heeded() {
    let collector = Receiver::answering(&[]);
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let endpoint = format!("{}/v1/traces", collector.url);
    let variables = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=demo"),
        ("OTEL_SERVICE_NAME", "showroom"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &[], &variables);
    host.get("/healthz");
    let received = until("spans come while it serves", || {
        let received = collector.received();
        (!received.is_empty()).then_some(received)
    });
    assert_eq!(received[0].headers["x-team"], "demo");
    assert!(!spans(&received, "showroom").is_empty());
}

/// Sessions are made all the same; one warning tells of the collector, and the stop is not held up.
fn without_a_collector(endpoint: &str, timeout_ms: &str) {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", timeout_ms),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
    ];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &[], &variables);
    let body = json!({"demo_account_type": "show"});
    let (status, _) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!(status, 200);
    until("spans are lost twice", || {
        (host.metrics().value("levain_trace_export_errors_total") >= 2.0).then_some(())
    });
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
    let warnings = said.matches("the collector does not take spans").count();
    assert_eq!(warnings, 1, "{said}");
}

#[test]
fn a_collector_that_is_not_there_costs_one_warning() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    without_a_collector(&format!("http://127.0.0.1:{port}"), "10000");
}

#[test]
fn a_collector_that_says_nothing_costs_one_warning() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    without_a_collector(&format!("http://{}", mute.local_addr().unwrap()), "100");
}
