//! Which records are listed, and how many.

use utoipa::IntoParams;
use uuid::Uuid;

use crate::http::extract::{Fields, QueryPairs, read_limit, read_uuid};
use crate::http::problem::{Problem, Violation};
use crate::http::records::{Cursor, Filter};

/// Records of a page, where nothing else is said, and at most.
const RECORDS: (u32, u32) = (100, 1000);

/// The parameters of every listing; a field of the same name cannot be filtered by.
const PAGE: [&str; 3] = ["limit", "cursor", "tenant_id"];

/// Which page of records is asked for.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ListingParams {
    /// At most so many; 100 where it is not given
    #[param(value_type = Option<u32>, required = false, minimum = 1, maximum = 1000)]
    limit: u32,
    /// Where the page begins: `next_cursor` of the page before
    cursor: Option<String>,
    /// Of this tenant of the session: an outlet, or the account's own
    pub(in crate::http) tenant_id: Option<Uuid>,
    /// `field=value`: records whose field has this value. A repeated field may have any of its values; several
    /// fields must all match. Numbers compare by size; `null` is a field that is null or absent; an array matches
    /// by any of its elements
    #[param(
        value_type = Option<std::collections::HashMap<String, String>>,
        required = false,
        style = Form,
        explode
    )]
    filters: Vec<(String, String)>,
}

impl ListingParams {
    /// Reads what every entity's listing has in common.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs) -> Result<Self, Problem> {
        let (common, filters) = query
            .0
            .into_iter()
            .partition(|(name, _)| PAGE.contains(&name.as_str()));
        let mut fields = Fields::from(QueryPairs(common));
        let limit = fields.optional("limit", |text| read_limit(text, RECORDS.1));
        let cursor = fields.optional("cursor", |text| Ok(text.to_owned()));
        let tenant_id = fields.optional("tenant_id", read_uuid);
        fields.finish()?;
        Ok(Self {
            limit: limit.unwrap_or(RECORDS.0),
            cursor,
            tenant_id,
            filters,
        })
    }

    /// At most so many records.
    pub(in crate::http) fn limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// Where the page begins, among records with this digest.
    ///
    /// # Errors
    /// 400 for a cursor of other records.
    pub(in crate::http) fn from(&self, digest: &str) -> Result<usize, Problem> {
        match &self.cursor {
            None => Ok(0),
            Some(cursor) => Cursor::read(cursor, digest).ok_or_else(stale),
        }
    }

    /// Reads the filters, for an entity with these fields.
    ///
    /// # Errors
    /// 400 for each field that the entity has not, with those that it has, and for too many values of one.
    pub(in crate::http) fn filters(&self, known: &[&str]) -> Result<Vec<Filter>, Problem> {
        let mut fields = Fields::from(QueryPairs(self.filters.clone()));
        let given: Vec<(&str, Vec<String>)> = known
            .iter()
            .filter(|field| !PAGE.contains(field))
            .map(|field| (*field, fields.take(field)))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        // Already read; but one of them may be what a misspelt name was meant to be.
        for name in PAGE {
            fields.take(name);
        }
        fields
            .finish()
            .map_err(|problem| problem.with_code("unknown_field"))?;
        let filters = given.into_iter();
        filters
            .map(|(field, values)| Filter::new(field, values))
            .collect()
    }
}

fn stale() -> Problem {
    let detail = "the cursor was not given for these records, or they were replaced since";
    Problem::invalid(vec![Violation::of("cursor", detail)])
        .with_code("invalid_cursor")
        .with_hint("begin again without a cursor")
}
