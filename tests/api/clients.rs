//! What one client may ask for at once, and how often: clients are told apart by the address that they come from.

use axum::body::Body;
use axum::http::{Request, Response};
use serde_json::Value;

use super::visit::path;
use crate::support::{ADMIN_KEY, Answer, INTERNAL_KEY, Puppets, TestApp};

const SESSIONS: &str = "/api/demo/sessions";
const ACCOUNTS: &str = "/api/demo/accounts";
const INTERNAL: (&str, &str) = ("x-internal-api-key", INTERNAL_KEY);

async fn app(settings: &[(&'static str, &str)]) -> TestApp {
    TestApp::with(&Puppets::new().load().hosting, settings).await
}

fn get(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// The head of the answer to a GET from this address; its body is sent as long as it is held.
async fn begin(app: &TestApp, host: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    app.open_from(host, get(path, headers)).await
}

/// A whole answer to a GET from this address.
async fn read(app: &TestApp, host: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    Answer::of(begin(app, host, path, headers).await).await
}

/// Creates a session from this address.
async fn create(app: &TestApp, host: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post(SESSIONS).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Body::from(r#"{"demo_account_type":"show"}"#);
    Answer::of(app.open_from(host, request.body(body).unwrap()).await).await
}

fn retry_after(answer: &Answer) -> u64 {
    answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_bounded_and_lock_nobody_else_out() {
    for (path, name, key) in [
        ("/api/plugins", "x-admin-api-key", ADMIN_KEY),
        (SESSIONS, INTERNAL.0, INTERNAL.1),
        (
            "/services/lead/internal/demo/export/7",
            INTERNAL.0,
            INTERNAL.1,
        ),
    ] {
        let app = app(&[]).await;
        let (guesser, owner) = ("198.51.100.7", "198.51.100.8");
        let mut told = 0;
        for number in 0..300 {
            let guess = format!("guess {number}");
            let answer = read(&app, guesser, path, &[(name, &guess)]).await;
            if answer.status == 401 {
                told += 1;
                continue;
            }
            answer.problem(429, "too_many_wrong_keys");
            assert!((1..=6).contains(&retry_after(&answer)));
        }
        assert!((10..=11).contains(&told), "{path}: {told}");
        // Not even the right key is accepted from there; from elsewhere it is.
        read(&app, guesser, path, &[(name, key)])
            .await
            .problem(429, "too_many_wrong_keys");
        let right = read(&app, owner, path, &[(name, key)]).await;
        assert!(![401, 429].contains(&right.status.as_u16()), "{right:?}");
        // What needs no key is open to the guesser all the same.
        read(&app, guesser, ACCOUNTS, &[(name, "guess")])
            .await
            .expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn right_keys_are_not_counted() {
    let app = app(&[]).await;
    for _ in 0..100 {
        let key = ("x-admin-api-key", ADMIN_KEY);
        read(&app, "198.51.100.7", "/api/plugins", &[key])
            .await
            .expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_answers_of_one_client_are_bounded() {
    let app = app(&[("reads_at_once", "2")]).await;
    let session = app.create("show").await.expect(200);
    let shown = path(&session, "");
    let client = "198.51.100.7";
    let first = begin(&app, client, &shown, &[]).await;
    let second = begin(&app, client, ACCOUNTS, &[]).await;
    assert!(first.status() == 200 && second.status() == 200);
    for path in [&shown, "/metrics", "/openapi.json", "/nowhere"] {
        let refused = read(&app, client, path, &[]).await;
        refused.problem(429, "too_many_reads");
        assert_eq!(retry_after(&refused), 1);
    }
    // The health, other clients and the holder of the internal key are not held up.
    read(&app, client, "/healthz", &[]).await.expect(200);
    read(&app, "198.51.100.8", &shown, &[]).await.expect(200);
    for _ in 0..5 {
        read(&app, client, &shown, &[INTERNAL]).await.expect(200);
    }
    drop(first);
    read(&app, client, &shown, &[]).await.expect(200);
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_past_the_rate_are_rejected_until_retry_after() {
    let app = app(&[
        ("reads_per_minute", "12"),
        ("trusted_proxies", "10.0.0.0/8"),
    ])
    .await;
    let client = "198.51.100.7";
    for path in [ACCOUNTS, "/nowhere"] {
        assert_ne!(read(&app, client, path, &[]).await.status, 429);
    }
    let refused = read(&app, client, ACCOUNTS, &[]).await;
    refused.problem(429, "too_many_reads");
    assert!((4..=5).contains(&retry_after(&refused)), "{refused:?}");
    read(&app, client, "/healthz", &[]).await.expect(200);
    // Through a proxy each client is one; a wrong key makes nobody another.
    for client in ["203.0.113.1", "203.0.113.2"] {
        let through = [("x-forwarded-for", client), (INTERNAL.0, "guess")];
        for status in [200, 200, 429] {
            read(&app, "10.0.0.1", ACCOUNTS, &through)
                .await
                .expect(status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_states_its_length() {
    let app = app(&[]).await;
    let answer = read(&app, "198.51.100.7", ACCOUNTS, &[]).await;
    let length: usize = answer.headers["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(answer.text.len(), length);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_behind_a_trusted_proxy_has_its_own_pace() {
    let app = app(&[
        ("creations_per_minute", "1"),
        ("creations_burst", "2"),
        ("trusted_proxies", "10.0.0.0/8"),
    ])
    .await;
    for client in ["198.51.100.7", "198.51.100.8"] {
        let through = [("x-forwarded-for", client)];
        for _ in 0..2 {
            create(&app, "10.0.0.1", &through).await.expect(200);
        }
        // An address that the client itself puts before does not make it another.
        let spoofed = format!("203.0.113.9, {client}");
        let refused = create(&app, "10.0.0.1", &[("x-forwarded-for", &spoofed)]).await;
        refused.problem(429, "too_many_requests");
        assert!((55..=60).contains(&retry_after(&refused)), "{refused:?}");
    }
    // The header of a stranger is not believed.
    for (client, status) in [
        ("203.0.113.1", 200),
        ("203.0.113.2", 200),
        ("203.0.113.3", 429),
    ] {
        create(&app, "192.0.2.1", &[("x-forwarded-for", client)])
            .await
            .expect(status);
    }
    // A network of IPv6 is one client.
    for (client, status) in [
        ("2001:db8::1", 200),
        ("2001:db8::2", 200),
        ("2001:db8::3", 429),
        ("2001:db8:0:1::1", 200),
    ] {
        create(&app, client, &[]).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_shared_by_client_and_by_session() {
    let app = app(&[("event_streams", "4"), ("event_streams_share", "2")]).await;
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(path(&app.create("show").await.expect(200), "/events"));
    }
    let (one, two, three) = ("198.51.100.1", "198.51.100.2", "198.51.100.3");
    let open = [
        begin(&app, one, &events[0], &[]).await,
        begin(&app, one, &events[1], &[]).await,
    ];
    read(&app, one, &events[2], &[])
        .await
        .problem(429, "too_many_streams");
    // The holder of the internal key may pass on the streams of many.
    for (client, headers) in [(two, &[][..]), (one, &[INTERNAL])] {
        let answer = begin(&app, client, &events[2], headers).await;
        assert_eq!(answer.status(), 200);
    }
    drop(open);
    // A session has its share too, whoever watches it, with the key as well.
    let open = [
        begin(&app, one, &events[0], &[]).await,
        begin(&app, two, &events[0], &[INTERNAL]).await,
    ];
    read(&app, three, &events[0], &[])
        .await
        .problem(429, "too_many_streams");
    let other = begin(&app, three, &events[1], &[]).await;
    assert_eq!(other.status(), 200);
    // Neither an unknown session nor a HEAD takes a place.
    let last = begin(&app, two, &events[2], &[]).await;
    assert_eq!(last.status(), 200);
    let nobody = format!("{SESSIONS}/demo_nobody/events");
    drop(last);
    read(&app, three, &nobody, &[])
        .await
        .problem(404, "session_not_found");
    app.call(axum::http::Method::HEAD, &events[2], &[], &Value::Null)
        .await
        .expect(200);
    assert_eq!(begin(&app, two, &events[2], &[]).await.status(), 200);
    drop((open, other));
}
