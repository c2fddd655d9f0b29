//! Killed at chosen points: between the last write and the commit, and between the commit and the answer.

use axum::http::Method;
use serde_json::Value;

use crate::recovery::scene::{Scene, act, create, export, id, read};
use crate::recovery::sound::sound;
use crate::support::{Host, Puppets, until};

/// Has a host do something while it is held at a point, and kills it there.
fn killed_at(scene: &Scene, place: &str, work: impl FnOnce(&Host) + Send) {
    let host = scene.host(&[("LEVAIN_FAILPOINT", place)]);
    std::thread::scope(|threads| {
        threads.spawn(|| work(&host));
        host.until_logged("held at a failpoint");
        host.signal("-KILL");
    });
    host.kill();
}

#[test]
fn a_creation_is_there_whole_or_not_at_all() {
    for (place, kept) in [
        ("commit_session:before", false),
        ("commit_session:after", true),
    ] {
        let scene = Scene::of(&Puppets::new());
        killed_at(&scene, place, |host| {
            assert_eq!(create(host), None, "nobody was told of it");
        });
        let host = scene.host(&[]);
        scene.settle();
        scene.look(sound);
        let (_, listed) = host.get_internal("/api/demo/sessions");
        let session = &listed["sessions"][0];
        let status = if kept { "READY" } else { "FAILED" };
        assert_eq!(session["status"], status, "{place}: {session:#}");
        let (status, _) = export(&host, session);
        assert_eq!(status, if kept { 200 } else { 409 }, "{place}");
        // Whoever asks again is served.
        assert_eq!(create(&host).unwrap().0, 200);
    }
}

#[test]
fn a_reset_is_done_whole_or_not_at_all() {
    for (place, fresh) in [("replace_data:before", false), ("replace_data:after", true)] {
        let scene = Scene::of(&Puppets::new());
        let host = scene.host(&[]);
        let (_, session) = create(&host).unwrap();
        let before = export(&host, &session).1;
        host.kill();
        killed_at(&scene, place, |host| {
            assert_eq!(act(host, Method::POST, id(&session), "/reset"), None);
        });
        let host = scene.host(&[]);
        scene.settle();
        scene.look(sound);
        let (_, shown, status, page) = read(&host, &session);
        assert_eq!(
            (&shown["status"], status),
            (&Value::from("READY"), 200),
            "{place}"
        );
        assert_eq!(page["total"], 2, "{place}");
        let told_from = &shown["session_created_at"];
        assert_eq!(
            *told_from != session["session_created_at"],
            fresh,
            "{place}"
        );
        // The puppets' records name no instant: a reset makes the same ones.
        assert_eq!(export(&host, &session).1, before, "{place}");
    }
}

#[test]
fn a_deletion_that_was_begun_is_ended() {
    for place in ["destroy_session:before", "destroy_session:after"] {
        let scene = Scene::of(&Puppets::new());
        let host = scene.host(&[]);
        let (_, session) = create(&host).unwrap();
        let (_, other) = create(&host).unwrap();
        host.kill();
        killed_at(&scene, place, |host| {
            assert_eq!(act(host, Method::DELETE, id(&session), ""), None);
        });
        let host = scene.host(&[]);
        until("the deletion is ended", || {
            let (_, shown) = host.get(&format!("/api/demo/sessions/{}", id(&session)));
            (shown["status"] == "DESTROYED").then_some(())
        });
        scene.settle();
        scene.look(sound);
        let (status, answer) = act(&host, Method::DELETE, id(&session), "").unwrap();
        assert_eq!((status, &answer["records_deleted"]), (200, &Value::from(0)));
        let (.., status, _) = read(&host, &other);
        assert_eq!(status, 200, "another's data is as it was");
    }
}
