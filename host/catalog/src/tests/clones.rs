//! What a plugin can return, and what becomes of it.

use serde_json::{Value, json};

use super::super::{Catalog, Rejection, TenantScope};
use super::library::{ATTIC, Library, base};
use super::session::{clone, domain, scope};
use levain_model::Segment;

struct Case {
    catalog: Catalog,
    scope: TenantScope,
}

impl Case {
    fn new() -> Self {
        let catalog = Library::new().load();
        let scope = scope(&catalog, None, 7);
        Self { catalog, scope }
    }

    /// What is said of a domain whose clone was changed.
    fn rejection(&self, slug: &str, change: impl FnOnce(&mut Vec<Segment>)) -> Rejection {
        let mut segments = clone(&self.catalog, &self.scope, slug);
        change(&mut segments);
        self.catalog
            .check_clone(&self.scope, domain(&self.catalog, slug), segments)
            .unwrap_err()
    }

    /// Demands one fault of a changed loan.
    fn only(&self, change: impl FnOnce(&mut Value), pointer: &str, rule: &str, message: &str) {
        let rejection = self.rejection("lending", |segments| {
            let mut rows: Value = serde_json::from_str(&segments[0].rows).unwrap();
            change(&mut rows);
            segments[0].rows = rows.to_string();
        });
        self.expect(&rejection, "lending.loan", pointer, rule, message);
    }

    fn expect(
        &self,
        rejection: &Rejection,
        source: &str,
        pointer: &str,
        rule: &str,
        message: &str,
    ) {
        let faults = &rejection.faults;
        assert_eq!(rejection.total, 1, "{faults:?}");
        assert_eq!(
            (
                faults[0].source.as_str(),
                faults[0].pointer.as_str(),
                faults[0].rule.as_str()
            ),
            (source, pointer, rule),
            "{faults:?}"
        );
        assert!(faults[0].message.contains(message), "{faults:?}");
    }
}

#[test]
fn valid_clone_is_stored_unchanged() {
    let case = Case::new();
    let segments = clone(&case.catalog, &case.scope, "shelving");
    let checked = case
        .catalog
        .check_clone(
            &case.scope,
            domain(&case.catalog, "shelving"),
            segments.clone(),
        )
        .unwrap();
    assert_eq!(checked.segments.len(), 2);
    for (stored, segment) in checked.segments.iter().zip(&segments) {
        assert_eq!(
            (&stored.entity, &stored.rows),
            (&segment.entity, &segment.rows)
        );
        assert_eq!(
            stored.digest,
            levain_model::sha256_hex(segment.rows.as_bytes())
        );
        assert_eq!(
            (stored.tenant_id, stored.domain.as_str()),
            (case.scope.tenant_id, "shelving")
        );
    }
    assert_eq!(checked.segments[1].records, 3);
    let none = case
        .catalog
        .check_clone(&case.scope, domain(&case.catalog, "lending"), Vec::new())
        .unwrap();
    assert!(none.segments.is_empty(), "a plugin may return nothing");
}

#[test]
fn segments_of_another_domain_are_faults() {
    let case = Case::new();
    let foreign = case.rejection("lending", |segments| {
        segments.extend(
            clone(&case.catalog, &case.scope, "shelving")
                .into_iter()
                .take(1),
        )
    });
    case.expect(&foreign, "lending.shelf", "", "foreign_entity", "owns loan");
    let twice = case.rejection("lending", |segments| segments.extend(segments.clone()));
    case.expect(&twice, "lending.loan", "", "repeated_entity", "one segment");
}

#[test]
fn invalid_json_is_rejected() {
    let case = Case::new();
    for (from, to, pointer, message) in [
        ("[{", "[{,", "/0", "key must be a string"),
        (
            "\"state\":",
            "\"state\":\"OUT\",\"state\":",
            "/0/state",
            "twice",
        ),
        (
            "\"title\":\"Book 1\"",
            "\"title\":\"\\u0000\"",
            "/0/title",
            "U+0000",
        ),
        (
            "\"title\":\"Book 1\"",
            "\"title\":\"\\udc00\"",
            "/0/title",
            "surrogate",
        ),
        (
            "\"title\":\"Book 2\"",
            "\"title\":1e999",
            "/1/title",
            "out of range",
        ),
    ] {
        let rejection = case.rejection("lending", |segments| {
            segments[0].rows = segments[0].rows.replacen(from, to, 1);
        });
        case.expect(&rejection, "lending.loan", pointer, "json", message);
    }
    let rejection = case.rejection("lending", |segments| segments[0].rows = "{}".into());
    case.expect(&rejection, "lending.loan", "", "json", "one array");
}

#[test]
fn records_that_break_schema_or_rules_are_faults() {
    let case = Case::new();
    let id = case
        .catalog
        .derived_id(&case.scope, &base(5, 2).parse().unwrap())
        .to_string();
    case.only(
        |rows| rows[1]["state"] = "LOST".into(),
        "/1/state",
        "schema",
        &id,
    );
    case.only(
        |rows| rows[1]["lent_at"] = "BASE_TS".into(),
        "/1/lent_at",
        "schema",
        "date-time",
    );
    case.only(
        |rows| rows[1]["due_at"] = "2026-03-04T10:00:00.000000Z".into(),
        "/1/due_at",
        "schema",
        "date-time",
    );
    case.only(
        |rows| rows[1]["due_at"] = rows[1]["lent_at"].clone(),
        "/1/lent_at",
        "loan_order",
        "before",
    );
    case.only(|rows| rows[0] = json!(null), "/0", "schema", "object");
    case.only(
        |rows| rows[1]["code"] = "LOAN-20260218-AAAAAA".into(),
        "/1/code",
        "loan_code",
        &id,
    );
    let rejection = case.rejection("lending", |segments| {
        let rows: Value = serde_json::from_str(&segments[0].rows).unwrap();
        segments[0].rows = segments[0].rows.replace(
            rows[1]["code"].as_str().unwrap(),
            rows[0]["code"].as_str().unwrap(),
        );
    });
    let rules: Vec<&str> = rejection
        .faults
        .iter()
        .map(|fault| fault.rule.as_str())
        .collect();
    assert_eq!(rules, ["one_code", "loan_code"]);
}

#[test]
fn ids_and_tenants() {
    let case = Case::new();
    let other = scope(&case.catalog, None, 8);
    let derived = |kind, n| {
        case.catalog
            .derived_id(&case.scope, &base(kind, n).parse().unwrap())
            .to_string()
    };
    case.only(
        |rows| rows[1]["tenant_id"] = other.tenant_id.to_string().into(),
        "/1/tenant_id",
        "tenant",
        &derived(5, 2),
    );
    case.only(
        |rows| rows[1]["id"] = base(5, 2).into(),
        "/1/id",
        "identity",
        "derives from no record",
    );
    case.only(
        |rows| rows[1]["id"] = derived(4, 2).into(),
        "/1/id",
        "identity",
        "this entity's fixtures",
    );
    let twice = case.rejection("people", |segments| {
        let mut rows: Value = serde_json::from_str(&segments[1].rows).unwrap();
        rows[1]["id"] = rows[0]["id"].clone();
        segments[1].rows = rows.to_string();
    });
    case.expect(&twice, "people.reader", "/1/id", "unique", &derived(2, 1));
    let stranger = case.rejection("lending", |segments| {
        *segments = clone(&case.catalog, &other, "lending")
    });
    assert!(stranger.faults.iter().any(|fault| fault.rule == "identity"));
    assert!(stranger.faults.iter().any(|fault| fault.rule == "tenant"));
    let house = case.rejection("people", |segments| {
        let mut rows: Value = serde_json::from_str(&segments[0].rows).unwrap();
        rows[0]["id"] = ATTIC.into();
        segments[0].rows = rows.to_string();
    });
    case.expect(&house, "people.house", "/0/id", "identity", ATTIC);
}

#[test]
fn keeps_fifty_faults_and_counts_all() {
    let case = Case::new();
    let rejection = case.rejection("lending", |segments| {
        segments[0].rows = format!("[{}]", vec!["1"; 700].join(","))
    });
    assert_eq!(
        (rejection.faults.len(), rejection.total),
        (Rejection::KEPT, 700)
    );
}
