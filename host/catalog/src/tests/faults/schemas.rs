//! Faults of schemas, of their rules and of the reference map.

use serde_json::{Value, json};

use super::super::library::Library;
use super::{fixture, only};

#[test]
fn schemas() {
    let loan = |change: fn(&mut Value)| fixture("schemas/lending/loan.schema.json", change);
    let has = |library: &Library, pointer: &str, rule: &str, message: &str| {
        let faults = library.faults();
        let file = "schemas/lending/loan.schema.json";
        let found = faults.iter().any(|f| {
            f.source == file
                && f.pointer == pointer
                && f.rule == rule
                && f.message.contains(message)
        });
        assert!(found, "{faults:?}");
    };
    has(
        &loan(|json| json["properties"]["title"]["maxLength"] = (-1).into()),
        "/properties/title/maxLength",
        "draft_2020_12",
        "",
    );
    has(
        &loan(|json| json["properties"]["code"]["pattern"] = "(".into()),
        "/properties/code/pattern",
        "draft_2020_12",
        "",
    );
    has(
        &loan(|json| json["properties"]["code"]["format"] = "isbn".into()),
        "/properties/code/format",
        "draft_2020_12",
        "isbn",
    );
    has(
        &loan(|json| json["properties"]["title"]["maxlength"] = 1.into()),
        "/properties/title/maxlength",
        "keyword",
        "did you mean `maxLength`?",
    );
    has(
        &loan(|json| json["$schema"] = "http://json-schema.org/draft-07/schema#".into()),
        "/$schema",
        "outline",
        "2020-12",
    );
    has(
        &loan(|json| json["$id"] = "https://example.org/people/house/v1".into()),
        "/$id",
        "unique",
        "house.schema.json",
    );
    has(
        &loan(|json| json["$id"] = "https://example.org/loan".into()),
        "/$id",
        "outline",
        "version",
    );
    has(
        &loan(|json| json["version"] = "1".into()),
        "/version",
        "outline",
        "three numbers",
    );
    has(
        &loan(|json| json["additionalProperties"] = true.into()),
        "/additionalProperties",
        "outline",
        "false",
    );
    has(
        &loan(|json| json["required"] = json!(["id"])),
        "/required",
        "outline",
        "tenant_id",
    );
    has(
        &loan(|json| json["properties"]["tenant_id"]["format"] = "email".into()),
        "/properties/tenant_id",
        "outline",
        "uuid",
    );
    has(
        &loan(|json| json["properties"]["title"] = json!({"minLength": 1})),
        "/properties/title",
        "column",
        "no `type`",
    );
    has(
        &loan(|json| json["properties"]["title"]["type"] = json!(["string", "number"])),
        "/properties/title",
        "column",
        "exactly one type",
    );
    has(
        &loan(
            |json| json["properties"]["parts"]["items"] = json!({"type": "object", "additionalProperties": {"type": "string", "format": "uuid"}}),
        ),
        "/properties/parts/items/additionalProperties",
        "format",
        "followed",
    );
}

#[test]
fn rules_of_a_schema() {
    let rules = |change: fn(&mut Value)| {
        fixture("schemas/lending/loan.schema.json", |json| {
            change(&mut json["x-rules"])
        })
    };
    let has = |library: &Library, index: usize, message: &str| {
        let faults = library.faults();
        let pointer = format!("/x-rules/{index}");
        assert!(
            faults.iter().any(|f| f.pointer == pointer
                && f.rule == "x-rules"
                && f.message.contains(message)),
            "{faults:?}"
        );
    };
    has(
        &rules(|json| json[0]["rule"] = "befor".into()),
        0,
        "did you mean `before`?",
    );
    has(
        &rules(|json| json[0]["left"] = "lend_at".into()),
        0,
        "did you mean `lent_at`?",
    );
    has(
        &rules(|json| json[0]["left"] = "title".into()),
        0,
        "not a date",
    );
    has(&rules(|json| json[0]["factor"] = 1.into()), 0, "factor");
    has(
        &rules(|json| {
            json[0] = json!({"rule": "at_most", "name": "x", "left": "title", "right": "code", "factor": 1})
        }),
        0,
        "not a number",
    );
    has(&rules(|json| json[1]["fields"] = json!([])), 1, "no fields");
    has(
        &rules(|json| json[1]["fields"] = json!(["cod"])),
        1,
        "did you mean `code`?",
    );
    has(
        &rules(|json| json[2]["date"] = "code".into()),
        2,
        "not a date",
    );
    has(
        &rules(|json| json[2]["name"] = "one_code".into()),
        2,
        "two rules",
    );
    let mixed = fixture("schemas/people/reader.schema.json", |json| {
        json["properties"]["left_on"]["format"] = "date-time".into()
    });
    assert!(
        mixed
            .faults()
            .iter()
            .any(|f| f.message.contains("two formats"))
    );
}

#[test]
fn the_reference_map() {
    let map = |change: fn(&mut Value)| {
        Library::new().with("references.json", |json| change(&mut json["references"]))
    };
    let file = "references.json";
    let first = |library: &Library, pointer: &str, message: &str| {
        let faults = library.faults();
        let found = faults.iter().any(|f| {
            f.source == file
                && f.pointer == pointer
                && f.rule == "reference_map"
                && f.message.contains(message)
        });
        assert!(found, "{faults:?}");
    };
    only(
        &map(|json| {
            json.as_array_mut().unwrap().remove(6);
        }),
        file,
        "/references",
        "unmapped_id",
        "`parts[].book_id` of lending.loan",
    );
    only(
        &map(|json| {
            json.as_array_mut().unwrap().remove(3);
        }),
        file,
        "/references",
        "unmapped_id",
        "`shelf_ids[]` of shelving.book",
    );
    first(
        &map(|json| json[0]["to"] = "people.raeder".into()),
        "/references/0/to",
        "did you mean `people.reader`?",
    );
    first(
        &map(|json| json[4]["field"] = "book".into()),
        "/references/4/field",
        "did you mean `book_id`?",
    );
    first(
        &map(|json| json[4]["field"] = "title".into()),
        "/references/4/field",
        "no id field",
    );
    first(
        &map(|json| json[0]["scope"] = "world".into()),
        "/references/0",
        "world",
    );
    first(
        &map(|json| json[0]["when"] = 1.into()),
        "/references/0",
        "when",
    );
    first(
        &map(|json| json[0]["conditions"][0]["field"] = "rol".into()),
        "/references/0/conditions/0",
        "did you mean `role`?",
    );
    first(
        &map(|json| json[0]["conditions"][0]["equals"] = "guest".into()),
        "/references/0/conditions/0",
        "never has that value",
    );
    first(
        &map(|json| json[0]["conditions"][0] = json!({"field": "role"})),
        "/references/0/conditions/0",
        "says one of",
    );
    first(
        &map(|json| json[4]["conditions"][0]["equals_field_of_referrer"] = "subject".into()),
        "/references/4/conditions/0",
        "no field `subject`",
    );
    first(
        &map(|json| json[5]["conditions"][0]["interval"][1] = "name".into()),
        "/references/5/conditions/0",
        "not a date",
    );
    first(
        &map(|json| json[5]["conditions"][0]["contains"] = "now".into()),
        "/references/5/conditions/0",
        "now",
    );
    first(
        &map(|json| {
            let line = json[0].clone();
            json.as_array_mut().unwrap().push(line);
        }),
        "/references/9",
        "a line already",
    );
}
