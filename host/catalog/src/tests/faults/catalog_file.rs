//! Faults of the catalog file, of accounts and of names.

use serde_json::{Value, json};

use super::super::super::{Catalog, CatalogError, Thresholds};
use super::super::library::{HOUSE, Library, base};
use super::{fixture, only};
use levain_model::ColumnKind;

#[test]
fn valid_catalog_loads() {
    let catalog = Library::new().load();
    assert_eq!(catalog.name(), "library");
    assert_eq!(catalog.limits().memory_mib, Some(32));
    assert_eq!(
        catalog.domain("shelving").unwrap().limits.records,
        Some(500)
    );
    let account = catalog.account("town").unwrap();
    assert_eq!(account.slices["shelving"].records, 5);
    let books = &account.slices["shelving"].segments[1];
    assert_eq!(books.entity, "book");
    assert!(
        books.rows.contains("Book 3"),
        "the second file follows the first"
    );
    let loans = &account.slices["lending"].segments[0];
    assert!(
        loans.rows.contains("BASE_TS - 1h30m"),
        "markers are handed on as they are"
    );
    let attic = &account.outlets[0].slices["people"];
    assert_eq!((attic.records, attic.segments[1].rows.as_str()), (1, "[]"));
    assert_eq!(account.verify, Thresholds::default());
    let demanding = "open_alerts = 2\ncreation_ms = { p50 = 7000, p95 = 12000, p99 = 15000 }";
    let demanding = format!("[account.verify]\n{demanding}\n[[account.outlet]]");
    let demanding = Library::new()
        .with_manifest("[[account.outlet]]", &demanding)
        .load();
    let verify = demanding.account("town").unwrap().verify;
    assert_eq!(verify.open_alerts, Some(2));
    let times = verify.creation.unwrap();
    let seconds = [times.p50, times.p95, times.p99].map(|time| time.as_secs());
    assert_eq!(seconds, [7, 12, 15]);
    let columns = catalog.schema("lending", "loan").unwrap().columns();
    let kind = |name: &str| {
        columns
            .iter()
            .find(|column| column.name == name)
            .map(|c| (c.kind, c.nullable))
    };
    assert_eq!(kind("lent_at"), Some((ColumnKind::Timestamp, false)));
    assert_eq!(kind("parts"), Some((ColumnKind::Json, true)));
    assert_eq!(kind("book_id"), Some((ColumnKind::Text, false)));
    let reader = catalog.schema("people", "reader").unwrap().columns();
    assert!(
        reader
            .iter()
            .any(|c| c.name == "left_on" && c.kind == ColumnKind::Date && c.nullable)
    );
    let again = Library::new().load();
    assert_eq!(catalog.digest(), again.digest());
    let other = fixture("people.json", |json| {
        json["house"][0]["name"] = "Other".into()
    })
    .load();
    assert_ne!(catalog.digest(), other.digest());
}

#[test]
fn missing_catalog_is_an_error() {
    let error = Catalog::load(std::path::Path::new("/nowhere/catalog.toml")).unwrap_err();
    assert!(matches!(error, CatalogError::Unreadable { .. }));
}

#[test]
fn faults_of_all_files_are_listed_at_once() {
    let library = Library::new()
        .with_manifest("title = \"Loans\"", "titel = \"Loans\"\ntitle = \"Loans\"")
        .with("people.json", |json| {
            json["reader"][1]["role"] = "guest".into()
        })
        .with("shelving.json", |json| json["book"][0]["price"] = 0.into())
        .with("lending.json", |json| {
            json["loan"][0]["book_id"] = base(4, 9).into()
        })
        .with("references.json", |json| {
            json["references"][0]["to"] = "people.raeder".into()
        })
        .with("schemas/people/house.schema.json", |json| {
            json["maxlength"] = 3.into()
        });
    let faults = library.faults();
    let mut files: Vec<&str> = faults.iter().map(|fault| fault.source.as_str()).collect();
    files.dedup();
    assert_eq!(
        files,
        [
            "catalog.toml",
            "schemas/people/house.schema.json",
            "references.json",
            "people.json",
            "shelving.json",
            "lending.json",
        ]
    );
}

#[test]
fn the_catalog_file() {
    let edited = |from, to| Library::new().with_manifest(from, to);
    let toml = "catalog.toml";
    only(
        &edited("required = true", "required = true\nrequird = true"),
        toml,
        "/domain/0/requird",
        "unknown_key",
        "did you mean `required`?",
    );
    only(
        &edited("name = \"library\"", "name = \"library\"\nauthor = 1"),
        toml,
        "/catalog/author",
        "unknown_key",
        "there are name",
    );
    only(
        &edited("memory_mib = 32", "memory_mb = 32"),
        toml,
        "/limits/memory_mb",
        "unknown_key",
        "memory_mib",
    );
    only(
        &edited("records = 500", "record = 500"),
        toml,
        "/domain/1/limits/record",
        "unknown_key",
        "records",
    );
    only(
        &edited("memory_mib = 32", "memory_mib = 32\nlog_lines = 0"),
        toml,
        "/limits/log_lines",
        "bounds",
        "of 0",
    );
    only(
        &edited("records = 500", "records = 500\ncompile_ms = 0"),
        toml,
        "/domain/1/limits/compile_ms",
        "bounds",
        "of 0",
    );
    // One stack serves all domains: it is the engine's.
    only(
        &edited("records = 500", "records = 500\nstack_kib = 64"),
        toml,
        "/domain/1/limits/stack_kib",
        "unknown_key",
        "unknown key",
    );
    only(
        &edited(
            "lending = [\"lending.json\"]",
            "lending = [\"lending.json\"]\nlendin = []",
        ),
        toml,
        "/account/0/fixtures/lendin",
        "unknown_domain",
        "lending",
    );
    let times = |times: &str| {
        let verify = format!("[account.verify]\ncreation_ms = {times}\n[[account.outlet]]");
        Library::new().with_manifest("[[account.outlet]]", &verify)
    };
    only(
        &times("{ p50 = 3, p95 = 2, p99 = 4 }"),
        toml,
        "/account/0/verify/creation_ms",
        "bounds",
        "3, 2, 4",
    );
    only(
        &times("{ p50 = 1, p95 = 2, p99 = 3, p90 = 2 }"),
        toml,
        "/account/0/verify/creation_ms/p90",
        "unknown_key",
        "did you mean `p50`?",
    );
    let faults = edited(
        "[account.fixtures]\npeople = [\"people.json\"]",
        "[account.fixtures]",
    )
    .faults();
    assert!(
        faults
            .iter()
            .any(|fault| fault.pointer == "/account/0/fixtures" && fault.rule == "required_domain")
    );
    only(
        &edited("plugin = \"lending\"", "plugin = \"../lending\""),
        toml,
        "/domain/2/plugin",
        "slug",
        "stem",
    );
    only(&edited("[[domain]]", "[[domain]"), toml, "", "toml", "");
    let faults = edited("2025-12-13T06:00:00Z", "2025-12-13").faults();
    assert!(
        faults
            .iter()
            .any(|fault| fault.pointer == "/catalog" && fault.message.contains("2025-12-13"))
    );
    let faults = edited("timeout_ms = 1000", "timeout_ms = \"soon\"").faults();
    assert!(
        faults
            .iter()
            .any(|fault| fault.pointer == "/domain/0" && fault.rule == "toml")
    );
    let faults = edited("slug = \"town\"", "slug = \"twon\"").faults();
    assert!(
        faults.iter().any(|fault| fault.rule == "unknown_account"
            && fault.message.contains("did you mean `town`?"))
    );
    let faults = edited("slug = \"attic\"", "slug = \"cellar\"").faults();
    assert_eq!(
        faults
            .iter()
            .filter(|fault| fault.rule == "unknown_outlet")
            .count(),
        2
    );
    only(
        &edited("[\"lending.json\"]", "[\"lending.json\", \"lending.json\"]"),
        toml,
        "/account/0/fixtures/lending",
        "unique",
        "twice",
    );
}

#[test]
fn clashing_names_are_faults() {
    let edited = |from, to| Library::new().with_manifest(from, to).faults();
    let has = |faults: Vec<levain_model::fault::Fault>, pointer: &str, rule: &str| {
        assert!(
            faults
                .iter()
                .any(|fault| fault.pointer == pointer && fault.rule == rule),
            "{faults:?}"
        );
    };
    has(
        edited("\"shelf\", \"book\"", "\"shelf\", \"book\", \"book\""),
        "/domain/1/entities/2",
        "view_name",
    );
    has(
        edited("entities = [\"loan\"]", "entities = [\"Loan\"]"),
        "/domain/2/entities/0",
        "slug",
    );
    has(
        edited("slug = \"lending\"", "slug = \"demo\""),
        "/domain/2/entities/0",
        "view_name",
    );
    has(
        edited("slug = \"lending\"", "slug = \"people\""),
        "/domain/2/slug",
        "unique",
    );
    let both = Library::new()
        .with_manifest("entities = [\"loan\"]", "entities = [\"loan\", \"b_c\"]")
        .with_manifest("slug = \"lending\"", "slug = \"a\"")
        .with_manifest("[\"shelf\", \"book\"]", "[\"c\"]")
        .with_manifest("slug = \"shelving\"", "slug = \"a_b\"");
    has(both.faults(), "/domain/2/entities/1", "view_name");
}

#[test]
fn accounts_and_their_staff() {
    only(
        &fixture("accounts.json", |json| {
            json["town"]["owner_id"] = base(2, 2).into()
        }),
        "accounts.json",
        "/town/owner_id",
        "owner",
        "staff.json",
    );
    only(
        &fixture("staff.json", |json| {
            json["town"]["staff"][0]["user_id"] = base(2, 9).into()
        }),
        "staff.json",
        "/town/staff/0/user_id",
        "reference",
        "no record",
    );
    only(
        &fixture("accounts.json", |json| json["town"]["colour"] = 1.into()),
        "accounts.json",
        "/town",
        "account",
        "colour",
    );
    only(
        &fixture("accounts.json", |json| {
            json["town"]["base_tenant_id"] = "town".into()
        }),
        "accounts.json",
        "/town",
        "account",
        "",
    );
}

#[test]
fn circular_outlets_are_faults() {
    let told = |child: Value, message: &str| {
        let faults = fixture("accounts.json", |json| {
            let children = json["town"]["children"].as_array_mut().unwrap();
            let mut outlet = children[0].clone();
            outlet
                .as_object_mut()
                .unwrap()
                .extend(child.as_object().unwrap().clone());
            match child.get("slug") {
                Some(_) => children.push(outlet),
                None => children[0] = outlet,
            }
        })
        .faults();
        assert!(
            faults.iter().any(|fault| fault.source == "accounts.json"
                && fault.rule == "outlet_cycle"
                && fault.pointer.ends_with("/base_tenant_id")
                && fault.message.contains(message)),
            "{faults:?}"
        );
    };
    told(
        json!({"base_tenant_id": HOUSE}),
        "a cycle of outlets: `attic` is its own head",
    );
    told(
        json!({"slug": "cellar"}),
        "is that of the outlet `attic` of `town` already",
    );
}

#[test]
fn two_outlets_of_one_name() {
    let faults = fixture("accounts.json", |json| {
        let children = json["town"]["children"].as_array_mut().unwrap();
        let mut outlet = children[0].clone();
        outlet["base_tenant_id"] = base(1, 9).into();
        children.push(outlet);
    });
    only(
        &faults,
        "accounts.json",
        "/town/children/1/slug",
        "unique",
        "another outlet is named `attic`",
    );
}
