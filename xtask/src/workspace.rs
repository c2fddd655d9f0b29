//! Where things are, and how cargo is called.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The workspace's root.
///
/// # Errors
///
/// This crate has no parent folder.
pub fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .context("xtask has no parent folder")
}

/// Where cargo puts what it builds.
///
/// # Errors
///
/// As [`root`].
pub fn target() -> Result<PathBuf> {
    let root = root()?;
    Ok(std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |dir| root.join(dir)))
}

/// The same cargo that runs this task.
///
/// # Errors
///
/// As [`root`].
pub fn cargo(args: &[&str]) -> Result<Command> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()?).args(args);
    // What cargo says of this task's own package would have build scripts run anew, and all that is
    // built on them, each time that cargo is called by hand in between.
    for (name, _) in std::env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if own {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// Runs cargo and fails with its command line where it does.
///
/// # Errors
///
/// Cargo cannot be started, or fails.
pub fn run_cargo(args: &[&str]) -> Result<()> {
    let status = cargo(args)?.status().context("start cargo")?;
    ensure!(status.success(), "`cargo {}` failed", args.join(" "));
    Ok(())
}
