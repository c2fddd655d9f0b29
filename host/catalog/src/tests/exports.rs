//! The canonical export.

use levain_plugin::identity::derive_base;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{Catalog, TenantScope};
use super::desk::{figure, notice, segment};
use super::library::{ATTIC, HOUSE, Library, base};
use super::session::{clone, domain, scope};
use levain_model::Segment;

fn export(
    catalog: &Catalog,
    scope: &TenantScope,
    slug: &str,
    segments: &[Segment],
) -> Result<String, levain_model::fault::Fault> {
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
fn ids_become_base_ids_everywhere() {
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
fn outlet_names_its_head() {
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
fn underived_id_is_a_fault() {
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

/// What two triggers made for the head of a session, in no order.
fn notices(catalog: &Catalog, scope: &TenantScope) -> Vec<Segment> {
    let id = |kind, n| catalog.derived_id(scope, &base(kind, n).parse().unwrap());
    let overdue = [1, 2].map(|n| notice(scope, "overdue", ("lending", "loan", id(5, n))));
    let mut worn = notice(scope, "worn", ("shelving", "book", id(4, 1)));
    worn["text"] = format!("{} is why", worn["id"].as_str().unwrap()).into();
    worn["params"] = json!({"loan": id(5, 1), "seen": 2, "see": format!("loan {}", id(5, 2))});
    let mut errand = notice(scope, "errand", ("people", "house", scope.tenant_id));
    errand["evidence"] = json!([{"domain": "people", "entity": "reader", "ids": [id(2, 1)]}]);
    vec![
        segment("notice", &[errand]),
        segment("notice", &overdue),
        segment("notice", &[worn]),
    ]
}

#[test]
fn parts_of_several_triggers_are_one_array() {
    let catalog = Library::new().load();
    let [one, other] = [7, 8].map(|head| {
        let scope = scope(&catalog, None, head);
        let mut segments = notices(&catalog, &scope);
        if head == 8 {
            segments.reverse();
        }
        export(&catalog, &scope, "desk", &segments).unwrap()
    });
    assert_eq!(one, other);
    let json: Value = serde_json::from_str(&one).unwrap();
    let notices = json["notice"].as_array().unwrap();
    let found: Vec<&str> = notices.iter().map(|n| n["id"].as_str().unwrap()).collect();
    let made = |subject: &str, kind: &str| derive_base(&subject.parse().unwrap(), kind).to_string();
    let mut expected = [
        made(&base(5, 1), "overdue"),
        made(&base(5, 2), "overdue"),
        made(&base(4, 1), "worn"),
        made(HOUSE, "errand"),
    ];
    expected.sort();
    assert_eq!(found, expected);
    let of = |kind: &str| notices.iter().find(|n| n["type"] == kind).unwrap();
    let worn = of("worn");
    assert_eq!(worn["tenant_id"], HOUSE);
    assert_eq!(worn["subject_id"], base(4, 1));
    let params = json!({"loan": base(5, 1), "seen": 2, "see": format!("loan {}", base(5, 2))});
    assert_eq!(worn["params"], params);
    let text = format!("{} is why", made(&base(4, 1), "worn"));
    assert_eq!(worn["text"], text, "its own id as well");
    assert_eq!(of("errand")["evidence"][0]["ids"][0], base(2, 1));
}

#[test]
fn product_of_an_outlet_may_refer_to_its_head() {
    let catalog = Library::new().load();
    let (head, attic) = (scope(&catalog, None, 7), scope(&catalog, Some("attic"), 7));
    let book = catalog.derived_id(&head, &base(4, 1).parse().unwrap());
    let mut made = notice(&attic, "errand", ("shelving", "book", book));
    made["params"] = json!({"head": head.tenant_id});
    let segments = [
        segment("notice", &[made]),
        segment("figure", &[figure(&attic, "tenant", "open_notices")]),
    ];
    let text = export(&catalog, &attic, "desk", &segments).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let (made, figure) = (&json["notice"][0], &json["figure"][0]);
    let base_id = derive_base(&base(4, 1).parse().unwrap(), "errand");
    assert_eq!(made["id"], base_id.to_string());
    assert_eq!(
        (&made["tenant_id"], &made["params"]["head"]),
        (&ATTIC.into(), &HOUSE.into())
    );
    let base_id = derive_base(&ATTIC.parse().unwrap(), "tenant/open_notices");
    assert_eq!(figure["id"], base_id.to_string());
}

#[test]
fn product_may_name_only_its_own_id() {
    let catalog = Library::new().load();
    let scope = scope(&catalog, None, 7);
    let fault = |change: &dyn Fn(&mut [Value])| {
        let mut rows: Vec<Value> =
            serde_json::from_str(&notices(&catalog, &scope)[1].rows).unwrap();
        change(&mut rows);
        let segments = [segment("notice", &rows)];
        let fault = export(&catalog, &scope, "desk", &segments).unwrap_err();
        (fault.source, fault.pointer, fault.rule)
    };
    let expected = |pointer: &str| ("desk.notice".into(), pointer.into(), "foreign_id".into());
    let other = fault(&|rows| rows[1]["text"] = rows[0]["id"].clone());
    assert_eq!(other, expected("/1/text"));
    let label = fault(&|rows| rows[1]["type"] = "worn".into());
    assert_eq!(label, expected("/1/id"), "by the rule that its id follows");
    let stranger = Uuid::from_u128(99);
    let subject = fault(&|rows| rows[0] = notice(&scope, "worn", ("people", "house", stranger)));
    assert_eq!(subject, expected("/0/id"));
}
