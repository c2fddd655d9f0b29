//! Names: those of domains, entities, plugins and accounts, and the views that are made of them.

use std::collections::BTreeMap;

use super::super::domain::LimitOverrides;
use super::super::schema::nearest;
use super::manifest::{DomainEntry, Manifest};
use super::source::Source;

/// Tables of the host, whose names no view may have.
const TAKEN: &[&str] = &["segments"];
/// Prefixes reserved by the host, SQLite or PostgreSQL.
const TAKEN_PREFIXES: &[&str] = &["demo_", "sqlite_", "pg_"];
/// In bytes. PostgreSQL truncates longer names.
const LONGEST_VIEW: usize = 63;

/// Checks every name of the catalog file.
pub(super) fn check(manifest: &Manifest, source: &mut Source) {
    refuse_zeros(&manifest.limits, "/limits", source);
    let mut domains: BTreeMap<&str, usize> = BTreeMap::new();
    let mut views: BTreeMap<String, String> = BTreeMap::new();
    for (index, domain) in manifest.domain.iter().enumerate() {
        let pointer = format!("/domain/{index}");
        slug(&domain.slug, &format!("{pointer}/slug"), source);
        keys(domain, &pointer, source);
        if let Some(plugin) = domain.plugin.as_ref().filter(|stem| !is_file_stem(stem)) {
            let message =
                format!("`{plugin}` is not the stem of a component's file: use a-z, 0-9, - and _");
            source.refuse(&format!("{pointer}/plugin"), "slug", message);
        }
        if domain.timeout_ms == Some(0) {
            source.refuse(
                &format!("{pointer}/timeout_ms"),
                "bounds",
                "no call ends within 0 ms",
            );
        }
        if let Some(limits) = &domain.limits {
            refuse_zeros(limits, &format!("{pointer}/limits"), source);
        }
        if domain.entities.is_empty() {
            source.refuse(
                &format!("{pointer}/entities"),
                "bounds",
                "a domain owns at least one entity",
            );
        }
        if let Some(first) = domains.insert(&domain.slug, index) {
            let message = format!("domain {first} is named `{}` as well", domain.slug);
            source.refuse(&format!("{pointer}/slug"), "unique", message);
        }
        for (place, entity) in domain.entities.iter().enumerate() {
            let pointer = format!("{pointer}/entities/{place}");
            slug(entity, &pointer, source);
            let view = format!("{}_{entity}", domain.slug);
            let taken = TAKEN.contains(&view.as_str())
                || TAKEN_PREFIXES.iter().any(|taken| view.starts_with(taken));
            if taken {
                source.refuse(
                    &pointer,
                    "view_name",
                    format!("the view `{view}` would clash with a table of the host"),
                );
            }
            if view.len() > LONGEST_VIEW {
                source.refuse(
                    &pointer,
                    "view_name",
                    format!("the view `{view}` has more than {LONGEST_VIEW} characters"),
                );
            }
            if let Some(other) = views.insert(view.clone(), format!("{}.{entity}", domain.slug)) {
                let message = format!("the view `{view}` would be that of {other} as well");
                source.refuse(&pointer, "view_name", message);
            }
        }
    }
    let mut accounts: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, account) in manifest.account.iter().enumerate() {
        let pointer = format!("/account/{index}");
        slug(&account.slug, &format!("{pointer}/slug"), source);
        if let Some(first) = accounts.insert(&account.slug, index) {
            let message = format!("account {first} is named `{}` as well", account.slug);
            source.refuse(&format!("{pointer}/slug"), "unique", message);
        }
        let mut outlets: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, outlet) in account.outlet.iter().enumerate() {
            let pointer = format!("{pointer}/outlet/{index}/slug");
            slug(&outlet.slug, &pointer, source);
            if let Some(first) = outlets.insert(&outlet.slug, index) {
                let message = format!("outlet {first} is named `{}` as well", outlet.slug);
                source.refuse(&pointer, "unique", message);
            }
        }
        let outlets = account.outlet.iter().enumerate();
        let outlets =
            outlets.map(|(index, outlet)| (format!("{pointer}/outlet/{index}"), &outlet.fixtures));
        for (pointer, fixtures) in
            std::iter::once((pointer.clone(), &account.fixtures)).chain(outlets)
        {
            for domain in manifest.domain.iter().filter(|domain| domain.triggered) {
                if fixtures.contains_key(&domain.slug) {
                    let message = format!(
                        "`{}` is triggered: its records are made, not cloned from fixtures",
                        domain.slug
                    );
                    let pointer = format!("{pointer}/fixtures/{}", domain.slug);
                    source.refuse(&pointer, "triggered_domain", message);
                }
            }
            for domain in required(manifest) {
                if fixtures.get(&domain.slug).is_none_or(Vec::is_empty) {
                    let message = format!(
                        "no fixtures for `{}`, which every tenant must have",
                        domain.slug
                    );
                    source.refuse(&format!("{pointer}/fixtures"), "required_domain", message);
                }
            }
            for domain in fixtures
                .keys()
                .filter(|domain| !domains.contains_key(domain.as_str()))
            {
                let hint = nearest(domain, domains.keys().copied());
                let hint = hint
                    .map(|name| format!("; did you mean `{name}`?"))
                    .unwrap_or_default();
                let message = format!("unknown domain `{domain}`{hint}");
                source.refuse(
                    &format!("{pointer}/fixtures/{domain}"),
                    "unknown_domain",
                    message,
                );
            }
        }
    }
}

fn refuse_zeros(limits: &LimitOverrides, pointer: &str, source: &mut Source) {
    for key in limits.zeros() {
        let message = "a limit of 0 leaves room for nothing";
        source.refuse(&format!("{pointer}/{key}"), "bounds", message);
    }
}

fn required(manifest: &Manifest) -> impl Iterator<Item = &DomainEntry> {
    let domains = manifest.domain.iter();
    domains.filter(|domain| domain.required == Some(true))
}

/// Which keys a domain has: those of a plugin, unless it is triggered.
fn keys(domain: &DomainEntry, pointer: &str, source: &mut Source) {
    for (key, is_there, needed) in [
        ("plugin", domain.plugin.is_some(), true),
        ("required", domain.required.is_some(), true),
        ("timeout_ms", domain.timeout_ms.is_some(), true),
        ("limits", domain.limits.is_some(), false),
    ] {
        if domain.triggered && is_there {
            let message = format!("a triggered domain has no plugin to which `{key}` could apply");
            source.refuse(&format!("{pointer}/{key}"), "triggered_domain", message);
        } else if !domain.triggered && !is_there && needed {
            source.refuse(pointer, "toml", format!("missing field `{key}`"));
        }
    }
}

/// Checks that a text is a slug.
pub(super) fn slug(text: &str, pointer: &str, source: &mut Source) {
    let mut characters = text.chars();
    let sound = characters.next().is_some_and(|c| c.is_ascii_lowercase())
        && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !sound {
        let message = format!("`{text}` is not a slug: a letter a-z, then a-z, 0-9 and _");
        source.refuse(pointer, "slug", message);
    }
}

fn is_file_stem(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
}
