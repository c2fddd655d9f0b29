//! Owns the catalog: reads and checks accounts, domains, fixtures, schemas and references, gives
//! out fixture slices, and checks what plugins return against the same rules.
//!
//! Never: I/O after start-up; knowledge of any trade.
//!
//! | part | does |
//! |---|---|
//! | `load` | reads every file at start, and lists every fault at once |
//! | `schema` | compiles an entity's schema: validator, columns, where ids and dates stand |
//! | `rules` | what JSON Schema cannot say: dates that follow each other, ratios, uniqueness, codes |
//! | `reference` | which field refers to which entity, and on what conditions |
//! | `check` | checks a clone: one strict parse (`json`), schema, rules, ids |
//! | `trigger` | which functions of plugins are called after cloning, what they read and make |
//! | `canonical` | what sessions at one data clock have in common |

mod account;
mod canonical;
mod check;
mod domain;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod json;
mod load;
mod marker;
mod reference;
mod rules;
mod schema;
mod session;
#[cfg(test)]
mod tests;
mod thresholds;
mod times;
mod trigger;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use account::{Account, FixtureSlice, Location, Outlet, Owner};
pub use domain::{Domain, LimitOverrides};
pub use error::CatalogError;
pub use schema::EntitySchema;
pub use session::{
    CheckedDomain, CheckedProduct, CheckedTenant, DomainExport, ReferenceFindings, ReferenceReport,
    Rejection, SessionReport, TenantExport, TenantScope,
};
pub use thresholds::{CreationTimes, Thresholds};
pub use times::{ExactTimes, TimeReport};
pub use trigger::{EntityRef, Read, Relation, Trigger};

use identity::BaseIds;
use levain_model::fault::Fault;
use levain_model::{Phase, Segment};
use reference::{Entities, References};

/// A tenant of the fixtures: account and outlet.
type TenantKey = (String, Option<String>);

/// All data that defines what can be demonstrated: read once, checked, and
/// constant until the process ends.
#[derive(Debug)]
pub struct Catalog {
    name: String,
    digest: String,
    base_reference: DateTime<Utc>,
    limits: LimitOverrides,
    proof_instants: Vec<DateTime<Utc>>,
    domains: Vec<Domain>,
    triggers: Vec<Trigger>,
    accounts: Vec<Account>,
    entities: Entities,
    /// By entity number.
    schemas: Vec<EntitySchema>,
    references: References,
    base_ids: BTreeMap<TenantKey, BaseIds>,
}

impl Catalog {
    /// Reads the catalog file and all files that it names.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Unreadable`] for the catalog file itself; [`CatalogError::Invalid`] with every
    /// fault that there is, in all files.
    pub fn load(file: &Path) -> Result<Self, CatalogError> {
        load::load(file)
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 over everything that was read, in lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The instant that the fixtures describe.
    #[must_use]
    pub fn base_reference(&self) -> DateTime<Utc> {
        self.base_reference
    }

    /// The default limits of domains.
    #[must_use]
    pub fn limits(&self) -> LimitOverrides {
        self.limits
    }

    /// The instants that a component is proven at before it serves.
    #[must_use]
    pub fn proof_instants(&self) -> &[DateTime<Utc>] {
        &self.proof_instants
    }

    /// The domains, in the order of the catalog.
    #[must_use]
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    #[must_use]
    pub fn domain(&self, slug: &str) -> Option<&Domain> {
        self.domains.iter().find(|domain| domain.slug == slug)
    }

    /// The triggers, in the order of the catalog.
    #[must_use]
    pub fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    #[must_use]
    pub fn trigger(&self, slug: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.slug == slug)
    }

    /// The entity whose records a phase creates; `None` for a phase without triggers.
    #[must_use]
    pub fn product(&self, phase: Phase) -> Option<&EntityRef> {
        let mut triggers = self.triggers.iter();
        let first = triggers.find(|trigger| trigger.phase == phase)?;
        Some(&first.writes)
    }

    /// The accounts, in the order of the catalog.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    #[must_use]
    pub fn account(&self, slug: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.slug == slug)
    }

    #[must_use]
    pub fn schema(&self, domain: &str, entity: &str) -> Option<&EntitySchema> {
        self.schemas.get(self.entities.number(domain, entity)?)
    }

    /// The schemas of all entities, in the order of the catalog.
    pub fn schemas(&self) -> impl Iterator<Item = &EntitySchema> {
        self.schemas.iter()
    }

    /// Checks what a plugin returned for one domain of one tenant: strict JSON, parsed once; no
    /// entity of another domain; every record against its schema and rules; the session's tenant;
    /// ids that are unique and derive from this entity's fixtures; codes. References are left for
    /// [`Catalog::check_references`], which needs all domains.
    ///
    /// # Errors
    ///
    /// [`Rejection`] with the first faults and their number.
    pub fn check_clone(
        &self,
        scope: &TenantScope,
        domain: &Domain,
        segments: Vec<Segment>,
    ) -> Result<CheckedDomain, Rejection> {
        self.check_clone_within(scope, domain, segments, usize::MAX)
    }

    /// [`Catalog::check_clone`] for at most `most` records; the parse stops at the first one beyond.
    ///
    /// # Errors
    ///
    /// [`Rejection`], with `too_many` set if there were more.
    pub fn check_clone_within(
        &self,
        scope: &TenantScope,
        domain: &Domain,
        segments: Vec<Segment>,
        most: usize,
    ) -> Result<CheckedDomain, Rejection> {
        check::check_clone(self, scope, domain, segments, most)
    }

    /// Checks the output of a trigger for one tenant: strict JSON, parsed once; the one entity that the
    /// trigger writes; every record against its schema and rules; the session's tenant; ids that are
    /// unique and derive from their subjects as the schema says (`x-identity`); the outlet, where a
    /// record names one, and the figures of a KPI trigger; every reference, over `session`, the checked
    /// tenants that the trigger was called for, which the caller has at hand; at most `most` records.
    ///
    /// # Errors
    ///
    /// [`Rejection`] with the first faults and their number; `too_many` set if there were more records.
    pub fn check_product(
        &self,
        scope: &TenantScope,
        trigger: &Trigger,
        segments: Vec<Segment>,
        session: &[CheckedTenant],
        most: usize,
    ) -> Result<CheckedProduct, Rejection> {
        check::check_product(self, scope, trigger, segments, session, most)
    }

    /// Resolves every reference of the reference map over all tenants of a session, at `instant`,
    /// its data clock. A reference into a missing domain is unavailable, not a fault.
    #[must_use]
    pub fn check_references(
        &self,
        instant: DateTime<Utc>,
        tenants: &[CheckedTenant],
    ) -> ReferenceReport {
        session::check_references(self, instant, tenants)
    }

    /// Checks the exports of a whole session: every record as [`Catalog::check_clone`] and
    /// [`Catalog::check_product`] do, and every reference over all tenants. The head of a group comes
    /// first, and its data clock is that of all tenants.
    #[must_use]
    pub fn check_session(&self, tenants: Vec<TenantExport>) -> SessionReport {
        check::check_session(self, tenants)
    }

    /// The dates of one domain of a tenant of an account that the fixtures write as markers; none where
    /// the tenant has no part in the domain.
    #[must_use]
    pub fn exact_times(&self, account: &Account, outlet: Option<&str>, domain: &str) -> ExactTimes {
        let slice = account
            .slices_of(outlet)
            .and_then(|slices| slices.get(domain));
        slice.map_or_else(ExactTimes::default, |slice| {
            ExactTimes::read(self, domain, slice)
        })
    }

    /// Compares the records of one domain of a tenant with the exact times of its fixtures.
    #[must_use]
    pub fn check_times(
        &self,
        times: &ExactTimes,
        scope: &TenantScope,
        segments: &[Segment],
    ) -> TimeReport {
        times.check(self, scope, segments)
    }

    /// The canonical export of one domain of one tenant (domain specification, section 6): RFC 8785 JSON,
    /// one array per entity, whose records may come in several segments (the parts of several triggers),
    /// sorted by base id, with ids replaced by base ids, also inside texts. A record that a trigger
    /// created may name its own id, but not that of another such record.
    ///
    /// # Errors
    ///
    /// A [`Fault`] for an id that derives from nothing in the account's fixtures, or a segment that is
    /// not JSON.
    pub fn canonical(
        &self,
        account: &Account,
        scope: &TenantScope,
        domain: &Domain,
        segments: &[Segment],
    ) -> Result<String, Fault> {
        canonical::export(self, account, scope, domain, segments)
    }

    /// The id of a fixture's record in a tenant of a session.
    #[must_use]
    pub fn derived_id(&self, scope: &TenantScope, base_id: &Uuid) -> Uuid {
        identity::derive(scope.tenant_id, scope.base_tenant_id, base_id)
    }

    fn base_ids(&self, scope: &TenantScope, domain: &str, entity: &str) -> &[Uuid] {
        self.base_ids
            .get(&(scope.account.clone(), scope.outlet.clone()))
            .map_or(&[], |ids| ids.of(domain, entity))
    }
}
