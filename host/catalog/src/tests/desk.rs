//! What the library's triggers are, and what they make: notices and figures for the desk.

use levain_plugin::identity;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::TenantScope;
use super::library::schema;
use levain_model::Segment;

/// The desk's part of the catalog file, but for its last trigger.
pub(super) const DESK: &str = r#"
[[domain]]
slug = "desk"
title = "What the desk is told, after cloning"
triggered = true
entities = ["notice", "figure"]

[[trigger]]
slug = "overdue"
domain = "lending"
phase = "alerts"
path = "overdue"
writes = "desk.notice"
timeout_ms = 500
reads = [{ entity = "lending.loan" }, { entity = "shelving.book", from = ["parent", "own"] }]

[[trigger]]
slug = "worn-books"
domain = "shelving"
phase = "alerts"
path = "worn/books"
writes = "desk.notice"
timeout_ms = 500
reads = [{ entity = "shelving.shelf" }]

[[trigger]]
slug = "errands"
domain = "people"
phase = "alerts"
writes = "desk.notice"
timeout_ms = 500
reads = [{ entity = "people.house" }]
"#;

/// The trigger that computes figures.
pub(super) const FIGURES: &str = r#"
[[trigger]]
slug = "desk-figures"
domain = "people"
phase = "kpis"
writes = "desk.figure"
timeout_ms = 500
reads = [{ entity = "desk.notice", from = ["own", "outlets"] }]
figures = ["open_notices"]
"#;

/// The schemas of notices and figures.
pub(super) fn schemas() -> [(String, Value); 2] {
    let text = json!({"type": "string", "minLength": 1, "maxLength": 300});
    let id = json!({"type": "string", "format": "uuid"});
    let outlet = json!({"type": ["string", "null"], "maxLength": 20});
    let mut notice = schema(
        "desk",
        "notice",
        &json!({
            "outlet": outlet, "type": {"type": "string", "enum": ["overdue", "worn", "errand"]},
            "severity": {"type": "string", "enum": ["red", "yellow"]},
            "status": {"type": "string", "enum": ["open", "resolved"]}, "text": text,
            "params": {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}},
            "subject_domain": text, "subject_entity": text, "subject_id": id,
            "evidence": {"type": "array", "items": {
                "type": "object",
                "properties": {"domain": text, "entity": text, "ids": {"type": "array", "items": id}},
                "required": ["domain", "entity", "ids"], "additionalProperties": false,
            }},
            "seen_at": {"type": "string", "format": "date-time"},
            "settled_at": {"type": ["string", "null"], "format": "date-time"},
        }),
        &["params", "evidence", "settled_at"],
        &json!([
            {"rule": "not_after", "name": "seen_before_settled", "left": "seen_at", "right": "settled_at"},
        ]),
    );
    notice.1["x-identity"] = json!({"subject": "subject_id", "label": ["type"]});
    let mut figure = schema(
        "desk",
        "figure",
        &json!({
            "outlet": outlet, "scope": {"type": "string", "enum": ["tenant", "group"]},
            "kpi": {"type": "string", "enum": ["open_notices", "readers"]},
            "value": {"type": ["number", "null"]},
        }),
        &[],
        &json!([]),
    );
    figure.1["x-identity"] = json!({"subject": "tenant_id", "label": ["scope", "kpi"]});
    [notice, figure]
}

/// The lines of the reference map that a notice needs.
pub(super) fn references() -> [Value; 2] {
    [
        json!({
            "from": "desk.notice", "field": "subject_id", "scope": "session", "conditions": [],
            "named_by": {"domain": "subject_domain", "entity": "subject_entity"},
        }),
        json!({
            "from": "desk.notice", "field": "evidence[].ids[]", "scope": "session", "conditions": [],
            "named_by": {"domain": "domain", "entity": "entity"},
        }),
    ]
}

/// A sound notice about a record.
pub(super) fn notice(
    scope: &TenantScope,
    kind: &str,
    (domain, entity, subject): (&str, &str, Uuid),
) -> Value {
    json!({
        "id": identity::derive_base(&subject, kind).to_string(), "tenant_id": scope.tenant_id.to_string(),
        "outlet": scope.outlet, "type": kind, "severity": "red", "status": "open", "text": "Look at it",
        "subject_domain": domain, "subject_entity": entity, "subject_id": subject.to_string(),
        "seen_at": "2026-03-02T09:00:00Z", "settled_at": null,
    })
}

/// A sound figure.
pub(super) fn figure(scope: &TenantScope, reach: &str, kpi: &str) -> Value {
    let id = identity::derive_base(&scope.tenant_id, &format!("{reach}/{kpi}"));
    json!({
        "id": id.to_string(), "tenant_id": scope.tenant_id.to_string(), "outlet": scope.outlet,
        "scope": reach, "kpi": kpi, "value": 2,
    })
}

/// Records as a plugin returns them.
pub(super) fn segment(entity: &str, rows: &[Value]) -> Segment {
    Segment {
        entity: entity.to_owned(),
        rows: Value::from(rows).to_string(),
    }
}
