//! The path of a field as the reference map writes it: `field`, `field[]`, `field[].inner`.

use std::fmt;

use super::super::json::{Json, push_step};
use super::super::schema::Shape;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Each,
}

/// The array positions on the way to one value; at most two arrays stand inside each other.
pub(crate) type Places = [u32; 2];

impl FieldPath {
    /// Reads a path. Whether the field exists is for the schema to say.
    pub(crate) fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let name = part.trim_end_matches("[]");
            if !name.is_empty() {
                steps.push(Step::Field(name.to_owned()));
            }
            steps.extend((0..(part.len() - name.len()) / 2).map(|_| Step::Each));
        }
        Self {
            text: text.to_owned(),
            steps,
        }
    }

    /// How many arrays stand inside each other on the way.
    pub(crate) fn arrays(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| **step == Step::Each)
            .count()
    }

    /// Passes on every value that the path leads to, with the object that has its last field.
    pub(crate) fn each<'j>(
        &self,
        record: &'j Json<'j>,
        found: &mut impl FnMut(&'j Json<'j>, Places, &'j Json<'j>),
    ) {
        walk(&self.steps, record, record, (0, [0; 2]), found);
    }

    /// The shape of the object that holds the path's last field, in a record of this shape.
    pub(crate) fn holder<'s>(&self, record: &'s Shape) -> Option<&'s Shape> {
        let is_field = |step: &Step| matches!(step, Step::Field(_));
        let last = self.steps.iter().rposition(is_field)?;
        let mut steps = self.steps.get(..last)?.iter();
        steps.try_fold(record, |shape, step| match step {
            Step::Field(name) => shape.property(name),
            Step::Each => shape.items.as_deref(),
        })
    }

    /// The pointer of one value within its record.
    pub(crate) fn pointer(&self, places: Places) -> String {
        let mut pointer = String::new();
        let mut places = places.into_iter();
        for step in &self.steps {
            match step {
                Step::Field(name) => push_step(&mut pointer, name),
                Step::Each => {
                    push_step(&mut pointer, &places.next().unwrap_or_default().to_string())
                }
            }
        }
        pointer
    }
}

fn walk<'j>(
    steps: &[Step],
    value: &'j Json<'j>,
    holder: &'j Json<'j>,
    (level, places): (usize, Places),
    found: &mut impl FnMut(&'j Json<'j>, Places, &'j Json<'j>),
) {
    match steps.split_first() {
        None => found(value, places, holder),
        Some((Step::Field(name), rest)) => {
            if let Some(inner) = value.get(name) {
                walk(rest, inner, value, (level, places), found);
            }
        }
        Some((Step::Each, rest)) => {
            for (index, item) in (0_u32..).zip(value.as_list().unwrap_or_default()) {
                let mut places = places;
                if let Some(place) = places.get_mut(level) {
                    *place = index;
                }
                walk(rest, item, holder, (level + 1, places), found);
            }
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::json::parse;
    use super::*;

    #[test]
    fn path_yields_values_pointers_and_siblings() {
        let record = parse(
            r#"{"n":"r","a":"1","b":["2","3"],"c":[{"n":"x","d":["4"]},{"n":"y","d":["5","6"]}]}"#,
        )
        .unwrap();
        for (path, expected) in [
            ("a", vec![("1", "/a", "r")]),
            ("b[]", vec![("2", "/b/0", "r"), ("3", "/b/1", "r")]),
            (
                "c[].d[]",
                vec![
                    ("4", "/c/0/d/0", "x"),
                    ("5", "/c/1/d/0", "y"),
                    ("6", "/c/1/d/1", "y"),
                ],
            ),
            ("missing", vec![]),
        ] {
            let path = FieldPath::parse(path);
            let mut found = Vec::new();
            path.each(&record, &mut |value, places, holder| {
                let name = holder.get("n").and_then(Json::as_text).unwrap();
                found.push((value.as_text().unwrap(), path.pointer(places), name));
            });
            let found: Vec<(&str, &str, &str)> = found
                .iter()
                .map(|(value, pointer, name)| (*value, pointer.as_str(), *name))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
