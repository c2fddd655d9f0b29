//! JSON out: what callers see, apart from what is stored.

mod account;
mod deletion;
mod ordered;
mod records;
mod service;
mod session;
mod status;

pub use account::{AccountView, AccountsView};
pub use deletion::{DeletionView, DomainCloneView, DomainDeletionView};
pub use ordered::Ordered;
pub use records::RecordsView;
pub use service::{ServiceState, TenantServices, tenant_services};
pub use session::{SessionView, SessionsView};
pub use status::{SessionState, StatusView};

use std::collections::BTreeMap;

use crate::segment::EntityCounts;

/// Records per entity, and their `total`.
pub type Counts = BTreeMap<String, u64>;

/// Adds the total to what was counted.
#[must_use]
pub fn with_total(records: &EntityCounts) -> Counts {
    records
        .iter()
        .map(|(entity, records)| (entity.clone(), u64::from(*records)))
        .chain([("total".to_owned(), total(records))])
        .collect()
}

/// The records of all entities.
#[must_use]
pub fn total(records: &EntityCounts) -> u64 {
    records.values().map(|records| u64::from(*records)).sum()
}
