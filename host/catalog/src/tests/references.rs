//! References over a whole session.

use serde_json::Value;

use super::super::{Catalog, CheckedTenant, ReferenceReport};
use super::library::Library;
use super::session::{clone, domain, session};

fn report(catalog: &Catalog, tenants: &[CheckedTenant]) -> ReferenceReport {
    catalog.check_references(tenants[0].scope.session_created_at, tenants)
}

/// Clones a domain of the head again, changed.
fn change(
    catalog: &Catalog,
    tenants: &mut [CheckedTenant],
    slug: &str,
    entity: usize,
    edit: impl FnOnce(&mut Value),
) {
    let scope = tenants[0].scope.clone();
    let mut segments = clone(catalog, &scope, slug);
    let mut rows: Value = serde_json::from_str(&segments[entity].rows).unwrap();
    edit(&mut rows);
    segments[entity].rows = rows.to_string();
    let checked = catalog
        .check_clone(&scope, domain(catalog, slug), segments)
        .unwrap();
    tenants[0].domains.insert(slug.to_owned(), checked);
}

#[test]
fn valid_session_passes() {
    let catalog = Library::new().load();
    let tenants = session(&catalog);
    let report = report(&catalog, &tenants);
    assert!(report.holds(), "{report:?}");
    assert_eq!(
        report.domains.len(),
        4,
        "every domain of every tenant has its line"
    );
    assert!(
        report
            .domains
            .values()
            .all(|findings| findings.unavailable == 0)
    );
}

#[test]
fn each_scope_and_condition_is_checked() {
    let catalog = Library::new().load();
    let nobody = uuid::Uuid::from_u128(99).to_string();
    type Edit<'e> = Box<dyn Fn(&mut Value) + 'e>;
    let cases: Vec<(&str, usize, Edit<'_>, &str, &str)> = vec![
        (
            "lending",
            0,
            Box::new(|rows| rows[1]["book_id"] = nobody.clone().into()),
            "/1/book_id",
            "reference",
        ),
        (
            "lending",
            0,
            Box::new(|rows| rows[1]["parts"][0]["book_id"] = nobody.clone().into()),
            "/1/parts/0/book_id",
            "reference",
        ),
        (
            "lending",
            0,
            Box::new(|rows| rows[1]["title"] = "Else".into()),
            "/1/book_id",
            "condition",
        ),
        (
            "people",
            1,
            Box::new(|rows| rows[0]["role"] = "reader".into()),
            "/0/keeper_id",
            "condition",
        ),
        (
            "people",
            0,
            Box::new(|rows| rows[0]["annex_ids"][0] = nobody.clone().into()),
            "/0/annex_ids/0",
            "reference",
        ),
        (
            "people",
            0,
            Box::new(|rows| rows[0]["head_id"] = nobody.clone().into()),
            "/0/head_id",
            "reference",
        ),
        (
            "shelving",
            0,
            Box::new(|rows| rows[0]["is_open"] = false.into()),
            "/0/shelf_ids/0",
            "condition",
        ),
    ];
    for (slug, entity, edit, pointer, rule) in cases {
        let mut tenants = session(&catalog);
        change(&catalog, &mut tenants, slug, entity, edit);
        let report = report(&catalog, &tenants);
        let findings = &report.domains[&(tenants[0].scope.tenant_id, slug.to_owned())];
        let fault = &findings.faults[0];
        assert_eq!(
            (fault.pointer.as_str(), fault.rule.as_str()),
            (pointer, rule),
            "{fault}"
        );
        assert!(
            fault.source.starts_with(slug) && fault.message.starts_with("record "),
            "{fault}"
        );
    }
    let mut tenants = session(&catalog);
    change(&catalog, &mut tenants, "people", 1, |rows| {
        rows[1]["left_on"] = "2026-03-01".into()
    });
    let gone = report(&catalog, &tenants);
    assert_eq!(
        gone.domains[&(tenants[0].scope.tenant_id, "lending".to_owned())].total,
        2
    );
    change(&catalog, &mut tenants, "people", 1, |rows| {
        rows[1]["left_on"] = "2026-03-02".into()
    });
    assert!(
        report(&catalog, &tenants).holds(),
        "the last day counts whole"
    );
}

#[test]
fn outlet_refers_to_its_own_head() {
    let catalog = Library::new().load();
    let mut tenants = session(&catalog);
    let attic = tenants[1].scope.clone();
    let sound = clone(&catalog, &attic, "people");
    let head = tenants[0].scope.tenant_id.to_string();
    for (wrong, message) in [
        (
            uuid::Uuid::from_u128(8),
            "does not exist in the parent tenant",
        ),
        (attic.tenant_id, "does not exist in the parent tenant"),
    ] {
        let mut segments = sound.clone();
        let mut rows: Value = serde_json::from_str(&segments[0].rows).unwrap();
        assert_eq!(rows[0]["head_id"], head);
        rows[0]["head_id"] = wrong.to_string().into();
        segments[0].rows = rows.to_string();
        let people = domain(&catalog, "people");
        let checked = catalog.check_clone(&attic, people, segments).unwrap();
        tenants[1].domains.insert("people".to_owned(), checked);
        let report = report(&catalog, &tenants);
        let of =
            |place: usize| &report.domains[&(tenants[place].scope.tenant_id, "people".to_owned())];
        let fault = &of(1).faults[0];
        assert_eq!(
            (of(1).total, fault.pointer.as_str(), fault.rule.as_str()),
            (1, "/0/head_id", "reference")
        );
        assert!(fault.message.contains(message), "{fault}");
        assert_eq!(
            (of(0).total, of(0).unavailable),
            (0, 1),
            "what the head has to do with the outlet is lost with it"
        );
    }
}

#[test]
fn missing_domain_is_unavailable() {
    let catalog = Library::new().load();
    let mut tenants = session(&catalog);
    let tenant_id = tenants[0].scope.tenant_id;
    tenants[0].domains.remove("shelving");
    let without = report(&catalog, &tenants);
    assert!(without.holds());
    let lending = &without.domains[&(tenant_id, "lending".to_owned())];
    assert_eq!(lending.unavailable, 4, "two books and two parts");
    assert!(
        !without
            .domains
            .contains_key(&(tenant_id, "shelving".to_owned()))
    );

    tenants[1].domains.remove("people");
    let without = report(&catalog, &tenants);
    assert_eq!(
        without.domains[&(tenant_id, "people".to_owned())].unavailable,
        1,
        "the outlet's house"
    );
}

#[test]
fn failing_domain_is_unavailable_to_others() {
    let catalog = Library::new().load();
    let mut tenants = session(&catalog);
    change(&catalog, &mut tenants, "shelving", 0, |rows| {
        rows[0]["is_open"] = false.into()
    });
    let report = report(&catalog, &tenants);
    let tenant_id = tenants[0].scope.tenant_id;
    assert_eq!(report.domains[&(tenant_id, "shelving".to_owned())].total, 3);
    let lending = &report.domains[&(tenant_id, "lending".to_owned())];
    assert_eq!((lending.total, lending.unavailable), (0, 4));
}
