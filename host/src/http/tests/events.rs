//! The stream of a session's states.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::http::testing::{Desk, KEY, STREAM_SHARE, STREAMS, Trouble, session};
use levain_model::{DomainStatus, Session, SessionStatus};

/// Longer than anything takes that does not hang.
const DEADLINE: Duration = Duration::from_secs(20);

/// An open stream.
struct Events(BodyDataStream);

/// One event.
#[derive(Debug)]
struct Event {
    id: String,
    status: Value,
}

impl Events {
    async fn of(desk: &Desk, id: &str, last: Option<&str>) -> Self {
        let mut request = Request::get(format!("/api/demo/sessions/{id}/events"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = desk.open(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["x-accel-buffering"], "no");
        Self(answer.into_body().into_data_stream())
    }

    /// The next event; `None` where the stream has ended.
    async fn next(&mut self) -> Option<Event> {
        let chunk = tokio::time::timeout(DEADLINE, self.0.next())
            .await
            .unwrap()?;
        let text = String::from_utf8(chunk.unwrap().to_vec()).unwrap();
        let field = |name: &str| {
            let mut lines = text.lines();
            lines
                .find_map(|line| line.strip_prefix(&format!("{name}: ")))
                .unwrap_or_else(|| panic!("no {name} in {text}"))
                .to_owned()
        };
        assert!(text.ends_with("\n\n"), "{text}");
        assert_eq!(
            (field("event").as_str(), field("retry").as_str()),
            ("status", "2000")
        );
        Some(Event {
            id: field("id"),
            status: serde_json::from_str(&field("data")).unwrap(),
        })
    }
}

fn cloning() -> Session {
    let mut row = session("demo_watched");
    row.status = SessionStatus::Cloning;
    row
}

#[tokio::test]
async fn every_change_is_told_until_the_session_is_over() {
    let desk = Desk::new();
    let mut row = cloning();
    row.tenants[0].services[1].status = DomainStatus::Cloning;
    desk.library.keep(row.clone());
    let mut events = Events::of(&desk, "demo_watched", None).await;
    let first = events.next().await.unwrap();
    let shown = desk.get("/api/demo/sessions/demo_watched/status").await;
    assert_eq!(first.status, shown.json());
    assert_eq!(first.status["domains_done"], 3);
    assert_eq!(first.status["expires_at"], "2026-03-02T10:30:00Z");

    let mut ids = vec![first.id];
    row.tenants[0].services[1].status = DomainStatus::Completed;
    for status in [
        SessionStatus::Cloning,
        SessionStatus::Ready,
        SessionStatus::Destroyed,
    ] {
        row.status = status;
        desk.library.keep(row.clone());
        let event = events.next().await.unwrap();
        assert_eq!(event.status["status"], status.as_str());
        assert_eq!(event.status["domains_done"], 4);
        assert!(!ids.contains(&event.id), "{event:?}");
        ids.push(event.id);
    }
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_client_that_comes_back_is_told_what_it_has_missed() {
    let desk = Desk::new();
    desk.library.keep(cloning());
    let first = Events::of(&desk, "demo_watched", None)
        .await
        .next()
        .await
        .unwrap();
    let mut again = Events::of(&desk, "demo_watched", Some(&first.id)).await;
    desk.library.keep(session("demo_watched"));
    let second = again.next().await.unwrap();
    assert_eq!(second.status["status"], "READY");
    // Whoever has an older one is told at once.
    let mut late = Events::of(&desk, "demo_watched", Some(&first.id)).await;
    assert_eq!(late.next().await.unwrap().id, second.id);
}

#[tokio::test]
async fn whoever_knows_the_end_has_nothing_to_come_back_for() {
    let desk = Desk::new();
    let mut row = session("demo_watched");
    row.status = SessionStatus::Failed;
    desk.library.keep(row);
    let last = Events::of(&desk, "demo_watched", None)
        .await
        .next()
        .await
        .unwrap();
    let path = "/api/demo/sessions/demo_watched/events";
    let over = desk
        .call("GET", path, &[("last-event-id", &last.id)], "")
        .await;
    assert_eq!((over.status.as_u16(), over.text.as_str()), (204, ""));
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused_in_words() {
    let desk = Desk::new();
    let path = "/api/demo/sessions/demo_watched/events";
    desk.get(path).await.refusal(404, "session_not_found");
    desk.call("POST", path, &[], "")
        .await
        .refusal(405, "method_not_allowed");
    desk.get("/api/demo/sessions/%ff/events")
        .await
        .refusal(400, "invalid_request");
    let down = desk.in_trouble(Trouble::Store);
    let refused = down.get(path).await;
    refused.refusal(503, "store_unavailable");
    assert_eq!(refused.headers["retry-after"], "1");
}

/// The answer to a client that would watch a session.
async fn watch(desk: &Desk, host: u8, id: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::get(format!("/api/demo/sessions/{id}/events"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    let peer = SocketAddr::from(([198, 51, 100, host], 4711));
    request.extensions_mut().insert(ConnectInfo(peer));
    desk.open(request).await
}

async fn code(answer: Response<Body>) -> (u16, String) {
    assert_eq!(answer.headers()["retry-after"], "1");
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 10_000)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    (status, body["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn streams_are_bounded_and_give_their_place_back() {
    let desk = Desk::new();
    let sessions: Vec<String> = (0..=STREAMS).map(|n| format!("demo_{n}")).collect();
    let mut open = Vec::new();
    for (host, id) in (0..).zip(&sessions) {
        desk.library.keep(session(id));
        if open.len() < STREAMS {
            let answer = watch(&desk, host, id, &[]).await;
            assert_eq!(answer.status(), 200);
            open.push(answer);
        }
    }
    let last = &sessions[STREAMS];
    let refused = watch(&desk, 99, last, &[]).await;
    assert_eq!(code(refused).await, (503, "too_many_streams".to_owned()));
    // Nor is a place held by what was refused or by a look at the head alone.
    open.pop();
    let nobody = watch(&desk, 99, "demo_nobody", &[]).await;
    assert_eq!(nobody.status(), 404);
    let head = format!("/api/demo/sessions/{last}/events");
    assert_eq!(desk.call("HEAD", &head, &[], "").await.status, 200);
    assert_eq!(watch(&desk, 99, last, &[]).await.status(), 200);
}

#[tokio::test]
async fn one_client_and_one_session_have_their_share_of_streams() {
    let desk = Desk::new();
    let sessions = ["demo_0", "demo_1", "demo_2"];
    for id in sessions {
        desk.library.keep(session(id));
    }
    let mut open = Vec::new();
    for id in &sessions[..STREAM_SHARE] {
        open.push(watch(&desk, 1, id, &[]).await);
    }
    // A client has its share, of whichever sessions.
    let refused = watch(&desk, 1, sessions[2], &[]).await;
    assert_eq!(code(refused).await, (429, "too_many_streams".to_owned()));
    assert_eq!(watch(&desk, 2, sessions[2], &[]).await.status(), 200);
    // The holder of the internal key may pass on the streams of many.
    let internal = [("x-internal-api-key", KEY)];
    assert_eq!(watch(&desk, 1, sessions[2], &internal).await.status(), 200);
    drop(open);
    // So has a session, of whichever clients; with the key as well.
    let open = [
        watch(&desk, 1, sessions[0], &[]).await,
        watch(&desk, 2, sessions[0], &internal).await,
    ];
    assert_eq!(open.len(), STREAM_SHARE);
    let refused = watch(&desk, 3, sessions[0], &[]).await;
    assert_eq!(code(refused).await, (429, "too_many_streams".to_owned()));
    assert_eq!(watch(&desk, 3, sessions[1], &[]).await.status(), 200);
}
