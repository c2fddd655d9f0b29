//! Components that are missing, broken or foreign: refused by name and reason, others unaffected.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::http::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    Host, Puppets, Said, bakery, catalog_file, copy, guests_dir, levain, masked_text, plugins_dir,
    serve_arguments,
};

/// A component that wants a clock.
const CLOCK: &str = r#"(component
    (import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func (result u64)))))
    (instance $none) (export "levain:domain/lifecycle@0.1.0" (instance $none)))"#;
/// A component of a generation of the contract that is yet to come.
const FUTURE: &str =
    r#"(component (instance $none) (export "levain:domain/lifecycle@0.9.0" (instance $none)))"#;
/// A component that is something else.
const OTHER: &str =
    r#"(component (instance $none) (export "acme:tool/run@1.0.0" (instance $none)))"#;

fn check(plugins: &Path, json: bool) -> Said {
    let (catalog, plugins) = (catalog_file(), plugins.to_str().unwrap().to_owned());
    let mut arguments = vec![
        "catalog",
        "check",
        "--catalog",
        catalog.to_str().unwrap(),
        "--plugins",
        &plugins,
    ];
    if json {
        arguments.push("--json");
    }
    levain(&arguments)
}

#[test]
fn every_foreign_component_is_refused_by_name_and_reason() {
    let directory = TempDir::new().unwrap();
    let plugins = copy(&plugins_dir(), &directory.path().join("plugins"));
    let file = |domain: &str| plugins.join(format!("{domain}.wasm"));
    let text = |wat: &str| wat::parse_str(wat).unwrap();
    let whole = fs::read(file("orders")).unwrap();
    fs::remove_file(file("sales")).unwrap();
    fs::write(file("orders"), &whole[..whole.len() / 2]).unwrap();
    fs::write(file("recipes"), text("(module)")).unwrap();
    fs::write(file("suppliers"), b"These bytes are no WebAssembly at all.").unwrap();
    fs::write(file("forecasting"), text(CLOCK)).unwrap();
    fs::write(file("orchestrator"), text(FUTURE)).unwrap();
    fs::write(file("procurement"), text(OTHER)).unwrap();
    fs::write(file("tenant"), b"").unwrap();

    let said = check(&plugins, true);
    assert_eq!(said.code, 1, "{}", said.all());
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let spoilt = [
        "sales",
        "orders",
        "recipes",
        "suppliers",
        "forecasting",
        "orchestrator",
        "procurement",
        "tenant",
    ];
    let made_by_triggers: BTreeSet<&str> = bakery()
        .catalog
        .domains()
        .iter()
        .filter(|domain| domain.triggered)
        .map(|domain| domain.slug.as_str())
        .collect();
    for domain in report["domains"].as_array().unwrap() {
        let name = domain["domain"].as_str().unwrap();
        let refused = spoilt.contains(&name);
        // What triggers make has a domain, and no component of its own.
        let served = !made_by_triggers.contains(name) && !refused;
        assert_eq!(!domain["component"].is_null(), served, "{domain:#}");
        let named = report["faults"].as_array().unwrap().iter().any(|fault| {
            fault["source"] == file(name).to_str().unwrap() && fault["rule"] == "component"
        });
        assert_eq!(named, refused, "{report:#}");
    }
    let said = check(&plugins, false);
    let mut settings = masked_text();
    settings.add_filter(plugins.to_str().unwrap(), "[plugins]");
    // They change with every build of the component.
    settings.add_filter(
        r"\d+\.\.\d+ is out of bounds \(bound = \d+\)",
        "[bytes] is out of bounds",
    );
    settings.add_filter(catalog_file().to_str().unwrap(), "[catalog]");
    settings.bind(|| insta::assert_snapshot!(said.all()));
}

#[test]
fn the_components_of_the_project_are_all_well() {
    let said = check(&plugins_dir(), false);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.all());
}

#[test]
fn a_host_without_a_required_component_does_not_start() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut puppets = Puppets::new();
    puppets.serve_by("The required one", "absent");
    puppets.serve_by("The optional one", "absent");
    let catalog = puppets.write(&files);
    let arguments = serve_arguments(&catalog, &guests_dir(), data.path());
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--log", "off"]);
    let said = levain(&arguments);
    let mut settings = masked_text();
    settings.add_filter(guests_dir().to_str().unwrap(), "[plugins]");
    settings.bind(|| insta::assert_snapshot!(said.all()));
}

#[test]
fn a_host_without_an_optional_component_makes_partial_sessions() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut puppets = Puppets::new();
    puppets.serve_by("The optional one", "absent");
    let host = Host::serve(&puppets.write(&files), &guests_dir(), data.path());
    assert_eq!(host.get("/readyz").0, 200);
    let body = json!({"demo_account_type": "show"});
    let (status, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!(
        (status, &session["status"]),
        (200, &json!("PARTIAL")),
        "{session:#}"
    );
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    assert_eq!(session["services"][tenant]["lead"]["status"], "completed");
    let error = &session["services"][tenant]["extra"]["error"];
    insta::assert_json_snapshot!(error);
}
