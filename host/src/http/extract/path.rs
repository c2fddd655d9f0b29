//! The parameters of a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::read_uuid;
use crate::http::problem::{Problem, Violation};

/// The parameters of a path, in its order.
#[derive(Debug)]
pub(in crate::http) struct PathParams<T>(pub(in crate::http) T);

impl<T, S> FromRequestParts<S> for PathParams<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(values)) => Ok(Self(values)),
            Err(_) => Err(Problem::invalid(vec![Violation::of(
                "path",
                "the path holds what is not UTF-8",
            )])),
        }
    }
}

/// A parameter of the path that is an id.
///
/// # Errors
/// 400 where it is none.
pub(in crate::http) fn uuid_parameter(name: &str, text: &str) -> Result<Uuid, Problem> {
    read_uuid(text)
        .map_err(|fault| Problem::invalid(vec![Violation::of(name, format!("`{name}` {fault}"))]))
}
