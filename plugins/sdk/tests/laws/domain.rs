//! Where the fixtures and schemas of a domain are, and the session that they are cloned for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use levain_plugin::time::{self, Micros};
use levain_plugin::{Segment, SessionContext, Uuid, identity};
use serde_json::Value;

/// The fixture slice of one domain, as the host would give it.
pub struct Slice {
    pub segments: Vec<Segment>,
}

impl Slice {
    /// Every file of the domain: the curated one, then its generated series.
    pub fn read(domain: &str) -> Self {
        let professional = root().join("fixtures/professional");
        let mut joined: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for folder in [professional.clone(), professional.join("series")] {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path
                    .to_str()
                    .is_some_and(|path| path.ends_with(&format!("-{domain}.json")))
                {
                    let file: BTreeMap<String, Vec<Value>> = read(&path);
                    for (entity, rows) in file {
                        joined.entry(entity).or_default().extend(rows);
                    }
                }
            }
        }
        assert!(!joined.is_empty(), "no fixtures of {domain}");
        let segment = |(entity, rows)| Segment {
            entity,
            rows: Value::Array(rows).to_string(),
        };
        Self {
            segments: joined.into_iter().map(segment).collect(),
        }
    }

    pub fn values(&self) -> Vec<(String, Vec<Value>)> {
        self.segments
            .iter()
            .map(|segment| {
                (
                    segment.entity.clone(),
                    serde_json::from_str(&segment.rows).unwrap(),
                )
            })
            .collect()
    }

    /// The base id behind each id of a clone.
    pub fn base_ids(&self, ctx: &SessionContext) -> BTreeMap<Uuid, Uuid> {
        let ids = self.values().into_iter().flat_map(|(_, rows)| rows);
        ids.map(|row| {
            let base: Uuid = row["id"].as_str().unwrap().parse().unwrap();
            (identity::derive(&ctx.tenant_id, &base), base)
        })
        .collect()
    }
}

pub fn schema(domain: &str, entity: &str) -> Value {
    read(&root().join(format!("schemas/{domain}/{entity}.schema.json")))
}

pub fn context(now: Micros) -> SessionContext {
    SessionContext {
        session_id: "demo".to_owned(),
        account_type: "professional".to_owned(),
        base_tenant_id: "a1b2c3d4-e5f6-47a8-b9c0-d1e2f3a4b5c6".parse().unwrap(),
        tenant_id: "5eed0000-0000-4000-8000-000000000001".parse().unwrap(),
        parent_tenant_id: None,
        outlet: None,
        session_created_at: now,
        base_reference: time::parse("2025-12-13T06:00:00Z").unwrap(),
    }
}

/// The workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file as JSON.
pub fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
