//! Hosts that show what they must not: each is named for it, and the exit code is 1.

use super::planted::{archive, spoil};
use super::{Scene, demand};
use crate::support::{Puppets, masked_text};

/// Which a fast machine misses too.
const TOO_MUCH: &str = r#"
[account.verify]
open_alerts = 5
creation_ms = { p50 = 1, p95 = 1, p99 = 1 }
"#;

#[tokio::test]
async fn a_host_that_is_wrong_is_told_so_by_requirement() {
    let mut puppets = Puppets::triggering("lead", "honest");
    demand(&mut puppets, TOO_MUCH);
    let scene = Scene::over(&puppets).await;
    archive(&scene.store).await;
    // No two sessions have the same weight.
    spoil(
        &scene.store,
        ("lead", "note"),
        r#"replace(rows, '"weight":1.5', '"weight":' || (abs(random() % 100000000) + 1))"#,
        r#"replace(rows, '"weight":1.5', '"weight":' || (floor(random() * 100000000)::int + 1))"#,
    )
    .await;
    // What a note is about is nowhere; a foreign id is in no canonical export either.
    spoil(
        &scene.store,
        ("extra", "note"),
        r"json_set(rows, '$[0].about_id', '00000000-0000-4000-8000-00000000dead')",
        r#"jsonb_set(rows::jsonb, '{0,about_id}', '"00000000-0000-4000-8000-00000000dead"')::text"#,
    )
    .await;
    let said = scene.verify(&["--session-created-at", "2026-03-02T10:00:00Z"]);
    masked_text().bind(|| insta::assert_snapshot!("wrong", said.all()));
    assert_eq!(scene.statuses(), ["DESTROYED"; 3]);
}

#[tokio::test]
async fn sessions_that_are_not_ready_show_nothing() {
    for (name, domain, behaviour) in [("partial", "extra", "fail"), ("failed", "lead", "schema")] {
        let scene = Scene::over(&Puppets::misbehaving(domain, behaviour)).await;
        let said = scene.verify(&["--session-created-at", "2026-03-02T10:00:00Z"]);
        masked_text().bind(|| insta::assert_snapshot!(name, said.all()));
        assert_eq!(scene.statuses(), ["DESTROYED"; 3]);
    }
}
