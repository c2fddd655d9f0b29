//! Which KPIs are listed.

use uuid::Uuid;

use crate::http::extract::{Fields, QueryPairs, read_uuid};
use crate::http::problem::Problem;
use crate::http::records::Filter;

/// The fields that KPIs are selected by: every catalog's have them.
const FIELDS: [&str; 3] = ["scope", "kpi", "outlet"];

/// Which KPIs are listed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::http) struct FiguresParams {
    /// Of which tenant of the session; of all, where none is named.
    pub(in crate::http) tenant_id: Option<Uuid>,
    /// Of which scope, which, and of which outlet.
    pub(in crate::http) filters: Vec<Filter>,
}

impl FiguresParams {
    /// Reads a query.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs) -> Result<Self, Problem> {
        let mut fields = Fields::from(query);
        let tenant_id = fields.optional("tenant_id", read_uuid);
        let given = FIELDS.map(|field| (field, fields.take(field)));
        fields.finish()?;
        let given = given.into_iter().filter(|(_, values)| !values.is_empty());
        let filters = given.map(|(field, values)| Filter::new(field, values));
        Ok(Self {
            tenant_id,
            filters: filters.collect::<Result<_, _>>()?,
        })
    }
}
