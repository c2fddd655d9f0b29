//! Components of every generation of the contract that was ever released (`tests/corpus`): they go on answering
//! the same, byte for byte. And one of a generation that was not: it is refused in words.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use levain::sandbox::{
    CallContext, CallError, CompileLimits, Compiled, HeldSegment, Limits, Sandbox, SandboxConfig,
};
use levain_catalog::FixtureSlice;
use levain_model::{EntityCount, Phase, Segment, sha256_hex};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{Hosting, TestApp, guests_dir, levain, root};

/// What the components of a generation are asked (`asked.json`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    contexts: BTreeMap<String, Told>,
    components: BTreeMap<String, Part>,
}

/// What a component is told of a session.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    base_tenant_id: Uuid,
    tenant_id: Uuid,
    parent_tenant_id: Option<Uuid>,
    outlet: Option<String>,
    session_created_at: DateTime<Utc>,
    base_reference: DateTime<Utc>,
}

/// What one component is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    /// The domain that it serves.
    domain: String,
    /// Its fixtures, by what they are called here; files of the generation.
    fixtures: BTreeMap<String, String>,
    /// The triggers that it is to answer with what it cloned, in their order.
    #[serde(default)]
    triggers: Vec<Trigger>,
}

/// A trigger.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    phase: String,
    slug: String,
    /// The domain that what it makes belongs to.
    writes: String,
}

/// Room for any of them.
const COMPILING: CompileLimits = CompileLimits {
    size_bytes: 1 << 20,
    time: Duration::from_secs(60),
    memory_bytes: 1 << 30,
};

const LIMITS: Limits = Limits {
    waited: Duration::ZERO,
    timeout: Duration::from_secs(30),
    memory_bytes: 64 << 20,
    table_elements: 20_000,
    output_bytes: 16 << 20,
    records: 50_000,
    log_bytes: 1 << 16,
    log_lines: 500,
};

/// The generations, by their folders.
fn generations() -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/corpus")).unwrap();
    let folders = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    folders
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

fn read<T: for<'de> Deserialize<'de>>(file: &Path) -> T {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A fixture as segments, each with the very text that the file has.
fn slice(file: &Path) -> Vec<Segment> {
    let entities: BTreeMap<String, Box<RawValue>> = read(file);
    entities
        .into_iter()
        .map(|(entity, rows)| Segment {
            entity,
            rows: rows.get().to_owned(),
        })
        .collect()
}

/// The answers of one component to all that it is asked.
struct Asking<'a> {
    sandbox: &'a Sandbox,
    component: &'a Compiled,
    part: &'a Part,
}

impl Asking<'_> {
    /// Clones with a fixture, plans the end of that, and raises what there is to raise.
    fn answers(&self, context: &CallContext, fixture: &Path) -> Value {
        let cloned = self.sandbox.clone_tenant(
            self.component,
            &FixtureSlice::loose(slice(fixture)),
            context,
            &LIMITS,
        );
        let segments = match &cloned {
            Ok((segments, _)) => segments.as_slice(),
            Err(_) => &[],
        };
        let counts: Vec<EntityCount> = segments.iter().map(count).collect();
        let plan = self
            .sandbox
            .plan_cleanup(self.component, context, &counts, &LIMITS);
        let mut made = vec![(self.part.domain.as_str(), segments.to_vec())];
        let mut raised = BTreeMap::new();
        for trigger in &self.part.triggers {
            let phase = Phase::ALL
                .into_iter()
                .find(|phase| phase.as_str() == trigger.phase);
            let held: Vec<HeldSegment<'_>> = made
                .iter()
                .flat_map(|(domain, segments)| held(segments, context.tenant_id, domain))
                .collect();
            let outcome = self.sandbox.run_trigger(
                self.component,
                phase.unwrap(),
                &trigger.slug,
                context,
                &held,
                &LIMITS,
            );
            let outcome = outcome.map(|(segments, _)| segments);
            if let Ok(segments) = &outcome {
                made.push((trigger.writes.as_str(), segments.clone()));
            }
            raised.insert(trigger.slug.as_str(), told(outcome));
        }
        let plan = match plan {
            Ok((plan, _)) => json!({"deletions": plan.deletions, "notices": plan.notices}),
            Err(error) => refusal(&error),
        };
        let mut answers = json!({"clone": told(cloned.map(|(made, _)| made)), "cleanup": plan});
        if !raised.is_empty() {
            answers["triggers"] = json!(raised);
        }
        answers
    }
}

/// A segment's number of records.
fn count(segment: &Segment) -> EntityCount {
    let records: Vec<&RawValue> = serde_json::from_str(&segment.rows).unwrap();
    EntityCount {
        entity: segment.entity.clone(),
        records: u32::try_from(records.len()).unwrap(),
    }
}

fn held<'h>(segments: &'h [Segment], tenant_id: Uuid, domain: &'h str) -> Vec<HeldSegment<'h>> {
    let hold = |segment: &'h Segment| HeldSegment {
        tenant_id,
        domain,
        entity: &segment.entity,
        rows: segment.rows.as_str().into(),
    };
    segments.iter().map(hold).collect()
}

/// Segments by their digests, in the order in which they came.
fn told(made: Result<Vec<Segment>, CallError>) -> Value {
    match made {
        Ok(segments) => segments
            .iter()
            .map(|segment| {
                let count = count(segment);
                json!({
                    "entity": count.entity, "records": count.records,
                    "sha256": sha256_hex(segment.rows.as_bytes()),
                })
            })
            .collect(),
        Err(error) => refusal(&error),
    }
}

/// What the component said; the host's own words around it may change.
fn refusal(error: &CallError) -> Value {
    match error {
        CallError::InvalidFixture {
            entity,
            record,
            reason,
        } => {
            json!({"code": error.code(), "entity": entity, "record": record, "reason": reason})
        }
        CallError::Unsupported { reason } | CallError::Failed { reason } => {
            json!({"code": error.code(), "reason": reason})
        }
        other => panic!("{other}"),
    }
}

#[test]
fn components_of_every_generation_answer_as_they_did() {
    let config = SandboxConfig {
        workers: 1,
        largest_memory_bytes: LIMITS.memory_bytes,
        largest_table_elements: LIMITS.table_elements,
        stack_bytes: 512 << 10,
        origins: 0,
    };
    let sandbox = Sandbox::new(config).unwrap();
    for (generation, folder) in generations() {
        let asked: Asked = read(&folder.join("asked.json"));
        let mut found = BTreeMap::new();
        for (name, part) in &asked.components {
            let bytes = std::fs::read(folder.join(format!("{name}.wasm"))).unwrap();
            let component = sandbox
                .compile(&bytes, &COMPILING)
                .unwrap_or_else(|error| panic!("{generation} {name}: {error}"));
            let asking = Asking {
                sandbox: &sandbox,
                component: &component,
                part,
            };
            let mut answers = BTreeMap::new();
            for (fixture, file) in &part.fixtures {
                for (named, told) in &asked.contexts {
                    let context = CallContext {
                        domain: part.domain.clone(),
                        purpose: levain::sandbox::Purpose::Session,
                        session_id: "demo_0".to_owned(),
                        account: "corpus".to_owned(),
                        base_tenant_id: told.base_tenant_id,
                        tenant_id: told.tenant_id,
                        parent_tenant_id: told.parent_tenant_id,
                        outlet: told.outlet.clone(),
                        session_created_at: told.session_created_at,
                        base_reference: told.base_reference,
                    };
                    let answer = asking.answers(&context, &folder.join(file));
                    answers.insert(format!("{fixture}, {named}"), answer);
                }
            }
            let sha256 = sha256_hex(&bytes);
            found.insert(name, json!({"sha256": sha256, "answers": answers}));
        }
        let expected = folder.join("expected.json");
        let told = json!(found);
        if !expected.is_file() || read::<Value>(&expected) != told {
            panic!(
                "generation {generation} does not answer as {} says, but so:\n{told:#}",
                expected.display()
            );
        }
    }
}

/// A component of a later generation: another one with its number changed in every name.
fn of_generation(generation: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(guests_dir().join("fleet.wasm")).unwrap();
    let (ours, theirs) = (b"@0.1.0", format!("@{generation}"));
    assert_eq!(theirs.len(), ours.len(), "a name's length stands before it");
    let mut at = 0;
    while let Some(found) = bytes[at..]
        .windows(ours.len())
        .position(|part| part == ours)
    {
        at += found;
        bytes[at..at + ours.len()].copy_from_slice(theirs.as_bytes());
    }
    assert!(at > 0, "no name of it has a version");
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_is_not_served_is_refused_in_words() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("fleet.wasm"), of_generation("0.2.0")).unwrap();
    let hire = guests_dir().join("hire.wasm");
    std::fs::copy(hire, directory.path().join("hire.wasm")).unwrap();
    let catalog = root().join("tests/cycles/catalog.toml");
    let hosting = Hosting::load(&catalog, directory.path());
    let refused: Vec<String> = hosting
        .plugins
        .all_refused()
        .map(ToString::to_string)
        .collect();
    let [refused] = refused.as_slice() else {
        panic!("one was to be refused: {refused:#?}");
    };
    // Every generation that the host says it serves has its place in the corpus.
    let served: Vec<String> = generations().into_keys().collect();
    let words = format!(
        "it needs levain:domain 0.2.0, this host serves {}; rebuild it against the interface in wit/",
        served.join(", ")
    );
    assert!(refused.starts_with("plugin `fleet`"), "{refused}");
    assert!(refused.ends_with(&words), "{refused}");

    // Whoever creates a session learns that the domain is not served, and nothing is kept.
    let app = TestApp::over(&hosting).await;
    let problem = app.create("harbour").await;
    assert!(
        matches!(problem.status.as_u16(), 502 | 503),
        "{}",
        problem.text
    );
    let kept = "SELECT count(*) FROM segments";
    assert_eq!(app.database().await.number(kept).await, 0);

    // Whoever checks before starting is told the same.
    let said = levain(&[
        "catalog",
        "check",
        "--catalog",
        catalog.to_str().unwrap(),
        "--plugins",
        directory.path().to_str().unwrap(),
    ]);
    assert_eq!(said.code, 1, "{}", said.all());
    assert!(said.out.contains(&words), "{}", said.all());
}
