//! Fuzz target of the catalog's files, over a small sound catalog in memory: see [`crate::fuzzing`].

use std::collections::BTreeMap;
use std::io;
use std::sync::LazyLock;

use super::super::domain::Domain;
use super::super::reference::{self, Entities, References};
use super::super::schema::EntitySchema;
use super::super::{Catalog, json};
use super::manifest::{self, Manifest};
use super::source::Source;
use super::{Definitions, accounts, fixtures, read, read_schemas, tenant};
use crate::fuzzing::LONGEST_TEXT;
use levain_model::fault::Fault;

const MANIFEST: &str = "catalog.toml";
const REFERENCES: &str = "references.json";
const ACCOUNTS: &str = "accounts.json";
const STAFF: &str = "staff.json";
/// The fixtures of the head, and those of its outlet.
const TOWN: &str = "town.json";
const ATTIC: &str = "attic.json";

/// The files of the sound catalog.
const FILES: &[(&str, &str)] = &[
    (MANIFEST, include_str!("fuzzing/catalog.toml")),
    (REFERENCES, include_str!("fuzzing/references.json")),
    (ACCOUNTS, include_str!("fuzzing/accounts.json")),
    (STAFF, include_str!("fuzzing/staff.json")),
    (TOWN, include_str!("fuzzing/town.json")),
    (ATTIC, include_str!("fuzzing/attic.json")),
    (
        "schemas/people/house.schema.json",
        include_str!("fuzzing/house.schema.json"),
    ),
    (
        "schemas/people/reader.schema.json",
        include_str!("fuzzing/reader.schema.json"),
    ),
    (
        "schemas/lending/loan.schema.json",
        include_str!("fuzzing/loan.schema.json"),
    ),
    (
        "schemas/desk/notice.schema.json",
        include_str!("fuzzing/notice.schema.json"),
    ),
];

/// One file of a catalog is any text: the catalog is refused in words, or is sound.
///
/// The first line of the input names the file; the others are its text. Schemas have a target of
/// their own.
///
/// # Panics
/// If a property is violated.
pub fn catalog(data: &[u8]) {
    let Some((name, text)) = std::str::from_utf8(data)
        .ok()
        .and_then(|data| data.split_once('\n'))
    else {
        return;
    };
    let mut source = source(name, text);
    match name {
        MANIFEST => {
            let catalog = read(&mut source, text.as_bytes());
            let sound = catalog.filter(|_| source.faults.is_empty());
            if let Some(catalog) = sound {
                check_catalog(&catalog);
            }
        }
        REFERENCES => {
            let (entities, schemas) = (&BASE.entities, &BASE.schemas);
            reference::load(name, text, entities, schemas, &mut source.faults);
            check_json(text, &source.faults);
        }
        ACCOUNTS | STAFF => {
            let accounts = accounts::read(&BASE.manifest, &mut source);
            assert!(accounts.len() <= BASE.manifest.account.len());
            assert!(source.faults.is_empty() <= (accounts.len() == BASE.manifest.account.len()));
            check_json(text, &source.faults);
        }
        TOWN | ATTIC => {
            check_fixtures(&mut source);
            check_json(text, &source.faults);
        }
        _ => return,
    }
    source.faults.iter().for_each(check_fault);
}

/// The sound catalog with another text in one of its files.
fn source(name: &str, text: &str) -> Source {
    let (name, text) = (name.to_owned(), text.to_owned());
    let manifest = match name == MANIFEST {
        true => text.clone(),
        false => file(MANIFEST).unwrap_or_default().to_owned(),
    };
    Source::over(MANIFEST.to_owned(), manifest.as_bytes(), move |asked| {
        let found = if asked == name {
            Some(text.as_str())
        } else {
            file(asked)
        };
        found
            .map(|text| text.as_bytes().to_vec())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    })
}

fn file(asked: &str) -> Option<&'static str> {
    let mut files = FILES.iter();
    files.find_map(|(name, text)| (*name == asked).then_some(*text))
}

/// What the sound catalog is read into once, for the files that are read against the others.
struct Base {
    manifest: Manifest,
    domains: Vec<Domain>,
    entities: Entities,
    schemas: Vec<Option<EntitySchema>>,
    references: References,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let text = file(MANIFEST).unwrap_or_default();
    let mut source = source(MANIFEST, text);
    let Some(manifest) = manifest::read(&mut source, text.as_bytes()) else {
        panic!("the sound catalog has faults: {:?}", source.faults);
    };
    let domains = manifest.domains();
    let names = domains.iter().flat_map(|domain| {
        let entities = domain.entities.iter();
        entities.map(|entity| (domain.slug.clone(), entity.clone()))
    });
    let entities = Entities(names.collect());
    let schemas = read_schemas(&entities, &manifest.catalog.schemas, &mut source);
    let references = reference::load(
        REFERENCES,
        file(REFERENCES).unwrap_or_default(),
        &entities,
        &schemas,
        &mut source.faults,
    );
    assert!(source.faults.is_empty(), "{:?}", source.faults);
    Base {
        manifest,
        domains,
        entities,
        schemas,
        references,
    }
});

/// Reads the fixtures of all tenants of the one account.
fn check_fixtures(source: &mut Source) {
    let definitions = Definitions {
        manifest: &BASE.manifest,
        domains: &BASE.domains,
        entities: &BASE.entities,
        schemas: &BASE.schemas,
        references: &BASE.references,
    };
    for account in accounts::read(&BASE.manifest, source) {
        let tenants: Vec<_> = account
            .tenants()
            .into_iter()
            .map(|tenant| fixtures::read(tenant, &definitions, source))
            .collect();
        tenant::check_references(&tenants, &definitions, source);
        account.check_staff(&tenants, source);
        for tenant in tenants {
            let (_, slices, ids) = tenant.finish(&BASE.entities);
            for (domain, slice) in slices {
                let mut records = 0;
                for segment in &slice.segments {
                    // What a plugin is handed is sound JSON, whatever stood in the file.
                    let count = json::parse_rows(&segment.rows, usize::MAX, |_, _| ());
                    let Ok(json::Rows { records: count, .. }) = count else {
                        panic!("{domain}.{}: {}", segment.entity, segment.rows);
                    };
                    assert!(ids.of(&domain, &segment.entity).len() <= count);
                    records += count;
                }
                assert_eq!(records, slice.records);
            }
        }
    }
}

/// A text that is no JSON is a fault.
fn check_json(text: &str, faults: &[Fault]) {
    assert!(!faults.is_empty() || json::parse(text).is_ok());
}

fn check_catalog(catalog: &Catalog) {
    let mut views = BTreeMap::new();
    for domain in catalog.domains() {
        assert!(is_slug(&domain.slug));
        assert!(domain.triggered || domain.timeout.as_millis() > 0);
        for entity in &domain.entities {
            assert!(is_slug(entity));
            let view = format!("{}_{entity}", domain.slug);
            assert!(view.len() <= 63);
            assert_eq!(views.insert(view, ()), None);
            assert!(catalog.schema(&domain.slug, entity).is_some());
        }
    }
    for trigger in catalog.triggers() {
        let (domain, entity) = (&trigger.writes.domain, &trigger.writes.entity);
        assert!(catalog.schema(domain, entity).is_some());
        assert!(
            catalog
                .domain(&trigger.domain)
                .is_some_and(|domain| !domain.triggered)
        );
    }
    for account in catalog.accounts() {
        assert!(is_slug(&account.slug));
    }
    assert!(catalog.proof_instants().len() >= 16);
    assert_eq!(catalog.digest().len(), 64);
}

fn is_slug(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn check_fault(fault: &Fault) {
    assert!(fault.to_string().len() <= LONGEST_TEXT);
    assert!(!fault.rule.is_empty() && !fault.message.is_empty());
}
