//! `cargo xtask audit`: advisories against the crates of `Cargo.lock`, and versions that their authors yanked.
//!
//! Both questions are cargo-deny's to answer. What this task adds is that a question that could not be asked is
//! never taken for an answer: the advisory database and the crates.io index each have to be reached first.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// The version that CI installs.
const CARGO_DENY: &str = "0.20.2";

/// What the exit code says where nothing was found, and something could not be checked.
const NOT_CHECKED: u8 = 2;

/// Where cargo-deny looks for the database of [`stand_in`]: no such server exists, and git is told where it is.
const STAND_IN_URL: &str = "https://advisories.invalid/stand-in";

/// The one advisory of that database, about a crate that does not exist: cargo-deny refuses a database without any.
const STAND_IN: &str = r#"```toml
[advisory]
id = "RUSTSEC-0000-0001"
package = "no-such-crate"
date = "2026-01-01"

[versions]
patched = []
```

# Stands in

For a database, where yanked versions alone are asked for.
"#;

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// It was asked, and nothing was found.
    Clean,
    /// Something was found; cargo-deny has said what.
    Found,
    /// It could not be asked, and why.
    NotChecked(String),
}

/// Asks both questions and says each answer; exits with 0 where both are clean, with 1 where something was found, and
/// with 2 where nothing was found and a question could not be asked.
///
/// # Errors
///
/// The files under `target` cannot be written.
pub fn run() -> Result<ExitCode> {
    let missing = missing_tool();
    let asked = |ask: fn() -> Result<Verdict>| match &missing {
        Some(reason) => Ok(Verdict::NotChecked(reason.clone())),
        None => ask(),
    };
    let answers = [
        ("advisories", asked(advisories)?),
        ("yanked versions", asked(yanked)?),
    ];
    let mut out = std::io::stdout();
    for (question, verdict) in &answers {
        writeln!(out, "{}", sentence(question, verdict))?;
    }
    let [(_, advisories), (_, yanked)] = answers;
    Ok(ExitCode::from(code(&[advisories, yanked])))
}

fn sentence(question: &str, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Clean => format!("{question}: checked, nothing found"),
        Verdict::Found => format!("{question}: FOUND, as listed above"),
        Verdict::NotChecked(reason) => format!("{question}: NOT CHECKED: {reason}"),
    }
}

/// What was found outweighs what could not be asked.
fn code(verdicts: &[Verdict]) -> u8 {
    let any = |is: fn(&Verdict) -> bool| verdicts.iter().any(is);
    if any(|verdict| *verdict == Verdict::Found) {
        1
    } else if any(|verdict| *verdict != Verdict::Clean) {
        NOT_CHECKED
    } else {
        0
    }
}

/// Why cargo-deny cannot be run, where it cannot.
fn missing_tool() -> Option<String> {
    match succeeds(&["deny", "--version"]) {
        Ok(None) => None,
        _ => Some(format!(
            "cargo-deny is not installed; `cargo install --locked cargo-deny@{CARGO_DENY}` installs it"
        )),
    }
}

/// Fetches the advisory database and checks the crates against it.
fn advisories() -> Result<Verdict> {
    if let Some(reason) = succeeds(&["deny", "fetch", "db"])? {
        return Ok(Verdict::NotChecked(format!(
            "the advisory database cannot be reached ({reason})"
        )));
    }
    let arguments = ["deny", "check", "--allow", "yanked", "advisories"];
    verdict(workspace::cargo(&arguments)?)
}

/// Brings cargo's copy of the index up to date, and checks the crates against that.
///
/// cargo-deny answers this beside the advisories alone, so that it is handed a database without any.
fn yanked() -> Result<Verdict> {
    // `cargo deny fetch index` succeeds on an old copy, without a network.
    if let Some(reason) = succeeds(&["update", "--dry-run"])? {
        return Ok(Verdict::NotChecked(format!(
            "the crates.io index cannot be reached ({reason})"
        )));
    }
    let directory = workspace::target()?.join("audit");
    let database = stand_in(&directory)?;
    let config = directory.join("yanked.toml");
    let kept = directory.join("databases");
    let settings = format!(
        "[graph]\nall-features = false\n\n[advisories]\ndb-path = {:?}\ndb-urls = [{STAND_IN_URL:?}]\nyanked = \"deny\"\n",
        kept.display().to_string(),
    );
    fs::write(&config, settings)?;
    let mut check = workspace::cargo(&["deny", "--config"])?;
    check
        .arg(&config)
        .args(["check", "advisories"])
        .env("GIT_CONFIG_COUNT", "1")
        .env(
            "GIT_CONFIG_KEY_0",
            format!("url.file://{}.insteadOf", database.display()),
        )
        .env("GIT_CONFIG_VALUE_0", STAND_IN_URL);
    verdict(check)
}

/// A git repository with one advisory that meets no crate.
fn stand_in(directory: &Path) -> Result<PathBuf> {
    // It is made anew, and so is cargo-deny's clone of it.
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("remove {}", directory.display()))?;
    }
    let database = directory.join("stand-in");
    let advisories = database.join("crates/no-such-crate");
    fs::create_dir_all(&advisories)?;
    fs::write(advisories.join("RUSTSEC-0000-0001.md"), STAND_IN)?;
    let commit = [
        "-c",
        "user.name=audit",
        "-c",
        "user.email=audit@localhost",
        "commit",
        "--quiet",
        "--message",
        "Stands in",
    ];
    for arguments in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "--all"],
        &commit,
    ] {
        let status = Command::new("git")
            .current_dir(&database)
            .args(arguments)
            .status();
        let status = status.context("start git")?;
        ensure!(status.success(), "`git {}` failed", arguments.join(" "));
    }
    Ok(database)
}

/// Runs a check to its end: its exit code is the answer, and what it found is on standard error.
fn verdict(mut check: Command) -> Result<Verdict> {
    let status = check.status().context("start cargo")?;
    Ok(match status.success() {
        true => Verdict::Clean,
        false => Verdict::Found,
    })
}

/// Why cargo fails, in the first line that says so; nothing where it succeeds.
fn succeeds(arguments: &[&str]) -> Result<Option<String>> {
    let output = workspace::cargo(arguments)?
        .stdout(Stdio::null())
        .output()
        .context("start cargo")?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(Some(reason(&said)))
}

/// The last line that has something to say: tools name the cause after what it spoilt.
fn reason(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next_back().unwrap_or("no reason given").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unchecked_question_is_no_pass() {
        let skipped = || Verdict::NotChecked("no network".to_owned());
        for (verdicts, expected) in [
            ([Verdict::Clean, Verdict::Clean], 0),
            ([Verdict::Clean, skipped()], NOT_CHECKED),
            ([skipped(), skipped()], NOT_CHECKED),
            ([skipped(), Verdict::Found], 1),
            ([Verdict::Found, Verdict::Clean], 1),
        ] {
            assert_eq!(code(&verdicts), expected, "{verdicts:?}");
        }
        let said = sentence("advisories", &skipped());
        assert_eq!(said, "advisories: NOT CHECKED: no network");
    }

    #[test]
    fn reason_is_the_last_line() {
        let said = "Cloning into 'x'...\nfatal: unable to access: no such host\n\n";
        assert_eq!(reason(said), "fatal: unable to access: no such host");
        assert_eq!(reason("\n"), "no reason given");
    }
}
