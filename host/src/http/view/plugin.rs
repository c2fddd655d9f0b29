//! Versions of plugins, proofs and differences, as the API shows them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::revisions::{
    Changes, Cost, DomainVersions, EntityDifference, Example, Installation, Installed, Version,
    VersionHealth,
};
use crate::sessions::OpenCircuit;

/// The plugins that serve.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plugins)]
pub struct PluginsView {
    /// The registry's newest revision; 0 where the host was built with its components.
    revision: u32,
    /// Every domain that has a plugin, in the catalog's order.
    plugins: Vec<PluginView>,
}

impl PluginsView {
    /// These domains.
    #[must_use]
    pub fn new(revision: u32, domains: &[DomainVersions]) -> Self {
        Self {
            revision,
            plugins: domains.iter().map(PluginView::from).collect(),
        }
    }
}

/// The versions of one domain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plugin)]
pub struct PluginView {
    /// The domain.
    domain: String,
    /// Whether a session fails without it.
    required: bool,
    /// `serving`, `failing`, `refused` or `missing`. One that is failing serves, but calls of some kind hit a limit
    /// again and again and are not made, until a probe ends well.
    #[schema(example = "serving")]
    health: &'static str,
    /// Why it is refused, or which calls are not made and until when.
    reason: Option<String>,
    /// The version that serves; the one of the registry, where that is refused here.
    active: Option<VersionView>,
    /// Its size in bytes.
    size_bytes: Option<u64>,
    /// The version of `levain:domain` that it was built for.
    #[schema(example = "0.1.0")]
    wit_version: Option<String>,
    /// What rollbacks lead to, the next first.
    earlier: Vec<VersionView>,
}

impl From<&DomainVersions> for PluginView {
    fn from(versions: &DomainVersions) -> Self {
        let (health, reason) = match &versions.health {
            VersionHealth::Serving => ("serving", None),
            VersionHealth::Failing(open) => ("failing", Some(failing(open))),
            VersionHealth::Refused(reason) => ("refused", Some(reason.clone())),
            VersionHealth::Missing => ("missing", None),
        };
        Self {
            domain: versions.domain.clone(),
            required: versions.required,
            health,
            reason,
            active: versions.active.as_ref().map(VersionView::from),
            size_bytes: versions.size_bytes,
            wit_version: versions.interface.clone(),
            earlier: versions.earlier.iter().map(VersionView::from).collect(),
        }
    }
}

/// Circuits that are told of one domain; a catalog of many accounts may have more.
const CIRCUITS: usize = 5;

fn failing(open: &[OpenCircuit]) -> String {
    let told = open.iter().take(CIRCUITS).map(ToString::to_string);
    let mut told: Vec<String> = told.collect();
    if let Some(more) = open.len().checked_sub(CIRCUITS).filter(|more| *more > 0) {
        told.push(format!("and {more} more"));
    }
    told.join("; ")
}

/// A version, and when it came to serve.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginVersion)]
pub struct VersionView {
    /// The SHA-256 of the component.
    digest: String,
    /// The revision that it came with.
    revision: u32,
    /// What made that revision: `FILL`, `INSTALL` or `ROLLBACK`.
    cause: Option<&'static str>,
    /// When.
    made_at: Option<DateTime<Utc>>,
    /// Who.
    made_by: Option<String>,
}

impl From<&Version> for VersionView {
    fn from(version: &Version) -> Self {
        Self {
            digest: version.digest.clone(),
            revision: version.revision,
            cause: version.cause.map(|cause| cause.as_str()),
            made_at: version.made_at,
            made_by: version.made_by.clone(),
        }
    }
}

/// Several components.
#[derive(ToSchema)]
#[schema(as = Components)]
#[expect(dead_code, reason = "it describes what is read strictly")]
pub struct ComponentsView {
    /// Each in base64, by domain.
    components: BTreeMap<String, String>,
}

/// What came of a rollback.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginRollback)]
pub struct RollbackView {
    /// The revision that serves now.
    revision: u32,
    /// The domains that were rolled back.
    plugins: Vec<PluginView>,
}

impl RollbackView {
    /// These domains.
    pub fn new<'v>(revision: u32, domains: impl Iterator<Item = &'v DomainVersions>) -> Self {
        Self {
            revision,
            plugins: domains.map(PluginView::from).collect(),
        }
    }
}

/// What came of candidates that were proven.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Installation)]
pub struct InstallationView {
    /// Whether it was only told what would change.
    dry_run: bool,
    /// The revision that the candidates were held against.
    before: u32,
    /// The revision that serves now.
    revision: u32,
    /// The candidates.
    candidates: Vec<CandidateView>,
    /// What was proven.
    proof: ProofView,
    /// The entities whose records differ from what the active versions make of the same arguments.
    difference: Vec<EntityDifferenceView>,
}

/// A candidate that was proven.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Candidate)]
struct CandidateView {
    /// The domain.
    domain: String,
    /// The SHA-256 of the component.
    digest: String,
    /// The digest of what served before.
    previous: Option<String>,
    /// Its size in bytes.
    size_bytes: u64,
    /// The version of `levain:domain` that it was built for.
    wit_version: String,
    /// What it imports and the one before does not.
    new_imports: Vec<String>,
    /// How long it took to compile and admit, in milliseconds.
    admission_ms: f64,
    /// What its clones cost.
    cost: Option<CostView>,
    /// What those of the one before cost.
    cost_before: Option<CostView>,
}

/// What clones cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CloneCost)]
struct CostView {
    /// Clone and checks, the median in milliseconds.
    clone_ms: f64,
    /// The largest linear memory of any of them, in bytes.
    peak_memory_bytes: u64,
}

/// What was proven.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Proof)]
struct ProofView {
    /// The accounts that were cloned.
    accounts: Vec<String>,
    /// The instants that each was told from: those of the catalog, and the drawn ones.
    instants: u64,
    /// The instants that were drawn at random for this proof.
    drawn: Vec<DateTime<Utc>>,
    /// What they, the tenants and the names of the sessions derive from: the same seed makes the same proof.
    seed: Option<String>,
    /// Calls of the candidates.
    calls: u64,
    /// Records that they made, all of them checked.
    records: u64,
    /// How long it took, in milliseconds.
    duration_ms: f64,
}

/// One entity whose records differ.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntityDifference)]
struct EntityDifferenceView {
    /// The domain that owns it.
    domain: String,
    /// The entity.
    entity: String,
    /// The trigger that makes it; null for what a clone makes.
    trigger: Option<String>,
    /// Records that only the candidate makes.
    added: ChangesView,
    /// Records that only the active version makes.
    removed: ChangesView,
    /// How many records both make, and not alike.
    changed: u64,
    /// The fields that are not alike, by name.
    fields: BTreeMap<String, ChangesView>,
    /// Segments whose records are the same in another order or spelling.
    spelt_otherwise: u64,
    /// Bytes that all sessions of the proof together store of it.
    stored_bytes: StoredBytesView,
}

/// Bytes that are stored of an entity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredBytes)]
struct StoredBytesView {
    /// As the active version makes it.
    before: u64,
    /// As the candidate makes it.
    after: u64,
}

/// Records, each counted once however many instants it differs at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Changes)]
struct ChangesView {
    /// How many.
    records: u64,
    /// The first of them.
    examples: Vec<ExampleView>,
}

/// One record at one instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeExample)]
struct ExampleView {
    /// The account.
    account: String,
    /// The outlet, where it is one's.
    outlet: Option<String>,
    /// The data clock.
    session_created_at: DateTime<Utc>,
    /// The record's id.
    id: String,
    /// The field's value of the active version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    before: Option<Value>,
    /// The field's value of the candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    after: Option<Value>,
}

impl InstallationView {
    /// What is shown of an installation.
    #[must_use]
    pub fn new(installation: &Installation, dry_run: bool) -> Self {
        let proof = &installation.proof;
        let candidate = |candidate: &Installed| {
            let costs = proof.costs.get(&candidate.domain);
            CandidateView {
                domain: candidate.domain.clone(),
                digest: candidate.digest.clone(),
                previous: candidate.previous.clone(),
                size_bytes: candidate.size_bytes,
                wit_version: candidate.interface.clone(),
                new_imports: candidate.new_imports.clone(),
                admission_ms: millis(candidate.admission),
                cost: costs.map(|(cost, _)| CostView::from(*cost)),
                cost_before: costs.and_then(|(_, before)| before.map(CostView::from)),
            }
        };
        let entities = installation.difference.entities.iter();
        Self {
            dry_run,
            before: installation.before,
            revision: installation.revision,
            candidates: installation.candidates.iter().map(candidate).collect(),
            proof: ProofView {
                accounts: proof.accounts.clone(),
                instants: proof.instants,
                drawn: proof.drawn.clone(),
                seed: proof.seed.map(|seed| seed.to_string()),
                calls: proof.calls,
                records: proof.records,
                duration_ms: millis(proof.duration),
            },
            difference: entities.map(EntityDifferenceView::from).collect(),
        }
    }
}

impl From<Cost> for CostView {
    fn from(cost: Cost) -> Self {
        Self {
            clone_ms: cost.clone_ms,
            peak_memory_bytes: cost.peak_memory_bytes,
        }
    }
}

impl From<&EntityDifference> for EntityDifferenceView {
    fn from(one: &EntityDifference) -> Self {
        let fields = one.fields.iter();
        Self {
            domain: one.domain.clone(),
            entity: one.entity.clone(),
            trigger: (!one.part.is_empty()).then(|| one.part.clone()),
            added: ChangesView::from(&one.added),
            removed: ChangesView::from(&one.removed),
            changed: one.changed,
            fields: fields
                .map(|field| (field.field.clone(), ChangesView::from(&field.changes)))
                .collect(),
            spelt_otherwise: one.spelt_otherwise,
            stored_bytes: StoredBytesView {
                before: one.stored.before,
                after: one.stored.after,
            },
        }
    }
}

impl From<&Changes> for ChangesView {
    fn from(changes: &Changes) -> Self {
        Self {
            records: changes.records,
            examples: changes.examples.iter().map(ExampleView::from).collect(),
        }
    }
}

impl From<&Example> for ExampleView {
    fn from(example: &Example) -> Self {
        Self {
            account: example.account.clone(),
            outlet: example.outlet.clone(),
            session_created_at: example.instant,
            id: example.id.clone(),
            before: example.before.clone(),
            after: example.after.clone(),
        }
    }
}

fn millis(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
