//! `cargo xtask test`: builds what the tests run on, and runs all of them.

use std::io::Write as _;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{fixtures, plugins, server, toolchains, workspace};

/// All packages but this one: together, they are built with one set of features.
const PACKAGES: &[&str] = &["--workspace", "--exclude", "xtask"];

/// Tests of what the sandbox does, or a plugin, or a file says, whatever the store: once is enough.
const STORELESS: &[&str] = &[
    "conformance::corpus",
    "conformance::instants",
    "conformance::raised",
    "conformance::references",
    "conformance::schemas",
    "conformance::toolchains",
    "conformance::trade",
    "conformance::xrules",
    "sandbox::admission",
    "sandbox::handmade",
    "sandbox::images",
    "sandbox::misbehaviour",
    "sandbox::purity",
    "sandbox::turns",
    "versions::refusals",
];

/// Builds every component, checks that the generated fixtures are what is committed, and runs
/// every test of the workspace; those of the whole host on PostgreSQL once more, where a server answers. The
/// components in other languages are built where their compilers can be had. What follows `--` goes to the
/// test binaries.
///
/// # Errors
///
/// Something does not build, has drifted, or fails; on CI, no server answers.
pub fn run(filters: &[String]) -> Result<()> {
    plugins::build()?;
    plugins::build_guests()?;
    // They wait for the network, and keep one processor busy at most.
    let toolchains = std::thread::spawn(toolchains::run);
    fixtures::run(&fixtures::Args { check: true })?;
    // Some tests run the binary itself.
    workspace::run_cargo(&["build", "--package", "levain"])?;
    match toolchains.join() {
        Ok(built) => built?,
        Err(_) => bail!("the components in other languages were not built: the task panicked"),
    }
    // Apart, since its dependencies ask for other features of the same crates: together, all of
    // WebAssembly would be compiled twice.
    let own = ["--package", "xtask", "--profile", "xtask"];
    workspace::run_cargo(&test(&own, filters))?;
    workspace::run_cargo(&test(PACKAGES, filters))?;
    on_postgres(filters)
}

/// Runs the tests of the whole host with their stores on PostgreSQL.
fn on_postgres(filters: &[String]) -> Result<()> {
    let address = server::address()?;
    if !server::answers(&address) {
        let missing = format!("no PostgreSQL answers at {address}");
        if std::env::var_os("CI").is_some() {
            bail!("{missing}, and CI needs it");
        }
        writeln!(
            std::io::stderr(),
            "SKIPPED: the tests of the whole host on PostgreSQL: {missing}\n\
             hint: LEVAIN_TEST_DATABASE_URL=postgres://user:password@server:5432/database names another"
        )?;
        return Ok(());
    }
    let filters: Vec<String> = if filters.is_empty() {
        let storeless = STORELESS.iter().flat_map(|name| ["--skip", name]);
        // One more than there are processors: each waits for the server now and then.
        let threads = std::thread::available_parallelism().map_or(1, usize::from) + 1;
        let threads = format!("--test-threads={threads}");
        let storeless = storeless.map(str::to_owned);
        storeless.chain([threads]).collect()
    } else {
        filters.to_vec()
    };
    let args = test(&[PACKAGES, &["--test", "levain"]].concat(), &filters);
    let status = workspace::cargo(&args)?
        .env("LEVAIN_TEST_STORE", "postgres")
        .status()
        .context("start cargo")?;
    ensure!(
        status.success(),
        "`cargo {}` failed with the stores on PostgreSQL",
        args.join(" ")
    );
    Ok(())
}

/// The arguments of `cargo test` for some packages.
fn test<'a>(packages: &[&'a str], filters: &'a [String]) -> Vec<&'a str> {
    let mut args = vec!["test"];
    args.extend(packages);
    if !filters.is_empty() {
        args.push("--");
        args.extend(filters.iter().map(String::as_str));
    }
    args
}

/// Builds the components and runs the benchmark, optimised as a release is.
///
/// # Errors
///
/// Something does not build, or the benchmark fails.
pub fn bench(options: &[String]) -> Result<()> {
    plugins::build()?;
    // The crowd is one of small sessions, too.
    plugins::build_guests()?;
    let mut args = vec!["bench", "--package", "levain-tests", "--bench", "session"];
    if !options.is_empty() {
        args.push("--");
        args.extend(options.iter().map(String::as_str));
    }
    workspace::run_cargo(&args)
}
