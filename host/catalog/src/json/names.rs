//! Names that stand twice in an object.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

use super::Json;

/// Per depth, the names of the object read last. Records of one array mostly have the same fields
/// in the same order: a name that stands where it stood in a sound object, after the same names,
/// cannot be there twice.
#[derive(Default)]
pub(super) struct Earlier<'a>(RefCell<[Vec<&'a str>; 4]>);

/// Tells whether a name of an object was there before.
pub(super) struct Names<'c, 'a> {
    earlier: &'c Earlier<'a>,
    depth: usize,
    /// The names of the object read last at this depth.
    known: Vec<&'a str>,
    /// Whether every name so far stood where it stood then.
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

    /// How many fields to make room for.
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

    /// The object was sound: its names are what the next one is held against.
    pub(super) fn keep(mut self, fields: &[(Cow<'a, str>, Json<'a>)]) {
        if !self.same {
            self.known.clear();
            // An escaped name is not borrowed; what follows it is compared one by one.
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
