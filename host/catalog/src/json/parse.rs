//! The strict parse: one pass, which rejects every text that could mean something else to
//! another reader.
//!
//! Beyond RFC 8259: no name twice in an object, no U+0000 (PostgreSQL's `json` refuses it), no lone
//! surrogate, no number that a double cannot hold or that a store cannot read, no nesting deeper than [`DEEPEST`].

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::lexer::Lexer;
use super::names::{Earlier, Names};
use super::{Fields, Json, number, push_step};

/// Levels of nested arrays and objects. Every store and reader accepts this many.
pub(crate) const DEEPEST: usize = 64;

/// Values of one record, nested ones included: a text of a few megabytes can have millions, which take a
/// hundred times its size in memory.
const VALUES: usize = 100_000;

/// Why a text is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct JsonFault {
    /// JSON pointer to the fault.
    pub(crate) pointer: String,
    /// What is wrong, with line and column.
    pub(crate) message: String,
}

/// Parses a whole text.
pub(crate) fn parse(text: &str) -> Result<Json<'_>, JsonFault> {
    let context = Context::new(text);
    run(text, &context, |deserializer| {
        Seed {
            context: &context,
            path: None,
            depth: 0,
        }
        .deserialize(deserializer)
    })
}

/// Parses one array and passes on each element as it is read, so that only
/// the current one is in memory; at most `most` of them, of at most [`VALUES`] each.
pub(crate) fn parse_rows<'a>(
    text: &'a str,
    most: usize,
    each: impl FnMut(usize, Json<'a>),
) -> Result<Rows, JsonFault> {
    let context = Context::new(text);
    let records = run(text, &context, |deserializer| {
        deserializer.deserialize_any(RowsVisitor {
            context: &context,
            most,
            each,
        })
    })?;
    Ok(Rows {
        records,
        is_spaced: context.lexer.is_spaced(),
    })
}

/// What was read of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    /// How many elements it has.
    pub(crate) records: usize,
    /// Whether there may be white space between its tokens.
    pub(crate) is_spaced: bool,
}

fn run<'a, T>(
    text: &'a str,
    context: &Context<'a>,
    read: impl FnOnce(
        &mut serde_json::Deserializer<serde_json::de::StrRead<'a>>,
    ) -> serde_json::Result<T>,
) -> Result<T, JsonFault> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    read(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| JsonFault {
            pointer: context.pointer.take().unwrap_or_default(),
            message: in_words(&error),
        })
}

/// The parser's message, explained where it only names the symptom: for a lone surrogate,
/// the parser reports that the escape ends too soon.
fn in_words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if said.contains("hex escape") {
        format!("a lone surrogate or a broken \\u escape: {said}")
    } else {
        said
    }
}

/// State that all levels of one parse share.
struct Context<'a> {
    /// Where it is in the text.
    lexer: Lexer<'a>,
    /// How many more values are allowed.
    left: Cell<usize>,
    /// Pointer to the first fault.
    pointer: Cell<Option<String>>,
    /// The names of the objects read so far.
    names: Earlier<'a>,
}

impl<'a> Context<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            lexer: Lexer::new(text),
            left: Cell::new(usize::MAX),
            pointer: Cell::default(),
            names: Earlier::default(),
        }
    }

    /// Counts a value.
    fn count<E: de::Error>(&self) -> Result<(), E> {
        let left =
            self.left.get().checked_sub(1).ok_or_else(|| {
                E::custom(format_args!("more than {VALUES} values in one record"))
            })?;
        self.left.set(left);
        Ok(())
    }

    /// Records the place of a fault, unless a deeper level did so already.
    fn note(&self, path: Option<&Path<'_>>) {
        let noted = self.pointer.take();
        self.pointer.set(Some(noted.unwrap_or_else(|| {
            let mut pointer = String::new();
            if let Some(path) = path {
                path.write(&mut pointer);
            }
            pointer
        })));
    }
}

/// The path to the current value; a list on the stack.
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

enum Step<'p> {
    Index(usize),
    Name(&'p str),
}

impl Path<'_> {
    fn write(&self, pointer: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(pointer);
        }
        match self.step {
            Step::Index(index) => push_step(pointer, &index.to_string()),
            Step::Name(name) => push_step(pointer, name),
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'c, 'p, 'a> {
    context: &'c Context<'a>,
    path: Option<&'p Path<'p>>,
    depth: usize,
}

impl<'a> Seed<'_, '_, 'a> {
    fn checked_text<E: de::Error>(text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(E::custom("the character U+0000 cannot be stored"));
        }
        Ok(())
    }

    fn deeper<E: de::Error>(&self) -> Result<usize, E> {
        if self.depth >= DEEPEST {
            return Err(E::custom(format_args!(
                "nested deeper than {DEEPEST} levels"
            )));
        }
        Ok(self.depth + 1)
    }

    fn child<'s>(&self, path: &'s Path<'s>, depth: usize) -> Seed<'_, 's, 'a> {
        Seed {
            context: self.context,
            path: Some(path),
            depth,
        }
    }
}

impl<'a> DeserializeSeed<'a> for Seed<'_, '_, 'a> {
    type Value = Json<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Json<'a>, D::Error> {
        self.context
            .count()
            .and_then(|()| deserializer.deserialize_any(self))
            .inspect_err(|_| self.context.note(self.path))
    }
}

impl<'a> Visitor<'a> for Seed<'_, '_, 'a> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Json<'a>, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Json<'a>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Json<'a>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Json<'a>, E> {
        if let Some(reason) = number::refuse(self.context.lexer.double(), number) {
            return Err(E::custom(reason));
        }
        Number::from_f64(number)
            .map(Json::Number)
            .ok_or_else(|| E::custom("a number that no double holds"))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'a str) -> Result<Json<'a>, E> {
        // Unescaped text cannot hold a control character.
        self.context.lexer.pass(text);
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json<'a>, E> {
        Self::checked_text(text)?;
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Json<'a>, A::Error> {
        let depth = self.deeper()?;
        let mut list = Vec::new();
        loop {
            let path = Path {
                parent: self.path,
                step: Step::Index(list.len()),
            };
            match items.next_element_seed(self.child(&path, depth))? {
                Some(item) => list.push(item),
                None => return Ok(Json::List(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'a>>(self, mut entries: A) -> Result<Json<'a>, A::Error> {
        let depth = self.deeper()?;
        let mut names = Names::new(&self.context.names, self.depth);
        let mut fields = Vec::with_capacity(names.expected());
        while let Some(name) = entries.next_key_seed(NameSeed(&self.context.lexer))? {
            let path = Path {
                parent: self.path,
                step: Step::Name(&name),
            };
            if names.repeats(&name, &fields) {
                self.context.note(Some(&path));
                return Err(de::Error::custom(format_args!(
                    "the key {name:?} stands there twice"
                )));
            }
            let value = entries.next_value_seed(self.child(&path, depth))?;
            fields.push((name, value));
        }
        names.keep(&fields);
        Ok(Json::Object(Fields(fields)))
    }
}

struct NameSeed<'c, 'a>(&'c Lexer<'a>);

impl<'a> DeserializeSeed<'a> for NameSeed<'_, 'a> {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for NameSeed<'_, 'a> {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'a str) -> Result<Self::Value, E> {
        self.0.pass(text);
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Seed::checked_text(text)?;
        Ok(Cow::Owned(text.to_owned()))
    }
}

struct RowsVisitor<'c, 'a, F> {
    context: &'c Context<'a>,
    most: usize,
    each: F,
}

impl<'a, F: FnMut(usize, Json<'a>)> Visitor<'a> for RowsVisitor<'_, 'a, F> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one array of records")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut rows: A) -> Result<usize, A::Error> {
        let mut count = 0;
        loop {
            let path = Path {
                parent: None,
                step: Step::Index(count),
            };
            let seed = Seed {
                context: self.context,
                path: Some(&path),
                depth: 1,
            };
            self.context.left.set(VALUES);
            let Some(row) = rows.next_element_seed(seed)? else {
                return Ok(count);
            };
            if count >= self.most {
                let message = format!("there are more than {} records", self.most);
                return Err(de::Error::custom(message));
            }
            (self.each)(count, row);
            count += 1;
        }
    }
}

#[cfg(test)]
mod tests;
