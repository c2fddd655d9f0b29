//! The catalog file itself.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use toml::{Table, Value};

use super::super::domain::{Domain, LimitOverrides};
use super::super::schema::nearest;
use super::source::Source;
use super::thresholds::VerifyEntry;
use levain_model::fault::Fault;

#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) catalog: Head,
    pub(super) limits: LimitOverrides,
    pub(super) domain: Vec<DomainEntry>,
    pub(super) trigger: Vec<TriggerEntry>,
    pub(super) account: Vec<AccountEntry>,
    pub(super) proof: ProofEntry,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofEntry {
    #[serde(default)]
    pub(super) instants: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) name: String,
    #[serde(deserialize_with = "instant")]
    pub(super) base_reference: DateTime<Utc>,
    pub(super) schemas: String,
    pub(super) references: String,
    pub(super) accounts: String,
    pub(super) staff: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainEntry {
    pub(super) slug: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) triggered: bool,
    /// Required with the next two, unless the domain is triggered.
    pub(super) plugin: Option<String>,
    pub(super) required: Option<bool>,
    pub(super) timeout_ms: Option<u64>,
    pub(super) entities: Vec<String>,
    pub(super) limits: Option<LimitOverrides>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TriggerEntry {
    pub(super) slug: String,
    pub(super) domain: String,
    pub(super) phase: String,
    pub(super) path: Option<String>,
    pub(super) writes: String,
    pub(super) timeout_ms: u64,
    pub(super) reads: Vec<ReadEntry>,
    #[serde(default)]
    pub(super) figures: Vec<String>,
}

/// One element of `reads`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadEntry {
    pub(super) entity: String,
    pub(super) from: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountEntry {
    pub(super) slug: String,
    #[serde(default)]
    pub(super) fixtures: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) outlet: Vec<OutletEntry>,
    #[serde(default)]
    pub(super) verify: VerifyEntry,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutletEntry {
    pub(super) slug: String,
    #[serde(default)]
    pub(super) fixtures: BTreeMap<String, Vec<String>>,
}

const ROOT: &[&str] = &["catalog", "limits", "domain", "trigger", "account", "proof"];
const PROOF: &[&str] = &["instants"];
const HEAD: &[&str] = &[
    "name",
    "base_reference",
    "schemas",
    "references",
    "accounts",
    "staff",
];
const DOMAIN: &[&str] = &[
    "slug",
    "title",
    "triggered",
    "plugin",
    "required",
    "timeout_ms",
    "entities",
    "limits",
];
const TRIGGER: &[&str] = &[
    "slug",
    "domain",
    "phase",
    "path",
    "writes",
    "timeout_ms",
    "reads",
    "figures",
];
const READ: &[&str] = &["entity", "from"];
const ACCOUNT: &[&str] = &["slug", "fixtures", "outlet", "verify"];
const OUTLET: &[&str] = &["slug", "fixtures"];

impl Manifest {
    /// The domains, in the order of the file.
    pub(super) fn domains(&self) -> Vec<Domain> {
        let domains = self.domain.iter().map(|entry| Domain {
            slug: entry.slug.clone(),
            title: entry.title.clone(),
            triggered: entry.triggered,
            plugin: entry.plugin.clone(),
            required: entry.required.unwrap_or_default(),
            timeout: Duration::from_millis(entry.timeout_ms.unwrap_or_default()),
            entities: entry.entities.clone(),
            limits: entry.limits.unwrap_or_default(),
        });
        domains.collect()
    }
}

/// Reads the file; `None` if its head is missing.
pub(super) fn read(source: &mut Source, text: &[u8]) -> Option<Manifest> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            source.refuse("", "toml", format!("is not UTF-8: {error}"));
            return None;
        }
    };
    let mut root: Table = match toml::from_str(text) {
        Ok(root) => root,
        Err(error) => {
            source.refuse("", "toml", error.to_string().trim_end().to_owned());
            return None;
        }
    };
    keep_known(&mut root, "", ROOT, source);
    let mut limits = root
        .remove("limits")
        .unwrap_or_else(|| Value::Table(Table::new()));
    keep_known_of(&mut limits, "/limits", LimitOverrides::KEYS, source);
    let limits = section(limits, "/limits", source).unwrap_or_default();
    let domain = sections(
        root.remove("domain"),
        "/domain",
        source,
        |value, pointer, source| {
            keep_known_of(value, pointer, DOMAIN, source);
            if let Some(limits) = value.get_mut("limits") {
                keep_known_of(
                    limits,
                    &format!("{pointer}/limits"),
                    LimitOverrides::KEYS,
                    source,
                );
            }
        },
    );
    // Triggers are optional.
    let trigger = root.remove("trigger").map(|tables| {
        sections(
            Some(tables),
            "/trigger",
            source,
            |value, pointer, source| {
                keep_known_of(value, pointer, TRIGGER, source);
                let reads = value.get_mut("reads").and_then(Value::as_array_mut);
                for (index, read) in reads.into_iter().flatten().enumerate() {
                    keep_known_of(read, &format!("{pointer}/reads/{index}"), READ, source);
                }
            },
        )
    });
    let account = sections(
        root.remove("account"),
        "/account",
        source,
        |value, pointer, source| {
            keep_known_of(value, pointer, ACCOUNT, source);
            if let Some(verify) = value.get_mut("verify") {
                let pointer = format!("{pointer}/verify");
                keep_known_of(verify, &pointer, VerifyEntry::KEYS, source);
                if let Some(times) = verify.get_mut("creation_ms") {
                    let pointer = format!("{pointer}/creation_ms");
                    keep_known_of(times, &pointer, VerifyEntry::CREATION_KEYS, source);
                }
            }
            let outlets = value.get_mut("outlet").and_then(Value::as_array_mut);
            for (index, outlet) in outlets.into_iter().flatten().enumerate() {
                keep_known_of(outlet, &format!("{pointer}/outlet/{index}"), OUTLET, source);
            }
        },
    );
    let proof = root.remove("proof").and_then(|mut proof| {
        keep_known_of(&mut proof, "/proof", PROOF, source);
        section(proof, "/proof", source)
    });
    let Some(mut head) = root.remove("catalog") else {
        source.refuse("/catalog", "toml", "there is no table [catalog]");
        return None;
    };
    keep_known_of(&mut head, "/catalog", HEAD, source);
    let catalog = section(head, "/catalog", source)?;
    Some(Manifest {
        catalog,
        limits,
        domain,
        trigger: trigger.unwrap_or_default(),
        account,
        proof: proof.unwrap_or_default(),
    })
}

/// Reports every unknown key and removes it, so that the rest can be read.
fn keep_known(table: &mut Table, pointer: &str, known: &[&str], source: &mut Source) {
    table.retain(|key, _| {
        let is_known = known.contains(&key);
        if !is_known {
            let hint =
                nearest(key, known.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            let hint = hint.unwrap_or_else(|| format!("there are {}", known.join(", ")));
            source.refuse(
                &format!("{pointer}/{key}"),
                "unknown_key",
                format!("unknown key `{key}`; {hint}"),
            );
        }
        is_known
    });
}

fn keep_known_of(value: &mut Value, pointer: &str, known: &[&str], source: &mut Source) {
    if let Some(table) = value.as_table_mut() {
        keep_known(table, pointer, known, source);
    }
}

fn section<T: DeserializeOwned>(value: Value, pointer: &str, source: &mut Source) -> Option<T> {
    let shown = serde_json::to_value(&value).ok();
    match value.try_into() {
        Ok(section) => Some(section),
        Err(error) => {
            let fault = Fault::new(
                &source.manifest,
                pointer,
                "toml",
                error.to_string().trim_end(),
            );
            source.faults.push(match shown {
                Some(value) => fault.with_value(&value),
                None => fault,
            });
            None
        }
    }
}

fn sections<T: DeserializeOwned>(
    value: Option<Value>,
    pointer: &str,
    source: &mut Source,
    mut prepare: impl FnMut(&mut Value, &str, &mut Source),
) -> Vec<T> {
    let tables = match value {
        Some(Value::Array(tables)) => tables,
        Some(_) => {
            source.refuse(
                pointer,
                "toml",
                "is an array of tables, written with two brackets",
            );
            Vec::new()
        }
        None => {
            source.refuse(pointer, "toml", "there is none");
            Vec::new()
        }
    };
    let mut read = Vec::new();
    for (index, mut table) in tables.into_iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        prepare(&mut table, &pointer, source);
        read.extend(section(table, &pointer, source));
    }
    read
}

/// A UTC instant as text.
fn instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let micros = levain_plugin::time::parse(&text).map_err(D::Error::custom)?;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| D::Error::custom("is out of range"))
}
