//! The parts of the host's responses about plugins that are shown.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Plugins {
    pub(super) revision: u32,
    pub(super) plugins: Vec<Plugin>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Plugin {
    pub(super) domain: String,
    pub(super) health: String,
    pub(super) reason: Option<String>,
    pub(super) active: Option<Version>,
    pub(super) size_bytes: Option<u64>,
    pub(super) wit_version: Option<String>,
    pub(super) earlier: Vec<Version>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) digest: String,
    pub(super) revision: u32,
    pub(super) cause: Option<String>,
    pub(super) made_at: Option<String>,
    pub(super) made_by: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Installation {
    pub(super) dry_run: bool,
    pub(super) before: u32,
    pub(super) revision: u32,
    pub(super) candidates: Vec<Candidate>,
    pub(super) proof: Proof,
    pub(super) difference: Vec<EntityDifference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Candidate {
    pub(super) domain: String,
    pub(super) digest: String,
    pub(super) previous: Option<String>,
    pub(super) new_imports: Vec<String>,
    pub(super) admission_ms: f64,
    pub(super) cost: Option<Cost>,
    pub(super) cost_before: Option<Cost>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cost {
    pub(super) clone_ms: f64,
    pub(super) peak_memory_bytes: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Proof {
    pub(super) accounts: Vec<String>,
    pub(super) instants: u64,
    pub(super) calls: u64,
    pub(super) records: u64,
    pub(super) duration_ms: f64,
    #[serde(default)]
    pub(super) seed: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EntityDifference {
    pub(super) domain: String,
    pub(super) entity: String,
    pub(super) trigger: Option<String>,
    pub(super) added: Changes,
    pub(super) removed: Changes,
    pub(super) changed: u64,
    pub(super) fields: BTreeMap<String, Changes>,
    pub(super) spelt_otherwise: u64,
    /// Absent from hosts of earlier versions.
    pub(super) stored_bytes: Option<StoredBytes>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StoredBytes {
    pub(super) before: u64,
    pub(super) after: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Changes {
    pub(super) records: u64,
    pub(super) examples: Vec<Example>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Example {
    pub(super) account: String,
    pub(super) outlet: Option<String>,
    pub(super) session_created_at: String,
    pub(super) id: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}
