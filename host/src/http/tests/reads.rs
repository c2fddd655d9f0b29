//! How much one client may read.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};

use crate::http::ReadBounds;
use crate::http::testing::{Desk, KEY};

const BOUNDS: ReadBounds = ReadBounds {
    per_minute: 0,
    at_once: 2,
};

/// The head of an answer; its body is sent as long as it is held.
async fn begin(desk: &Desk, peer: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    desk.open(request).await
}

#[tokio::test]
async fn answers_that_are_not_read_are_few() {
    let desk = Desk::with_reads(BOUNDS);
    let session = desk.create().await;
    let path = format!(
        "/api/demo/sessions/{}",
        session["session_id"].as_str().unwrap()
    );
    let client = "198.51.100.7:4711";
    let first = begin(&desk, client, &path, &[]).await;
    let second = begin(&desk, client, "/api/demo/accounts", &[]).await;
    assert!(first.status() == 200 && second.status() == 200);
    for path in [&path, "/metrics", "/openapi.json", "/nowhere"] {
        let refused = begin(&desk, client, path, &[]).await;
        assert_eq!(refused.status(), 429, "{path}");
        assert_eq!(refused.headers()["retry-after"], "1");
        let body = axum::body::to_bytes(refused.into_body(), 10_000)
            .await
            .unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "too_many_reads");
    }
    // The host is seen to live, others are served, and so is the holder of the internal key.
    assert_eq!(begin(&desk, client, "/healthz", &[]).await.status(), 200);
    assert_eq!(
        begin(&desk, "198.51.100.8:4711", &path, &[]).await.status(),
        200
    );
    let internal = [("x-internal-api-key", KEY)];
    for _ in 0..5 {
        assert_eq!(begin(&desk, client, &path, &internal).await.status(), 200);
    }
    drop(first);
    assert_eq!(begin(&desk, client, &path, &[]).await.status(), 200);
    drop(second);
}

#[tokio::test]
async fn past_its_rate_a_client_is_told_when_to_come_back() {
    let desk = Desk::with_reads(ReadBounds {
        per_minute: 12,
        at_once: 100,
    });
    for path in ["/api/demo/accounts", "/nowhere"] {
        let answer = begin(&desk, "198.51.100.7:4711", path, &[]).await;
        assert_ne!(answer.status(), 429);
    }
    let refused = begin(&desk, "198.51.100.7:4712", "/api/demo/accounts", &[]).await;
    assert_eq!(refused.status(), 429);
    let seconds = refused.headers()["retry-after"].to_str().unwrap();
    assert!(
        (4..=5).contains(&seconds.parse::<u64>().unwrap()),
        "{seconds}"
    );
    assert_eq!(
        begin(&desk, "198.51.100.7:4712", "/healthz", &[])
            .await
            .status(),
        200
    );
    // Through a proxy each client is one; a wrong key makes nobody another.
    let through = |client| [("x-forwarded-for", client), ("x-internal-api-key", "guess")];
    for client in ["203.0.113.1", "203.0.113.2"] {
        for status in [200, 200, 429] {
            let path = "/api/demo/accounts";
            let answer = begin(&desk, "10.0.0.1:4711", path, &through(client)).await;
            assert_eq!(answer.status(), status, "{client}");
        }
    }
}

#[tokio::test]
async fn an_answer_says_its_length_as_before() {
    let answer = begin(&Desk::new(), "198.51.100.7:1", "/api/demo/accounts", &[]).await;
    let length: usize = answer.headers()["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let body = axum::body::to_bytes(answer.into_body(), 100_000)
        .await
        .unwrap();
    assert_eq!(body.len(), length);
}
