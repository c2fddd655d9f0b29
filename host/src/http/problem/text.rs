//! What a refusal repeats of a request or a plugin: cut to a length, and safe to print on a terminal.

use crate::fault::shortened;

/// Characters of a caller's name or value that a text repeats.
const LONGEST_ECHO: usize = 100;

/// A caller's name or value, as a text may repeat it.
pub(in crate::http) fn echo(text: &str) -> String {
    printable(&shortened(text, LONGEST_ECHO))
}

/// A text of at most `longest` characters that changes nothing of the terminal or page that shows it:
/// control characters and marks of writing direction become escapes, such as `\u{1b}`. Line feeds and tabs
/// stay: texts of several lines have them.
pub(in crate::http) fn bounded(text: &str, longest: usize) -> String {
    printable(&shortened(text, longest))
}

/// The same without a cut.
pub(in crate::http) fn printable(text: &str) -> String {
    if !text.contains(is_active) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match is_active(character) {
            true => safe.extend(character.escape_unicode()),
            false => safe.push(character),
        }
    }
    safe
}

/// Whether a terminal or a page acts on the character instead of showing it.
/// Source: Unicode 16, chapter 23.1 and 23.2 (control codes, bidirectional ordering controls).
fn is_active(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_escapes() {
        assert_eq!(
            printable("\u{1b}[31mred\0\u{9b}\u{7f}\u{202e}"),
            r"\u{1b}[31mred\u{0}\u{9b}\u{7f}\u{202e}"
        );
        let plain = "first line\n\tsecond: é 日本 🥐";
        assert_eq!(printable(plain), plain);
    }

    #[test]
    fn an_echo_is_cut() {
        assert_eq!(echo("name"), "name");
        assert_eq!(echo(&"é".repeat(10_000)), format!("{}…", "é".repeat(100)));
        assert_eq!(bounded("abcdef", 3), "abc…");
    }
}
