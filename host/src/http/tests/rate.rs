//! How often one client may create.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::Value;

use crate::http::Pace;
use crate::http::testing::{Answer, Desk, KEY};

const SESSIONS: &str = "/api/demo/sessions";

fn slow() -> Desk {
    Desk::at_pace(Pace {
        per_minute: 1,
        burst: 2,
    })
}

/// A creation that comes over a connection from `peer`.
async fn create(desk: &Desk, peer: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post(SESSIONS).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Body::from(r#"{"demo_account_type":"library"}"#);
    let mut request = request.body(body).unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    desk.send(request).await
}

#[tokio::test]
async fn past_its_pace_a_client_is_told_when_to_come_back() {
    let desk = slow();
    let client = "198.51.100.7:4711";
    for _ in 0..2 {
        assert_eq!(create(&desk, client, &[]).await.status, 200);
    }
    let refused = create(&desk, "198.51.100.7:4712", &[]).await;
    refused.refusal(429, "too_many_requests");
    let seconds: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((55..=60).contains(&seconds), "{seconds}");
    // Others are not held up by it, and nor is the holder of the internal key.
    assert_eq!(create(&desk, "198.51.100.8:4711", &[]).await.status, 200);
    for _ in 0..5 {
        let internal = create(&desk, client, &[("x-internal-api-key", KEY)]).await;
        assert_eq!(internal.status, 200);
    }
    let guess = create(&desk, client, &[("x-internal-api-key", "guess")]).await;
    guess.refusal(401, "internal_key_wrong");
}

#[tokio::test]
async fn a_reset_counts_as_a_creation_and_nothing_else_does() {
    let desk = slow();
    // Without a connection, as here, the client is this machine.
    let created = desk.create().await;
    let id = created["session_id"].as_str().unwrap();
    let path = |below: &str| format!("{SESSIONS}/{id}{below}");
    let reset = desk.call("POST", &path("/reset"), &[], "").await;
    assert_eq!(reset.status, 200);
    let again = desk.call("POST", &path("/reset"), &[], "").await;
    again.refusal(429, "too_many_requests");
    assert!(again.headers.contains_key("retry-after"));
    assert_eq!(
        desk.call("POST", &path("/extend"), &[], "").await.status,
        200
    );
    assert_eq!(desk.get(&path("/status")).await.status, 200);
    assert_eq!(desk.internal("POST", &path("/reset"), "").await.status, 200);
    assert_eq!(desk.call("DELETE", &path(""), &[], "").await.status, 200);
}

#[tokio::test]
async fn behind_a_proxy_each_client_has_a_pace_of_its_own() {
    let desk = slow();
    let proxy = "10.0.0.1:4711";
    for client in ["198.51.100.7", "198.51.100.8"] {
        let through = [("x-forwarded-for", client)];
        for _ in 0..2 {
            assert_eq!(create(&desk, proxy, &through).await.status, 200);
        }
        // What the client itself puts before does not make it another.
        let spoofed = format!("203.0.113.9, {client}");
        let refused = create(&desk, proxy, &[("x-forwarded-for", &spoofed)]).await;
        refused.refusal(429, "too_many_requests");
    }
    // Nor does the word of a stranger.
    for client in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        let answer = create(&desk, "192.0.2.1:4711", &[("x-forwarded-for", client)]).await;
        let limited = client == "203.0.113.3";
        assert_eq!(answer.status == 429, limited, "{}", answer.text);
    }
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_client() {
    let desk = slow();
    for (peer, status) in [
        ("[2001:db8::1]:4711", 200),
        ("[2001:db8::2]:4711", 200),
        ("[2001:db8::3]:4711", 429),
        ("[2001:db8:0:1::1]:4711", 200),
    ] {
        let answer = create(&desk, peer, &[]).await;
        let body: Value = answer.json();
        assert_eq!(answer.status, status, "{peer}: {body}");
    }
}
