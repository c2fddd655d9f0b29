//! A component that logs without an end: the host's log takes so many lines of it, and says how many it did not.

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Host, Puppets, guests_dir};

/// Lines that one call may log, and those that the puppet does.
const KEPT: usize = 500;
const LOGGED: usize = 100_001;

#[test]
fn a_flood_of_lines_is_dropped_and_counted() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::misbehaving("extra", "log-flood").write(&files);
    let host = Host::serve(&catalog, &guests_dir(), data.path());
    let body = json!({"demo_account_type": "show"});
    let (status, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    // It costs the domain nothing but its lines.
    assert_eq!(
        (status, &session["status"]),
        (200, &json!("READY")),
        "{session:#}"
    );
    let (code, said) = host.stop();
    assert_eq!(code, Some(0));
    // One of those that count is of a level that is not shown.
    assert_eq!(said.matches("of a flood").count(), KEPT - 1);
    let told = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| line["message"] == "log lines over the limit were dropped")
        .unwrap_or_else(|| panic!("nobody says that lines were dropped"));
    assert_eq!(told["lines"], LOGGED - KEPT, "{told:#}");
}
