//! The parameters of a query, read as strictly as a body.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::http::problem::{Problem, Violation};

/// Names and values as they came, repeated ones too.
#[derive(Debug)]
pub(in crate::http) struct QueryPairs(pub(in crate::http) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for QueryPairs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::from_request_parts(parts, state).await.map_err(|_| {
            Problem::invalid(vec![Violation::of("query", "the query cannot be read")])
        })?;
        Ok(Self(pairs))
    }
}

/// The size of a page, from 1 to `most`.
///
/// # Errors
/// What it should have been.
pub(in crate::http) fn read_limit(text: &str, most: u32) -> Result<u32, String> {
    match text.parse() {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(format!("must be a whole number from 1 to {most}")),
    }
}
