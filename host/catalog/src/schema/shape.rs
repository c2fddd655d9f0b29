//! Where in a record ids, instants and days stand: what fixtures, references and the canonical
//! export need of a schema, in one small tree.

use std::collections::BTreeSet;

use super::super::json::{Json, push_step};

/// What a text means, by its `format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TextKind {
    /// `uuid`.
    Id,
    /// `date-time`.
    Instant,
    /// `date`.
    Day,
}

impl TextKind {
    fn of(format: &str) -> Option<Self> {
        match format {
            "uuid" => Some(Self::Id),
            "date-time" => Some(Self::Instant),
            "date" => Some(Self::Day),
            _ => None,
        }
    }

    /// The id that a text is, in its hyphenated form.
    pub(crate) fn id(text: &str) -> Option<uuid::Uuid> {
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return None;
        }
        uuid::Uuid::try_parse(text).ok()
    }
}

/// The shape of a value and of the values inside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    /// What its text means.
    pub(crate) text: Option<TextKind>,
    /// What its text means in every branch of the schema.
    pub(crate) always: Option<TextKind>,
    /// Whether it may be a text.
    pub(crate) string: bool,
    /// Whether it may be a number.
    pub(crate) number: bool,
    /// The values that it may have, where they are listed.
    pub(crate) options: Option<Vec<serde_json::Value>>,
    pub(crate) items: Option<Box<Shape>>,
    pub(crate) properties: Vec<(String, Shape)>,
}

impl Shape {
    pub(crate) fn property(&self, name: &str) -> Option<&Shape> {
        self.properties
            .iter()
            .find_map(|(property, shape)| (property == name).then_some(shape))
    }

    fn may_be(&mut self, type_name: &str) {
        self.string |= type_name == "string";
        self.number |= matches!(type_name, "number" | "integer");
    }

    /// Whether it is only a text or null, and neither an id nor a date.
    pub(crate) fn is_plain(&self) -> bool {
        let is_more = self.number || self.items.is_some() || !self.properties.is_empty();
        self.string && self.text.is_none() && !is_more
    }

    /// The paths of all fields of a kind, as the reference map writes them: `field`, `field[]`,
    /// `field[].inner`.
    pub(crate) fn paths(&self, kind: TextKind) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect(kind, String::new(), &mut paths);
        paths
    }

    fn collect(&self, kind: TextKind, path: String, paths: &mut Vec<String>) {
        for (name, shape) in &self.properties {
            let inner = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            shape.collect(kind, inner, paths);
        }
        if let Some(items) = &self.items {
            items.collect(kind, format!("{path}[]"), paths);
        }
        if self.text == Some(kind) {
            paths.push(path);
        }
    }
}

/// Reads the shape of a schema; `None` for one of more than [`MOST`] parts. `traced` collects the pointers of
/// the `format`s that the shape covers: the caller reports any other one as a fault, because it would not be
/// checked.
pub(super) fn read<'j>(schema: &'j Json<'j>, traced: &mut BTreeSet<String>) -> Option<Shape> {
    let mut shape = Shape::default();
    let mut reader = Reader {
        root: schema,
        traced,
        always: true,
        left: MOST,
    };
    reader.merge(schema, "", 0, &mut shape);
    (reader.left > 0).then_some(shape)
}

/// The most parts of a schema, those behind references counted each time: of one that refers to itself in
/// several places there are as many as their number to the power of [`Reader::DEEPEST`].
pub(super) const MOST: usize = 10_000;

struct Reader<'r, 'j> {
    root: &'j Json<'j>,
    traced: &'r mut BTreeSet<String>,
    /// Whether every record takes the branch that is being read.
    always: bool,
    /// How many more parts are read.
    left: usize,
}

impl<'j> Reader<'_, 'j> {
    /// A schema that refers to itself ends here; its fields are shallower than this.
    const DEEPEST: usize = 16;

    fn merge(&mut self, schema: &'j Json<'j>, pointer: &str, depth: usize, shape: &mut Shape) {
        let Some(fields) = schema.as_object() else {
            return;
        };
        if depth > Self::DEEPEST || self.left == 0 {
            return;
        }
        self.left -= 1;
        for (keyword, value) in fields.iter() {
            let mut here = pointer.to_owned();
            push_step(&mut here, keyword);
            match (keyword, value) {
                ("format", Json::Text(format)) => {
                    if let Some(kind) = TextKind::of(format) {
                        shape.text = Some(kind);
                        if self.always {
                            // No text has two formats: which one is kept must not depend on the keywords' order.
                            shape.always = Some(shape.always.map_or(kind, |known| known.min(kind)));
                        }
                        self.traced.insert(pointer.to_owned());
                    }
                }
                ("type", Json::Text(name)) => shape.may_be(name),
                ("type", Json::List(names)) => {
                    let names = names.iter().filter_map(Json::as_text);
                    names.for_each(|name| shape.may_be(name));
                }
                ("enum", Json::List(options)) if shape.options.is_none() => {
                    shape.options = Some(options.iter().map(Json::to_value).collect());
                }
                ("properties", Json::Object(properties)) => {
                    for (name, property) in properties.iter() {
                        let mut inner = here.clone();
                        push_step(&mut inner, name);
                        let place = shape.properties.iter().position(|(known, _)| known == name);
                        let place = place.unwrap_or_else(|| {
                            shape.properties.push((name.to_owned(), Shape::default()));
                            shape.properties.len() - 1
                        });
                        if let Some((_, known)) = shape.properties.get_mut(place) {
                            self.merge(property, &inner, depth + 1, known);
                        }
                    }
                }
                ("items", items) => {
                    let mut inner = shape.items.take().unwrap_or_default();
                    self.merge(items, &here, depth + 1, &mut inner);
                    shape.items = Some(inner);
                }
                ("allOf" | "anyOf" | "oneOf", Json::List(parts)) => {
                    let always = self.always;
                    self.always = always && keyword == "allOf";
                    for (index, part) in parts.iter().enumerate() {
                        self.merge(part, &format!("{here}/{index}"), depth + 1, shape);
                    }
                    self.always = always;
                }
                ("then" | "else", part) => {
                    let always = std::mem::replace(&mut self.always, false);
                    self.merge(part, &here, depth + 1, shape);
                    self.always = always;
                }
                ("$ref", Json::Text(target)) => {
                    if let Some((pointer, part)) = self.resolve(target) {
                        self.merge(part, &pointer, depth + 1, shape);
                    }
                }
                _ => {}
            }
        }
    }

    /// A definition of the same document: `#/$defs/name`.
    fn resolve(&self, target: &str) -> Option<(String, &'j Json<'j>)> {
        let name = target.strip_prefix("#/$defs/")?;
        let definition = self.root.get("$defs")?.get(name)?;
        Some((target.trim_start_matches('#').to_owned(), definition))
    }
}
