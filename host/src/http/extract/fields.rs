//! Reads the fields of a body one by one, and gathers every fault of them.

use serde_json::Value;

use super::JsonObject;
use crate::http::problem::{Problem, Violation, Violations, echo, nearest};

/// The fields that are left, and the faults so far.
#[derive(Debug)]
pub(in crate::http) struct Fields {
    fields: Vec<(String, Value)>,
    known: Vec<&'static str>,
    faults: Violations,
}

impl Fields {
    /// The fields of a body.
    pub(in crate::http) fn of(body: JsonObject) -> Self {
        Self {
            fields: body.0,
            known: Vec::new(),
            faults: Violations::default(),
        }
    }

    /// A text that must be there, as `read` understands it. `None` where there is a fault, which
    /// [`Fields::finish`] tells of.
    pub(in crate::http) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.take(name) {
            Some(value) => self.text(name, &value, read),
            None => {
                self.faults
                    .add(|| Violation::at(format!("/{name}"), format!("`{name}` is missing")));
                None
            }
        }
    }

    /// A text that may be absent or null.
    pub(in crate::http) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.take(name)? {
            Value::Null => None,
            value => self.text(name, &value, read),
        }
    }

    /// A value of any kind that must be there, as `read` understands it; as [`Fields::required`].
    pub(in crate::http) fn required_value<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let read = match self.take(name) {
            Some(value) => read(&value),
            None => Err("is missing".to_owned()),
        };
        read.map_err(|fault| {
            self.faults
                .add(|| Violation::at(pointer(name), format!("`{name}` {fault}")));
        })
        .ok()
    }

    /// # Errors
    /// The faults: of the fields that were read, and one per field that is not known.
    pub(in crate::http) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in &self.fields {
            let known = &self.known;
            self.faults.add(|| unknown(name, known));
        }
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid(self.faults)),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        let position = self.fields.iter().position(|(field, _)| field == name)?;
        let (_, value) = self.fields.remove(position);
        let fields = self.fields.len();
        self.fields.retain(|(field, _)| field != name);
        if self.fields.len() < fields {
            self.faults
                .add(|| Violation::at(pointer(name), format!("`{name}` is given more than once")));
        }
        Some(value)
    }

    fn text<T>(
        &mut self,
        name: &'static str,
        value: &Value,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let read = match value {
            Value::String(text) => read(text),
            other => Err(format!("must be a string, not {}", kind(other))),
        };
        read.map_err(|fault| {
            self.faults
                .add(|| Violation::at(pointer(name), format!("`{name}` {fault}")));
        })
        .ok()
    }
}

fn unknown(name: &str, known: &[&str]) -> Violation {
    let near = nearest(name, known.iter().copied());
    let name = echo(name);
    let detail = match near {
        Some(near) => format!("unknown field `{name}`; did you mean `{near}`?"),
        None => format!("unknown field `{name}`; known are: {}", known.join(", ")),
    };
    Violation::at(pointer(&name), detail)
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
