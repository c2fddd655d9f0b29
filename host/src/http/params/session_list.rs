//! Which page of the list of sessions is asked for.

use utoipa::IntoParams;

use crate::http::extract::{Fields, QueryPairs, read_limit};
use crate::http::problem::Problem;
use crate::http::records::SessionCursor;
use levain_store::SessionPosition;

/// Sessions of a page, where nothing else is said, and at most.
const SESSIONS: (u32, u32) = (50, 500);

/// Which page of the list of sessions is asked for.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct SessionListParams {
    /// At most so many; 50 where it is not given
    #[param(value_type = Option<u32>, required = false, minimum = 1, maximum = 500)]
    pub(in crate::http) limit: u32,
    /// Where the page begins: `next_cursor` of the page before
    #[param(rename = "cursor", value_type = Option<String>)]
    pub(in crate::http) after: Option<SessionPosition>,
}

impl SessionListParams {
    /// Reads a query.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs) -> Result<Self, Problem> {
        let mut fields = Fields::from(query);
        let limit = fields.optional("limit", |text| read_limit(text, SESSIONS.1));
        let after = fields.optional("cursor", |text| {
            SessionCursor::read(text).ok_or_else(|| "is no cursor of this list".to_owned())
        });
        fields.finish()?;
        Ok(Self {
            limit: limit.unwrap_or(SESSIONS.0),
            after,
        })
    }
}
