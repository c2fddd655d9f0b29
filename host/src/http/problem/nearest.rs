//! "Did you mean": the known name that is nearest to one that is not known.

/// Further apart than this many edits, two names have nothing to do with each other.
const MOST_EDITS: usize = 3;

/// A longer name is no slip of one: to compare it would cost its length times the known names'.
const LONGEST_ASKED: usize = 100;

/// The nearest of the known names, where one is near enough to have been meant.
pub(crate) fn nearest<'a>(
    asked: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if asked.len() > LONGEST_ASKED {
        return None;
    }
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(asked, name), name))
        .filter(|(edits, name)| *edits <= MOST_EDITS && *edits < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["book", "shelf", "loan"];
        assert_eq!(nearest("bok", known), Some("book"));
        assert_eq!(nearest("shefl", known), Some("shelf"));
        assert_eq!(nearest("catalogue", known), None);
        assert_eq!(nearest("x", ["abc"]), None);
    }
}
