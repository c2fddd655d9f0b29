//! Guessing at the keys.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;

use crate::http::testing::{ADMIN_KEY, Answer, Desk, KEY};

/// What both keys open, and the header of each.
const DOORS: [(&str, &str, &str); 3] = [
    ("/api/plugins", "x-admin-api-key", ADMIN_KEY),
    ("/api/demo/sessions", "x-internal-api-key", KEY),
    (
        "/services/shelving/internal/demo/export/7",
        "x-internal-api-key",
        KEY,
    ),
];

async fn knock(desk: &Desk, peer: &str, path: &str, header: (&str, &str)) -> Answer {
    let request = Request::get(path).header(header.0, header.1);
    let mut request = request.body(Body::empty()).unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    desk.send(request).await
}

#[tokio::test]
async fn guesses_are_bounded_and_lock_nobody_else_out() {
    for (path, name, key) in DOORS {
        let desk = Desk::new();
        let (guesser, owner) = ("198.51.100.7:4711", "198.51.100.8:4711");
        let mut answered = 0;
        for number in 0..1300 {
            let guess = format!("guess {number}");
            let answer = knock(&desk, guesser, path, (name, &guess)).await;
            if answer.status == 401 {
                answered += 1;
                continue;
            }
            answer.refusal(429, "too_many_wrong_keys");
            let seconds = answer.headers["retry-after"].to_str().unwrap();
            assert!(
                (1..=6).contains(&seconds.parse::<u64>().unwrap()),
                "{seconds}"
            );
        }
        assert!((10..=11).contains(&answered), "{path}: {answered}");
        // Not even the right one tells anything there.
        let right = knock(&desk, guesser, path, (name, key)).await;
        right.refusal(429, "too_many_wrong_keys");
        let right = knock(&desk, owner, path, (name, key)).await;
        assert!(
            ![401, 429].contains(&right.status.as_u16()),
            "{}",
            right.text
        );
        // What needs no key is open to the guesser all the same.
        let open = knock(&desk, guesser, "/api/demo/accounts", (name, "guess")).await;
        assert_eq!(open.status, 200);
    }
}

#[tokio::test]
async fn right_keys_are_not_counted() {
    let desk = Desk::new();
    for _ in 0..100 {
        let (path, name, key) = DOORS[0];
        let answer = knock(&desk, "198.51.100.7:4711", path, (name, key)).await;
        assert_eq!(answer.status, 200);
    }
}
