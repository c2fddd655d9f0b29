//! The command `levain`.

use std::process::ExitCode;

fn main() -> ExitCode {
    levain::cli::run()
}
