//! In which form data is exported.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::extract::{Fields, QueryPairs};
use crate::http::problem::Problem;

/// In which form data is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum ExportForm {
    /// As it is stored.
    Stored,
    /// What sessions of one account and data clock have in common (domain specification,
    /// section 6).
    Canonical,
}

impl ExportForm {
    /// Reads a query: `form`, `stored` where it is not given.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs) -> Result<Self, Problem> {
        let mut fields = Fields::from(query);
        let form = fields.optional("form", |text| match text {
            "canonical" => Ok(Self::Canonical),
            "stored" => Ok(Self::Stored),
            _ => Err("must be `canonical` or `stored`".to_owned()),
        });
        fields.finish()?;
        Ok(form.unwrap_or(Self::Stored))
    }
}
