//! Hosts that show what they must.

use tempfile::TempDir;

use super::planted::spoil;
use super::{Scene, report, requirement};
use crate::support::{
    Host, INTERNAL_KEY, Running, Store, catalog_file, levain, masked_text, plugins_dir, until,
};

#[tokio::test]
async fn a_sound_host_passes_and_is_left_as_it_was() {
    let scene = Scene::sound().await;
    let said = scene.verify(&["--session-created-at", "2026-03-02T10:00:00Z"]);
    masked_text().bind(|| insta::assert_snapshot!("sound", said.all()));
    assert_eq!(scene.statuses(), ["DESTROYED"; 3]);

    let at_once = scene.verify(&["--json", "--concurrency", "3", "--account", "show"]);
    assert_eq!(at_once.code, 0, "{}", at_once.all());
    let report = report(&at_once);
    assert_eq!(
        (&report["passed"], &report["concurrency"]),
        (&true.into(), &3.into())
    );
    assert_eq!(requirement(&report, 0, "open alerts")["measured"], 4);
    assert_eq!(scene.statuses(), ["DESTROYED"; 6]);
}

/// The project's own accounts, and then one exact time that is a minute off.
#[tokio::test]
async fn the_accounts_of_the_project_pass() {
    let data = TempDir::new().unwrap();
    let store = Store::make(data.path()).await;
    let database = [("--database-url", store.url.as_str())];
    let host = Host::serve_with(&catalog_file(), &plugins_dir(), data.path(), &database, &[]);
    let catalog = catalog_file();
    let verify = |more: &[&str]| {
        let mut arguments = vec![
            "verify",
            "--url",
            &host.url,
            "--internal-api-key",
            INTERNAL_KEY,
        ];
        arguments.extend([
            "--catalog",
            catalog.to_str().unwrap(),
            "--json",
            "--sessions",
            "2",
        ]);
        arguments.extend(["--session-created-at", "2026-03-02T10:00:00Z"]);
        arguments.extend(database.iter().flat_map(|(flag, value)| [*flag, *value]));
        arguments.extend(more);
        levain(&arguments)
    };
    let said = verify(&[]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.all());
    let found = report(&said);
    for account in [0, 1] {
        for name in [
            "creation",
            "determinism",
            "references",
            "exact times",
            "open alerts",
            "repeated deletion",
            "atomic cleanup",
            "creation P50",
            "creation P95",
            "creation P99",
        ] {
            let requirement = requirement(&found, account, name);
            assert_eq!(requirement["verdict"], "met", "{requirement:#}");
        }
    }
    let minute_late = "replace(rows, 'T11:30:00Z', 'T11:31:00Z')";
    spoil(&store, ("production", "batch"), minute_late, minute_late).await;
    let said = verify(&["--account", "professional"]);
    assert_eq!(said.code, 1, "{}", said.all());
    let found = report(&said);
    let times = requirement(&found, 0, "exact times");
    assert_eq!(
        (&times["verdict"], &times["measured"]),
        (&"missed".into(), &60.0.into()),
        "{times:#}"
    );
    assert!(
        said.err.contains("must be 2026-03-02T11:30:00Z"),
        "{}",
        said.err
    );
}

#[tokio::test]
async fn an_interruption_leaves_nothing_behind() {
    let scene = Scene::sound().await;
    let catalog = scene.catalog();
    let mut arguments = vec!["verify", "--url", &scene.host.url, "--catalog", &catalog];
    arguments.extend(["--internal-api-key", INTERNAL_KEY, "--without-database"]);
    arguments.extend(["--sessions", "100000", "--concurrency", "2"]);
    let running = Running::begin(&arguments);
    until("sessions are made", || {
        (scene.statuses().len() > 3).then_some(())
    });
    running.interrupt();
    let said = running.end();
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.all());
    assert!(
        said.err.contains("error: interrupted after"),
        "{}",
        said.err
    );
    let statuses = scene.statuses();
    assert!(
        statuses.iter().all(|status| status == "DESTROYED"),
        "{statuses:?}"
    );
}
