//! Faults of the schemas of what triggers make, and of references by name.

use serde_json::{Value, json};

use super::super::library::Library;
use super::{fixture, only};

const NOTICE: &str = "schemas/desk/notice.schema.json";
const LOAN: &str = "schemas/lending/loan.schema.json";

#[test]
fn product_ids_derive_from_their_subject() {
    let told = |identity: Value, pointer: &str, message: &str| {
        let library = fixture(NOTICE, |json| json["x-identity"] = identity);
        let pointer = format!("/x-identity{pointer}");
        only(&library, NOTICE, &pointer, "x-identity", message);
    };
    let subject = |field: &str| json!({"subject": field, "label": ["type"]});
    told(
        subject("subject_if"),
        "/subject",
        "did you mean `subject_id`?",
    );
    told(subject("id"), "/subject", "cannot derive from itself");
    told(subject("text"), "/subject", "`text` is not an id");
    let label = |fields: &[&str]| json!({"subject": "subject_id", "label": fields});
    told(label(&[]), "/label", "no fields");
    told(
        label(&["type", "type"]),
        "/label/1",
        "`type` stands there twice",
    );
    told(label(&["typ"]), "/label/0", "did you mean `type`?");
    told(label(&["outlet"]), "/label/0", "`outlet` may be null");
    told(
        label(&["params"]),
        "/label/0",
        "`params` may be null, or absent",
    );
    for changing in ["subject_id", "seen_at"] {
        told(label(&[changing]), "/label/0", "the same in every session");
    }
    told(
        json!({"subject": "subject_id"}),
        "",
        "missing field `label`",
    );
    told(
        json!({"subject": "subject_id", "label": ["type"], "name": 1}),
        "",
        "unknown field `name`",
    );
}

#[test]
fn entities_with_derived_ids() {
    let without = fixture(NOTICE, |json| {
        json.as_object_mut().unwrap().remove("x-identity");
    });
    only(
        &without,
        NOTICE,
        "",
        "x-identity",
        "triggers make these records",
    );
    let cloned = fixture(LOAN, |json| {
        json["x-identity"] = json!({"subject": "book_id", "label": ["state"]});
    });
    only(
        &cloned,
        LOAN,
        "/x-identity",
        "x-identity",
        "`lending` is not triggered",
    );
    let coded = fixture(NOTICE, |json| {
        let code = json!({"rule": "code", "name": "notice_code", "field": "text", "prefix": "N", "date": "seen_at"});
        json["x-rules"].as_array_mut().unwrap().push(code);
    });
    only(
        &coded,
        NOTICE,
        "/x-rules",
        "x-rules",
        "`notice_code` could not be checked",
    );
}

#[test]
fn fields_that_identify_products() {
    let lacking = |file: &str, field: &str| {
        fixture(file, |json| {
            json["properties"].as_object_mut().unwrap().remove(field);
            let required = json["required"].as_array_mut().unwrap();
            required.retain(|name| name != field);
        })
    };
    for field in ["status", "severity", "outlet"] {
        let message = format!("records of phase alerts are told apart by `{field}`");
        only(
            &lacking(NOTICE, field),
            NOTICE,
            "/properties",
            "product",
            &message,
        );
    }
    let figure = "schemas/desk/figure.schema.json";
    for field in ["value", "outlet"] {
        let message = format!("records of phase kpis are told apart by `{field}`");
        only(
            &lacking(figure, field),
            figure,
            "/properties",
            "product",
            &message,
        );
    }
}

#[test]
fn references_by_name() {
    let told = |change: fn(&mut Value), pointer: &str, message: &str| {
        let library =
            Library::new().with("references.json", |json| change(&mut json["references"]));
        only(
            &library,
            "references.json",
            pointer,
            "reference_map",
            message,
        );
    };
    told(
        |lines| lines[7]["to"] = "lending.loan".into(),
        "/references/7",
        "one of `to` and `named_by`",
    );
    told(
        |lines| {
            lines[7].as_object_mut().unwrap().remove("named_by");
        },
        "/references/7",
        "one of `to` and `named_by`",
    );
    told(
        |lines| lines[7]["named_by"]["domain"] = "subject_domian".into(),
        "/references/7/named_by/domain",
        "no field `subject_domian` beside `subject_id`; did you mean `subject_domain`?",
    );
    told(
        |lines| lines[7]["named_by"]["entity"] = "params".into(),
        "/references/7/named_by/entity",
        "`params` is not a name",
    );
    told(
        |lines| lines[7]["named_by"]["entity"] = "seen_at".into(),
        "/references/7/named_by/entity",
        "`seen_at` is not a name",
    );
    told(
        |lines| lines[8]["named_by"]["entity"] = "subject_entity".into(),
        "/references/8/named_by/entity",
        "beside `evidence[].ids[]`",
    );
    told(
        |lines| lines[7]["conditions"] = json!([{"field": "title", "equals": "x"}]),
        "/references/7/conditions",
        "a record of any entity",
    );
}
