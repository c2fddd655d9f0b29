//! Which page of the list of sessions is asked for.

use crate::http::extract::{Fields, QueryPairs, read_limit};
use crate::http::problem::Problem;
use crate::http::records::SessionCursor;
use crate::repo::SessionPosition;

/// Sessions of a page, where nothing else is said, and at most.
const SESSIONS: (u32, u32) = (50, 500);

/// Which page of the list of sessions is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::http) struct SessionListParams {
    /// At most so many.
    pub(in crate::http) limit: u32,
    /// The session that the page before ended with.
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
