//! Several components: `{"components": {"<domain>": "<base64>"}}`. Each is decoded as the body is read; every other
//! value is skipped without being built, so a body costs no more memory than its components.

use std::fmt;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::http::extract::unparsed;
use crate::http::problem::{Problem, Violation, Violations, echo};
use crate::revisions::Candidate;
use levain_model::fault::nearest;

/// Components of one request.
const MOST: usize = 100;

/// Reads a body; a component has at most `largest` bytes.
///
/// # Errors
/// 400 with the faults.
pub(in crate::http) fn read_components(
    body: &mut dyn Read,
    largest: usize,
) -> Result<Vec<Candidate>, Problem> {
    let mut reading = Reading {
        largest,
        candidates: Vec::new(),
        faults: Violations::default(),
        has_components: false,
    };
    let mut json = serde_json::Deserializer::from_reader(body);
    let read = At(&mut reading, Place::Body).deserialize(&mut json);
    read.and_then(|()| json.end())
        .map_err(|error| unparsed(&error))?;
    if !reading.has_components {
        let missing = || Violation::at("/components", "`components` is missing");
        reading.faults.add(missing);
    }
    match reading.faults.is_empty() {
        true => Ok(reading.candidates),
        false => Err(Problem::invalid(reading.faults)),
    }
}

/// What was read so far.
struct Reading {
    largest: usize,
    candidates: Vec<Candidate>,
    faults: Violations,
    has_components: bool,
}

/// Where in the body a value stands.
enum Place {
    Body,
    Components,
    /// That of a domain.
    Component(String),
}

/// Reads the value at a place.
struct At<'r>(&'r mut Reading, Place);

impl At<'_> {
    /// Reports a value of the wrong type at its place.
    fn refuse<E: Error>(self, found: &str) -> Result<(), E> {
        let (pointer, detail) = match self.1 {
            Place::Body => {
                let wrong = format!("invalid type: {found}, expected a JSON object");
                return Err(E::custom(wrong));
            }
            Place::Components => {
                let detail = "`components` must be an object: a component per domain, in base64";
                ("/components".to_owned(), detail)
            }
            Place::Component(domain) => {
                let detail = "must be the component in base64";
                (format!("/components/{}", echo(&domain)), detail)
            }
        };
        self.0.faults.add(|| Violation::at(pointer, detail));
        Ok(())
    }
}

impl Reading {
    fn decode(&mut self, domain: String, text: &str) {
        let pointer = || format!("/components/{}", echo(&domain));
        let largest = self.largest;
        if text.len() / 4 * 3 > largest.saturating_add(2) {
            let detail = format!("the component may have at most {largest} bytes");
            self.faults.add(|| Violation::at(pointer(), detail));
        } else if self.candidates.len() == MOST {
            let detail = format!("one request has at most {MOST} components");
            self.faults.add(|| Violation::at(pointer(), detail));
        } else if let Ok(bytes) = STANDARD.decode(text) {
            self.candidates.push(Candidate { domain, bytes });
        } else {
            let detail = "must be the component in base64";
            self.faults.add(|| Violation::at(pointer(), detail));
        }
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("components by domain")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(reading, place) = self;
        while let Some(name) = map.next_key::<String>()? {
            match (&place, name.as_str()) {
                (Place::Body, "components") if !reading.has_components => {
                    reading.has_components = true;
                    map.next_value_seed(At(reading, Place::Components))?;
                }
                (Place::Components, _) => {
                    map.next_value_seed(At(reading, Place::Component(name)))?;
                }
                (Place::Body, _) => {
                    map.next_value::<IgnoredAny>()?;
                    reading.faults.add(|| unexpected(&name));
                }
                (Place::Component(_), _) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match place {
            Place::Component(_) => At(reading, place).refuse("map"),
            _ => Ok(()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !matches!(self.1, Place::Body) {
            while list.next_element::<IgnoredAny>()?.is_some() {}
        }
        self.refuse("sequence")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self {
            Self(reading, Place::Component(domain)) => {
                reading.decode(domain, text);
                Ok(())
            }
            other => other.refuse("string"),
        }
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.refuse("boolean")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.refuse("number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.refuse("number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.refuse("number")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.refuse("null")
    }
}

fn unexpected(name: &str) -> Violation {
    let near = nearest(name, ["components"]);
    let name = echo(name);
    let detail = match near {
        Some(near) if near == name => format!("`{name}` is given more than once"),
        Some(near) => format!("unknown field `{name}`; did you mean `{near}`?"),
        None => format!("unknown field `{name}`; known are: components"),
    };
    Violation::at(format!("/{name}"), detail)
}
