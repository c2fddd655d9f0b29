//! Receipts on the command line: had from a host, and checked without it.

use axum::http::Method;
use serde_json::{Value, json};

use super::sessions::{serve, session};
use crate::support::{INTERNAL_KEY, Puppets, levain, masked_text};

#[test]
fn a_session_is_verified_and_its_receipt_without_the_host() {
    let (host, directories) = serve(&Puppets::triggering("extra", "honest"));
    let body = json!({
        "demo_account_type": "show", "session_created_at": "2026-03-02T10:00:00Z",
        "virtual_tenant_id": "00000000-0000-4000-8000-0000000a11ce",
    });
    let key = ("x-internal-api-key", INTERNAL_KEY);
    let (_, made) = host.call(Method::POST, "/api/demo/sessions", &[key], &body);
    let id = made["session_id"].as_str().unwrap();
    let verified = session(&host, &["verify", id, "--internal-api-key", INTERNAL_KEY]);
    let keyless = session(&host, &["verify", id]);
    let receipt = session(&host, &["receipt", id]);
    assert_eq!(receipt.code, 0, "{}", receipt.all());
    let (_, public) = host.get("/api/demo/receipt-key");
    host.stop();

    let file = |name: &str, text: &str| {
        let file = directories[0].path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let document = file("receipt.json", &receipt.out);
    let key = public["public_key"].as_str().unwrap();
    let check =
        |document: &str, key: &str| levain(&["receipt", "verify", document, "--public-key", key]);
    let proved = check(&document, key);
    // As the host told it, or as somebody wrote it down.
    for held in [public.to_string(), format!("{key}\n")] {
        let held = file("key", &held);
        assert_eq!(check(&document, &held).out, proved.out);
    }
    let mut altered: Value = serde_json::from_str(&receipt.out).unwrap();
    altered["receipt"]["account"] = json!("other");
    let altered = check(&file("altered.json", &altered.to_string()), key);
    let foreign = check(
        &document,
        &directories[0].path().join("nowhere").display().to_string(),
    );
    let none = check(&file("none.json", "{}"), key);
    assert_eq!(
        (altered.code, none.code, foreign.code),
        (1, 2, 2),
        "{}",
        foreign.all()
    );
    let mut settings = masked_text();
    settings.add_filter(directories[0].path().to_str().unwrap(), "[files]");
    settings.add_filter(r"wasmtime [0-9a-f]{16}", "wasmtime [engine]");
    settings.add_filter(r"signed with [0-9a-f]{16}", "signed with [key]");
    settings.bind(|| {
        insta::assert_snapshot!("verified", verified.all());
        insta::assert_snapshot!("keyless", keyless.err);
        insta::assert_snapshot!("proved", proved.all());
        insta::assert_snapshot!("altered", altered.all());
        insta::assert_snapshot!("none", none.all());
    });
}
