//! `x-identity`: what the id of a trigger's record derives from (domain specification,
//! section 6).
//!
//! A trigger receives stored records, which have no base ids. So the id derives from the id that the
//! record's subject has in the session, and its base id in the same way from the subject's base id.

use levain_plugin::identity;
use serde::Deserialize;
use uuid::Uuid;

use super::super::json::Json;
use super::keywords::hint;
use super::shape::{Shape, TextKind};
use levain_model::fault::Fault;
use levain_model::{Column, ColumnKind};

/// What the id of a record derives from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// The field with the id of the record's subject.
    pub(crate) subject: String,
    /// The fields that tell apart the records of one subject.
    pub(crate) label: Vec<String>,
}

impl Identity {
    /// The subject of a record; `None` if the record does not match its schema.
    pub(crate) fn subject(&self, record: &Json<'_>) -> Option<Uuid> {
        TextKind::id(record.get(&self.subject)?.as_text()?)
    }

    /// The values of the label's fields, joined by `/`.
    pub(crate) fn label(&self, record: &Json<'_>) -> Option<String> {
        let mut label = String::new();
        for (index, field) in self.label.iter().enumerate() {
            if index > 0 {
                label.push('/');
            }
            label.push_str(record.get(field)?.as_text()?);
        }
        Some(label)
    }

    /// The id of a record about `subject`; given a base id, the base id.
    pub(crate) fn derive(subject: &Uuid, label: &str) -> Uuid {
        identity::derive_base(subject, label)
    }
}

/// Reads a schema's `x-identity`, if any, and rejects fields that no id could derive from.
pub(super) fn load(
    schema: &Json<'_>,
    shape: &Shape,
    columns: &[Column],
    file: &str,
    faults: &mut Vec<Fault>,
) -> Option<Identity> {
    let value = schema.get("x-identity")?.to_value();
    let mut reasons = Vec::new();
    let identity = match serde_json::from_value::<Identity>(value.clone()) {
        Ok(identity) => Some(identity),
        Err(error) => {
            reasons.push((String::new(), error.to_string()));
            None
        }
    };
    if let Some(Identity { subject, label }) = &identity {
        let fields = Fields { shape, columns };
        reasons.extend(
            fields
                .unfit_subject(subject)
                .map(|reason| ("/subject".to_owned(), reason)),
        );
        if label.is_empty() {
            reasons.push(("/label".to_owned(), "no fields".to_owned()));
        }
        for (index, field) in label.iter().enumerate() {
            let twice = label.iter().take(index).any(|other| other == field);
            let reason = if twice {
                Some(format!("`{field}` stands there twice"))
            } else {
                fields.unfit_label(field)
            };
            reasons.extend(reason.map(|reason| (format!("/label/{index}"), reason)));
        }
    }
    let sound = reasons.is_empty();
    faults.extend(reasons.into_iter().map(|(pointer, reason)| {
        Fault::new(file, format!("/x-identity{pointer}"), "x-identity", reason).with_value(&value)
    }));
    identity.filter(|_| sound)
}

struct Fields<'f> {
    shape: &'f Shape,
    columns: &'f [Column],
}

impl Fields<'_> {
    fn unfit_subject(&self, field: &str) -> Option<String> {
        if field == "id" {
            return Some("an id cannot derive from itself".to_owned());
        }
        if let Some(reason) = self.absent(field) {
            return Some(reason);
        }
        let kind = self.shape.property(field).and_then(|shape| shape.text);
        (kind != Some(TextKind::Id)).then(|| format!("`{field}` is not an id"))
    }

    /// Ids and dates differ from session to session, but the base id must not.
    fn unfit_label(&self, field: &str) -> Option<String> {
        if let Some(reason) = self.absent(field) {
            return Some(reason);
        }
        let is_text = self
            .columns
            .iter()
            .any(|column| column.name == field && column.kind == ColumnKind::Text);
        let kind = self.shape.property(field).and_then(|shape| shape.text);
        (!is_text || kind.is_some())
            .then(|| format!("`{field}` is not a text that is the same in every session"))
    }

    fn absent(&self, field: &str) -> Option<String> {
        match self.columns.iter().find(|column| column.name == field) {
            None if self.shape.property(field).is_some() => None,
            None => {
                let known = self.shape.properties.iter().map(|(name, _)| name.as_str());
                Some(format!("unknown field `{field}`{}", hint(field, known)))
            }
            Some(column) if column.nullable => {
                Some(format!("`{field}` may be null, or absent from a record"))
            }
            Some(_) => None,
        }
    }
}
