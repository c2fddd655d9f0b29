//! Texts of a request or a plugin that a problem repeats: bounded, and safe to print on a terminal.

use levain_model::fault::shortened;

/// Bytes of a caller's name or value that a text repeats.
const LONGEST_ECHO: usize = 200;

/// A caller's name or value, as a text may repeat it.
pub(in crate::http) fn echo(text: &str) -> String {
    shortened(text, LONGEST_ECHO)
}

/// A stored text as an answer repeats it: earlier hosts stored such texts uncut and with control characters.
pub(in crate::http) fn printable(text: &str) -> String {
    /// The bytes of the longest text that this host stores of one failure.
    const LONGEST: usize = 16 << 10;
    shortened(text, LONGEST)
}
