//! SIGTERM: what is under way is answered, nothing new is taken, and the host ends well.

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Host, Puppets, guests_dir, until};

#[test]
fn a_creation_under_way_is_answered_before_the_host_ends() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // The optional domain is at work until its limit: long enough to be stopped meanwhile.
    let puppets = Puppets::misbehaving("extra", "loop").with_timeout_ms(5000);
    let host = Host::serve(&puppets.write(&files), &guests_dir(), data.path());
    let body = json!({"demo_account_type": "show"});
    std::thread::scope(|scope| {
        let creation = scope.spawn(|| host.call(Method::POST, "/api/demo/sessions", &[], &body));
        until("the session is under way", || {
            let (_, list) = host.get_internal("/api/demo/sessions");
            (list["sessions"][0]["status"] == "CLONING").then_some(())
        });
        host.terminate();
        until("no new connection is taken", || {
            host.try_call(Method::GET, "/healthz", &[], &Value::Null)
                .is_none()
                .then_some(())
        });
        assert!(
            !creation.is_finished(),
            "the creation was not under way any more"
        );
        let (status, session) = creation.join().unwrap();
        assert_eq!(
            (status, &session["status"]),
            (200, &json!("PARTIAL")),
            "{session:#}"
        );
    });
    assert_eq!(host.exit_code(), Some(0));
}
