//! `cargo xtask test`: builds what the tests run on, and runs all of them.

use anyhow::Result;

use crate::{fixtures, plugins, workspace};

/// Builds every component, checks that the generated fixtures are what is committed, and runs
/// every test of the workspace. What follows `--` goes to the test binaries.
///
/// # Errors
///
/// Something does not build, has drifted, or fails.
pub fn run(filters: &[String]) -> Result<()> {
    plugins::build()?;
    plugins::build_guests()?;
    fixtures::run(&fixtures::Args { check: true })?;
    // Some tests run the binary itself.
    workspace::run_cargo(&["build", "--package", "levain", "--quiet"])?;
    // Apart, since its dependencies ask for other features of the same crates: together, all of
    // WebAssembly would be compiled twice.
    test(&["--package", "xtask"], filters)?;
    test(&["--workspace", "--exclude", "xtask"], filters)
}

fn test(packages: &[&str], filters: &[String]) -> Result<()> {
    let mut args = vec!["test"];
    args.extend(packages);
    if !filters.is_empty() {
        args.push("--");
        args.extend(filters.iter().map(String::as_str));
    }
    workspace::run_cargo(&args)
}

/// Builds the components and runs the benchmark, optimised as a release is.
///
/// # Errors
///
/// Something does not build, or the benchmark fails.
pub fn bench(options: &[String]) -> Result<()> {
    plugins::build()?;
    let mut args = vec!["bench", "--package", "levain-tests", "--bench", "session"];
    if !options.is_empty() {
        args.push("--");
        args.extend(options.iter().map(String::as_str));
    }
    workspace::run_cargo(&args)
}
