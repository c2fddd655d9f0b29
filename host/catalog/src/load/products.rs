//! Checks the schemas of triggers' records for the fields that the host relies on.

use super::super::domain::Domain;
use super::super::reference::Entities;
use super::super::rules::Demand;
use super::super::schema::{EntitySchema, hint};
use super::super::trigger::{KPI_NAME, Trigger, fields};
use super::manifest::Manifest;
use super::schema_file;
use super::source::Source;
use levain_model::Phase;

/// Checks the schemas of all entities against the domains and triggers that create their records.
pub(super) fn check(
    manifest: &Manifest,
    domains: &[Domain],
    entities: &Entities,
    schemas: &[Option<EntitySchema>],
    triggers: &[Trigger],
    source: &mut Source,
) {
    let directory = &manifest.catalog.schemas;
    for schema in schemas.iter().flatten() {
        let file = schema_file(directory, schema.domain(), schema.entity());
        check_origin(schema, domains, &file, source);
    }
    for phase in Phase::ALL {
        let Some(product) = product(triggers, phase) else {
            continue;
        };
        let (domain, entity) = (&product.writes.domain, &product.writes.entity);
        let Some(schema) = schema_of(entities, schemas, domain, entity) else {
            continue;
        };
        let file = schema_file(directory, domain, entity);
        for field in fields(phase) {
            if schema.shape.property(field).is_none() {
                let known = schema.columns().iter().map(|column| column.name.as_str());
                let message = format!(
                    "records of phase {phase} are told apart by `{field}`, and there is no such field{}",
                    hint(field, known)
                );
                source.fault(&file, "/properties", "product", message);
            }
        }
    }
    for trigger in triggers {
        let (domain, entity) = (&trigger.writes.domain, &trigger.writes.entity);
        if let Some(schema) = schema_of(entities, schemas, domain, entity) {
            check_figures(trigger, schema, manifest, source);
        }
    }
}

/// Records of triggers need an `x-identity`, records of fixtures have none.
fn check_origin(schema: &EntitySchema, domains: &[Domain], file: &str, source: &mut Source) {
    let triggered = domains
        .iter()
        .any(|domain| domain.slug == schema.domain() && domain.triggered);
    let identified = schema.document().get("x-identity").is_some();
    if triggered && !identified {
        let message =
            "triggers make these records: `x-identity` must say what their ids derive from";
        source.fault(file, "", "x-identity", message);
    }
    if !triggered && identified {
        let message = format!(
            "`{}` is not triggered: the ids of its records derive from those of its fixtures",
            schema.domain()
        );
        source.fault(file, "/x-identity", "x-identity", message);
    }
    let coded = schema
        .rules
        .iter()
        .find(|rule| matches!(rule.demand, Demand::Code { .. }));
    if let (true, Some(rule)) = (triggered, coded) {
        let message = format!(
            "`{}` could not be checked: a code derives from a record of the fixtures",
            rule.name
        );
        source.fault(file, "/x-rules", "x-rules", message);
    }
}

/// Every figure is one that a KPI can be.
fn check_figures(
    trigger: &Trigger,
    schema: &EntitySchema,
    manifest: &Manifest,
    source: &mut Source,
) {
    let options = schema
        .shape
        .property(KPI_NAME)
        .and_then(|shape| shape.options.as_ref());
    let Some(options) = options else { return };
    let known = || options.iter().filter_map(|option| option.as_str());
    let mut entries = manifest.trigger.iter();
    let index = entries.position(|entry| entry.slug == trigger.slug);
    for (place, figure) in trigger.figures.iter().enumerate() {
        if known().any(|option| option == figure) {
            continue;
        }
        let message = format!(
            "`{KPI_NAME}` of {} is never `{figure}`{}",
            trigger.writes,
            hint(figure, known())
        );
        let pointer = format!("/trigger/{}/figures/{place}", index.unwrap_or_default());
        source.refuse(&pointer, "figures", message);
    }
}

/// The first trigger of a phase, which says what the phase makes.
fn product(triggers: &[Trigger], phase: Phase) -> Option<&Trigger> {
    triggers.iter().find(|trigger| trigger.phase == phase)
}

fn schema_of<'s>(
    entities: &Entities,
    schemas: &'s [Option<EntitySchema>],
    domain: &str,
    entity: &str,
) -> Option<&'s EntitySchema> {
    schemas.get(entities.number(domain, entity)?)?.as_ref()
}
