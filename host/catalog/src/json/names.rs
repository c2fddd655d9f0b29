//! Repeated names in an object.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

use super::Json;

/// Per depth, the names of the object read last. Records of one array mostly have the same fields
/// in the same order: a name at the same position as in a valid object, after the same names,
/// cannot be repeated.
#[derive(Default)]
pub(super) struct Earlier<'a>(RefCell<[Vec<&'a str>; 4]>);

/// Detects repeated names of one object.
pub(super) struct Names<'c, 'a> {
    earlier: &'c Earlier<'a>,
    depth: usize,
    /// The names of the object read last at this depth.
    known: Vec<&'a str>,
    /// Whether every name so far had the same position in that object.
    same: bool,
    /// The names so far, once a scan would be slower.
    seen: HashSet<String>,
}

impl<'c, 'a> Names<'c, 'a> {
    /// Past this many fields, names are looked up instead of compared.
    const SCANNED: usize = 48;

    pub(super) fn new(earlier: &'c Earlier<'a>, depth: usize) -> Self {
        let known = earlier
            .0
            .borrow_mut()
            .get_mut(depth)
            .map(std::mem::take)
            .unwrap_or_default();
        Self {
            earlier,
            depth,
            known,
            same: true,
            seen: HashSet::new(),
        }
    }

    /// The number of fields to reserve.
    pub(super) fn expected(&self) -> usize {
        self.known.len()
    }

    /// Whether the next name is one of the fields read so far.
    pub(super) fn repeats(&mut self, name: &str, fields: &[(Cow<'a, str>, Json<'a>)]) -> bool {
        self.same = self.same && self.known.get(fields.len()) == Some(&name);
        if self.same {
            return false;
        }
        if fields.len() < Self::SCANNED {
            return fields.iter().any(|(other, _)| other == name);
        }
        if self.seen.is_empty() {
            self.seen
                .extend(fields.iter().map(|(other, _)| other.to_string()));
        }
        !self.seen.insert(name.to_owned())
    }

    /// Remembers the names of a valid object, to compare the next one with.
    pub(super) fn keep(mut self, fields: &[(Cow<'a, str>, Json<'a>)]) {
        if !self.same {
            self.known.clear();
            // An escaped name is not borrowed; the names after it are compared one by one.
            self.known
                .extend(fields.iter().map_while(|(name, _)| match name {
                    Cow::Borrowed(name) => Some(*name),
                    Cow::Owned(_) => None,
                }));
        }
        if let Some(place) = self.earlier.0.borrow_mut().get_mut(self.depth) {
            *place = self.known;
        }
    }
}
