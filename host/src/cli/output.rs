//! The only place that prints: data on standard output, talk on standard error.

use std::io::{IsTerminal as _, Write as _};

use crate::logging::no_color;

/// Where a command speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    colour: bool,
    talk_is_terminal: bool,
}

/// How a word of talk is set off on a terminal.
#[derive(Debug, Clone, Copy)]
enum Tone {
    Error,
    Warning,
    Hint,
}

impl Output {
    /// Standard output and error of this process.
    pub(super) fn of_process() -> Self {
        let talk_is_terminal = std::io::stderr().is_terminal();
        Self {
            colour: talk_is_terminal && !no_color(),
            talk_is_terminal,
        }
    }

    /// Whether somebody watches what is said.
    pub(super) fn is_watched(self) -> bool {
        self.talk_is_terminal
    }

    pub(super) fn data(self, text: &str) {
        // A reader that has gone away (`levain ... | head`) has what it wanted.
        let _ = writeln!(std::io::stdout().lock(), "{}", printable(text));
    }

    pub(super) fn say(self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", printable(text));
    }

    /// Says what went wrong.
    pub(super) fn error(self, text: &str) {
        self.toned(Tone::Error, text);
    }

    /// Says what is not quite right.
    pub(super) fn warning(self, text: &str) {
        self.toned(Tone::Warning, text);
    }

    /// Says which command would help.
    pub(super) fn hint(self, text: &str) {
        self.toned(Tone::Hint, text);
    }

    fn toned(self, tone: Tone, text: &str) {
        let (word, colour) = match tone {
            Tone::Error => ("error", "31"),
            Tone::Warning => ("warning", "33"),
            Tone::Hint => ("hint", "36"),
        };
        let text = printable(text);
        let line = if self.colour {
            format!("\u{1b}[1;{colour}m{word}:\u{1b}[0m {text}")
        } else {
            format!("{word}: {text}")
        };
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

/// Text from elsewhere, without what would steer a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\n");
    }
}
