//! The parameters of a query, read as strictly as a body.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::http::problem::{Problem, Violation, Violations, echo, nearest};

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

/// The parameters that are left, and the faults so far.
#[derive(Debug)]
pub(in crate::http) struct QueryFields {
    pairs: Vec<(String, String)>,
    known: Vec<String>,
    faults: Violations,
}

impl QueryFields {
    /// The parameters of a query.
    pub(in crate::http) fn of(query: QueryPairs) -> Self {
        Self {
            pairs: query.0,
            known: Vec::new(),
            faults: Violations::default(),
        }
    }

    /// A parameter that must be there, as `read` understands it. `None` where there is a fault,
    /// which [`QueryFields::finish`] tells of.
    pub(in crate::http) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let found = self.optional(name, read);
        if found.is_none() && !self.faults.names(name) {
            self.faults
                .add(|| Violation::of(name, format!("`{name}` is missing")));
        }
        found
    }

    /// A parameter that may be absent.
    pub(in crate::http) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let mut values = self.take(name);
        let value = values.pop()?;
        if !values.is_empty() {
            self.faults
                .add(|| Violation::of(name, format!("`{name}` is given more than once")));
            return None;
        }
        read(&value)
            .map_err(|fault| {
                self.faults
                    .add(|| Violation::of(name, format!("`{name}` {fault}")))
            })
            .ok()
    }

    /// Every value of a parameter that may be repeated.
    pub(in crate::http) fn take(&mut self, name: &str) -> Vec<String> {
        self.known.push(name.to_owned());
        if !self.pairs.iter().any(|(parameter, _)| parameter == name) {
            return Vec::new();
        }
        let (taken, left) = self
            .pairs
            .drain(..)
            .partition(|(parameter, _)| parameter == name);
        self.pairs = left;
        Vec::into_iter(taken).map(|(_, value)| value).collect()
    }

    /// # Errors
    /// The faults: of the parameters that were read, and one per parameter that is not known.
    pub(in crate::http) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in &self.pairs {
            let known = &self.known;
            self.faults.add(|| unknown(name, known));
        }
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid(self.faults)),
        }
    }
}

fn unknown(name: &str, known: &[String]) -> Violation {
    let near = nearest(name, known.iter().map(String::as_str));
    let name = echo(name);
    let detail = match near {
        Some(near) => format!("unknown parameter `{name}`; did you mean `{near}`?"),
        None if known.is_empty() => format!("unknown parameter `{name}`"),
        None => format!(
            "unknown parameter `{name}`; known are: {}",
            known.join(", ")
        ),
    };
    Violation::of(name, detail)
}

/// A number of things to answer with.
///
/// # Errors
/// What it should have been.
pub(in crate::http) fn read_limit(text: &str, most: u32) -> Result<u32, String> {
    match text.parse() {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(format!("must be a whole number from 1 to {most}")),
    }
}
