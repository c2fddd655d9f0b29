//! What a trigger can make, and what becomes of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{Catalog, CheckedProduct, CheckedTenant, Rejection, TenantScope};
use super::desk::{figure, notice, segment};
use super::library::{Library, base};
use super::session::session;
use levain_model::{Segment, sha256_hex};

struct Case {
    catalog: Catalog,
    session: Vec<CheckedTenant>,
}

impl Case {
    fn new() -> Self {
        let catalog = Library::new().load();
        let session = session(&catalog);
        Self { catalog, session }
    }

    /// The head, or its outlet.
    fn scope(&self, place: usize) -> &TenantScope {
        &self.session[place].scope
    }

    /// The id that a record of the head has in the session.
    fn id(&self, kind: u8, n: u8) -> Uuid {
        let base_id = base(kind, n).parse().unwrap();
        self.catalog.derived_id(self.scope(0), &base_id)
    }

    /// Two notices of the head about its loans.
    fn overdue(&self) -> Vec<Value> {
        let about = |n| notice(self.scope(0), "overdue", ("lending", "loan", self.id(5, n)));
        let (mut one, mut other) = (about(1), about(2));
        one["evidence"] = json!([
            {"domain": "shelving", "entity": "book", "ids": [self.id(4, 1), self.id(4, 3)]},
            {"domain": "people", "entity": "reader", "ids": [self.id(2, 2)]},
        ]);
        other["status"] = "resolved".into();
        other["settled_at"] = "2026-03-02T09:30:00Z".into();
        vec![one, other]
    }

    fn check(
        &self,
        trigger: &str,
        place: usize,
        segments: Vec<Segment>,
        most: usize,
    ) -> Result<CheckedProduct, Rejection> {
        let trigger = self.catalog.trigger(trigger).unwrap();
        self.catalog
            .check_product(self.scope(place), trigger, segments, &self.session, most)
    }

    /// Demands that the one fault of what `overdue` made is this one.
    fn refused(&self, segments: Vec<Segment>, at: (&str, &str, &str), message: &str) {
        expect(
            &self.check("overdue", 0, segments, 10).unwrap_err(),
            at,
            message,
        );
    }

    /// The same of its two notices, changed.
    fn only(&self, change: impl FnOnce(&mut Vec<Value>), pointer: &str, rule: &str, message: &str) {
        let mut rows = self.overdue();
        change(&mut rows);
        let segments = vec![segment("notice", &rows)];
        self.refused(segments, ("desk.notice", pointer, rule), message);
    }
}

fn expect(rejection: &Rejection, at: (&str, &str, &str), message: &str) {
    let faults = &rejection.faults;
    assert_eq!(rejection.total, 1, "{faults:?}");
    let fault = &faults[0];
    let found = (
        fault.source.as_str(),
        fault.pointer.as_str(),
        fault.rule.as_str(),
    );
    assert_eq!(found, at, "{faults:?}");
    assert!(fault.message.contains(message), "{faults:?}");
}

#[test]
fn valid_product_is_stored_unchanged() {
    let case = Case::new();
    let made = segment("notice", &case.overdue());
    let checked = case.check("overdue", 0, vec![made.clone()], 2).unwrap();
    let [stored] = checked.segments.as_slice() else {
        panic!("{checked:?}")
    };
    assert_eq!(stored.tenant_id, case.scope(0).tenant_id);
    assert_eq!(
        (
            stored.domain.as_str(),
            stored.entity.as_str(),
            stored.part.as_str()
        ),
        ("desk", "notice", "overdue")
    );
    assert_eq!((stored.records, &stored.rows), (2, &made.rows));
    assert_eq!(stored.digest, sha256_hex(made.rows.as_bytes()));
    let counted = BTreeMap::from([("open".to_owned(), 1), ("resolved".to_owned(), 1)]);
    assert_eq!(checked.by_status, counted);
}

#[test]
fn trigger_may_return_no_records() {
    let case = Case::new();
    let nothing = case.check("overdue", 0, Vec::new(), 10).unwrap();
    assert!(nothing.segments.is_empty() && nothing.by_status.is_empty());
    let empty = case.check("overdue", 0, vec![segment("notice", &[])], 10);
    assert_eq!(empty.unwrap().segments[0].records, 0);
}

#[test]
fn product_may_refer_to_any_tenant_of_the_session() {
    let case = Case::new();
    let (head, attic) = (case.scope(0), case.scope(1));
    let errands = [
        notice(attic, "errand", ("shelving", "book", case.id(4, 1))),
        notice(attic, "errand", ("people", "house", attic.tenant_id)),
    ];
    case.check("errands", 1, vec![segment("notice", &errands)], 10)
        .unwrap();
    let mut errand = notice(head, "errand", ("people", "house", attic.tenant_id));
    errand["outlet"] = "attic".into();
    case.check("errands", 0, vec![segment("notice", &[errand])], 10)
        .unwrap();
    let figures = [
        figure(head, "tenant", "open_notices"),
        figure(head, "group", "open_notices"),
    ];
    let checked = case.check("desk-figures", 0, vec![segment("figure", &figures)], 10);
    assert!(
        checked.unwrap().by_status.is_empty(),
        "figures have no status"
    );
}

#[test]
fn segments_of_another_trigger_are_faults() {
    let case = Case::new();
    let figures = vec![segment(
        "figure",
        &[figure(case.scope(0), "tenant", "open_notices")],
    )];
    let message = "the trigger `overdue` writes desk.notice, and no `figure`";
    case.refused(figures, ("desk.figure", "", "foreign_entity"), message);
    let loans = vec![segment("loan", &[])];
    case.refused(loans, ("desk.loan", "", "foreign_entity"), "and no `loan`");
    let twice = vec![segment("notice", &[]), segment("notice", &[])];
    case.refused(twice, ("desk.notice", "", "repeated_entity"), "one segment");
}

#[test]
fn invalid_json_is_rejected() {
    let case = Case::new();
    for (rows, pointer) in [("[{", "/0"), ("{}", ""), ("[] []", "")] {
        let made = Segment {
            entity: "notice".to_owned(),
            rows: rows.to_owned(),
        };
        case.refused(vec![made], ("desk.notice", pointer, "json"), "");
    }
}

#[test]
fn too_many_records_are_rejected() {
    let case = Case::new();
    let made = vec![segment("notice", &case.overdue())];
    let rejection = case.check("overdue", 0, made, 1).unwrap_err();
    assert!(rejection.too_many);
    assert_eq!(rejection.faults[0].rule, "json");
    assert!(rejection.faults[0].message.contains("more than 1 records"));
}

#[test]
fn ids_and_tenants() {
    let case = Case::new();
    let stranger = Uuid::from_u128(99).to_string();
    let expected = case.overdue()[0]["id"].as_str().unwrap().to_owned();
    case.only(
        |rows| rows[0]["tenant_id"] = stranger.clone().into(),
        "/0/tenant_id",
        "tenant",
        &case.scope(0).tenant_id.to_string(),
    );
    case.only(
        |rows| rows[0]["id"] = stranger.clone().into(),
        "/0/id",
        "identity",
        &format!("the id must be {expected}, which derives from its `subject_id`"),
    );
    case.only(
        |rows| rows[0]["type"] = "worn".into(),
        "/0/id",
        "identity",
        "and `worn`",
    );
    case.only(
        |rows| rows[1] = rows[0].clone(),
        "/1/id",
        "unique",
        &expected,
    );
}

#[test]
fn records_that_break_schema_or_rules_are_faults() {
    let case = Case::new();
    case.only(
        |rows| rows[0]["severity"] = "blue".into(),
        "/0/severity",
        "schema",
        "enum",
    );
    case.only(
        |rows| rows[1]["seen_at"] = "BASE_TS".into(),
        "/1/seen_at",
        "schema",
        "date-time",
    );
    case.only(
        |rows| rows[1]["settled_at"] = "2026-03-02T08:59:59Z".into(),
        "/1/seen_at",
        "seen_before_settled",
        "not be after",
    );
    case.only(
        |rows| rows[0]["outlet"] = "cellar".into(),
        "/0/outlet",
        "outlet",
        "the account has no outlet `cellar`, only attic",
    );
    let figures = vec![segment(
        "figure",
        &[figure(case.scope(0), "tenant", "readers")],
    )];
    expect(
        &case.check("desk-figures", 0, figures, 10).unwrap_err(),
        ("desk.figure", "/0/kpi", "figures"),
        "the trigger `desk-figures` computes open_notices, and no `readers`",
    );
}

#[test]
fn references_by_name() {
    let case = Case::new();
    let head = case.scope(0);
    let about =
        |domain: &str, entity: &str, subject| notice(head, "overdue", (domain, entity, subject));
    let nobody = Uuid::from_u128(99);
    case.only(
        |rows| rows[0] = about("lending", "loan", nobody),
        "/0/subject_id",
        "reference",
        "refers to lending.loan 00000000-0000-0000-0000-000000000063, which does not exist in any tenant of the session",
    );
    case.only(
        |rows| rows[0] = about("shelving", "book", case.id(5, 1)),
        "/0/subject_id",
        "reference",
        "refers to shelving.book",
    );
    case.only(
        |rows| rows[0] = about("lendin", "loan", case.id(5, 1)),
        "/0/subject_id",
        "reference",
        "`subject_domain` and `subject_entity` beside it name no entity of the catalog",
    );
    let other: Uuid = case.overdue()[1]["id"].as_str().unwrap().parse().unwrap();
    case.only(
        |rows| rows[0] = about("desk", "notice", other),
        "/0/subject_id",
        "reference",
        "refers to desk.notice",
    );
    case.only(
        |rows| rows[0]["evidence"][0]["ids"][1] = nobody.to_string().into(),
        "/0/evidence/0/ids/1",
        "reference",
        "refers to shelving.book",
    );
    case.only(
        |rows| rows[0]["evidence"][1]["entity"] = "house".into(),
        "/0/evidence/1/ids/0",
        "reference",
        "refers to people.house",
    );
}

#[test]
fn reference_into_a_failed_domain_is_no_fault() {
    let mut case = Case::new();
    let made = vec![segment("notice", &case.overdue())];
    case.session[0].domains.remove("shelving");
    case.check("overdue", 0, made.clone(), 10).unwrap();
    case.session[0].domains.remove("lending");
    case.check("overdue", 0, made, 10).unwrap();
}
