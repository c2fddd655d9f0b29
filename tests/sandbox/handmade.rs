//! What only a component that no compiler made can do: break the rules of the calls themselves.

use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use super::aborts::{DEEP, WIDE};
use crate::support::{Entries, Handmade, Hosting, Puppets, TestApp};

/// A component, and how it must be reported.
pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) component: Handmade,
    pub(super) code: &'static str,
    said: &'static str,
}

const BEHAVED: Handmade = Handmade {
    fields: "",
    prepare: "",
    clone: "",
    realloc: "",
    pages: None,
    source: None,
    entries: Entries {
        inlined: 0,
        units: 0,
        ranges: 0,
    },
    swapped: false,
};

/// An answer with one segment, whose name and text stand at 2048.
const ONE_SEGMENT: &str =
    "(i32.store (i32.const 1028) (i32.const 1100)) (i32.store (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1100) (i32.const 2048)) (i32.store (i32.const 1104) (i32.const 4))
    (i32.store (i32.const 1108) (i32.const 2048)) (i32.store (i32.const 1112) (i32.const 4))";

/// The same with a text of six million bytes.
const MUCH: &str = "(drop (memory.grow (i32.const 100)))
    (i32.store (i32.const 1028) (i32.const 1100)) (i32.store (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1100) (i32.const 2048)) (i32.store (i32.const 1104) (i32.const 4))
    (i32.store (i32.const 1108) (i32.const 2048)) (i32.store (i32.const 1112) (i32.const 6000000))";

pub(super) fn cases() -> Vec<Case> {
    let case = |what, component, code, said| Case {
        what,
        component,
        code,
        said,
    };
    let cloning = |clone| Handmade { clone, ..BEHAVED };
    let with = |fields, clone| Handmade {
        fields,
        clone,
        ..BEHAVED
    };
    vec![
        case(
            "loops in its start",
            with("(func $begin (loop $on (br $on))) (start $begin)", ""),
            "timeout",
            "1500 ms",
        ),
        case(
            "traps in its start",
            with("(func $begin unreachable) (start $begin)", ""),
            "trap",
            "unreachable",
        ),
        case(
            "loops while it gives room for an argument",
            Handmade {
                realloc: "(loop $on (br $on))",
                ..BEHAVED
            },
            "timeout",
            "1500 ms",
        ),
        case(
            "gives room where there is none",
            Handmade {
                realloc: "(return (i32.const -16))",
                ..BEHAVED
            },
            "bad_answer",
            "realloc",
        ),
        case(
            "has no room for an argument",
            Handmade {
                realloc: "unreachable",
                ..BEHAVED
            },
            "trap",
            "unreachable",
        ),
        case(
            "hands back more than it may",
            cloning(MUCH),
            "output_limit",
            "4194304 bytes",
        ),
        case(
            "loops between lines of its log",
            cloning("(loop $on (call $log (i32.const 2) (i32.const 2048) (i32.const 4)) (br $on))"),
            "timeout",
            "1500 ms",
        ),
        case(
            "logs what is not in its memory",
            cloning("(call $log (i32.const 2) (i32.const -8) (i32.const 64))"),
            "bad_answer",
            "bounds",
        ),
        case(
            "logs what is not UTF-8",
            with(
                r#"(data (i32.const 2048) "\ff\fe\ff\fe")"#,
                "(call $log (i32.const 2) (i32.const 2048) (i32.const 4))",
            ),
            "bad_answer",
            "utf-8",
        ),
        case(
            "logs at a level that there is not",
            cloning("(call $log (i32.const 77) (i32.const 2048) (i32.const 4))"),
            "bad_answer",
            "discriminant",
        ),
        case(
            "grows its memory for ever",
            cloning("(loop $on (drop (memory.grow (i32.const 1))) (br $on))"),
            "memory_limit",
            "33554432 are allowed",
        ),
        case(
            "begins with more memory than it may have",
            Handmade {
                pages: Some(1024),
                ..BEHAVED
            },
            "plugin_not_active",
            "67108864",
        ),
        case(
            "grows a table for ever",
            with(
                "(table $many 1 funcref)",
                "(loop $on (drop (table.grow $many (ref.null func) (i32.const 1000))) (br $on))",
            ),
            "table_limit",
            "elements",
        ),
        case(
            "calls itself for ever",
            with("(func $deeper (param i64) (call $deeper (local.get 0)) (drop (i32.const 1)))", "(call $deeper (i64.const 1))"),
            "stack_limit",
            "recursion",
        ),
        case("traps with deep debug information", symbolised(DEEP), "trap", "unreachable"),
        case("traps with wide debug information", symbolised(WIDE), "trap", "unreachable"),
        case(
            "divides by zero",
            cloning("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
            "trap",
            "divide",
        ),
        case(
            "reads beyond its memory",
            cloning("(drop (i32.load (i32.const -4)))"),
            "trap",
            "bounds",
        ),
        case(
            "calls an empty place of a table",
            with(
                "(type $nothing (func)) (table $calls 1 funcref)",
                "(call_indirect $calls (type $nothing) (i32.const 0))",
            ),
            "trap",
            "uninitialized",
        ),
        case(
            "answers with what is not UTF-8",
            with(r#"(data (i32.const 2048) "\ff\fe\ff\fe")"#, ONE_SEGMENT),
            "bad_answer",
            "utf-8",
        ),
        case(
            "answers with a list that is not in its memory",
            cloning("(i32.store (i32.const 1028) (i32.const -64)) (i32.store (i32.const 1032) (i32.const 9))"),
            "bad_answer",
            "bounds",
        ),
        case(
            "answers with a list of more than there can be",
            cloning("(i32.store (i32.const 1028) (i32.const 1100)) (i32.store (i32.const 1032) (i32.const 0x7fffffff))"),
            "bad_answer",
            "bounds",
        ),
        case(
            "answers with a case that there is not",
            cloning("(i32.store8 (i32.const 1024) (i32.const 9))"),
            "bad_answer",
            "discriminant",
        ),
        case(
            "answers from where no answer can stand",
            cloning("(return (i32.const 1025))"),
            "bad_answer",
            "align",
        ),
        case(
            "says that it failed, with more than it may say",
            cloning(
                "(i32.store8 (i32.const 1024) (i32.const 1)) (i32.store8 (i32.const 1028) (i32.const 2))
                (drop (memory.grow (i32.const 100)))
                (i32.store (i32.const 1032) (i32.const 2048)) (i32.store (i32.const 1036) (i32.const 6000000))",
            ),
            "output_limit",
            "4194304 bytes",
        ),
    ]
}

/// A component that traps, and has this debug information.
const fn symbolised(entries: Entries) -> Handmade {
    Handmade {
        clone: "unreachable",
        source: Some(("src/rules.rs", 42)),
        entries,
        ..BEHAVED
    }
}

/// A host whose optional domain is served by a handmade component.
async fn host(component: &Handmade) -> (TestApp, TempDir) {
    // The puppet is the same one in all of them: it is compiled once.
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| TempDir::new().unwrap());
    let directory = TempDir::new().unwrap();
    let mut puppets = Puppets::new();
    puppets.serve_by("The optional one", "handmade");
    let (catalog, plugins) = (puppets.write(&directory), component.write(&directory));
    let hosting = Hosting::load_with_cache(&catalog, &plugins, cache.path(), false);
    (TestApp::over(&hosting).await, directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_behaves_is_as_good_as_any() {
    let (app, _directory) = host(&BEHAVED).await;
    let session = app.create("show").await.expect(200);
    assert_eq!(session["status"], "READY", "{session:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_was_is_told_by_its_source_or_by_number() {
    let trapping = Handmade {
        clone: "unreachable",
        ..BEHAVED
    };
    let told = Handmade {
        source: Some(("src/rules.rs", 42)),
        ..trapping
    };
    for (component, place) in [(told, "(src/rules.rs:42)"), (trapping, "in function ")] {
        let (app, _directory) = host(&component).await;
        let session = app.create("show").await.expect(200);
        let tenant = session["virtual_tenant_id"].as_str().unwrap();
        let service = &session["services"][tenant]["extra"];
        let message = service["error"]["message"].as_str().unwrap();
        assert!(message.contains(place), "{message}");
        // Which version it was, too.
        assert_eq!(service["plugin_version"].as_str().map(str::len), Some(64));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_breaks_the_rules_of_a_call_is_one_typed_failure() {
    let mut otherwise = Vec::new();
    for Case {
        what,
        component,
        code,
        said,
    } in cases()
    {
        let (app, _directory) = host(&component).await;
        let session = app.create("show").await.expect(200);
        assert_eq!(session["status"], "PARTIAL", "{what}: {session:#}");
        let services = &session["services"][session["virtual_tenant_id"].as_str().unwrap()];
        let (lead, extra) = (&services["lead"], &services["extra"]);
        assert_eq!(lead["status"], "completed", "{what}: {lead:#}");
        let error: &Value = &extra["error"];
        let told = error["message"].as_str().unwrap().to_lowercase();
        if error["code"] != code || !told.contains(said) {
            otherwise.push(format!("{what}: {}: {told}", error["code"]));
        }
        // The next session is none the worse for it.
        let again = app.create("show").await.expect(200);
        assert_eq!(again["status"], "PARTIAL", "{what}");
        let kept = "SELECT count(*) FROM segments WHERE domain = 'extra'";
        assert_eq!(app.database().await.number(kept).await, 0, "{what}");
    }
    assert!(otherwise.is_empty(), "reported otherwise: {otherwise:#?}");
}
