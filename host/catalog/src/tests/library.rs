//! A small catalog: a library with an attic, written into a directory of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::{Catalog, CatalogError};
use super::desk;
use levain_model::fault::Fault;

const MANIFEST: &str = r#"
[catalog]
name = "library"
base_reference = "2025-12-13T06:00:00Z"
schemas = "schemas"
references = "references.json"
accounts = "accounts.json"
staff = "staff.json"

[limits]
memory_mib = 32

[[domain]]
slug = "people"
title = "The house and its readers"
plugin = "people"
required = true
timeout_ms = 1000
entities = ["house", "reader"]

[[domain]]
slug = "shelving"
title = "Shelves and books"
plugin = "shelving"
required = false
timeout_ms = 1000
entities = ["shelf", "book"]
[domain.limits]
records = 500

[[domain]]
slug = "lending"
title = "Loans"
plugin = "lending"
required = false
timeout_ms = 1000
entities = ["loan"]

[[account]]
slug = "town"
[account.fixtures]
people = ["people.json"]
shelving = ["shelving.json", "more-books.json"]
lending = ["lending.json"]
[[account.outlet]]
slug = "attic"
[account.outlet.fixtures]
people = ["attic.json"]
"#;

/// The base tenant of the town library.
pub(super) const HOUSE: &str = "10000000-0000-4000-8000-000000000001";
/// The base tenant of its attic.
pub(super) const ATTIC: &str = "10000000-0000-4000-8000-000000000002";

/// The base id of the `n`-th record of a kind.
pub(super) fn base(kind: u8, n: u8) -> String {
    format!("{kind}0000000-0000-4000-8000-{n:012}")
}

/// The files of the library, which a test may change before they are loaded.
pub(super) struct Library {
    /// JSON files by name.
    pub(super) files: BTreeMap<String, Value>,
    /// Files that stand as they are, over those of `files`.
    pub(super) texts: BTreeMap<String, String>,
}

/// The schema of an entity, and its file.
pub(super) fn schema(
    domain: &str,
    entity: &str,
    properties: &Value,
    optional: &[&str],
    rules: &Value,
) -> (String, Value) {
    let mut all = json!({
        "id": {"type": "string", "format": "uuid"},
        "tenant_id": {"type": "string", "format": "uuid"},
    });
    let fields = all.as_object_mut().unwrap();
    fields.extend(properties.as_object().unwrap().clone());
    let required: Vec<&str> = fields
        .keys()
        .map(String::as_str)
        .filter(|name| !optional.contains(name))
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://example.org/{domain}/{entity}/v1"),
        "title": entity, "version": "1.0.0", "type": "object",
        "required": required, "properties": fields, "additionalProperties": false, "x-rules": rules,
    });
    (format!("schemas/{domain}/{entity}.schema.json"), schema)
}

impl Library {
    pub(super) fn new() -> Self {
        let text = json!({"type": "string", "minLength": 1, "maxLength": 40});
        let id = json!({"type": "string", "format": "uuid"});
        let instant = json!({"type": "string", "format": "date-time"});
        let mut files = BTreeMap::from([
            schema(
                "people",
                "house",
                &json!({
                    "name": text,
                    "keeper_id": {"type": ["string", "null"], "format": "uuid"},
                    "head_id": {"type": ["string", "null"], "format": "uuid"},
                    "annex_ids": {"type": "array", "items": id},
                }),
                &["keeper_id", "head_id", "annex_ids"],
                &json!([]),
            ),
            schema(
                "people",
                "reader",
                &json!({
                    "name": text, "role": {"type": "string", "enum": ["keeper", "reader"]},
                    "joined_on": {"type": "string", "format": "date"},
                    "left_on": {"type": ["string", "null"], "format": "date"},
                }),
                &["left_on"],
                &json!([
                    {"rule": "not_after", "name": "joined_before_left", "left": "joined_on", "right": "left_on"},
                ]),
            ),
            schema(
                "shelving",
                "shelf",
                &json!({"label": text, "is_open": {"type": "boolean"}}),
                &[],
                &json!([]),
            ),
            schema(
                "shelving",
                "book",
                &json!({
                    "title": text, "shelf_ids": {"type": "array", "items": id, "minItems": 1},
                    "pages": {"type": "integer", "minimum": 1},
                    "price": {"type": "number", "exclusiveMinimum": 0}, "deposit": {"type": ["number", "null"]},
                    "extra": {"type": ["object", "null"]},
                }),
                &["deposit", "extra"],
                &json!([
                    {"rule": "at_most", "name": "fair_deposit", "left": "deposit", "right": "price", "factor": 1.1},
                ]),
            ),
            schema(
                "lending",
                "loan",
                &json!({
                    "code": {"type": "string", "pattern": "^LOAN-[0-9]{8}-[A-Z0-9]{6}$"},
                    "book_id": id, "reader_id": id, "title": text,
                    "state": {"type": "string", "enum": ["OUT", "BACK"]},
                    "lent_at": instant, "due_at": instant, "parts": {"type": "array", "items": {
                        "type": "object", "properties": {"book_id": id}, "required": ["book_id"], "additionalProperties": false,
                    }},
                }),
                &["parts"],
                &json!([
                    {"rule": "before", "name": "loan_order", "left": "lent_at", "right": "due_at"},
                    {"rule": "unique", "name": "one_code", "fields": ["code"]},
                    {"rule": "code", "name": "loan_code", "field": "code", "prefix": "LOAN", "date": "lent_at"},
                ]),
            ),
        ]);
        files.extend(desk::schemas());
        let own = |from: &str, field: &str, to: &str, conditions: Value| {
            json!({
                "from": from, "field": field, "to": to, "scope": "own", "conditions": conditions,
            })
        };
        files.insert("references.json".into(), json!({"version": "1.0.0", "references": [
            own("people.house", "keeper_id", "people.reader", json!([{"field": "role", "equals": "keeper"}])),
            {"from": "people.house", "field": "head_id", "to": "people.house", "scope": "parent"},
            {"from": "people.house", "field": "annex_ids[]", "to": "people.house", "scope": "outlets"},
            own("shelving.book", "shelf_ids[]", "shelving.shelf", json!([{"field": "is_open", "not_equals": false}])),
            own("lending.loan", "book_id", "shelving.book", json!([{"field": "title", "equals_field_of_referrer": "title"}])),
            own("lending.loan", "reader_id", "people.reader", json!([{"interval": ["joined_on", "left_on"], "contains": "session_instant"}])),
            own("lending.loan", "parts[].book_id", "shelving.book", json!([])),
        ]}));
        let map = files.get_mut("references.json").unwrap();
        let lines = map["references"].as_array_mut().unwrap();
        lines.extend(desk::references());
        let location = json!({"city": "Town", "zone": "Old", "latitude": 40.0, "longitude": -3.0});
        files.insert("accounts.json".into(), json!({"town": {
            "name": "Town Library", "email": "town@example.org", "subdomain": "town", "base_tenant_id": HOUSE,
            "subscription_tier": "plain", "tenant_type": "head", "owner_id": base(2, 1), "location": location,
            "children": [{"slug": "attic", "name": "Attic", "base_tenant_id": ATTIC, "location": location}],
        }, "unused": {}}));
        files.insert("staff.json".into(), json!({"town": {
            "owner": {"user_id": base(2, 1), "name": "Ada", "email": "ada@example.org", "role": "keeper"},
            "staff": [{"user_id": base(2, 2), "name": "Bo", "role": "reader"}],
        }}));
        let people = |n: u8, name: &str, role: &str| {
            json!({
                "id": base(2, n), "tenant_id": HOUSE, "name": name, "role": role, "joined_on": "2025-01-01", "left_on": null,
            })
        };
        files.insert("people.json".into(), json!({
            "house": [{"id": HOUSE, "tenant_id": HOUSE, "name": "Town", "keeper_id": base(2, 1), "head_id": null, "annex_ids": [ATTIC]}],
            "reader": [people(1, "Ada", "keeper"), people(2, "Bo", "reader")],
        }));
        files.insert(
            "attic.json".into(),
            json!({
                "house": [{"id": ATTIC, "tenant_id": ATTIC, "name": "Attic", "head_id": HOUSE}],
            }),
        );
        let book = |n: u8| {
            json!({
                "id": base(4, n), "tenant_id": HOUSE, "title": format!("Book {n}"), "shelf_ids": [base(3, 1)],
                "pages": 100, "price": 10, "deposit": 11.0, "extra": {"ask": ["x", {"y": 1.5}]},
            })
        };
        files.insert(
            "shelving.json".into(),
            json!({
                "shelf": [{"id": base(3, 1), "tenant_id": HOUSE, "label": "A", "is_open": true},
                          {"id": base(3, 2), "tenant_id": HOUSE, "label": "B", "is_open": false}],
                "book": [book(1), book(2)],
            }),
        );
        files.insert("more-books.json".into(), json!({"book": [book(3)]}));
        let loan = |n: u8, lent: &str, due: &str| {
            json!({
                "id": base(5, n), "tenant_id": HOUSE, "code": format!("LOAN-20251213-00000{n}"), "book_id": base(4, n),
                "reader_id": base(2, 2), "title": format!("Book {n}"), "state": "OUT", "lent_at": lent, "due_at": due,
                "parts": [{"book_id": base(4, 3)}],
            })
        };
        files.insert("lending.json".into(), json!({"loan": [
            loan(1, "BASE_TS - 1h30m", "BASE_TS + 2d"), loan(2, "2025-12-01T10:00:00Z", "2025-12-15T10:00:00Z"),
        ]}));
        let manifest = [MANIFEST, desk::DESK, desk::FIGURES].concat();
        Self {
            files,
            texts: BTreeMap::from([("catalog.toml".into(), manifest)]),
        }
    }

    /// Changes one file.
    pub(super) fn with(mut self, file: &str, change: impl FnOnce(&mut Value)) -> Self {
        change(self.files.get_mut(file).unwrap());
        self
    }

    /// Changes the catalog file.
    pub(super) fn with_manifest(mut self, from: &str, to: &str) -> Self {
        let text = self.texts.get_mut("catalog.toml").unwrap();
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
        self
    }

    pub(super) fn write(&self) -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let texts = self.texts.iter().map(|(name, text)| (name, text.clone()));
        for (name, text) in self
            .files
            .iter()
            .map(|(name, json)| (name, json.to_string()))
            .chain(texts)
        {
            let file = directory.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let file = directory.path().join("catalog.toml");
        (directory, file)
    }

    /// Loads it; it must be sound.
    pub(super) fn load(&self) -> Catalog {
        let (_directory, file) = self.write();
        match Catalog::load(&file) {
            Ok(catalog) => catalog,
            Err(CatalogError::Invalid { faults, .. }) => {
                panic!(
                    "{}",
                    faults
                        .iter()
                        .map(Fault::to_string)
                        .collect::<Vec<_>>()
                        .join("\n")
                )
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Loads it; it must not be sound.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let (_directory, file) = self.write();
        match Catalog::load(&file) {
            Err(CatalogError::Invalid { faults, .. }) => faults,
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("no fault was found"),
        }
    }
}
