//! Accounts: what can be demonstrated, and the fixtures that it starts from.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Thresholds;
use levain_model::Segment;

/// An account type that sessions can be created from.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name in requests (`demo_account_type`).
    pub slug: String,
    pub name: String,
    pub email: String,
    pub subdomain: String,
    /// The tenant that the fixtures are written for.
    pub base_tenant_id: Uuid,
    /// The tenant's plan, as its product names it.
    pub subscription_tier: String,
    /// What kind of tenant it is (stand-alone, head of a group).
    pub tenant_type: String,
    /// Whom the visitor is logged in as.
    pub owner: Owner,
    /// The time in a record.
    pub location: Option<Location>,
    /// The outlets of a group; empty for a stand-alone tenant.
    pub outlets: Vec<Outlet>,
    /// The fixture slice per domain. A domain without one takes no part in this account.
    pub slices: BTreeMap<String, Arc<FixtureSlice>>,
    /// What `levain verify` demands of its sessions.
    pub verify: Thresholds,
}

impl Account {
    /// The fixture slices of the account's own tenant, or of one of its outlets: the domains that take
    /// part there. `None` for an unknown outlet.
    #[must_use]
    pub fn slices_of(&self, outlet: Option<&str>) -> Option<&BTreeMap<String, Arc<FixtureSlice>>> {
        match outlet {
            None => Some(&self.slices),
            Some(slug) => {
                let outlet = self.outlets.iter().find(|outlet| outlet.slug == slug)?;
                Some(&outlet.slices)
            }
        }
    }

    /// The fixture slices of the account's own tenant, then those of its outlets.
    pub fn all_slices(&self) -> impl Iterator<Item = &BTreeMap<String, Arc<FixtureSlice>>> {
        let outlets = self.outlets.iter().map(|outlet| &outlet.slices);
        std::iter::once(&self.slices).chain(outlets)
    }
}

/// Whom the visitor is logged in as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The base id of the person.
    pub user_id: Uuid,
    pub name: String,
    pub email: String,
    /// Role within the tenant.
    pub role: String,
}

/// One outlet of a group.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Its slug within the account.
    pub slug: String,
    pub name: String,
    /// The tenant that its fixtures are written for.
    pub base_tenant_id: Uuid,
    /// The time in a record.
    pub location: Location,
    /// The fixture slice per domain.
    pub slices: BTreeMap<String, Arc<FixtureSlice>>,
}

/// A place, in WGS 84 degrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    pub city: String,
    pub zone: String,
    /// Latitude, degrees north.
    pub latitude: f64,
    /// Longitude, degrees east.
    pub longitude: f64,
}

/// The records of one domain that a clone starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixtureSlice {
    /// One segment per entity of the domain, in the catalog's order, with markers; `[]` for one
    /// without records.
    pub segments: Vec<Segment>,
    pub records: usize,
    /// The SHA-256 over the segments, in lower-case hexadecimal.
    pub digest: String,
}

impl FixtureSlice {
    /// Segments that belong to no account, so that no image of them exists.
    #[must_use]
    pub fn loose(segments: Vec<Segment>) -> Self {
        Self {
            records: 0,
            digest: String::new(),
            segments,
        }
    }

    /// The size of the slice's text in bytes: a measure of how long its clone takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.rows.len()).sum()
    }
}
