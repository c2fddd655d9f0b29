//! SIGTERM: what is under way is answered, nothing new is taken, and the host ends well.

use std::io::{BufRead as _, BufReader, Write as _};
use std::time::{Duration, Instant};

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

#[test]
fn a_stream_of_events_does_not_hold_the_host_up() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let host = Host::serve(&Puppets::new().write(&files), &guests_dir(), data.path());
    let body = json!({"demo_account_type": "show"});
    let (status, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!(status, 200, "{session:#}");
    let id = session["session_id"].as_str().unwrap();
    let address = host.url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(
        stream,
        "GET /api/demo/sessions/{id}/events HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    .unwrap();
    let mut lines = BufReader::new(stream).lines();
    let told = lines.find(|line| line.as_ref().unwrap().contains("\"status\":\"READY\""));
    assert!(told.is_some());
    host.terminate();
    let stopped = Instant::now();
    // The rest of the answer comes to its end; it is not cut off.
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(rest.contains(&"0".to_owned()), "no last chunk in {rest:?}");
    assert_eq!(host.exit_code(), Some(0));
    assert!(
        stopped.elapsed() < Duration::from_secs(20),
        "{:?}",
        stopped.elapsed()
    );
}
