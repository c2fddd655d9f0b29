//! A second look at a whole session, as its exports tell it.

use serde_json::Value;

use super::super::{Catalog, DomainExport, SessionReport, TenantExport};
use super::desk::{figure, notice, segment};
use super::library::{Library, base};
use super::session::{clone, scope};
use levain_model::Segment;

/// A second trigger that computes figures.
const COUNT: &str = r#"
[[trigger]]
slug = "count"
domain = "people"
phase = "kpis"
writes = "desk.figure"
timeout_ms = 500
reads = [{ entity = "people.reader" }]
figures = ["readers"]
"#;

/// All that a sound session exports.
fn exports(catalog: &Catalog) -> Vec<TenantExport> {
    let places = [
        (None, &["people", "shelving", "lending"][..]),
        (Some("attic"), &["people"][..]),
    ];
    let mut exports: Vec<TenantExport> = places
        .into_iter()
        .map(|(outlet, domains)| {
            let scope = scope(catalog, outlet, 7);
            let domains = domains.iter().map(|domain| DomainExport {
                domain: (*domain).to_owned(),
                segments: clone(catalog, &scope, domain),
            });
            TenantExport {
                domains: domains.collect(),
                scope: scope.clone(),
            }
        })
        .collect();
    let scope = &exports[0].scope;
    let loan = catalog.derived_id(scope, &base(5, 1).parse().unwrap());
    let segments = vec![
        segment(
            "notice",
            &[notice(scope, "overdue", ("lending", "loan", loan))],
        ),
        segment(
            "figure",
            &[
                figure(scope, "tenant", "open_notices"),
                figure(scope, "tenant", "readers"),
            ],
        ),
    ];
    exports[0].domains.push(DomainExport {
        domain: "desk".to_owned(),
        segments,
    });
    exports
}

/// Two triggers compute figures.
fn library() -> Catalog {
    let mut library = Library::new();
    let manifest = library.texts.get_mut("catalog.toml").unwrap();
    manifest.push_str(COUNT);
    library.load()
}

/// Changes the records of one entity of the head.
fn changed(catalog: &Catalog, name: &str, change: impl FnOnce(&mut Vec<Value>)) -> SessionReport {
    let mut exports = exports(catalog);
    let (domain, entity) = name.split_once('.').unwrap();
    let of_domain = |export: &&mut DomainExport| export.domain == domain;
    let export = exports[0].domains.iter_mut().find(of_domain).unwrap();
    let of_entity = |segment: &&mut Segment| segment.entity == entity;
    let segment = export.segments.iter_mut().find(of_entity).unwrap();
    let mut rows: Vec<Value> = serde_json::from_str(&segment.rows).unwrap();
    change(&mut rows);
    segment.rows = Value::from(rows).to_string();
    catalog.check_session(exports)
}

#[test]
fn exports_of_a_valid_session_pass() {
    let catalog = library();
    let report = catalog.check_session(exports(&catalog));
    assert_eq!(report.faults, []);
    // House and two readers, two shelves and three books, two loans, a notice, two figures; and the attic.
    assert_eq!(
        (report.records, report.total, report.unavailable),
        (3 + 5 + 2 + 3 + 1, 0, 0)
    );
}

#[test]
fn every_wrong_record_is_found() {
    let catalog = library();
    let nowhere = base(9, 9);
    let only = |name: &str, change: &dyn Fn(&mut Vec<Value>), rule: &str| {
        let report = changed(&catalog, name, change);
        let [fault] = report.faults.as_slice() else {
            panic!("{name}: {report:?}")
        };
        assert_eq!((fault.source.as_str(), fault.rule.as_str()), (name, rule));
        assert_eq!(report.total, 1);
    };
    only(
        "lending.loan",
        &|rows| rows[0]["book_id"] = nowhere.clone().into(),
        "reference",
    );
    only(
        "shelving.book",
        &|rows| rows[0]["deposit"] = 12.into(),
        "fair_deposit",
    );
    only(
        "desk.notice",
        &|rows| rows[0]["status"] = "lost".into(),
        "schema",
    );
    only(
        "desk.figure",
        &|rows| rows[1]["value"] = "many".into(),
        "schema",
    );
    only("desk.figure", &|rows| rows.push(rows[0].clone()), "unique");
}

#[test]
fn reference_into_a_deleted_domain_is_unavailable() {
    let catalog = library();
    let mut exports = exports(&catalog);
    exports[0]
        .domains
        .retain(|export| export.domain != "shelving");
    let report = catalog.check_session(exports);
    assert_eq!(report.total, 0, "{report:?}");
    assert_eq!(
        report.unavailable, 4,
        "two loans, of a book each and with another in it"
    );
}

#[test]
fn domain_of_another_catalog_is_a_fault() {
    let catalog = library();
    let mut exports = exports(&catalog);
    exports[1].domains.push(DomainExport {
        domain: "music".to_owned(),
        segments: Vec::new(),
    });
    let report = catalog.check_session(exports);
    assert_eq!(
        (report.total, report.faults[0].rule.as_str()),
        (1, "unknown_domain")
    );
}
