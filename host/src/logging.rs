//! Structured logs on standard error: for people on a terminal, JSON otherwise.
//!
//! Identifiers stand in fields and spans; a payload never stands anywhere.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::LogFormat;

/// Starts logging for the rest of the process.
///
/// # Errors
/// Where the process logs already.
pub fn start(filter: &str, format: LogFormat) -> Result<(), TryInitError> {
    let terminal = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt()
        // The filter was checked with the settings; what it cannot read it leaves out.
        .with_env_filter(EnvFilter::builder().parse_lossy(filter))
        .with_writer(std::io::stderr);
    if is_human(format, terminal) {
        builder
            .with_ansi(terminal && !no_color())
            .with_target(false)
            .finish()
            .try_init()
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(true)
            .finish()
            .try_init()
    }
}

fn is_human(format: LogFormat, terminal: bool) -> bool {
    match format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    }
}

/// Whether colours are unwanted (<https://no-color.org>): the variable is there and not empty.
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_follows_the_terminal() {
        assert!(is_human(LogFormat::Auto, true));
        assert!(!is_human(LogFormat::Auto, false));
        assert!(is_human(LogFormat::Human, false));
        assert!(!is_human(LogFormat::Json, true));
    }
}
