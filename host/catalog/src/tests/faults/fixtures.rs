//! Faults of fixtures.

use serde_json::json;

use super::super::library::{ATTIC, HOUSE, Library, base};
use super::{fixture, only};

#[test]
fn files_that_cannot_be_read() {
    let mut library = Library::new();
    library.files.remove("more-books.json");
    let faults = library.faults();
    assert_eq!(
        (faults[0].source.as_str(), faults[0].rule.as_str()),
        ("more-books.json", "file")
    );
    let mut library = Library::new();
    library.files.remove("schemas/shelving/shelf.schema.json");
    only(
        &library,
        "schemas/shelving/shelf.schema.json",
        "",
        "file",
        "cannot be read",
    );
    for (text, pointer, message) in [
        ("{\"loan\": [", "/loan", "EOF"),
        (
            "{\"loan\": [{\"id\": 1, \"id\": 2}]}",
            "/loan/0/id",
            "twice",
        ),
        ("{\"loan\": [], \"loan\": []}", "/loan", "twice"),
        (
            "{\"loan\": [{\"code\": \"\\u0000\"}]}",
            "/loan/0/code",
            "U+0000",
        ),
        ("[]", "", "an object"),
        ("{\"loan\": {}}", "/loan", "array"),
    ] {
        let mut library = Library::new();
        library.texts.insert("lending.json".into(), text.into());
        only(&library, "lending.json", pointer, "json", message);
    }
}

#[test]
fn records_of_a_fixture() {
    only(
        &fixture("lending.json", |json| json["loans"] = json!([])),
        "lending.json",
        "/loans",
        "unknown_entity",
        "did you mean `loan`?",
    );
    only(
        &fixture("people.json", |json| {
            json["reader"][1]["role"] = "guest".into()
        }),
        "people.json",
        "/reader/1/role",
        "schema",
        "enum",
    );
    only(
        &fixture("shelving.json", |json| json["book"][1]["colour"] = 1.into()),
        "shelving.json",
        "/book/1",
        "schema",
        "additionalProperties",
    );
    only(
        &fixture("shelving.json", |json| {
            json["shelf"][0]["tenant_id"] = base(1, 9).into()
        }),
        "shelving.json",
        "/shelf/0/tenant_id",
        "tenant",
        HOUSE,
    );
    only(
        &fixture("shelving.json", |json| {
            json["shelf"][0]["tenant_id"] = "town".into()
        }),
        "shelving.json",
        "/shelf/0/tenant_id",
        "schema",
        "uuid",
    );
    only(
        &fixture("shelving.json", |json| {
            json["shelf"][1]["id"] = base(4, 1).into()
        }),
        "shelving.json",
        "/shelf/1/id",
        "unique",
        "shelving.json#/book/0",
    );
    let twice = fixture("more-books.json", |json| {
        json["book"][0]["id"] = base(4, 1).into()
    })
    .faults();
    assert!(
        twice.iter().any(|f| f.source == "more-books.json"
            && f.pointer == "/book/0/id"
            && f.rule == "unique")
    );
    let lone = Library::new().with("lending.json", |json| {
        json["loan"] = json!([json["loan"][0]["id"]])
    });
    only(&lone, "lending.json", "/loan/0", "schema", "type");
    only(
        &fixture("shelving.json", |json| {
            json["book"][0]["deposit"] = 11.1.into()
        }),
        "shelving.json",
        "/book/0/deposit",
        "fair_deposit",
        "at most",
    );
    only(
        &fixture("lending.json", |json| {
            json["loan"][0]["due_at"] = "BASE_TS - 2h".into()
        }),
        "lending.json",
        "/loan/0/lent_at",
        "loan_order",
        "before",
    );
    only(
        &fixture("lending.json", |json| {
            json["loan"][1]["code"] = json["loan"][0]["code"].clone()
        }),
        "lending.json",
        "/loan/1/code",
        "one_code",
        "unique",
    );
    only(
        &fixture("people.json", |json| {
            json["reader"][0]["left_on"] = "2024-12-31".into()
        }),
        "people.json",
        "/reader/0/joined_on",
        "joined_before_left",
        "not be after",
    );
    only(
        &fixture("lending.json", |json| {
            json["loan"][1]["due_at"] = "2025-12-15T10:00:00+01:00".into()
        }),
        "lending.json",
        "/loan/1/due_at",
        "schema",
        "date-time",
    );
}

#[test]
fn markers() {
    let marker = |field: &str, text: &str| {
        fixture("lending.json", |json| json["loan"][0][field] = text.into())
    };
    only(
        &marker("due_at", "BASE_TS + 3x"),
        "lending.json",
        "/loan/0/due_at",
        "marker",
        "`x` is not a unit",
    );
    only(
        &marker("title", "BASE_TS + 1h")
            .with("shelving.json", |json| {
                json["book"][0]["title"] = "BASE_TS".into()
            })
            .with("lending.json", |json| {
                json["loan"][0]["title"] = "Book 2".into();
                json["loan"][0]["book_id"] = base(4, 2).into();
            }),
        "shelving.json",
        "/book/0/title",
        "marker",
        "date field only",
    );
    let nested = fixture("shelving.json", |json| {
        json["book"][0]["extra"]["ask"][1]["y"] = "BASE_TS".into()
    });
    only(
        &nested,
        "shelving.json",
        "/book/0/extra/ask/1/y",
        "marker",
        "date field only",
    );
    let day = fixture("people.json", |json| {
        json["reader"][0]["joined_on"] = "BASE_TS - 1w".into()
    });
    day.load();
}

#[test]
fn references_of_a_fixture() {
    only(
        &fixture("lending.json", |json| {
            json["loan"][0]["book_id"] = base(4, 9).into()
        }),
        "lending.json",
        "/loan/0/book_id",
        "reference",
        "shelving.book",
    );
    only(
        &fixture("lending.json", |json| {
            json["loan"][0]["parts"][0]["book_id"] = base(3, 1).into()
        }),
        "lending.json",
        "/loan/0/parts/0/book_id",
        "reference",
        "does not exist",
    );
    only(
        &fixture("lending.json", |json| {
            json["loan"][0]["book_id"] = base(4, 2).into()
        }),
        "lending.json",
        "/loan/0/book_id",
        "condition",
        "Book 1",
    );
    only(
        &fixture("shelving.json", |json| {
            json["book"][0]["shelf_ids"] = json!([base(3, 1), base(3, 2)])
        }),
        "shelving.json",
        "/book/0/shelf_ids/1",
        "condition",
        "must not be false",
    );
    only(
        &fixture("people.json", |json| {
            json["house"][0]["keeper_id"] = base(2, 2).into()
        }),
        "people.json",
        "/house/0/keeper_id",
        "condition",
        "keeper",
    );
    let left = fixture("people.json", |json| {
        json["reader"][1]["left_on"] = "2025-12-12".into()
    })
    .faults();
    assert!(
        left.iter()
            .all(|f| f.rule == "condition" && f.pointer.ends_with("/reader_id"))
            && left.len() == 2,
        "{left:?}"
    );
    fixture("people.json", |json| {
        json["reader"][1]["left_on"] = "2025-12-13".into()
    })
    .load();
    only(
        &fixture("people.json", |json| {
            json["house"][0]["head_id"] = HOUSE.into()
        }),
        "people.json",
        "/house/0/head_id",
        "reference",
        "parent tenant",
    );
    only(
        &fixture("people.json", |json| {
            json["house"][0]["annex_ids"] = json!([HOUSE])
        }),
        "people.json",
        "/house/0/annex_ids/0",
        "reference",
        "any outlet",
    );
    only(
        &fixture("attic.json", |json| {
            json["house"][0]["head_id"] = base(2, 1).into()
        }),
        "attic.json",
        "/house/0/head_id",
        "reference",
        "parent tenant",
    );
    let lacking = Library::new()
        .with_manifest("lending = [\"lending.json\"]", "")
        .with_manifest(
            "shelving = [\"shelving.json\", \"more-books.json\"]",
            "lending = [\"lending.json\"]",
        );
    assert!(
        lacking
            .faults()
            .iter()
            .all(|fault| fault.rule == "reference"),
        "a domain without part in the account has no records"
    );
}

#[test]
fn codes_with_the_same_suffix_are_faults() {
    // Two ids whose codes end in the same six characters, found by trying: the codes of a year of
    // a large house are far fewer than it takes.
    let mut seen = std::collections::HashMap::new();
    let (one, other) = (0_u128..)
        .map(|n| uuid::Uuid::from_u128(0x5000_0000_0000_4000_8000_0000_0000_0000 + n))
        .find_map(|id| {
            seen.insert(levain_plugin::identity::code_suffix(&id), id)
                .map(|first| (first, id))
        })
        .unwrap();
    let library = fixture("lending.json", |json| {
        json["loan"][0]["id"] = one.to_string().into();
        json["loan"][1]["id"] = other.to_string().into();
    });
    only(
        &library,
        "lending.json",
        "/loan/1/id",
        "loan_code",
        &one.to_string(),
    );
}

#[test]
fn one_file_serves_several_domains() {
    let shared = |listed: &str| {
        Library::new()
            .with_manifest("people = [\"attic.json\"]", listed)
            .with("attic.json", |json| {
                json["shelf"] = json!([
                    {"id": base(3, 7), "tenant_id": ATTIC, "label": "C", "is_open": true},
                ]);
            })
    };
    let both = "people = [\"attic.json\"]\nshelving = [\"attic.json\"]";
    let catalog = shared(both).load();
    let slices = &catalog.account("town").unwrap().outlets[0].slices;
    assert_eq!(
        (slices["people"].records, slices["shelving"].records),
        (1, 1)
    );
    assert!(slices["shelving"].segments[0].rows.contains(&base(3, 7)));
    only(
        &shared("people = [\"attic.json\"]"),
        "attic.json",
        "/shelf",
        "unknown_entity",
        "`people` owns no entity `shelf`",
    );
    let elsewhere =
        "people = [\"attic.json\"]\nshelving = [\"attic.json\"]\nlending = [\"lending.json\"]";
    let faults = shared(elsewhere)
        .with("lending.json", |json| json["loan"] = json!([]))
        .with("attic.json", |json| json["loan"] = json!([]))
        .faults();
    let loans =
        |f: &&levain_model::fault::Fault| f.rule == "unknown_entity" && f.pointer == "/loan";
    assert!(
        faults.iter().filter(loans).count() == faults.len(),
        "no domain that lists the file owns loans: {faults:?}"
    );
}
