//! How many records there are.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use levain_model::EntityCounts;

/// Records per entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts(BTreeMap<String, u64>);

impl Counts {
    /// What was counted, and its `total`.
    #[must_use]
    pub fn with_total(records: &EntityCounts) -> Self {
        let Self(mut counts) = Self::from(records);
        counts.insert("total".to_owned(), total(records));
        Self(counts)
    }
}

impl From<&EntityCounts> for Counts {
    fn from(records: &EntityCounts) -> Self {
        let counts = records.iter();
        Self(
            counts
                .map(|(entity, records)| (entity.clone(), u64::from(*records)))
                .collect(),
        )
    }
}

/// The records of all entities.
#[must_use]
pub fn total(records: &EntityCounts) -> u64 {
    records.values().map(|records| u64::from(*records)).sum()
}
