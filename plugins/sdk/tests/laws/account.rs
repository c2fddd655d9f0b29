//! Whole accounts, as the catalog names them: every tenant of one, cloned natively, and its triggers run as
//! the host would run them.

use std::collections::BTreeMap;
use std::fs;

use levain_plugin::time::{self, Micros};
use levain_plugin::{
    Held, HeldSegment, Plugin, PluginError, Segment, SessionContext, Triggers, Uuid, identity,
};
use serde_json::Value;
use toml::Table;

use crate::domain::{self, root};

type Clone = Box<dyn Fn(&SessionContext) -> Vec<Segment> + Send + Sync>;
type Raise = fn(&SessionContext, &str, &Held<'_>) -> Result<Vec<Segment>, PluginError>;

/// The phases in which triggers run, in their order.
const PHASES: [&str; 2] = ["alerts", "kpis"];

/// The root of the group, or the only tenant.
pub const ROOT: Uuid = Uuid::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0001);

/// One account, prepared.
pub struct Account {
    pub slug: String,
    pub tenants: Vec<Tenant>,
    pub triggers: Vec<Trigger>,
}

/// The head or an outlet.
pub struct Tenant {
    pub outlet: Option<String>,
    base: Uuid,
    parent: Option<Uuid>,
    id: Uuid,
    domains: BTreeMap<String, Clone>,
}

/// A trigger of the catalog.
pub struct Trigger {
    pub slug: String,
    pub domain: String,
    pub phase: String,
    pub entity: String,
    reads: Vec<(String, String, Vec<String>)>,
    raise: Raise,
}

/// What one trigger made for one tenant, and from what.
pub struct Raised<'a> {
    pub trigger: &'a Trigger,
    pub tenant: &'a Tenant,
    pub ctx: SessionContext,
    pub held: Vec<HeldSegment>,
    pub segments: Vec<Segment>,
}

impl Account {
    /// Every account of the catalog.
    pub fn all() -> Vec<Self> {
        let manifest: Table = fs::read_to_string(root().join("fixtures/catalog.toml"))
            .unwrap()
            .parse()
            .unwrap();
        let configs: Value = domain::read(
            &root()
                .join("fixtures")
                .join(text(&manifest["catalog"]["accounts"])),
        );
        let owned: BTreeMap<&str, Vec<&str>> = tables(&manifest, "domain")
            .map(|table| (text(&table["slug"]), texts(&table["entities"])))
            .collect();
        tables(&manifest, "account")
            .map(|account| {
                let slug = text(&account["slug"]);
                let config = &configs[slug];
                let base = uuid(&config["base_tenant_id"]);
                let head = Tenant {
                    outlet: None,
                    base,
                    parent: None,
                    id: ROOT,
                    domains: prepared(&account["fixtures"], &owned),
                };
                let outlets = account.get("outlet").and_then(toml::Value::as_array);
                let outlets = outlets.into_iter().flatten().map(|outlet| {
                    let slug = text(&outlet["slug"]);
                    let children = config["children"].as_array().unwrap();
                    let child = children.iter().find(|child| child["slug"] == slug).unwrap();
                    let base = uuid(&child["base_tenant_id"]);
                    Tenant {
                        outlet: Some(slug.to_owned()),
                        base,
                        parent: Some(ROOT),
                        id: identity::derive(&ROOT, &base),
                        domains: prepared(&outlet["fixtures"], &owned),
                    }
                });
                Self {
                    slug: slug.to_owned(),
                    tenants: [head].into_iter().chain(outlets).collect(),
                    triggers: tables(&manifest, "trigger").map(Trigger::of).collect(),
                }
            })
            .collect()
    }

    /// Clones every tenant and runs every trigger, phase by phase.
    pub fn raise(&self, now: Micros) -> Vec<Raised<'_>> {
        let mut stored = Vec::new();
        for tenant in &self.tenants {
            let ctx = tenant.context(&self.slug, now);
            for (domain, clone) in &tenant.domains {
                stored.extend(
                    clone(&ctx)
                        .into_iter()
                        .map(|segment| held(tenant, domain, segment)),
                );
            }
        }
        let mut all = Vec::new();
        for phase in PHASES {
            let first = all.len();
            for tenant in &self.tenants {
                for trigger in self
                    .triggers
                    .iter()
                    .filter(|trigger| trigger.phase == phase)
                {
                    if tenant.domains.contains_key(&trigger.domain) {
                        all.push(self.run(trigger, tenant, &stored, now));
                    }
                }
            }
            for raised in all.iter().skip(first) {
                let domain = domain_of(phase);
                let made = raised.segments.iter().cloned();
                stored.extend(made.map(|segment| held(raised.tenant, domain, segment)));
            }
        }
        all
    }

    fn run<'a>(
        &self,
        trigger: &'a Trigger,
        tenant: &'a Tenant,
        stored: &[HeldSegment],
        now: Micros,
    ) -> Raised<'a> {
        let ctx = tenant.context(&self.slug, now);
        let held: Vec<HeldSegment> = stored
            .iter()
            .filter(|held| {
                let relation = match held.tenant_id {
                    id if id == tenant.id => "own",
                    id if Some(id) == tenant.parent => "parent",
                    _ if tenant.parent.is_none() => "outlets",
                    _ => return false,
                };
                trigger.reads.iter().any(|(domain, entity, from)| {
                    held.domain == *domain
                        && held.entity == *entity
                        && from.iter().any(|from| from == relation)
                })
            })
            .cloned()
            .collect();
        let segments = trigger.raise(&ctx, &held).unwrap_or_else(|error| {
            panic!("{} of {}: {error}", trigger.slug, self.slug);
        });
        Raised {
            trigger,
            tenant,
            ctx,
            held,
            segments,
        }
    }
}

impl Tenant {
    fn context(&self, account: &str, now: Micros) -> SessionContext {
        SessionContext {
            session_id: "demo".to_owned(),
            account_type: account.to_owned(),
            base_tenant_id: self.base,
            tenant_id: self.id,
            parent_tenant_id: self.parent,
            outlet: self.outlet.clone(),
            session_created_at: now,
            base_reference: time::parse("2025-12-13T06:00:00Z").unwrap(),
        }
    }
}

impl Trigger {
    fn of(table: &Table) -> Self {
        let (domain, phase) = (text(&table["domain"]), text(&table["phase"]));
        let entity = |name: &str| {
            let (domain, entity) = name.split_once('.').unwrap();
            (domain.to_owned(), entity.to_owned())
        };
        let reads = table["reads"].as_array().unwrap().iter().map(|read| {
            let (domain, entity) = entity(text(&read["entity"]));
            let from = read.get("from").map_or(vec!["own"], texts);
            (
                domain,
                entity,
                from.into_iter().map(str::to_owned).collect(),
            )
        });
        Self {
            slug: text(&table["slug"]).to_owned(),
            domain: domain.to_owned(),
            phase: phase.to_owned(),
            entity: entity(text(&table["writes"])).1,
            reads: reads.collect(),
            raise: raise(domain, phase),
        }
    }

    /// Runs it.
    pub fn raise(
        &self,
        ctx: &SessionContext,
        held: &[HeldSegment],
    ) -> Result<Vec<Segment>, PluginError> {
        (self.raise)(ctx, &self.slug, &Held::new(ctx, held))
    }

    /// Runs the function of its phase with another name.
    pub fn raise_as(&self, ctx: &SessionContext, name: &str) -> Result<Vec<Segment>, PluginError> {
        (self.raise)(ctx, name, &Held::new(ctx, &[]))
    }
}

/// The domain that a phase writes to.
pub fn domain_of(phase: &str) -> &'static str {
    match phase {
        "alerts" => "alert_processor",
        "insights" => "ai_insights",
        _ => "dashboard",
    }
}

fn held(tenant: &Tenant, domain: &str, segment: Segment) -> HeldSegment {
    HeldSegment {
        tenant_id: tenant.id,
        domain: domain.to_owned(),
        entity: segment.entity,
        rows: segment.rows,
    }
}

/// Each domain's plugin with the entities of its files that it owns.
fn prepared(fixtures: &toml::Value, owned: &BTreeMap<&str, Vec<&str>>) -> BTreeMap<String, Clone> {
    let fixtures = fixtures.as_table().unwrap();
    let domains = fixtures.iter().map(|(domain, files)| {
        let mut joined: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for file in texts(files) {
            let file: BTreeMap<String, Vec<Value>> =
                domain::read(&root().join("fixtures").join(file));
            for (entity, rows) in file {
                if owned[domain.as_str()].contains(&entity.as_str()) {
                    joined.entry(entity).or_default().extend(rows);
                }
            }
        }
        let slice: Vec<Segment> = joined
            .into_iter()
            .map(|(entity, rows)| Segment {
                entity,
                rows: Value::Array(rows).to_string(),
            })
            .collect();
        (domain.clone(), prepare(domain, &slice))
    });
    domains.collect()
}

fn prepare(domain: &str, slice: &[Segment]) -> Clone {
    fn of<P: Plugin + Send + Sync + 'static>(slice: &[Segment]) -> Clone {
        let plugin = P::prepare(slice).unwrap();
        Box::new(move |ctx| plugin.clone_tenant(ctx).unwrap())
    }
    match domain {
        "auth" => of::<levain_auth::Auth>(slice),
        "distribution" => of::<levain_distribution::Distribution>(slice),
        "forecasting" => of::<levain_forecasting::Forecasting>(slice),
        "inventory" => of::<levain_inventory::Inventory>(slice),
        "orchestrator" => of::<levain_orchestrator::Orchestrator>(slice),
        "orders" => of::<levain_orders::Orders>(slice),
        "procurement" => of::<levain_procurement::Procurement>(slice),
        "production" => of::<levain_production::Production>(slice),
        "recipes" => of::<levain_recipes::Recipes>(slice),
        "sales" => of::<levain_sales::Sales>(slice),
        "suppliers" => of::<levain_suppliers::Suppliers>(slice),
        "tenant" => of::<levain_tenant::Tenant>(slice),
        other => panic!("no plugin of {other}"),
    }
}

fn raise(domain: &str, phase: &str) -> Raise {
    fn of<T: Triggers>(phase: &str) -> Raise {
        match phase {
            "alerts" => T::alerts,
            "insights" => T::insights,
            "kpis" => T::kpis,
            other => panic!("no phase {other}"),
        }
    }
    match domain {
        "distribution" => of::<levain_distribution::Distribution>(phase),
        "forecasting" => of::<levain_forecasting::Forecasting>(phase),
        "inventory" => of::<levain_inventory::Inventory>(phase),
        "procurement" => of::<levain_procurement::Procurement>(phase),
        "production" => of::<levain_production::Production>(phase),
        "sales" => of::<levain_sales::Sales>(phase),
        "tenant" => of::<levain_tenant::Tenant>(phase),
        other => panic!("{other} has no triggers"),
    }
}

fn tables<'a>(manifest: &'a Table, name: &str) -> impl Iterator<Item = &'a Table> {
    let tables = manifest.get(name).and_then(toml::Value::as_array);
    tables
        .into_iter()
        .flatten()
        .map(|table| table.as_table().unwrap())
}

fn text(value: &toml::Value) -> &str {
    value.as_str().unwrap()
}

fn texts(value: &toml::Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(text).collect()
}

fn uuid(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}
