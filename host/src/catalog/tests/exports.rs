//! The canonical export.

use serde_json::Value;

use super::super::{Catalog, TenantScope};
use super::library::{ATTIC, HOUSE, Library, base};
use super::session::{clone, domain, scope};
use crate::segment::Segment;

fn export(
    catalog: &Catalog,
    scope: &TenantScope,
    slug: &str,
    segments: &[Segment],
) -> Result<String, crate::fault::Fault> {
    catalog.canonical(
        catalog.account("town").unwrap(),
        scope,
        domain(catalog, slug),
        segments,
    )
}

#[test]
fn two_sessions_are_the_same() {
    let catalog = Library::new().load();
    for slug in ["people", "shelving", "lending"] {
        let [one, other] = [7, 8].map(|head| {
            let scope = scope(&catalog, None, head);
            let mut segments = clone(&catalog, &scope, slug);
            if head == 8 {
                segments.reverse();
                let mut rows: Vec<Value> = serde_json::from_str(&segments[0].rows).unwrap();
                rows.reverse();
                segments[0].rows = serde_json::to_string_pretty(&rows).unwrap();
            }
            export(&catalog, &scope, slug, &segments).unwrap()
        });
        assert_eq!(one, other);
    }
}

#[test]
fn ids_are_base_ids_wherever_they_stand() {
    let catalog = Library::new().load();
    let scope = scope(&catalog, None, 7);
    let mut segments = clone(&catalog, &scope, "lending");
    let book = catalog.derived_id(&scope, &base(4, 1).parse().unwrap());
    segments[0].rows = segments[0]
        .rows
        .replace("Book 1", &format!("see {book}, and {book}."));
    let text = export(&catalog, &scope, "lending", &segments).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["loan"][0]["id"], base(5, 1));
    assert_eq!(json["loan"][0]["tenant_id"], HOUSE);
    assert_eq!(
        json["loan"][0]["title"],
        format!("see {0}, and {0}.", base(4, 1))
    );
    let people = export(
        &catalog,
        &scope,
        "people",
        &clone(&catalog, &scope, "people"),
    )
    .unwrap();
    let people: Value = serde_json::from_str(&people).unwrap();
    assert_eq!(
        people["house"][0]["annex_ids"][0], ATTIC,
        "a relative's id too"
    );
}

#[test]
fn an_outlet_knows_its_head() {
    let catalog = Library::new().load();
    let scope = scope(&catalog, Some("attic"), 7);
    let text = export(
        &catalog,
        &scope,
        "people",
        &clone(&catalog, &scope, "people"),
    )
    .unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (
            json["house"][0]["id"].as_str(),
            json["house"][0]["head_id"].as_str()
        ),
        (Some(ATTIC), Some(HOUSE))
    );
}

#[test]
fn any_other_id_is_a_fault() {
    let catalog = Library::new().load();
    let scope = scope(&catalog, None, 7);
    let mut segments = clone(&catalog, &scope, "lending");
    segments[0].rows = segments[0]
        .rows
        .replace("Book 2", &format!("{}!", uuid::Uuid::from_u128(5)));
    let fault = export(&catalog, &scope, "lending", &segments).unwrap_err();
    assert_eq!(
        (fault.pointer.as_str(), fault.rule.as_str()),
        ("/1/title", "foreign_id")
    );
}
