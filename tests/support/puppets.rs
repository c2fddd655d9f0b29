//! A small catalog of puppets: two domains served by the component that misbehaves as its fixture
//! tells it to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::hosting::{Hosting, guests_dir};

/// The base tenant.
pub const STAGE: &str = "10000000-0000-4000-8000-000000000001";
/// The person the visitor is logged in as, who is a note as well.
pub const OWNER: &str = "20000000-0000-4000-8000-000000000001";

const MANIFEST: &str = r#"
[catalog]
name = "puppets"
base_reference = "2025-12-13T06:00:00Z"
schemas = "schemas"
references = "references.json"
accounts = "accounts.json"
staff = "staff.json"

[limits]
memory_mib = 32
output_kib = 4096

[[domain]]
slug = "lead"
title = "The required one"
plugin = "puppet"
required = true
timeout_ms = 1500
entities = ["note"]

[[domain]]
slug = "extra"
title = "The optional one"
plugin = "puppet"
required = false
timeout_ms = 1500
entities = ["note"]

[[account]]
slug = "show"
[account.fixtures]
lead = ["lead.json"]
extra = ["extra.json"]
"#;

/// What the manifest of [`Puppets::triggering`] has besides: an alert per note, and their number. A
/// trigger has less time than its domain's clone.
const TRIGGERS: &str = r#"
[[domain]]
slug = "raised"
title = "What was raised"
triggered = true
entities = ["alert"]

[[domain]]
slug = "counted"
title = "What was counted"
triggered = true
entities = ["figure"]

[[trigger]]
slug = "lead-notes"
domain = "lead"
phase = "alerts"
path = "notes"
writes = "raised.alert"
timeout_ms = 700
reads = [{ entity = "lead.note" }]

[[trigger]]
slug = "extra-notes"
domain = "extra"
phase = "alerts"
path = "notes"
writes = "raised.alert"
timeout_ms = 700
reads = [{ entity = "extra.note" }]

[[trigger]]
slug = "lead-count"
domain = "lead"
phase = "kpis"
writes = "counted.figure"
timeout_ms = 700
reads = [{ entity = "raised.alert" }]
figures = ["raised"]
"#;

/// The files of the catalog, which a test may change before they are loaded.
pub struct Puppets {
    /// JSON files by name.
    pub files: BTreeMap<String, Value>,
    /// Other files by name.
    pub texts: BTreeMap<String, String>,
}

/// A catalog that was written, with its components compiled.
pub struct Stage {
    /// What a host is made of.
    pub hosting: Hosting,
    /// Where its files are, as long as this lives.
    _directory: TempDir,
}

impl Puppets {
    /// Two domains that behave.
    pub fn new() -> Self {
        let location = json!({"city": "Town", "zone": "Old", "latitude": 40.0, "longitude": -3.0});
        let own = |from: &str, to: &str| json!({"from": from, "field": "about_id", "to": to, "scope": "own", "conditions": []});
        let mut files = BTreeMap::from([
            (
                "references.json".to_owned(),
                json!({"version": "1.0.0", "references": [
                    own("lead.note", "lead.note"),
                    own("extra.note", "lead.note"),
                ]}),
            ),
            (
                "accounts.json".to_owned(),
                json!({"show": {
                    "name": "The show", "email": "show@example.org", "subdomain": "show",
                    "base_tenant_id": STAGE, "subscription_tier": "plain", "tenant_type": "alone",
                    "owner_id": OWNER, "location": location, "children": [],
                }}),
            ),
            (
                "staff.json".to_owned(),
                json!({"show": {
                    "owner": {"user_id": OWNER, "name": "Ada", "email": "ada@example.org", "role": "lead"},
                    "staff": [],
                }}),
            ),
        ]);
        for domain in ["lead", "extra"] {
            files.insert(format!("schemas/{domain}/note.schema.json"), schema(domain));
        }
        let mut puppets = Self {
            files,
            texts: BTreeMap::new(),
        };
        puppets.texts.insert("catalog.toml".into(), MANIFEST.into());
        puppets.behave("lead", "honest");
        puppets.behave("extra", "honest");
        puppets
    }

    /// Two domains, one of which misbehaves.
    pub fn misbehaving(domain: &str, behaviour: &str) -> Self {
        let mut puppets = Self::new();
        puppets.behave(domain, behaviour);
        puppets
    }

    /// Two domains whose triggers raise alerts, and one that counts them; one of them misbehaves.
    pub fn triggering(domain: &str, behaviour: &str) -> Self {
        let mut puppets = Self::misbehaving(domain, behaviour);
        if let Some(manifest) = puppets.texts.get_mut("catalog.toml") {
            // Tables follow one another in any order.
            manifest.push_str(TRIGGERS);
        }
        let schemas = [
            ("schemas/raised/alert.schema.json", alert_schema()),
            ("schemas/counted/figure.schema.json", figure_schema()),
        ];
        for (name, schema) in schemas {
            puppets.files.insert(name.to_owned(), schema);
        }
        if let Some(lines) = puppets
            .files
            .get_mut("references.json")
            .and_then(|map| map["references"].as_array_mut())
        {
            let naming = json!({"domain": "subject_domain", "entity": "subject_entity"});
            lines.push(json!({
                "from": "raised.alert", "field": "subject_id", "named_by": naming,
                "scope": "session", "conditions": [],
            }));
        }
        puppets
    }

    /// Tells a domain how to behave.
    pub fn behave(&mut self, domain: &str, behaviour: &str) {
        let notes = notes(domain, STAGE, behaviour);
        self.files.insert(format!("{domain}.json"), notes);
    }

    /// Has the domain of this title served by another component.
    pub fn serve_by(&mut self, title: &str, plugin: &str) {
        if let Some(manifest) = self.texts.get_mut("catalog.toml") {
            let domain = format!("title = \"{title}\"\nplugin = ");
            *manifest = manifest.replace(
                &format!("{domain}\"puppet\""),
                &format!("{domain}\"{plugin}\""),
            );
        }
    }

    /// Adds an optional domain with entity `note`, served by a component, with limits of its own where
    /// `limits` has lines of them.
    pub fn add_domain(&mut self, slug: &str, plugin: &str, timeout_ms: u32, limits: &str) {
        if let Some(manifest) = self.texts.get_mut("catalog.toml") {
            manifest.push_str(&format!(
                "\n[[domain]]\nslug = \"{slug}\"\ntitle = \"{slug}\"\nplugin = \"{plugin}\"\n\
                 required = false\ntimeout_ms = {timeout_ms}\nentities = [\"note\"]\n\
                 [domain.limits]\n{limits}\n"
            ));
        }
        let file = format!("schemas/{slug}/note.schema.json");
        self.files.insert(file, schema(slug));
        let lines = self.files.get_mut("references.json");
        if let Some(lines) = lines.and_then(|map| map["references"].as_array_mut()) {
            lines.push(json!({
                "from": format!("{slug}.note"), "field": "about_id", "to": "lead.note", "scope": "own",
                "conditions": [],
            }));
        }
    }

    /// Adds an account that has the required domain, which behaves, and another that is told how to.
    pub fn add_account(&mut self, slug: &str, domain: &str, behaviour: &str) {
        // All but its tenant it has as the first one does.
        let place = self.files["accounts.json"].as_object().map_or(0, Map::len) + 1;
        let tenant = format!("10000000-0000-4000-8000-{place:012}");
        for file in ["accounts.json", "staff.json"] {
            if let Some(accounts) = self.files.get_mut(file) {
                accounts[slug] = accounts["show"].clone();
                if file == "accounts.json" {
                    accounts[slug]["base_tenant_id"] = json!(tenant);
                }
            }
        }
        let mut fixtures = String::new();
        for (domain, behaviour) in [("lead", "honest"), (domain, behaviour)] {
            let file = format!("{slug}-{domain}.json");
            fixtures.push_str(&format!("{domain} = [\"{file}\"]\n"));
            self.files.insert(file, notes(domain, &tenant, behaviour));
        }
        if let Some(manifest) = self.texts.get_mut("catalog.toml") {
            manifest.push_str(&format!(
                "\n[[account]]\nslug = \"{slug}\"\n[account.fixtures]\n{fixtures}"
            ));
        }
    }

    /// Gives both domains another time limit.
    pub fn with_timeout_ms(mut self, timeout_ms: u32) -> Self {
        if let Some(manifest) = self.texts.get_mut("catalog.toml") {
            *manifest =
                manifest.replace("timeout_ms = 1500", &format!("timeout_ms = {timeout_ms}"));
        }
        self
    }

    /// Gives the optional domain a time limit of its own.
    pub fn with_optional_timeout_ms(mut self, timeout_ms: u32) -> Self {
        if let Some(manifest) = self.texts.get_mut("catalog.toml") {
            let (before, after) = manifest
                .split_once("required = false\ntimeout_ms = ")
                .unwrap();
            let (_, after) = after.split_once('\n').unwrap();
            *manifest = format!("{before}required = false\ntimeout_ms = {timeout_ms}\n{after}");
        }
        self
    }

    /// Writes the files and gives the catalog's.
    pub fn write(&self, directory: &TempDir) -> PathBuf {
        let write = |name: &str, text: String| {
            let file = directory.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        for (name, value) in &self.files {
            write(name, format!("{value:#}"));
        }
        for (name, text) in &self.texts {
            write(name, text.clone());
        }
        directory.path().join("catalog.toml")
    }

    /// Writes and loads the catalog. The puppets are the same ones in every catalog: they are compiled once.
    pub fn load(&self) -> Stage {
        static COMPILED: OnceLock<Hosting> = OnceLock::new();
        let compiled = COMPILED.get_or_init(|| {
            let directory = TempDir::new().unwrap();
            // The catalog that asks most of them.
            let catalog = Self::triggering("lead", "honest").write(&directory);
            Hosting::load(&catalog, &guests_dir())
        });
        let directory = TempDir::new().unwrap();
        let catalog = self.write(&directory);
        Stage {
            hosting: compiled.over(&catalog),
            _directory: directory,
        }
    }
}

/// The records of a domain of a tenant, which tell its plugin how to behave.
fn notes(domain: &str, tenant: &str, behaviour: &str) -> Value {
    let kind = if domain == "lead" { 2 } else { 3 };
    let note = |n: u8, about: Value| {
        json!({
            "id": format!("{kind}0000000-0000-4000-8000-{n:012}"), "tenant_id": tenant, "about_id": about,
            "text": format!("note {n} of {domain}"), "weight": 1.5, "behaviour": behaviour,
        })
    };
    json!({"note": [note(1, json!(OWNER)), note(2, Value::Null)]})
}

fn schema(domain: &str) -> Value {
    let properties = json!({
        "id": {"type": "string", "format": "uuid"},
        "tenant_id": {"type": "string", "format": "uuid"},
        "about_id": {"type": ["string", "null"], "format": "uuid"},
        "text": {"type": "string", "minLength": 1, "maxLength": 80},
        "weight": {"type": "number", "exclusiveMinimum": 0},
        "behaviour": {"type": "string", "minLength": 1, "maxLength": 40},
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://example.org/{domain}/note/v1"),
        "title": "Note", "version": "1.0.0", "type": "object", "properties": properties,
        "required": ["id", "tenant_id", "text", "weight", "behaviour"], "additionalProperties": false,
        "x-rules": [],
    })
}

fn alert_schema() -> Value {
    let slug = json!({"type": "string", "minLength": 1, "maxLength": 40});
    let properties = json!({
        "id": {"type": "string", "format": "uuid"},
        "tenant_id": {"type": "string", "format": "uuid"},
        "type": slug,
        "status": {"type": "string", "enum": ["open", "resolved"]},
        "severity": {"type": "string", "enum": ["red", "yellow"]},
        "outlet": {"type": ["string", "null"], "minLength": 1, "maxLength": 40},
        "subject_domain": slug,
        "subject_entity": slug,
        "subject_id": {"type": "string", "format": "uuid"},
        "text": {"type": "string", "minLength": 1, "maxLength": 80},
    });
    let required = [
        "id",
        "tenant_id",
        "type",
        "status",
        "severity",
        "outlet",
        "subject_domain",
        "subject_entity",
        "subject_id",
        "text",
    ];
    made(
        "raised/alert",
        &properties,
        &required,
        &json!({"subject": "subject_id", "label": ["type"]}),
    )
}

fn figure_schema() -> Value {
    let properties = json!({
        "id": {"type": "string", "format": "uuid"},
        "tenant_id": {"type": "string", "format": "uuid"},
        "kpi": {"type": "string", "enum": ["raised"]},
        "scope": {"type": "string", "enum": ["tenant", "group"]},
        "outlet": {"type": ["string", "null"], "minLength": 1, "maxLength": 40},
        "value": {"type": ["number", "null"], "minimum": 0},
    });
    let required = ["id", "tenant_id", "kpi", "scope", "value"];
    made(
        "counted/figure",
        &properties,
        &required,
        &json!({"subject": "tenant_id", "label": ["kpi"]}),
    )
}

/// The schema of something that a trigger makes.
fn made(name: &str, properties: &Value, required: &[&str], identity: &Value) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://example.org/{name}/v1"),
        "title": "Made", "version": "1.0.0", "type": "object", "properties": properties,
        "required": required, "additionalProperties": false, "x-rules": [], "x-identity": identity,
    })
}
