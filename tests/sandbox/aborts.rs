//! Components that would end the whole process if the host looked at them as they are: each is one typed failure, and
//! the host serves on. They are served by the real binary: a process that aborts would take the tests with it.

use std::path::Path;

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Entries, Handmade, Host, Puppets};

/// A host whose optional domain is served by a handmade component, with prepared images.
fn host(component: &Handmade, files: &TempDir, flags: &[(&str, &str)]) -> Host {
    let mut puppets = Puppets::new();
    puppets.serve_by("The optional one", "handmade");
    let (catalog, plugins) = (puppets.write(files), component.write(files));
    let data: &Path = &files.path().join("data");
    let flags = [&[("--prepared-images", "true")], flags].concat();
    Host::serve_with(&catalog, &plugins, data, &flags, &[])
}

/// Creates two sessions; the error that the optional domain of each has.
fn errors(host: &Host) -> [Value; 2] {
    [(); 2].map(|()| {
        let body = json!({"demo_account_type": "show"});
        let (status, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
        assert_eq!(
            (status, &session["status"]),
            (200, &json!("PARTIAL")),
            "{session:#}"
        );
        let tenant = session["virtual_tenant_id"].as_str().unwrap();
        session["services"][tenant]["extra"]["error"].clone()
    })
}

/// Debug information that a recursive reader does not survive.
pub(super) const DEEP: Entries = Entries {
    inlined: 6000,
    units: 0,
    ranges: 0,
};
/// Debug information that takes a reader gigabytes.
pub(super) const WIDE: Entries = Entries {
    inlined: 0,
    units: 400,
    ranges: 40_000,
};

#[test]
fn hostile_debug_information_harms_no_other_session() {
    let trapping = Handmade {
        source: Some(("src/rules.rs", 42)),
        clone: "unreachable",
        ..Handmade::default()
    };
    let looping = Handmade {
        clone: "(loop $on (br $on))",
        ..trapping
    };
    let unprepared = Handmade {
        clone: "",
        prepare: "unreachable",
        ..trapping
    };
    for (component, code) in [
        (trapping, "trap"),
        (looping, "timeout"),
        (unprepared, "trap"),
    ] {
        for entries in [DEEP, WIDE] {
            let files = TempDir::new().unwrap();
            let component = Handmade {
                entries,
                ..component
            };
            let host = host(&component, &files, &[]);
            for error in errors(&host) {
                let message = error["message"].as_str().unwrap();
                assert_eq!(error["code"], code, "{entries:?}: {message}");
                assert!(
                    message.contains("(src/rules.rs:42)"),
                    "{entries:?}: {message}"
                );
            }
            let peak = host.peak_kib();
            assert!(peak < 512 << 10, "{entries:?}: it has held {peak} KiB");
            let (code, said) = host.stop();
            assert_eq!(code, Some(0), "{said}");
        }
    }
}

#[test]
fn a_guest_may_use_all_of_the_largest_stack() {
    let deeper = "(func $deeper (param i64) (call $deeper (local.get 0)) (drop (i32.const 1)))";
    let call = "(call $deeper (i64.const 1))";
    let cloning = Handmade {
        fields: deeper,
        clone: call,
        ..Handmade::default()
    };
    let preparing = Handmade {
        clone: "",
        prepare: call,
        ..cloning
    };
    for component in [cloning, preparing] {
        for kib in [2048, 8192] {
            let files = TempDir::new().unwrap();
            let flag = kib.to_string();
            let host = host(&component, &files, &[("--sandbox-stack-kib", &flag)]);
            for error in errors(&host) {
                let message = error["message"].as_str().unwrap();
                assert_eq!(error["code"], "stack_limit", "{message}");
                assert!(message.contains(&(kib << 10).to_string()), "{message}");
            }
            let (code, said) = host.stop();
            assert_eq!(code, Some(0), "{said}");
        }
    }
}
