//! What a parser does not report of its text: how a number is written, and white space between tokens.
//!
//! It follows the parser from token to token and looks only at what lies between two texts: of compact JSON that is a
//! byte or two.

use std::cell::Cell;

/// Follows the parser's position in its text.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// The end of the last token found.
    at: Cell<usize>,
    is_spaced: Cell<bool>,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: Cell::new(0),
            is_spaced: Cell::new(false),
        }
    }

    /// Moves past a string without escapes, which borrows from the text.
    pub(super) fn pass(&self, token: &'a str) {
        let start = token.as_ptr() as usize - self.text.as_ptr() as usize;
        self.look_between(start);
        // Behind the quote.
        self.at.set(start + token.len() + 1);
    }

    /// The text of the next number that the parser reads as a double.
    pub(super) fn double(&self) -> &'a str {
        let bytes = self.text.as_bytes();
        let mut at = self.at.get();
        while let Some(byte) = bytes.get(at) {
            match byte {
                // A string with escapes, which `pass` was not called for.
                b'"' => at = end_of_text(bytes, at + 1),
                b'-' | b'0'..=b'9' => {
                    let end = end_of_number(bytes, at);
                    let number = self.text.get(at..end).unwrap_or_default();
                    if is_double(number) {
                        self.look_between(at);
                        self.at.set(end);
                        return number;
                    }
                    at = end;
                }
                _ => at += 1,
            }
        }
        ""
    }

    /// Whether there may be white space between the tokens. White space in a string with escapes counts too.
    pub(super) fn is_spaced(&self) -> bool {
        self.look_between(self.text.len());
        self.is_spaced.get()
    }

    fn look_between(&self, end: usize) {
        let between = self.text.as_bytes().get(self.at.get()..end);
        let is_spaced = between.is_some_and(|bytes| bytes.iter().any(|byte| is_space(*byte)));
        if is_spaced {
            self.is_spaced.set(true);
        }
    }
}

/// Removes the white space between the tokens of a text that is JSON.
pub(in super::super) fn compact(json: &mut String) {
    let (mut is_text, mut is_escaped) = (false, false);
    json.retain(|c| {
        let kept = is_text || !u8::try_from(c).is_ok_and(is_space);
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_text,
            '"' => is_text = !is_text,
            _ => {}
        }
        kept
    });
    json.shrink_to_fit();
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The end of a string whose content begins at `at`, after its quote.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

fn end_of_number(bytes: &[u8], at: usize) -> usize {
    let digits = bytes.iter().skip(at);
    let digits =
        digits.take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
    at + digits.count()
}

/// Whether a parser reads a number as a double: it has a fraction or an exponent, does not fit in 64 bits, or is
/// -0.
fn is_double(number: &str) -> bool {
    let is_whole = match number.strip_prefix('-') {
        Some("0") => false,
        Some(_) => number.parse::<i64>().is_ok(),
        None => number.parse::<u64>().is_ok(),
    };
    !is_whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn compact_keeps_space_inside_strings_only() {
        for (spaced, kept) in [
            (" [ ] ", "[]"),
            (
                "[{\"a b\" : \"c \\\" d\\\\\" , \"e\":\t[ 1 ,\r\n2 ] }]",
                "[{\"a b\":\"c \\\" d\\\\\",\"e\":[1,2]}]",
            ),
            ("[\"\u{a0} é\"]", "[\"\u{a0} é\"]"),
        ] {
            let mut text = spaced.to_owned();
            compact(&mut text);
            assert_eq!(text, kept);
            compact(&mut text);
            assert_eq!(text, kept);
        }
    }

    proptest! {
        #[test]
        fn compact_json_is_what_serde_json_writes(value in values(), pretty in any::<bool>()) {
            let written = value.to_string();
            let mut text = if pretty { format!("{value:#}") } else { written.clone() };
            compact(&mut text);
            prop_assert_eq!(text, written);
        }
    }

    fn values() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            "[ a\"\\\\\n\té]{0,8}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[ a\"\\\\]{0,3}", inner, 0..4)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }
}
