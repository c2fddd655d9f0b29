//! What goes wrong on the command line: 1 is a problem found, 2 misuse or failure.

use super::sessions::{serve, session};
use crate::support::{Puppets, levain, masked_text};

#[test]
fn a_session_that_failed_is_a_problem_found() {
    let (host, _directories) = serve(&Puppets::misbehaving("lead", "schema"));
    let created = session(&host, &["create", "show"]);
    let (_, list) = host.get_internal("/api/demo/sessions");
    let id = list["sessions"][0]["session_id"].as_str().unwrap();
    let shown = session(&host, &["show", id]);
    let as_json = session(&host, &["show", id, "--json"]);
    assert_eq!((created.code, shown.code, as_json.code), (1, 1, 1));
    // The hint is the very command that shows it.
    let hint = created
        .err
        .lines()
        .find_map(|line| line.strip_prefix("hint: levain "))
        .unwrap();
    assert_eq!(levain(&hint.split(' ').collect::<Vec<_>>()).out, shown.out);
    masked_text().bind(|| {
        insta::assert_snapshot!("failed_create", created.all());
        insta::assert_snapshot!("failed_show", shown.all());
    });
}

#[test]
fn what_the_host_refuses_is_said_with_a_hint() {
    let (host, _directories) = serve(&Puppets::new());
    let mut told = String::new();
    for arguments in [
        &["create", "shwo"][..],
        &["show", "demo_00000000000000000000000000000000"],
        &["delete", "demo_00000000000000000000000000000000"],
        &["show", "../../healthz"],
        &["list"],
        &["list", "--internal-api-key", "wrong-and-wrong-and-wrong"],
        &["list", "--data-dir", "/nowhere"],
    ] {
        let said = session(&host, arguments);
        assert_eq!(
            (said.code, said.out.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            said.all()
        );
        told.push_str(&format!(
            "$ levain session {}\n{}\n",
            arguments.join(" "),
            said.err
        ));
    }
    masked_text().bind(|| insta::assert_snapshot!("refusals", told));
}

#[test]
fn misuse_is_told_on_standard_error() {
    let mut told = String::new();
    for arguments in [
        &["session", "create"][..],
        &["session", "create", "show", "--jsn"],
        &["sesion", "list"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--clone-workers", "none"],
        &["session", "show", "demo_1", "--url", "http://127.0.0.1:1"],
    ] {
        let said = levain(arguments);
        assert_eq!(
            (said.code, said.out.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            said.all()
        );
        told.push_str(&format!("$ levain {}\n{}\n", arguments.join(" "), said.err));
    }
    insta::assert_snapshot!("misuse", told);
}
