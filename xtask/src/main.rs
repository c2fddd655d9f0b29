//! The project's own tasks: `cargo xtask <task>`.

mod plugins;

use clap::Parser;

/// What `cargo xtask` can do.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build every plugin as a WebAssembly component, into target/plugins
    BuildPlugins,
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::BuildPlugins => plugins::run(),
    }
}
