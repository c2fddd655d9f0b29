//! Reads the catalog and all files that it names, and checks them. Every fault of every file
//! is listed at once: a fault in one file hides none in another.

mod accounts;
mod entities;
mod fixtures;
pub(super) mod fuzzing;
mod manifest;
mod products;
mod proof;
mod source;
mod tenant;
mod thresholds;
mod triggers;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::identity::BaseIds;
use super::reference::{self, Entities, References};
use super::schema::{self, EntitySchema};
use super::{Account, Catalog, CatalogError, Domain, TenantKey};
use accounts::AccountLoad;
use manifest::Manifest;
use source::Source;
use tenant::TenantLoad;

pub(super) fn load(file: &Path) -> Result<Catalog, CatalogError> {
    let text = std::fs::read(file).map_err(|source| CatalogError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    let mut source = Source::new(file, &text);
    let catalog = read(&mut source, &text);
    match catalog {
        Some(catalog) if source.faults.is_empty() => Ok(catalog),
        _ => Err(CatalogError::Invalid {
            file: file.to_owned(),
            faults: source.faults,
        }),
    }
}

fn read(source: &mut Source, text: &[u8]) -> Option<Catalog> {
    let manifest = manifest::read(source, text)?;
    entities::check(&manifest, source);
    thresholds::check(&manifest, source);
    let proof_instants = proof::instants(&manifest, source);
    let domains = manifest.domains();
    let list = domains.iter().flat_map(|domain| {
        domain
            .entities
            .iter()
            .map(|entity| (domain.slug.clone(), entity.clone()))
    });
    let entities = Entities(list.collect());
    let triggers = triggers::read(&manifest, &domains, &entities, source);
    let schemas = read_schemas(&entities, &manifest.catalog.schemas, source);
    products::check(&manifest, &domains, &entities, &schemas, &triggers, source);
    let references = match source.read(&manifest.catalog.references) {
        Some(text) => reference::load(
            &manifest.catalog.references,
            &text,
            &entities,
            &schemas,
            &mut source.faults,
        ),
        None => References::default(),
    };
    let definitions = Definitions {
        manifest: &manifest,
        domains: &domains,
        entities: &entities,
        schemas: &schemas,
        references: &references,
    };
    let mut base_ids = BTreeMap::new();
    let accounts: Vec<Account> = accounts::read(&manifest, source)
        .into_iter()
        .map(|account| read_fixtures(account, &definitions, &mut base_ids, source))
        .collect();
    // A missing schema is a fault, and a catalog with faults is not returned.
    let schemas: Vec<EntitySchema> = schemas.into_iter().flatten().collect();
    Some(Catalog {
        name: manifest.catalog.name.clone(),
        digest: source.digest(),
        base_reference: manifest.catalog.base_reference,
        limits: manifest.limits,
        proof_instants,
        domains,
        triggers,
        accounts,
        entities,
        schemas,
        references,
        base_ids,
    })
}

/// What fixtures are checked against.
struct Definitions<'d> {
    manifest: &'d Manifest,
    domains: &'d [Domain],
    entities: &'d Entities,
    /// By entity number; `None` where a schema could not be read, which is its own fault.
    schemas: &'d [Option<EntitySchema>],
    references: &'d References,
}

/// Reads the fixtures of all tenants of an account.
fn read_fixtures(
    mut loading: AccountLoad<'_>,
    definitions: &Definitions<'_>,
    base_ids: &mut BTreeMap<TenantKey, BaseIds>,
    source: &mut Source,
) -> Account {
    let mut tenants: Vec<TenantLoad<'_>> = Vec::new();
    for tenant in loading.tenants() {
        tenants.push(fixtures::read(tenant, definitions, source));
    }
    tenant::check_references(&tenants, definitions, source);
    loading.check_staff(&tenants, source);
    let account = &mut loading.account;
    for tenant in tenants {
        let (outlet, slices, ids) = tenant.finish(definitions.entities);
        base_ids.insert((account.slug.clone(), outlet.clone()), ids);
        let slices = slices
            .into_iter()
            .map(|(domain, slice)| (domain, Arc::new(slice)))
            .collect();
        match account
            .outlets
            .iter_mut()
            .find(|known| outlet.as_ref() == Some(&known.slug))
        {
            Some(outlet) => outlet.slices = slices,
            None => account.slices = slices,
        }
    }
    loading.account
}

/// The schemas by entity number.
fn read_schemas(
    entities: &Entities,
    directory: &str,
    source: &mut Source,
) -> Vec<Option<EntitySchema>> {
    let mut schemas: Vec<Option<EntitySchema>> = Vec::new();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for (domain, entity) in &entities.0 {
        let file = schema_file(directory, domain, entity);
        let schema = source
            .read(&file)
            .and_then(|text| schema::load(domain, entity, &file, &text, &mut source.faults));
        let id = schema
            .as_ref()
            .and_then(|schema| schema.document().get("$id"))
            .and_then(|id| id.as_str());
        if let Some(id) = id
            && let Some(other) = ids.insert(id.to_owned(), file.clone())
        {
            source.fault(
                &file,
                "/$id",
                "unique",
                format!("{other} has the same `$id`, {id}"),
            );
        }
        schemas.push(schema);
    }
    schemas
}

fn schema_file(directory: &str, domain: &str, entity: &str) -> String {
    let directory = directory.trim_end_matches('/');
    format!("{directory}/{domain}/{entity}.schema.json")
}
