//! Replaces ids by base ids everywhere in a record.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::super::json::{self, Fields, Json};
use super::ids::Based;
use levain_model::fault::Fault;

/// Rewrites one record.
pub(super) struct Rewriter<'r> {
    bases: &'r HashMap<Uuid, Uuid>,
    /// The record's own id, if a trigger created it.
    made: Option<Based>,
    source: &'r str,
    pointer: String,
}

impl<'r> Rewriter<'r> {
    pub(super) fn new(
        bases: &'r HashMap<Uuid, Uuid>,
        made: Option<Based>,
        source: &'r str,
        index: usize,
    ) -> Self {
        Self {
            bases,
            made,
            source,
            pointer: format!("/{index}"),
        }
    }

    /// A value with every id in it replaced.
    ///
    /// # Errors
    ///
    /// A [`Fault`] for an id without a base id.
    pub(super) fn value<'j>(&mut self, value: Json<'j>) -> Result<Json<'j>, Fault> {
        Ok(match value {
            Json::Text(text) => Json::Text(self.text(text)?),
            Json::List(items) => {
                let items = items.into_iter().enumerate();
                let items = items.map(|(index, item)| self.within(&index.to_string(), item));
                Json::List(items.collect::<Result<_, _>>()?)
            }
            Json::Object(fields) => {
                let mut rewritten = Vec::with_capacity(fields.0.len());
                for (name, field) in fields.0 {
                    let field = self.within(&name, field)?;
                    rewritten.push((self.text(name)?, field));
                }
                Json::Object(Fields(rewritten))
            }
            other => other,
        })
    }

    fn within<'j>(&mut self, step: &str, value: Json<'j>) -> Result<Json<'j>, Fault> {
        let length = self.pointer.len();
        json::push_step(&mut self.pointer, step);
        let value = self.value(value)?;
        self.pointer.truncate(length);
        Ok(value)
    }

    /// Replaces every id in a text, even inside a sentence.
    fn text<'j>(&self, text: Cow<'j, str>) -> Result<Cow<'j, str>, Fault> {
        let mut rewritten = String::new();
        let mut rest: &str = &text;
        while let Some((at, id)) = find_id(rest) {
            let Some(base_id) = self.base_id(&id) else {
                let message = format!(
                    "{id} is neither this tenant nor an id that derives from the account's fixtures"
                );
                let fault = Fault::new(self.source, self.pointer.as_str(), "foreign_id", message);
                return Err(fault.with_value(&Value::String(text.clone().into_owned())));
            };
            let (before, found) = rest.split_at(at);
            rewritten.push_str(before);
            rewritten.push_str(&base_id.to_string());
            rest = found.get(LENGTH..).unwrap_or_default();
        }
        if rewritten.is_empty() {
            return Ok(text);
        }
        rewritten.push_str(rest);
        Ok(Cow::Owned(rewritten))
    }

    fn base_id(&self, id: &Uuid) -> Option<Uuid> {
        match self.made {
            Some((made, base_id)) if made == *id => Some(base_id),
            _ => self.bases.get(id).copied(),
        }
    }
}

const LENGTH: usize = uuid::fmt::Hyphenated::LENGTH;

/// The first id in a text, and where it is.
fn find_id(text: &str) -> Option<(usize, Uuid)> {
    if text.len() < LENGTH {
        return None;
    }
    // The first hyphen of an id follows eight characters.
    text.match_indices('-').find_map(|(hyphen, _)| {
        let start = hyphen.checked_sub(8)?;
        let id = Uuid::try_parse(text.get(start..start + LENGTH)?).ok()?;
        Some((start, id))
    })
}
