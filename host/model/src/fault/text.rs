//! Texts that a guest, a fixture or a library wrote: cut to a bound, and free of control characters.
//!
//! Such a text goes into answers, ledger rows and logs. Uncut, one record with 400,000 unknown keys is an answer of
//! 8 MB; unescaped, U+0000 breaks a query of PostgreSQL's and ESC writes on an operator's terminal.

use std::fmt::{self, Write as _};

/// The end of every text that was cut.
pub const CUT: &str = "… (cut)";

/// Shows `text` in at most `most` bytes, cut at a character, with `… (cut)` at its end where it was longer. Control
/// characters, line breaks among them, and what reorders the line are escaped as Rust writes them: `\u{1b}`, `\n`.
///
/// Showing a text again changes nothing. What is behind the cut is never built.
#[must_use]
pub fn shortened(text: impl fmt::Display, most: usize) -> String {
    let mut line = Line {
        text: String::new(),
        most,
        is_cut: false,
    };
    // It fails where the text is cut.
    let _ = write!(line, "{text}");
    line.finish()
}

/// As many of these texts as `most` bytes hold, with a line that counts the others.
#[must_use]
pub fn within(texts: Vec<String>, most: usize) -> Vec<String> {
    let total = texts.len();
    let mut left = most;
    let fits = |text: &String| {
        let room = left.checked_sub(text.len());
        left = room.unwrap_or_default();
        room.is_some()
    };
    let mut kept: Vec<String> = texts.into_iter().take_while(fits).collect();
    if kept.len() < total {
        kept.push(format!("{} more are not listed", total - kept.len()));
    }
    kept
}

/// A text with a limit in bytes.
struct Line {
    text: String,
    most: usize,
    is_cut: bool,
}

impl Line {
    fn push(&mut self, piece: &str) -> fmt::Result {
        if self.text.len().saturating_add(piece.len()) > self.most {
            self.is_cut = true;
            return Err(fmt::Error);
        }
        self.text.push_str(piece);
        Ok(())
    }

    fn finish(mut self) -> String {
        if self.is_cut {
            let end = self.most.saturating_sub(CUT.len());
            self.text.truncate(self.text.floor_char_boundary(end));
            self.text.push_str(CUT);
        }
        self.text
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        if is_control(c) {
            return self.push(&c.escape_default().to_string());
        }
        self.push(c.encode_utf8(&mut [0; 4]))
    }
}

/// Whether a character is invisible and has an effect: C0, C1, DEL, the separators of lines and paragraphs,
/// and the marks that turn the direction of writing.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character_and_say_so() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("é".repeat(10), 20), "é".repeat(10));
        assert_eq!(
            shortened("é".repeat(11), 20),
            format!("{}{CUT}", "é".repeat(5))
        );
        assert_eq!(shortened("x".repeat(1 << 20), 500).len(), 500);
    }

    #[test]
    fn control_characters_are_escaped() {
        let text = "a\u{0}b\u{1b}[31mc\nd\u{7f}\u{9b}\u{202e}é\\";
        let shown = r"a\u{0}b\u{1b}[31mc\nd\u{7f}\u{9b}\u{202e}é\";
        assert_eq!(shortened(text, 100), shown);
    }

    #[test]
    fn texts_over_the_bound_are_counted() {
        let texts = |n: usize| vec!["12345".to_owned(); n];
        assert_eq!(within(texts(4), 20), texts(4));
        let mut kept = texts(4);
        kept.push("3 more are not listed".to_owned());
        assert_eq!(within(texts(7), 20), kept);
    }

    proptest! {
        #[test]
        fn shortening_twice_changes_nothing(text in "\\PC{0,40}|.{0,40}", most in CUT.len()..60) {
            let shown = shortened(&text, most);
            prop_assert!(shown.len() <= most);
            prop_assert!(!shown.chars().any(is_control));
            prop_assert_eq!(shortened(&shown, most), shown);
        }
    }
}
