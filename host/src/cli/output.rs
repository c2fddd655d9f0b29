//! The only place that prints: data on standard output, messages on standard error.

use std::io::{IsTerminal as _, Write as _};

use crate::logging::no_color;

/// The streams of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    colour: bool,
    talk_is_terminal: bool,
}

/// The kind of a message; coloured on a terminal.
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

    /// Whether messages go to a terminal.
    pub(super) fn is_watched(self) -> bool {
        self.talk_is_terminal
    }

    pub(super) fn data(self, text: &str) {
        // A closed pipe is not an error (`levain ... | head`).
        let _ = writeln!(std::io::stdout().lock(), "{}", printable(text));
    }

    pub(super) fn say(self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", printable(text));
    }

    pub(super) fn error(self, text: &str) {
        self.toned(Tone::Error, text);
    }

    pub(super) fn warning(self, text: &str) {
        self.toned(Tone::Warning, text);
    }

    /// Prints the exact command that would help.
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

/// Replaces control characters, which could control the terminal.
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
