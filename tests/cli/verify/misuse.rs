//! What cannot be verified: a failure with what to do, and never a report.

use tempfile::TempDir;

use super::Scene;
use crate::support::{INTERNAL_KEY, Puppets, levain, masked_text};

#[tokio::test]
async fn what_cannot_be_verified_is_no_verdict() {
    let scene = Scene::sound().await;
    let catalog = scene.catalog();
    let own = ["verify", "--url", &scene.host.url, "--catalog", &catalog];
    let key = ["--internal-api-key", INTERNAL_KEY, "--without-database"];
    let elsewhere = TempDir::new().unwrap();
    let other = Puppets::triggering("lead", "dishonest").write(&elsewhere);
    let empty = format!("sqlite:{}", elsewhere.path().join("empty.db").display());
    std::fs::write(elsewhere.path().join("empty.db"), "").unwrap();
    let mut told = String::new();
    let mut tell = |what: &str, said: crate::support::Said| {
        assert_eq!(
            (said.code, said.out.as_str()),
            (2, ""),
            "{what}: {}",
            said.all()
        );
        told.push_str(&format!("# {what}\n{}\n", said.err));
    };
    tell("no key", levain(&own));
    let wrong_key = [
        "--internal-api-key",
        "wrong-and-wrong-and-wrong",
        "--without-database",
    ];
    tell("a wrong key", levain(&[&own[..], &wrong_key].concat()));
    tell(
        "an account that is not there",
        scene.verify(&["--account", "shwo"]),
    );
    let database = |url: &str| scene.verify_without_database(&["--database-url", url]);
    tell("a database of somebody else", database(&empty));
    tell(
        "a database that is not there",
        database("sqlite:/nowhere/levain.db"),
    );
    tell(
        "no database at all",
        database("mysql://user:password@server/database"),
    );
    let another = [
        "verify",
        "--url",
        &scene.host.url,
        "--catalog",
        other.to_str().unwrap(),
    ];
    tell("another catalog", levain(&[&another[..], &key].concat()));
    let single = ["--sessions", "1"];
    tell("one session", levain(&[&own[..], &key, &single].concat()));
    masked_text().bind(|| insta::assert_snapshot!("misuse", told));
    let statuses = scene.statuses();
    assert!(
        statuses.iter().all(|status| status == "DESTROYED"),
        "{statuses:?}"
    );
}
