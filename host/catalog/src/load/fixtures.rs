//! The fixtures of one tenant: each record is checked like a clone's, at the base reference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use levain_plugin::identity::code_suffix;
use uuid::Uuid;

use super::super::domain::Domain;
use super::super::json::{self, Json};
use super::super::marker;
use super::super::reference::EntityNumber;
use super::super::rules::{self, Demand};
use super::super::schema::{EntitySchema, TextKind, nearest};
use super::Definitions;
use super::accounts::TenantEntry;
use super::source::Source;
use super::tenant::{EntityLoad, TenantLoad};
use levain_model::fault::Fault;

/// Reads and checks all fixtures of a tenant, except for their references.
pub(super) fn read<'m>(
    entry: TenantEntry<'m>,
    definitions: &Definitions<'_>,
    source: &mut Source,
) -> TenantLoad<'m> {
    let Definitions {
        manifest,
        domains,
        entities,
        ..
    } = definitions;
    let mut tenant = TenantLoad {
        entry,
        ids: HashMap::new(),
        entities: BTreeMap::new(),
        domains: BTreeMap::new(),
    };
    let base = manifest.catalog.base_reference.timestamp_micros();
    // Fixtures of a triggered domain are rejected with the catalog file.
    for domain in domains.iter().filter(|domain| !domain.triggered) {
        let Some(files) = tenant.entry.fixtures.get(&domain.slug) else {
            continue;
        };
        let numbers: Vec<EntityNumber> = domain
            .entities
            .iter()
            .filter_map(|entity| entities.number(&domain.slug, entity))
            .collect();
        for number in &numbers {
            tenant.entities.insert(*number, EntityLoad::new(*number));
        }
        tenant.domains.insert(domain.slug.clone(), numbers);
        if files.is_empty() {
            source.refuse(
                &format!("{}/{}", tenant.entry.pointer, domain.slug),
                "bounds",
                "at least one file",
            );
        }
        let mut seen = BTreeSet::new();
        for file in files {
            if !seen.insert(file) {
                source.refuse(
                    &format!("{}/{}", tenant.entry.pointer, domain.slug),
                    "unique",
                    format!("{file} stands there twice"),
                );
                continue;
            }
            let Some(text) = source.read(file) else {
                continue;
            };
            let mut reader = FileReader {
                file,
                base,
                domain,
                definitions,
                tenant: &mut tenant,
                source,
            };
            reader.read(&text);
        }
    }
    tenant
}

struct FileReader<'r, 'm> {
    file: &'r str,
    base: i64,
    domain: &'r Domain,
    definitions: &'r Definitions<'r>,
    tenant: &'r mut TenantLoad<'m>,
    source: &'r mut Source,
}

impl FileReader<'_, '_> {
    fn fault(
        &mut self,
        pointer: &str,
        rule: &str,
        message: impl std::fmt::Display,
        value: Option<&serde_json::Value>,
    ) {
        let fault = Fault::new(self.file, pointer, rule, message);
        self.source.faults.push(match value {
            Some(value) => fault.with_value(value),
            None => fault,
        });
    }

    fn read(&mut self, text: &str) {
        let json = match json::parse(text) {
            Ok(json) => json,
            Err(fault) => return self.fault(&fault.pointer, "json", fault.message, None),
        };
        let Some(fields) = json.as_object() else {
            return self.fault(
                "",
                "json",
                "a fixture is an object, with one array of records per entity",
                None,
            );
        };
        for (entity, records) in fields.iter() {
            let mut pointer = String::new();
            json::push_step(&mut pointer, entity);
            if self.is_of_another_domain(entity) {
                continue;
            }
            let owned = self.domain.entities.iter().any(|known| known == entity);
            let Some(number) = self
                .definitions
                .entities
                .number(&self.domain.slug, entity)
                .filter(|_| owned)
            else {
                let hint = nearest(entity, self.domain.entities.iter().map(String::as_str));
                let hint = hint
                    .map(|name| format!("; did you mean `{name}`?"))
                    .unwrap_or_default();
                self.fault(
                    &pointer,
                    "unknown_entity",
                    format!("`{}` owns no entity `{entity}`{hint}", self.domain.slug),
                    None,
                );
                continue;
            };
            let Some(records) = records.as_list() else {
                self.fault(
                    &pointer,
                    "json",
                    "the records of an entity are an array",
                    None,
                );
                continue;
            };
            for (index, record) in records.iter().enumerate() {
                self.record(number, record, &format!("{pointer}/{index}"));
            }
        }
    }

    /// Whether the file is another domain's as well, and the entity is that one's: an outlet may
    /// have all of its records in one file.
    fn is_of_another_domain(&self, entity: &str) -> bool {
        let domains = self.definitions.domains.iter();
        domains
            .filter(|other| other.slug != self.domain.slug)
            .filter(|other| other.entities.iter().any(|known| known == entity))
            .filter_map(|other| self.tenant.entry.fixtures.get(&other.slug))
            .any(|files| files.iter().any(|file| file == self.file))
    }

    fn record(&mut self, number: EntityNumber, record: &Json<'_>, pointer: &str) {
        let Some(mut load) = self.tenant.entities.remove(&number) else {
            return;
        };
        if load.records > 0 {
            load.rows.push(',');
        }
        load.records += 1;
        // A value parsed from JSON can be written as JSON.
        load.rows
            .push_str(&serde_json::to_string(record).unwrap_or_default());
        let id = self.identity(record, pointer);
        load.base_ids.extend(id);
        let told = match self
            .definitions
            .schemas
            .get(number)
            .and_then(Option::as_ref)
        {
            Some(schema) => self.content(schema, record, id, pointer, &mut load),
            None => record.clone(),
        };
        // An invalid record still exists: references to it are not faults as well.
        if let Some(id) = id {
            let Definitions {
                references,
                entities,
                ..
            } = self.definitions;
            load.extract.add(references, entities, id, &told);
            load.origins
                .push((self.file.to_owned(), pointer.to_owned()));
        }
        self.tenant.entities.insert(number, load);
    }

    /// Checks the ids that every record has.
    fn identity(&mut self, record: &Json<'_>, pointer: &str) -> Option<Uuid> {
        let field = |name: &str| record.get(name).and_then(Json::as_text);
        if let Some(tenant) = field("tenant_id")
            && TextKind::id(tenant).is_some_and(|id| id != self.tenant.entry.base_tenant_id)
        {
            let message = format!(
                "the tenant of these fixtures is {}",
                self.tenant.entry.base_tenant_id
            );
            self.fault(
                &format!("{pointer}/tenant_id"),
                "tenant",
                message,
                Some(&tenant.into()),
            );
        }
        let text = field("id")?;
        let id = TextKind::id(text)?;
        let here = format!("{}#{pointer}", self.file);
        if let Some(first) = self.tenant.ids.get(&id) {
            let message =
                format!("{first} has the same id; an id is one record's in all of a tenant");
            self.fault(
                &format!("{pointer}/id"),
                "unique",
                message,
                Some(&text.into()),
            );
            return None;
        }
        self.tenant.ids.insert(id, here);
        Some(id)
    }

    /// Checks a record against its schema and rules; returns it with markers resolved at the base reference.
    fn content<'j>(
        &mut self,
        schema: &EntitySchema,
        record: &Json<'j>,
        id: Option<Uuid>,
        pointer: &str,
        load: &mut EntityLoad,
    ) -> Json<'j> {
        let mut markers = Vec::new();
        let told = marker::resolve(record, Some(&schema.shape), self.base, &mut markers);
        for fault in markers {
            self.fault(
                &format!("{pointer}{}", fault.pointer),
                "marker",
                fault.message,
                Some(&fault.value.into()),
            );
        }
        if !schema.validator.is_valid(&told) {
            for miss in schema.validator.misses(&told, usize::MAX).0 {
                self.fault(
                    &format!("{pointer}{}", miss.pointer),
                    "schema",
                    miss.message,
                    Some(&miss.value),
                );
            }
            return told;
        }
        let mut broken = Vec::new();
        if let Some(fields) = told.as_object() {
            rules::check(
                &schema.rules,
                fields,
                load.records - 1,
                None,
                &mut load.state,
                |fault| {
                    let value = fields.get(fault.field).map(Json::to_value);
                    broken.push((fault, value));
                },
            );
        }
        for (fault, value) in broken {
            self.fault(
                &format!("{pointer}/{}", fault.field),
                fault.rule,
                fault.message,
                value.as_ref(),
            );
        }
        let coded = schema
            .rules
            .iter()
            .find(|rule| matches!(rule.demand, Demand::Code { .. }));
        if let (Some(rule), Some(id)) = (coded, id)
            && let Some(other) = load.suffixes.insert(code_suffix(&id), id)
        {
            let message = format!(
                "a code of this record would end in {}, like one of record {other}: give one of them another id",
                code_suffix(&id)
            );
            self.fault(
                &format!("{pointer}/id"),
                &rule.name,
                message,
                Some(&id.to_string().into()),
            );
        }
        told
    }
}
