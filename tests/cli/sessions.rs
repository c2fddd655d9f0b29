//! A session's life on the command line.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Host, INTERNAL_KEY, Puppets, Said, guests_dir, levain, masked_text};

/// Runs a command on a host.
pub fn session(host: &Host, arguments: &[&str]) -> Said {
    let mut all = vec!["session"];
    all.extend(arguments);
    all.extend(["--url", &host.url]);
    levain(&all)
}

/// A host over puppets, and what it lives on.
pub fn serve(puppets: &Puppets) -> (Host, [TempDir; 2]) {
    let directories = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let catalog = puppets.write(&directories[0]);
    (
        Host::serve(&catalog, &guests_dir(), directories[1].path()),
        directories,
    )
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.all()))
}

#[test]
fn a_session_is_created_shown_listed_and_deleted() {
    let (host, _directories) = serve(&Puppets::new());
    let key = ["--internal-api-key", INTERNAL_KEY];
    let created = session(&host, &["create", "show"]);
    let (_, list) = host.get_internal("/api/demo/sessions");
    let id = list["sessions"][0]["session_id"].as_str().unwrap();
    let shown = session(&host, &["show", id]);
    let listed = session(&host, &["list", key[0], key[1]]);
    let deleted = session(&host, &["delete", id]);
    let again = session(&host, &["delete", id]);
    let after = session(&host, &["show", id]);
    masked_text().bind(|| {
        insta::assert_snapshot!("create", created.all());
        insta::assert_snapshot!("show", shown.all());
        insta::assert_snapshot!("list", listed.all());
        insta::assert_snapshot!("delete", deleted.all());
        insta::assert_snapshot!("delete_again", again.all());
        insta::assert_snapshot!("show_deleted", after.all());
    });
    assert!(created.out.contains(id) && shown.out.contains(id) && listed.out.contains(id));
}

#[test]
fn what_was_raised_is_told_with_the_session_and_never_hides_it() {
    let (host, _directories) = serve(&Puppets::triggering("extra", "honest"));
    let created = session(&host, &["create", "show"]);
    let (_, list) = host.get_internal("/api/demo/sessions");
    let id = list["sessions"][0]["session_id"].as_str().unwrap();
    let keyless = session(&host, &["show", id]);
    let wrong = session(
        &host,
        &[
            "show",
            id,
            "--internal-api-key",
            "wrong-and-wrong-and-wrong",
        ],
    );
    assert_eq!((created.code, keyless.code, wrong.code), (0, 0, 2));
    assert_eq!(wrong.out, keyless.out);
    masked_text().bind(|| {
        insta::assert_snapshot!("create_with_triggers", created.all());
        insta::assert_snapshot!("show_with_a_wrong_key", wrong.err);
    });
}

#[test]
fn json_is_what_the_api_answers() {
    let (host, directories) = serve(&Puppets::new());
    let created = json(&session(&host, &["create", "show", "--json"]));
    assert!(
        created["credentials"]["access_token"]
            .as_str()
            .unwrap()
            .starts_with("v4.public.")
    );
    let id = created["session_id"].as_str().unwrap();
    let (_, shown) = host.get(&format!("/api/demo/sessions/{id}"));
    let mut without_token = created.clone();
    without_token["credentials"]
        .as_object_mut()
        .unwrap()
        .remove("access_token");
    assert_eq!(without_token, shown);
    assert_eq!(json(&session(&host, &["show", id, "--json"])), shown);
    let (_, list) = host.get_internal("/api/demo/sessions");
    let data = directories[1].path().join("keys");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("internal-api-key"), INTERNAL_KEY).unwrap();
    let listed = session(
        &host,
        &[
            "list",
            "--json",
            "--data-dir",
            directories[1].path().to_str().unwrap(),
        ],
    );
    assert_eq!(json(&listed), list);
    let deleted = json(&session(&host, &["delete", id, "--json"]));
    assert_eq!(
        (&deleted["status"], &deleted["records_deleted"]),
        (&json!("DESTROYED"), &json!(4))
    );
}

#[test]
fn a_session_is_reproduced_with_the_key() {
    let (host, _directories) = serve(&Puppets::new());
    let tenant = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    let instant = "2026-03-02T10:00:00Z";
    let asked = [
        "create",
        "show",
        "--json",
        "--session-created-at",
        instant,
        "--virtual-tenant-id",
        tenant,
    ];
    let refused = session(&host, &asked);
    masked_text().bind(|| insta::assert_snapshot!("reproduce_without_key", refused.all()));
    let created = session(
        &host,
        &[&asked[..], &["--internal-api-key", INTERNAL_KEY][..]].concat(),
    );
    assert_eq!(created.code, 0, "{}", created.all());
    let created = json(&created);
    assert_eq!(
        (
            &created["virtual_tenant_id"],
            &created["session_created_at"]
        ),
        (&json!(tenant), &json!(instant))
    );
}

#[test]
fn a_partial_session_is_usable_and_says_what_it_lacks() {
    let (host, _directories) = serve(&Puppets::misbehaving("extra", "fail"));
    let created = session(&host, &["create", "show"]);
    masked_text().bind(|| insta::assert_snapshot!(created.all()));
}
