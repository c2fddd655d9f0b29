//! What a parser does not tell of its text: how a number is written, and whether there is white space between tokens.
//!
//! It follows the parser from token to token and looks only at what lies between two texts: of compact JSON that is a
//! byte or two.

use std::cell::Cell;

/// Where the parser is in its text.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// The end of the last token that was found.
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

    /// The parser met a text without escapes, which is a part of its own text.
    pub(super) fn pass(&self, token: &'a str) {
        let start = token.as_ptr() as usize - self.text.as_ptr() as usize;
        self.look_between(start);
        // Behind the quote.
        self.at.set(start + token.len() + 1);
    }

    /// The parser met a number that it takes for a double: as it is written.
    pub(super) fn double(&self) -> &'a str {
        let bytes = self.text.as_bytes();
        let mut at = self.at.get();
        while let Some(byte) = bytes.get(at) {
            match byte {
                // A text with escapes, which was not told.
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

    /// Whether there may be white space between the tokens. Where a text with escapes has some, it counts too.
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

/// The end of a text whose content begins at `at`, its quote included.
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

/// Whether a parser takes a number for a double: it has a fraction or an exponent, or 64 bits cannot hold it. So is
/// -0, which no integer is.
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
    fn space_between_tokens_goes_and_space_in_texts_stays() {
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
