//! The triggers of the catalog file: which plugin is called, what each reads and writes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::domain::Domain;
use super::super::reference::Entities;
use super::super::schema::hint;
use super::super::trigger::{EntityRef, Read, Relation, Trigger};
use super::entities::slug;
use super::manifest::{Manifest, TriggerEntry};
use super::source::Source;
use levain_model::Phase;

/// The most segments of a path: the routes of the service API have this many placeholders.
const LONGEST_PATH: usize = 2;

/// Reads all triggers and leaves out those with a fault.
pub(super) fn read(
    manifest: &Manifest,
    domains: &[Domain],
    entities: &Entities,
    source: &mut Source,
) -> Vec<Trigger> {
    check_names(&manifest.trigger, source);
    let mut triggers = Vec::new();
    for (index, entry) in manifest.trigger.iter().enumerate() {
        let mut reader = Reader {
            entry,
            pointer: format!("/trigger/{index}"),
            earlier: manifest.trigger.get(..index).unwrap_or_default(),
            all: &manifest.trigger,
            domains,
            entities,
            source,
        };
        triggers.extend(reader.trigger());
    }
    triggers
}

/// Names, the paths of a domain, and figures must be unique.
fn check_names(entries: &[TriggerEntry], source: &mut Source) {
    let mut slugs: BTreeMap<&str, usize> = BTreeMap::new();
    let mut paths: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut figures: BTreeMap<&str, &str> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let pointer = format!("/trigger/{index}");
        if let Some(first) = slugs.insert(&entry.slug, index) {
            let message = format!("trigger {first} is named `{}` as well", entry.slug);
            source.refuse(&format!("{pointer}/slug"), "unique", message);
        }
        if let Some(path) = &entry.path
            && let Some(other) = paths.insert((&entry.domain, path), &entry.slug)
        {
            let message = format!("`{other}` of the same domain has the path `{path}` as well");
            source.refuse(&format!("{pointer}/path"), "unique", message);
        }
        for (place, figure) in entry.figures.iter().enumerate() {
            if let Some(other) = figures.insert(figure, &entry.slug) {
                let message = format!("`{other}` computes the figure `{figure}` already");
                source.refuse(&format!("{pointer}/figures/{place}"), "unique", message);
            }
        }
    }
}

struct Reader<'r> {
    entry: &'r TriggerEntry,
    pointer: String,
    earlier: &'r [TriggerEntry],
    all: &'r [TriggerEntry],
    domains: &'r [Domain],
    entities: &'r Entities,
    source: &'r mut Source,
}

impl Reader<'_> {
    fn refuse(&mut self, field: &str, rule: &str, message: impl std::fmt::Display) {
        let pointer = format!("{}/{field}", self.pointer);
        self.source.refuse(&pointer, rule, message);
    }

    fn trigger(&mut self) -> Option<Trigger> {
        let before = self.source.faults.len();
        let entry = self.entry;
        if !is_name(&entry.slug) {
            let message = format!(
                "`{}` is not the name of a trigger: a letter a-z, then a-z, 0-9 and -",
                entry.slug
            );
            self.refuse("slug", "slug", message);
        }
        self.domain();
        self.path();
        if entry.timeout_ms == 0 {
            self.refuse("timeout_ms", "bounds", "no call ends within 0 ms");
        }
        let phase = self.phase();
        let writes = self.writes(phase);
        let reads = self.reads(phase);
        self.figures(phase);
        let sound = self.source.faults.len() == before;
        Some(Trigger {
            slug: entry.slug.clone(),
            domain: entry.domain.clone(),
            phase: phase?,
            path: entry.path.clone(),
            writes: writes?,
            reads,
            figures: entry.figures.clone(),
            timeout: Duration::from_millis(entry.timeout_ms),
        })
        .filter(|_| sound)
    }

    fn domain(&mut self) {
        let asked = &self.entry.domain;
        match self.domains.iter().find(|domain| domain.slug == *asked) {
            None => {
                let known = self.domains.iter().filter(|domain| !domain.triggered);
                let hint = hint(asked, known.map(|domain| domain.slug.as_str()));
                self.refuse(
                    "domain",
                    "unknown_domain",
                    format!("unknown domain `{asked}`{hint}"),
                );
            }
            Some(domain) if domain.triggered => {
                let message = format!("`{asked}` is triggered: it has no plugin that could answer");
                self.refuse("domain", "triggered_domain", message);
            }
            Some(_) => {}
        }
    }

    fn path(&mut self) {
        let Some(path) = &self.entry.path else { return };
        let names: Vec<&str> = path.split('/').collect();
        if !names.iter().all(|name| is_name(name)) {
            let message =
                format!("`{path}` is not a path: names of a-z, 0-9 and -, with `/` between them");
            self.refuse("path", "slug", message);
        } else if names.len() > LONGEST_PATH {
            let message =
                format!("`{path}` has more than {LONGEST_PATH} names: no call leads there");
            self.refuse("path", "bounds", message);
        } else if names.first() == Some(&"demo") {
            self.refuse("path", "bounds", "paths under `demo` are the host's own");
        }
    }

    fn phase(&mut self) -> Option<Phase> {
        let phase = phase_of(self.entry);
        if phase.is_none() {
            let asked = &self.entry.phase;
            let hint = hint(asked, Phase::ALL.map(Phase::as_str));
            self.refuse(
                "phase",
                "unknown_phase",
                format!("unknown phase `{asked}`{hint}"),
            );
        }
        phase
    }

    fn entity(&mut self, field: &str, name: &str) -> Option<EntityRef> {
        let found = name
            .split_once('.')
            .filter(|(domain, entity)| self.entities.number(domain, entity).is_some());
        let Some((domain, entity)) = found else {
            let known: Vec<String> = (0..self.entities.0.len())
                .map(|number| self.entities.name(number))
                .collect();
            let hint = hint(name, known.iter().map(String::as_str));
            self.refuse(
                field,
                "unknown_entity",
                format!("unknown entity `{name}`{hint}"),
            );
            return None;
        };
        Some(EntityRef {
            domain: domain.to_owned(),
            entity: entity.to_owned(),
        })
    }

    fn is_triggered(&self, domain: &str) -> bool {
        let mut domains = self.domains.iter();
        domains.any(|known| known.slug == domain && known.triggered)
    }

    fn writes(&mut self, phase: Option<Phase>) -> Option<EntityRef> {
        let name = &self.entry.writes;
        let writes = self.entity("writes", name)?;
        if !self.is_triggered(&writes.domain) {
            let message = format!(
                "`{}` is cloned from fixtures: a trigger writes to a domain that is `triggered`",
                writes.domain
            );
            self.refuse("writes", "triggered_domain", message);
            return None;
        }
        let phase = phase?;
        // The first trigger of a phase determines what the phase writes.
        let of_phase = |entry: &&TriggerEntry| phase_of(entry) == Some(phase);
        if let Some(first) = self.earlier.iter().find(of_phase) {
            if first.writes != *name {
                let message = format!(
                    "a phase makes one entity, and `{}` of phase {phase} writes {}",
                    first.slug, first.writes
                );
                self.refuse("writes", "phase_writes", message);
            }
        } else if let Some(other) = self.earlier.iter().find(|other| other.writes == *name) {
            let message = format!(
                "`{}` of phase {} writes {name}: each phase makes its own",
                other.slug, other.phase
            );
            self.refuse("writes", "phase_writes", message);
        }
        Some(writes)
    }

    fn reads(&mut self, phase: Option<Phase>) -> Vec<Read> {
        let mut reads: Vec<Read> = Vec::new();
        for (index, read) in self.entry.reads.iter().enumerate() {
            let field = format!("reads/{index}");
            let from = self.relations(&field, read.from.as_deref());
            let Some(entity) = self.entity(&format!("{field}/entity"), &read.entity) else {
                continue;
            };
            if reads.iter().any(|earlier| earlier.entity == entity) {
                let message = format!("{entity} stands there twice");
                self.refuse(&field, "unique", message);
            }
            self.product(&format!("{field}/entity"), &entity, phase);
            reads.push(Read { entity, from });
        }
        reads
    }

    fn relations(&mut self, field: &str, names: Option<&[String]>) -> Vec<Relation> {
        let Some(names) = names else {
            return vec![Relation::Own];
        };
        if names.is_empty() {
            self.refuse(
                &format!("{field}/from"),
                "bounds",
                "of at least one of own, parent, outlets",
            );
        }
        for (place, name) in names.iter().enumerate() {
            let field = format!("{field}/from/{place}");
            if !Relation::ALL.iter().any(|known| known.as_str() == name) {
                let hint = hint(name, Relation::ALL.map(Relation::as_str));
                let message =
                    format!("unknown relation `{name}`, there are own, parent, outlets{hint}");
                self.refuse(&field, "unknown_relation", message);
            } else if names.iter().take(place).any(|earlier| earlier == name) {
                self.refuse(&field, "unique", format!("`{name}` stands there twice"));
            }
        }
        let named = |relation: &Relation| names.iter().any(|name| name == relation.as_str());
        Relation::ALL.into_iter().filter(named).collect()
    }

    /// A trigger may read a triggered domain only if an earlier phase writes it.
    fn product(&mut self, field: &str, entity: &EntityRef, phase: Option<Phase>) {
        if !self.is_triggered(&entity.domain) {
            return;
        }
        let name = entity.to_string();
        match self.all.iter().find(|maker| maker.writes == name) {
            None => self.refuse(field, "phase_order", format!("no trigger writes {name}")),
            Some(maker) => {
                let (Some(made), Some(phase)) = (phase_of(maker), phase) else {
                    return;
                };
                if made >= phase {
                    let message = format!(
                        "{name} is made in phase {made}, which is not over when phase {phase} reads"
                    );
                    self.refuse(field, "phase_order", message);
                }
            }
        }
    }

    fn figures(&mut self, phase: Option<Phase>) {
        let figures = &self.entry.figures;
        match phase {
            Some(Phase::Kpis) if figures.is_empty() => {
                let message = "a trigger of phase kpis names the figures that it computes";
                self.refuse("figures", "figures", message);
            }
            Some(Phase::Alerts | Phase::Insights) if !figures.is_empty() => {
                let message = "only a trigger of phase kpis computes figures";
                self.refuse("figures", "figures", message);
            }
            _ => {}
        }
        for (place, figure) in figures.iter().enumerate() {
            let pointer = format!("{}/figures/{place}", self.pointer);
            slug(figure, &pointer, self.source);
        }
    }
}

fn phase_of(entry: &TriggerEntry) -> Option<Phase> {
    let mut phases = Phase::ALL.into_iter();
    phases.find(|phase| phase.as_str() == entry.phase)
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| c.is_ascii_lowercase())
        && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
