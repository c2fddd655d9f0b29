//! The canonical export (domain specification, section 6): what two sessions of one account at one
//! data clock have in common, to the byte.

mod ids;
mod rewrite;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::json::{self, Fields, Json};
use super::{Account, Catalog, Domain, TenantScope};
use levain_model::Segment;
use levain_model::fault::Fault;
use rewrite::Rewriter;

/// Writes one domain of one tenant as RFC 8785 JSON: an object with one array per entity, whose
/// records may come in several segments, sorted by base id, derived ids replaced by their base ids.
pub(super) fn export(
    catalog: &Catalog,
    account: &Account,
    scope: &TenantScope,
    domain: &Domain,
    segments: &[Segment],
) -> Result<String, Fault> {
    let bases = ids::of_group(catalog, account, scope);
    let mut entities: BTreeMap<&str, Vec<Json<'_>>> = BTreeMap::new();
    for segment in segments {
        let source = format!("{}.{}", domain.slug, segment.entity);
        let parsed = json::parse(&segment.rows)
            .map_err(|fault| Fault::new(&source, fault.pointer, "json", fault.message))?;
        let Json::List(records) = parsed else {
            let message = "a segment is one array of records";
            return Err(Fault::new(&source, "", "json", message));
        };
        let schema = catalog.schema(&domain.slug, &segment.entity);
        let identity = schema.and_then(|schema| schema.identity.as_ref());
        let rewritten = entities.entry(&segment.entity).or_default();
        for (index, record) in records.into_iter().enumerate() {
            let made = identity.and_then(|identity| ids::of_product(identity, &record, &bases));
            let mut rewriter = Rewriter::new(&bases, made, &source, index);
            rewritten.push(rewriter.value(record)?);
        }
    }
    for records in entities.values_mut() {
        records.sort_by(|a, b| key(a).cmp(&key(b)));
    }
    let entities = entities
        .into_iter()
        .map(|(entity, records)| (Cow::Borrowed(entity), Json::List(records)));
    serde_json_canonicalizer::to_string(&Json::Object(Fields(entities.collect())))
        .map_err(|error| Fault::new(&domain.slug, "", "canonical", error.to_string()))
}

fn key<'j>(record: &'j Json<'_>) -> Option<&'j str> {
    record.get("id").and_then(Json::as_text)
}
