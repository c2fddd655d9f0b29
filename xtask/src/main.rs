//! The project's own tasks: `cargo xtask <task>`.

mod fixtures;
mod plugins;

use clap::Parser;

/// What `cargo xtask` can do.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build every plugin as a WebAssembly component, into target/plugins
    BuildPlugins,
    /// Write the generated series of the demo data, or check them with --check
    Fixtures(fixtures::Args),
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::BuildPlugins => plugins::run(),
        Task::Fixtures(args) => fixtures::run(&args),
    }
}
