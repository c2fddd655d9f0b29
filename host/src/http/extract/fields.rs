//! Reads the fields of a body, or the parameters of a query, one by one and gathers every fault.

use serde_json::Value;

use super::{JsonObject, QueryPairs};
use crate::http::problem::{Problem, Violation, Violations, echo};
use levain_model::fault::nearest;

/// The names that were not read yet, and the faults so far.
#[derive(Debug)]
pub(in crate::http) struct Fields {
    from: Source,
    fields: Vec<(String, Value)>,
    known: Vec<String>,
    faults: Violations,
}

/// Where the fields are from: a fault names a place in a body by its pointer, and a parameter by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Body,
    Query,
}

impl Source {
    fn fault(self, name: &str, detail: String) -> Violation {
        match self {
            Self::Body => Violation::at(pointer(name), detail),
            Self::Query => Violation::of(name, detail),
        }
    }

    fn unknown(self, name: &str, known: &[String]) -> Violation {
        let near = nearest(name, known.iter().map(String::as_str));
        let name = echo(name);
        let what = match self {
            Self::Body => "field",
            Self::Query => "parameter",
        };
        let detail = match near {
            Some(near) => format!("unknown {what} `{name}`; did you mean `{near}`?"),
            None if known.is_empty() => format!("unknown {what} `{name}`"),
            None => format!("unknown {what} `{name}`; known are: {}", known.join(", ")),
        };
        self.fault(&name, detail)
    }
}

impl From<JsonObject> for Fields {
    fn from(body: JsonObject) -> Self {
        Self::new(Source::Body, body.0)
    }
}

impl From<QueryPairs> for Fields {
    fn from(query: QueryPairs) -> Self {
        let pairs = query.0.into_iter();
        let fields = pairs.map(|(name, value)| (name, Value::String(value)));
        Self::new(Source::Query, fields.collect())
    }
}

impl Fields {
    fn new(from: Source, fields: Vec<(String, Value)>) -> Self {
        Self {
            from,
            fields,
            known: Vec::new(),
            faults: Violations::default(),
        }
    }

    /// A text that must be there, as `read` understands it. `None` after a fault, which [`Fields::finish`]
    /// reports.
    pub(in crate::http) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.required_value(name, |value| text(value, read))
    }

    /// A text that may be absent or, in a body, null.
    pub(in crate::http) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.once(name)? {
            Ok(Value::Null) => None,
            given => self.read(name, given, |value| text(value, read)),
        }
    }

    /// A value of any kind that must be there, as `read` understands it; as [`Fields::required`].
    pub(in crate::http) fn required_value<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.once(name);
        let given = given.unwrap_or_else(|| Err("is missing".to_owned()));
        self.read(name, given, read)
    }

    /// Every value of a parameter that may be repeated.
    pub(in crate::http) fn take(&mut self, name: &str) -> Vec<String> {
        let texts = self.values(name).into_iter();
        texts
            .filter_map(|value| match value {
                Value::String(text) => Some(text),
                _ => None,
            })
            .collect()
    }

    /// # Errors
    /// The faults: of the fields that were read, and one per unknown field.
    pub(in crate::http) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in &self.fields {
            let (from, known) = (self.from, &self.known);
            self.faults.add(|| from.unknown(name, known));
        }
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid(self.faults)),
        }
    }

    fn values(&mut self, name: &str) -> Vec<Value> {
        self.known.push(name.to_owned());
        let taken = self.fields.extract_if(.., |(field, _)| field == name);
        taken.map(|(_, value)| value).collect()
    }

    /// The value of a field that may be given once.
    fn once(&mut self, name: &str) -> Option<Result<Value, String>> {
        let mut values = self.values(name);
        let value = values.pop()?;
        match values.is_empty() {
            true => Some(Ok(value)),
            false => Some(Err("is given more than once".to_owned())),
        }
    }

    fn read<T>(
        &mut self,
        name: &str,
        given: Result<Value, String>,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let read = given.and_then(|value| read(&value));
        read.map_err(|fault| {
            let from = self.from;
            self.faults
                .add(|| from.fault(name, format!("`{name}` {fault}")));
        })
        .ok()
    }
}

fn text<T>(value: &Value, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, String> {
    match value {
        Value::String(text) => read(text),
        other => Err(format!("must be a string, not {}", kind(other))),
    }
}

/// A name as a JSON pointer (RFC 6901, section 3).
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
