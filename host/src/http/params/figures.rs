//! Which KPIs are listed.

use utoipa::IntoParams;
use uuid::Uuid;

use crate::http::extract::{Fields, QueryPairs, read_uuid};
use crate::http::problem::Problem;
use crate::http::records::Filter;

/// Which KPIs are listed: the fields that filter them are those of every catalog's KPIs.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct FiguresParams {
    /// Of this tenant of the session alone
    pub(in crate::http) tenant_id: Option<Uuid>,
    /// `tenant` or `group`
    #[param(value_type = Option<String>)]
    scope: Option<Filter>,
    /// By its name; may be repeated
    #[param(value_type = Option<String>)]
    kpi: Option<Filter>,
    /// Of this outlet, by its slug; `null`: of the account's own tenant, and of the group
    #[param(value_type = Option<String>)]
    outlet: Option<Filter>,
}

impl FiguresParams {
    /// Reads a query.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs) -> Result<Self, Problem> {
        let mut fields = Fields::from(query);
        let tenant_id = fields.optional("tenant_id", read_uuid);
        let [scope, kpi, outlet] =
            ["scope", "kpi", "outlet"].map(|field| (field, fields.take(field)));
        fields.finish()?;
        let filter = |(field, values): (&str, Vec<String>)| {
            let given = (!values.is_empty()).then_some(values);
            given.map(|values| Filter::new(field, values)).transpose()
        };
        Ok(Self {
            tenant_id,
            scope: filter(scope)?,
            kpi: filter(kpi)?,
            outlet: filter(outlet)?,
        })
    }

    /// What the KPIs are filtered by.
    pub(in crate::http) fn into_filters(self) -> Vec<Filter> {
        let filters = [self.scope, self.kpi, self.outlet];
        filters.into_iter().flatten().collect()
    }
}
