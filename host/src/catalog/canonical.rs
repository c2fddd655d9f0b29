//! The canonical export (domain specification, section 6): what two sessions of one account at one
//! data clock have in common, to the byte.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::identity::derive;
use super::json::{self, Fields, Json};
use super::{Account, Catalog, Domain, TenantScope};
use crate::fault::Fault;
use crate::segment::Segment;

/// Writes one domain of one tenant as RFC 8785 JSON: an object with one array per segment, records
/// sorted by base id, derived ids replaced by their base ids.
pub(super) fn export(
    catalog: &Catalog,
    account: &Account,
    scope: &TenantScope,
    domain: &Domain,
    segments: &[Segment],
) -> Result<String, Fault> {
    let bases = base_ids(catalog, account, scope);
    let mut entities = Vec::new();
    for segment in segments {
        let source = format!("{}.{}", domain.slug, segment.entity);
        let parsed = json::parse(&segment.rows)
            .map_err(|fault| Fault::new(&source, fault.pointer, "json", fault.message))?;
        let Json::List(records) = parsed else {
            return Err(Fault::new(
                &source,
                "",
                "json",
                "a segment is one array of records",
            ));
        };
        let mut rewritten = Vec::with_capacity(records.len());
        for (index, record) in records.into_iter().enumerate() {
            let mut writer = Rewriter {
                bases: &bases,
                source: &source,
                pointer: format!("/{index}"),
            };
            rewritten.push(writer.value(record)?);
        }
        rewritten.sort_by(|a, b| key(a).cmp(&key(b)));
        entities.push((
            Cow::Borrowed(segment.entity.as_str()),
            Json::List(rewritten),
        ));
    }
    serde_json_canonicalizer::to_string(&Json::Object(Fields(entities)))
        .map_err(|error| Fault::new(&domain.slug, "", "canonical", error.to_string()))
}

fn key<'j>(record: &'j Json<'_>) -> Option<&'j str> {
    record.get("id").and_then(Json::as_text)
}

/// The base id of every id that this tenant or one of its relatives can have.
fn base_ids(catalog: &Catalog, account: &Account, scope: &TenantScope) -> HashMap<Uuid, Uuid> {
    let head = scope.parent_tenant_id.unwrap_or(scope.tenant_id);
    let outlets = account.outlets.iter().map(|outlet| {
        let own = scope.outlet.as_ref() == Some(&outlet.slug);
        let id = if own {
            scope.tenant_id
        } else {
            derive(head, account.base_tenant_id, &outlet.base_tenant_id)
        };
        (Some(outlet.slug.clone()), id)
    });
    let mut bases = HashMap::new();
    for (outlet, tenant_id) in std::iter::once((None, head)).chain(outlets) {
        let Some(ids) = catalog.base_ids.get(&(account.slug.clone(), outlet)) else {
            continue;
        };
        bases.insert(tenant_id, ids.base_tenant_id);
        bases.extend(
            ids.all()
                .map(|base_id| (derive(tenant_id, ids.base_tenant_id, base_id), *base_id)),
        );
    }
    bases
}

struct Rewriter<'r> {
    bases: &'r HashMap<Uuid, Uuid>,
    source: &'r str,
    pointer: String,
}

impl Rewriter<'_> {
    fn value<'j>(&mut self, value: Json<'j>) -> Result<Json<'j>, Fault> {
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

    /// Replaces every id in a text, also in the middle of a sentence.
    fn text<'j>(&self, text: Cow<'j, str>) -> Result<Cow<'j, str>, Fault> {
        let mut rewritten = String::new();
        let mut rest: &str = &text;
        while let Some((at, id)) = find_id(rest) {
            let Some(base_id) = self.bases.get(&id) else {
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
}

const LENGTH: usize = uuid::fmt::Hyphenated::LENGTH;

/// The first id in a text, and where it is.
fn find_id(text: &str) -> Option<(usize, Uuid)> {
    if text.len() < LENGTH {
        return None;
    }
    // The first hyphen of an id stands after eight characters.
    text.match_indices('-').find_map(|(hyphen, _)| {
        let start = hyphen.checked_sub(8)?;
        let id = Uuid::try_parse(text.get(start..start + LENGTH)?).ok()?;
        Some((start, id))
    })
}
