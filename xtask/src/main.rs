//! The project's own tasks: `cargo xtask <task>`.

mod audit;
mod demo;
mod fixtures;
mod plugins;
mod server;
mod test;
mod toolchains;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// What `cargo xtask` can do.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build every plugin as a WebAssembly component, into target/plugins
    BuildPlugins,
    /// Build the tests' components in JavaScript and Python, into target/toolchains/components; where a compiler
    /// cannot be installed, say so
    BuildToolchains,
    /// Write the generated series of the demo data, or check them with --check
    Fixtures(fixtures::Args),
    /// Build everything, serve, and create a first session
    Demo(demo::Args),
    /// Build everything and run every test, those of the whole host on SQLite and on PostgreSQL; what follows
    /// goes to the test binaries
    Test {
        /// Names of tests, and options of the test binaries
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        filters: Vec<String>,
    },
    /// Check the crates that are built on for advisories and yanked versions; exit 1 where there are any, 2 where
    /// that could not be found out
    Audit,
    /// Measure clones, checks and writes against their floor; what follows goes to the benchmark
    Bench {
        /// Options of the benchmark
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Task::parse() {
        Task::BuildPlugins => plugins::run()?,
        Task::BuildToolchains => toolchains::run()?,
        Task::Fixtures(args) => fixtures::run(&args)?,
        Task::Demo(args) => demo::run(&args)?,
        Task::Test { filters } => test::run(&filters)?,
        Task::Bench { options } => test::bench(&options)?,
        Task::Audit => return audit::run(),
    }
    Ok(ExitCode::SUCCESS)
}
