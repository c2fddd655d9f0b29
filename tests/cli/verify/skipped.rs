//! What is not looked at is said, and fails unless it was asked for.

use super::{Scene, report, requirement};

#[tokio::test]
async fn without_the_database_it_does_not_pass_unless_it_was_told_to() {
    let scene = Scene::sound().await;
    let skipped = scene.verify_without_database(&["--json"]);
    assert_eq!(skipped.code, 1, "{}", skipped.all());
    let hint =
        "hint: levain verify --database-url URL, or --data-dir DIR where it is a file in there";
    assert!(skipped.err.contains(hint), "{}", skipped.err);
    let found = report(&skipped);
    let cleanup = requirement(&found, 0, "atomic cleanup");
    assert_eq!(
        (&cleanup["verdict"], &found["passed"]),
        (&"skipped".into(), &false.into())
    );

    let waived = scene.verify_without_database(&["--json", "--without-database"]);
    assert_eq!(
        (waived.code, waived.err.as_str()),
        (0, ""),
        "{}",
        waived.all()
    );
    let found = report(&waived);
    assert_eq!(
        requirement(&found, 0, "atomic cleanup")["verdict"],
        "waived"
    );
}

#[tokio::test]
async fn sessions_can_be_kept() {
    let scene = Scene::sound().await;
    let said = scene.verify(&["--json", "--keep"]);
    assert_eq!(said.code, 0, "{}", said.all());
    let found = report(&said);
    for name in ["repeated deletion", "atomic cleanup"] {
        assert_eq!(requirement(&found, 0, name)["verdict"], "waived");
    }
    assert_eq!(scene.statuses(), ["READY"; 3]);
    let kept = said
        .err
        .lines()
        .filter_map(|line| line.strip_prefix("kept: "));
    for id in kept.clone() {
        let (status, session) = scene.host.get(&format!("/api/demo/sessions/{id}"));
        assert_eq!((status, session["status"].as_str()), (200, Some("READY")));
    }
    assert_eq!(kept.count(), 3, "{}", said.err);
}
