//! `levain plugin install`, `diff` and `rollback`.

use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Map, Value, json};
use ureq::http::Method;

use super::responses::{
    Candidate, Changes, Cost, EntityDifference, Example, Installation, Plugins, StoredBytes,
};
use crate::cli::client::{Call, Client, plugin_path};
use crate::cli::ending::Ending;
use crate::cli::failure::Failure;
use crate::cli::host::AdminArguments;
use crate::cli::output::Output;
use crate::cli::text::{duration, grouped, short_digest};
use crate::revisions::Seed;
use levain_model::fault::shortened;

#[derive(Debug, Args)]
pub(in crate::cli) struct InstallArguments {
    /// The components, each with its domain
    #[arg(required = true, value_name = "DOMAIN=FILE", value_parser = component)]
    components: Vec<(String, PathBuf)>,
    /// The name recorded in the revision
    #[arg(
        long,
        value_name = "NAME",
        env = "LOGNAME",
        default_value = "administrator"
    )]
    by: String,
    /// Repeat the proof with this seed
    #[arg(long, value_name = "HEX")]
    seed: Option<Seed>,
    #[command(flatten)]
    admin: AdminArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArguments {
    /// The components, each with its domain
    #[arg(required = true, value_name = "DOMAIN=FILE", value_parser = component)]
    components: Vec<(String, PathBuf)>,
    /// Repeat the proof with this seed
    #[arg(long, value_name = "HEX")]
    seed: Option<Seed>,
    #[command(flatten)]
    admin: AdminArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArguments {
    /// The domains, rolled back as one revision
    #[arg(required = true, value_name = "DOMAIN")]
    domains: Vec<String>,
    /// The name recorded in the revision
    #[arg(
        long,
        value_name = "NAME",
        env = "LOGNAME",
        default_value = "administrator"
    )]
    by: String,
    #[command(flatten)]
    admin: AdminArguments,
}

fn component(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((domain, file)) if !domain.is_empty() && !file.is_empty() => {
            Ok((domain.to_owned(), PathBuf::from(file)))
        }
        _ => Err("a component is written DOMAIN=FILE".to_owned()),
    }
}

/// Proves components and activates them.
pub(super) fn install(arguments: &InstallArguments, output: &Output) -> Result<Ending, Failure> {
    let by = encoded(&arguments.by);
    let query = format!("?by={by}{}", repeated(arguments.seed));
    prove(&arguments.components, &query, &arguments.admin, output)
}

/// Proves components and shows what they would change.
pub(super) fn diff(arguments: &DiffArguments, output: &Output) -> Result<Ending, Failure> {
    let query = format!("?dry_run=true{}", repeated(arguments.seed));
    prove(&arguments.components, &query, &arguments.admin, output)
}

fn repeated(seed: Option<Seed>) -> String {
    seed.map(|seed| format!("&seed={seed}")).unwrap_or_default()
}

fn prove(
    components: &[(String, PathBuf)],
    query: &str,
    admin: &AdminArguments,
    output: &Output,
) -> Result<Ending, Failure> {
    let key = admin.key()?;
    let mut read = Vec::new();
    for (domain, file) in components {
        let bytes = std::fs::read(file)
            .with_context(|| format!("the component `{}` cannot be read", file.display()))?;
        read.push((domain, bytes));
    }
    let client = Client::patient(&admin.host.url);
    let response = match read.as_mut_slice() {
        [(domain, bytes)] => {
            let path = plugin_path(domain, query)?;
            let mut call = Call::new(Method::PUT, &path).with_admin_key(key.as_ref());
            call.component = Some(std::mem::take(bytes));
            client.call(call)?
        }
        several => {
            let components: Map<String, Value> = several
                .iter()
                .map(|(domain, bytes)| ((*domain).clone(), STANDARD.encode(bytes).into()))
                .collect();
            if components.len() < several.len() {
                let twice = anyhow::anyhow!("a domain is given twice");
                return Err(Failure::from(twice));
            }
            let path = format!("/api/plugins{query}");
            let mut call = Call::new(Method::PUT, &path).with_admin_key(key.as_ref());
            call.body = Some(json!({"components": components}));
            client.call(call)?
        }
    };
    if admin.host.json {
        output.data(response.text.trim_end());
        return Ok(Ending::Well);
    }
    let installation: Installation = response.read()?;
    output.data(&described(&installation));
    Ok(Ending::Well)
}

pub(super) fn roll_back(arguments: &RollbackArguments, output: &Output) -> Result<Ending, Failure> {
    let admin = &arguments.admin;
    let key = admin.key()?;
    let query = format!("?by={}", encoded(&arguments.by));
    let path = match arguments.domains.as_slice() {
        [domain] => plugin_path(domain, &format!("/rollback{query}"))?,
        _ => format!("/api/plugins/rollback{query}"),
    };
    let mut call = Call::new(Method::POST, &path).with_admin_key(key.as_ref());
    if arguments.domains.len() > 1 {
        call.body = Some(json!({"domains": arguments.domains}));
    }
    let response = Client::new(&admin.host.url).call(call)?;
    if admin.host.json {
        output.data(response.text.trim_end());
        return Ok(Ending::Well);
    }
    let plugins: Plugins = response.read()?;
    for plugin in &plugins.plugins {
        let digest = plugin.active.as_ref().map(|active| active.digest.as_str());
        let digest = short_digest(digest.unwrap_or_default());
        output.data(&format!("{}: {digest} serves", plugin.domain));
    }
    output.data(&format!("revision {} serves", plugins.revision));
    Ok(Ending::Well)
}

/// Percent-encodes a value of a query (RFC 3986).
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| match plain(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

fn described(installation: &Installation) -> String {
    let proof = &installation.proof;
    let mut lines: Vec<String> = installation.candidates.iter().flat_map(candidate).collect();
    lines.push(format!(
        "proven: {} at {} instants, {} calls, {} records, {}",
        proof.accounts.join(", "),
        proof.instants,
        grouped(proof.calls),
        grouped(proof.records),
        duration(proof.duration_ms)
    ));
    let seed = proof.seed.iter();
    lines.extend(seed.map(|seed| format!("the same proof again: --seed {seed}")));
    if installation.difference.is_empty() {
        lines.push("every record is made as before".to_owned());
    }
    lines.extend(installation.difference.iter().flat_map(entity));
    lines.push(match installation.dry_run {
        true => format!(
            "nothing was changed: revision {} serves",
            installation.before
        ),
        false if installation.revision == installation.before => {
            format!(
                "it served already: revision {} serves on",
                installation.before
            )
        }
        false => format!("revision {} serves", installation.revision),
    });
    lines.join("\n")
}

fn candidate(candidate: &Candidate) -> Vec<String> {
    let previous = candidate.previous.as_deref().map(short_digest);
    let mut lines = vec![format!(
        "{}: {} in the place of {}, admitted in {}",
        candidate.domain,
        short_digest(&candidate.digest),
        previous.as_deref().unwrap_or("nothing"),
        duration(candidate.admission_ms)
    )];
    if !candidate.new_imports.is_empty() {
        let imports = candidate.new_imports.join(", ");
        lines.push(format!("  it imports besides: {imports}"));
    }
    let cost = |cost: &Cost| {
        let mib = cost.peak_memory_bytes as f64 / f64::from(1 << 20);
        format!("{}, {mib:.1} MiB", duration(cost.clone_ms))
    };
    if let Some(now) = &candidate.cost {
        let before = candidate.cost_before.as_ref().map(cost);
        let before = before.map(|before| format!("; before: {before}"));
        let before = before.unwrap_or_default();
        lines.push(format!("  a clone and its checks: {}{before}", cost(now)));
    }
    lines
}

fn entity(one: &EntityDifference) -> Vec<String> {
    let made_by = match &one.trigger {
        None => String::new(),
        Some(trigger) => format!(" of trigger {trigger}"),
    };
    let mut lines = vec![format!(
        "{}.{}{made_by}: {} added, {} removed, {} changed",
        one.domain,
        one.entity,
        grouped(one.added.records),
        grouped(one.removed.records),
        grouped(one.changed)
    )];
    lines.extend(one.stored_bytes.as_ref().map(growth));
    if one.spelt_otherwise > 0 {
        let times = grouped(one.spelt_otherwise);
        lines.push(format!(
            "  the same records in another order or spelling, {times} times"
        ));
    }
    let ids = |changes: &Changes| {
        let examples = changes.examples.iter();
        let ids: Vec<String> = examples
            .map(|one| format!("{} of {}", one.id, place(one)))
            .collect();
        ids.join(", ")
    };
    if one.added.records > 0 {
        lines.push(format!("  added: {}", ids(&one.added)));
    }
    if one.removed.records > 0 {
        lines.push(format!("  removed: {}", ids(&one.removed)));
    }
    for (field, changes) in &one.fields {
        lines.push(format!(
            "  {field}, in {} records",
            grouped(changes.records)
        ));
        lines.extend(changes.examples.iter().map(|example| {
            format!(
                "    {} -> {}  ({} of {})",
                value(example.before.as_ref()),
                value(example.after.as_ref()),
                example.id,
                place(example)
            )
        }));
    }
    lines
}

/// The change of the stored size of an entity.
fn growth(stored: &StoredBytes) -> String {
    let StoredBytes { before, after } = stored;
    let share = match before {
        0 => String::new(),
        _ => format!(
            " ({:+.0} %)",
            100.0 * (*after as f64 / *before as f64 - 1.0)
        ),
    };
    format!(
        "  stored: {} bytes, before {}{share}",
        grouped(*after),
        grouped(*before)
    )
}

fn place(example: &Example) -> String {
    let outlet = example.outlet.as_deref();
    let outlet = outlet.map(|outlet| format!("{outlet} of "));
    format!(
        "{}{}, told at {}",
        outlet.unwrap_or_default(),
        example.account,
        example.session_created_at
    )
}

/// A value of a plugin, shortened.
fn value(value: Option<&Value>) -> String {
    const LONGEST: usize = 60;
    value.map_or_else(|| "nothing".to_owned(), |value| shortened(value, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_has_a_domain_and_a_file() {
        let parsed = component("shelving=a=b.wasm").unwrap();
        assert_eq!(parsed, ("shelving".to_owned(), PathBuf::from("a=b.wasm")));
        for text in ["shelving", "=x", "shelving="] {
            assert!(component(text).is_err(), "{text}");
        }
    }

    #[test]
    fn growth_is_shown_in_bytes_and_percent() {
        let shown = |before, after| growth(&StoredBytes { before, after });
        assert_eq!(
            shown(12_000, 30_000),
            "  stored: 30,000 bytes, before 12,000 (+150 %)"
        );
        assert_eq!(shown(100, 50), "  stored: 50 bytes, before 100 (-50 %)");
        assert_eq!(shown(0, 50), "  stored: 50 bytes, before 0");
    }

    #[test]
    fn names_are_encoded() {
        assert_eq!(encoded("Ada L.&<é>"), "Ada%20L.%26%3C%C3%A9%3E");
    }
}
