//! "Did you mean": the known name nearest to an unknown one.

/// A longer name is no slip: comparing costs its length times the length of every known name.
const LONGEST_ASKED: usize = 100;

/// The known name with the fewest edits, if it has at most one edit and one more per three characters.
pub fn nearest<'n>(asked: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if asked.len() > LONGEST_ASKED {
        return None;
    }
    let near = |edits: usize, name: &str| {
        let characters = name.chars().count();
        edits <= 1 + characters / 3 && edits < characters
    };
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(asked, name), name))
        .filter(|(edits, name)| near(*edits, name))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slip_is_recognised_and_another_word_is_not() {
        let known = ["book", "shelf", "loan"];
        assert_eq!(nearest("bok", known), Some("book"));
        assert_eq!(nearest("shefl", known), Some("shelf"));
        assert_eq!(nearest("catalogue", known), None);
        assert_eq!(nearest("x", ["abc"]), None);
        assert_eq!(nearest(&"book".repeat(26), ["book"]), None);
    }
}
