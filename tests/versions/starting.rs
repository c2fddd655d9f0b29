//! What a host finds at its start: the registry rules, and a store is of one catalog.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    ADMIN_KEY, Cycles, Host, Puppets, copy, guests_dir, levain, root, serve_arguments, until,
    version,
};

fn serve(cycles: &Cycles, data: &TempDir) -> Host {
    Host::serve(&Cycles::catalog(), &cycles.plugins, data.path())
}

fn plugins(host: &Host) -> Value {
    let key = [("x-admin-api-key", ADMIN_KEY)];
    let (status, listed) = host.call(Method::GET, "/api/plugins", &key, &Value::Null);
    assert_eq!(status, 200, "{listed:#}");
    listed
}

fn compiled(said: &str) -> Value {
    let lines = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut loaded = lines.filter(|line| line["message"] == "components loaded");
    loaded.next().unwrap_or_else(|| panic!("{said}"))["compiled"].clone()
}

#[test]
fn the_registry_rules_and_a_file_that_differs_is_named() {
    let (cycles, data) = (Cycles::new(), TempDir::new().unwrap());
    let host = serve(&cycles, &data);
    let first = plugins(&host);
    assert_eq!(
        (&first["revision"], &first["plugins"][1]["domain"]),
        (&json!(1), &json!("hire"))
    );
    let (_, said) = host.stop();
    assert_eq!(compiled(&said), 2);

    let file = cycles.write("hire.wasm", &version("dearer"));
    fs::remove_file(cycles.plugins.join("fleet.wasm")).unwrap();
    let host = serve(&cycles, &data);
    assert_eq!(plugins(&host), first, "what the registry has serves");
    let (_, said) = host.stop();
    assert_eq!(compiled(&said), 0);
    let command = format!("`levain plugin install hire={}`", file.display());
    assert!(said.contains(&command), "{said}");
    assert!(
        !said.contains("fleet.wasm"),
        "a file that is gone is missed by nobody: {said}"
    );
}

#[test]
fn rolled_back_version_survives_a_restart_uncompiled() {
    let (cycles, data) = (Cycles::new(), TempDir::new().unwrap());
    let host = serve(&cycles, &data);
    let file = cycles.put("new.wasm", &version("dearer"));
    let data_dir = data.path().to_str().unwrap();
    let plugin = |host: &Host, arguments: &[&str]| {
        let mut all = vec!["plugin"];
        all.extend(arguments);
        all.extend(["--url", &host.url, "--admin-api-key", ADMIN_KEY]);
        let said = levain(&all);
        assert_eq!(said.code, 0, "{}", said.all());
        said.out
    };
    let named = format!("hire={}", file.display());
    let installed = plugin(&host, &["install", &named]);
    assert!(installed.contains("paid, in 3 records"), "{installed}");
    host.stop();

    let host = serve(&cycles, &data);
    let rolled_back = plugin(&host, &["rollback", "hire"]);
    assert!(rolled_back.contains("revision 3 serves"), "{rolled_back}");
    let body = json!({"demo_account_type": "harbour"});
    let (status, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!((status, &session["status"]), (200, &json!("READY")));
    let (code, said) = host.stop();
    assert_eq!(
        (code, compiled(&said)),
        (Some(0), json!(0)),
        "{data_dir}: {said}"
    );
}

#[test]
fn store_of_another_catalog_is_refused_unless_replaced() {
    let (cycles, data) = (Cycles::new(), TempDir::new().unwrap());
    serve(&cycles, &data).stop();
    let other = TempDir::new().unwrap();
    let other = copy(&root().join("tests/cycles"), other.path());
    let accounts = other.join("accounts.json");
    let renamed = fs::read_to_string(&accounts)
        .unwrap()
        .replace("Harbour", "Port");
    fs::write(&accounts, renamed).unwrap();
    let catalog = other.join("catalog.toml");
    let arguments = serve_arguments(&catalog, &cycles.plugins, data.path());
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let refused = levain(&arguments);
    assert_eq!(refused.code, 2, "{}", refused.all());
    assert!(
        refused.err.contains("is of another catalog"),
        "{}",
        refused.err
    );
    assert!(
        refused.err.contains("--replace-catalog true"),
        "{}",
        refused.err
    );
    arguments.truncate(0);
    let flags = [("--replace-catalog", "true")];
    let host = Host::serve_with(&catalog, &cycles.plugins, data.path(), &flags, &[]);
    let body = json!({"demo_account_type": "harbour"});
    let (status, _) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!(status, 200);
    host.stop();
}

#[test]
fn component_refused_at_start_serves_once_installed() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut puppets = Puppets::new();
    puppets.serve_by("The optional one", "missing");
    let catalog = puppets.write(&files);
    let host = Host::serve(&catalog, &guests_dir(), data.path());
    let listed = plugins(&host);
    let extra = &listed["plugins"][1];
    assert_eq!(
        (&extra["health"], &extra["active"]),
        (&json!("refused"), &Value::Null)
    );
    assert!(
        extra["reason"]
            .as_str()
            .unwrap()
            .contains("there is no such file"),
        "{extra:#}"
    );
    let puppet = guests_dir().join("puppet.wasm");
    let named = format!("extra={}", puppet.display());
    // A puppet forgets its cleanup: it may serve where it is found, and cannot be installed.
    let url = ["--url", &host.url, "--admin-api-key", ADMIN_KEY];
    let refused = levain(&[&["plugin", "install", &named], url.as_slice()].concat());
    assert_eq!(refused.code, 2, "{}", refused.all());
    assert!(refused.err.contains("[proof_failed]"), "{}", refused.err);
    assert!(
        refused.err.contains("the plan forgot `note`"),
        "{}",
        refused.err
    );
    host.stop();
}

#[test]
fn what_does_not_come_to_serve_leaves_nothing_in_the_cache() {
    let (cycles, data) = (Cycles::new(), TempDir::new().unwrap());
    let images = [("--prepared-images", "true")];
    let host = Host::serve_with(
        &Cycles::catalog(),
        &cycles.plugins,
        data.path(),
        &images,
        &[],
    );
    let cached = || -> BTreeSet<OsString> {
        let files = fs::read_dir(data.path().join("cache")).unwrap();
        files.map(|file| file.unwrap().file_name()).collect()
    };
    let plugin = |arguments: &[&str], name: &str, component: &[u8]| {
        let named = format!("hire={}", cycles.put(name, component).display());
        let mut all = vec!["plugin"];
        all.extend(arguments);
        all.extend([
            named.as_str(),
            "--url",
            &host.url,
            "--admin-api-key",
            ADMIN_KEY,
        ]);
        levain(&all).code
    };
    let before = cached();
    assert!(
        before
            .iter()
            .any(|file| file.to_str().unwrap().matches('-').count() == 2)
    );
    // One that is only compared, one that breaks a law, and one that is not admitted.
    assert_eq!(plugin(&["diff"], "dearer.wasm", &version("dearer")), 0);
    until("a dry run leaves nothing", || {
        (cached() == before).then_some(())
    });
    let dangling = version("dangling");
    assert_ne!(plugin(&["install"], "dangling.wasm", &dangling), 0);
    until("what is disproved leaves nothing", || {
        (cached() == before).then_some(())
    });
    let foreign = wat::parse_str("(component (import \"now\" (func (result u64))))").unwrap();
    assert_ne!(plugin(&["install"], "foreign.wasm", &foreign), 0);
    until("what is refused leaves nothing", || {
        (cached() == before).then_some(())
    });
    // What serves already, and is asked for again, stays; so does what comes to serve.
    assert_eq!(plugin(&["diff"], "same.wasm", &version("as-before")), 0);
    assert_eq!(plugin(&["install"], "dearer.wasm", &version("dearer")), 0);
    let after = cached();
    assert!(after.is_superset(&before));
    assert!(after.len() > before.len());
}
