//! A host that is paused for longer than its lease, and wakes.

use axum::http::Method;
use serde_json::json;

use crate::recovery::scene::{Scene, create, export, id};
use crate::recovery::sound::sound;
use crate::support::{Host, Puppets, on_postgres, until};

/// Waits until another host has found the session that a paused one left.
fn given_up(other: &Host) -> serde_json::Value {
    until("the paused host's session is given up", || {
        let (_, listed) = other.get_internal("/api/demo/sessions");
        let session = &listed["sessions"][0];
        (session["status"] == "FAILED").then(|| session.clone())
    })
}

#[test]
fn a_host_that_wakes_inside_its_transaction_commits_nothing() {
    if !on_postgres() {
        // Nobody else may take over what one host of a file was at work on.
        return;
    }
    let scene = Scene::of(&Puppets::new());
    let paused = scene.host(&[("LEVAIN_FAILPOINT", "commit_session:before=300")]);
    let other = scene.host(&[]);
    let answer = std::thread::scope(|threads| {
        let waiting = threads.spawn(|| create(&paused));
        paused.until_logged("held at a failpoint");
        paused.signal("-STOP");
        let session = given_up(&other);
        paused.signal("-CONT");
        let answer = waiting.join().unwrap();
        (session, answer)
    });
    let (session, said) = answer;
    // Whatever it says, it is not that the session is there; where the signal came too late, it was.
    if let Some((status, _)) = said {
        assert_ne!(status, 200);
    }
    let (_, shown) = other.get(&format!("/api/demo/sessions/{}", id(&session)));
    assert_eq!(shown["status"], "FAILED");
    assert_eq!(export(&other, &session).0, 409);
    scene.settle();
    scene.look(sound);
}

#[test]
fn a_host_that_wakes_before_its_transaction_commits_nothing() {
    if !on_postgres() {
        return;
    }
    // The optional one does not come back before its time is over: the host is paused meanwhile.
    let scene = Scene::of(&Puppets::misbehaving("extra", "loop").with_timeout_ms(1500));
    let paused = scene.host(&[]);
    let other = scene.host(&[]);
    let body = json!({"demo_account_type": "show"});
    let asked = [("prefer", "respond-async")];
    let (status, session) = paused.call(Method::POST, "/api/demo/sessions", &asked, &body);
    assert_eq!(status, 202);
    paused.signal("-STOP");
    let found = given_up(&other);
    assert_eq!(id(&found), id(&session));
    paused.signal("-CONT");
    // Its clone ends, or is seen to have taken longer than its lease: either is too late.
    paused.until_logged("the session is lost");
    let (_, shown) = paused.get(&format!("/api/demo/sessions/{}", id(&session)));
    assert_eq!(shown["status"], "FAILED");
    assert_eq!(export(&other, &session).0, 409);
    scene.look(sound);
}
