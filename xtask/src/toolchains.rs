//! `cargo xtask build-toolchains`: the components of the tests that other compilers than Rust's make, in
//! `target/toolchains/components`.
//!
//! A compiler that cannot be had here (no interpreter, no network) is no failure: it is said, a note is left
//! where the tests find it, and they are skipped. One that can be had and fails is a failure.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, ensure};
use sha2::{Digest as _, Sha256};

use crate::{plugins, workspace};

/// Where the sources are, a folder per language.
const SOURCES: &str = "tests/toolchains";

/// What to do where an installation failed.
const AGAIN: &str =
    "`cargo xtask build-toolchains` tries again; the language's registry of packages has to answer";

/// A language, and how its compiler is installed and called. Both happen in a copy of the sources under
/// `target`, since packages and caches are written beside them.
struct Toolchain {
    /// The folder of its sources.
    language: &'static str,
    /// The component's file stem: the plugin's name in the catalog of the tests.
    component: &'static str,
    /// The files that decide what is installed.
    locks: &'static [&'static str],
    /// The programs that have to be there, and where they are had from.
    programs: &'static [&'static str],
    hint: &'static str,
    /// The commands that install it, to be run in the copy.
    install: fn(&Path) -> Vec<Command>,
    /// The command that makes the component of the copy's sources and a folder of WIT.
    compile: fn(&Path, &Path, &Path) -> Command,
}

const TOOLCHAINS: [Toolchain; 2] = [
    Toolchain {
        language: "javascript",
        component: "yard",
        locks: &["package.json", "package-lock.json"],
        programs: &["node", "npm"],
        hint: "install Node.js 20 or later with npm, from https://nodejs.org",
        install: install_javascript,
        compile: compile_javascript,
    },
    Toolchain {
        language: "python",
        component: "honey",
        locks: &["requirements.txt"],
        programs: &["python3"],
        hint: "install Python 3.10 or later with its module venv, from https://www.python.org",
        install: install_python,
        compile: compile_python,
    },
];

/// What became of a component.
enum Outcome {
    /// It was built, of so many bytes.
    Built(usize),
    /// Nothing that it is made of has changed.
    Unchanged,
    /// Its compiler cannot be had here: why, and what to do.
    Skipped(String, &'static str),
}

/// Builds every component whose compiler can be had, and says which cannot.
///
/// # Errors
///
/// A compiler that was installed fails, or makes something else than a component of the contract.
pub fn run() -> Result<()> {
    let target = workspace::target()?.join("toolchains");
    let components = target.join("components");
    fs::create_dir_all(&components).with_context(|| format!("create {}", components.display()))?;
    // Most of the time is spent waiting for the network, or on one core.
    let outcomes = std::thread::scope(|scope| {
        let running = TOOLCHAINS.each_ref().map(|toolchain| {
            let (target, components) = (&target, &components);
            scope.spawn(move || build(toolchain, &target.join(toolchain.language), components))
        });
        running.map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow!("the thread panicked")))
        })
    });
    for (toolchain, outcome) in TOOLCHAINS.iter().zip(outcomes) {
        let Toolchain {
            language,
            component,
            ..
        } = toolchain;
        let outcome = outcome.with_context(|| format!("build the component in {language}"))?;
        let text = match &outcome {
            Outcome::Built(bytes) => format!("{component}  {:>6} KiB", bytes.div_ceil(1024)),
            Outcome::Unchanged => format!("{component}  unchanged"),
            Outcome::Skipped(reason, hint) => format!(
                "SKIPPED: the component in {language} and its tests: {reason}\nhint: {hint}"
            ),
        };
        writeln!(std::io::stderr(), "{text}")?;
        note(&components, component, &outcome)?;
    }
    Ok(())
}

/// Leaves the reason where the tests find it, and no older component with it.
fn note(components: &Path, component: &str, outcome: &Outcome) -> Result<()> {
    let note = components.join(format!("{component}.skipped"));
    match outcome {
        Outcome::Skipped(reason, _) => {
            fs::write(&note, reason).with_context(|| format!("write {}", note.display()))?;
            remove(&components.join(format!("{component}.wasm")))
        }
        Outcome::Built(_) | Outcome::Unchanged => remove(&note),
    }
}

fn build(toolchain: &Toolchain, work: &Path, components: &Path) -> Result<Outcome> {
    let root = workspace::root()?;
    let (sources, wit) = (
        root.join(SOURCES).join(toolchain.language),
        root.join("wit"),
    );
    let made = components.join(format!("{}.wasm", toolchain.component));
    let stamp = work.join("built");
    // This file says how they are called.
    let own = root.join("xtask/src/toolchains.rs");
    let wanted = digest(&[files(&sources)?, files(&wit)?, vec![own]].concat(), "")?;
    if made.is_file() && is(&stamp, &wanted) {
        return Ok(Outcome::Unchanged);
    }
    let versions = match toolchain.programs.iter().map(version).collect() {
        Ok(versions) => versions,
        Err(reason) => return Ok(Outcome::Skipped(reason, toolchain.hint)),
    };
    copy(&sources, work)?;
    if let Err(reason) = install(toolchain, work, versions)? {
        return Ok(Outcome::Skipped(reason, AGAIN));
    }
    // An older one is not what the tests are to find where this one fails.
    remove(&stamp)?;
    remove(&made)?;
    let draft = work.join("draft.wasm");
    let mut command = (toolchain.compile)(work, &wit, &draft);
    command.current_dir(work);
    ensure!(
        command.status().is_ok_and(|status| status.success()),
        "{command:?} failed; it was installed, so this is the fault of {} or of what calls it",
        sources.display()
    );
    let bytes = plugins::adopt(&draft, &made)?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))?;
    Ok(Outcome::Built(bytes))
}

/// Installs the compiler as it is locked, unless it is there; the inner error is why it cannot be had.
fn install(
    toolchain: &Toolchain,
    work: &Path,
    versions: Vec<String>,
) -> Result<std::result::Result<(), String>> {
    let stamp = work.join("installed");
    let locks: Vec<PathBuf> = toolchain.locks.iter().map(|lock| work.join(lock)).collect();
    let wanted = digest(&locks, &versions.join(" "))?;
    if is(&stamp, &wanted) {
        return Ok(Ok(()));
    }
    remove(&stamp)?;
    for mut command in (toolchain.install)(work) {
        if let Err(reason) = quietly(command.current_dir(work)) {
            return Ok(Err(reason));
        }
    }
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))?;
    Ok(Ok(()))
}

fn install_javascript(_work: &Path) -> Vec<Command> {
    let mut npm = Command::new("npm");
    // No package of it has a script to run, and none that may come is trusted to.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    npm.args(["--fetch-retries=2", "--fetch-retry-maxtimeout=10000"]);
    vec![npm]
}

fn compile_javascript(_work: &Path, wit: &Path, component: &Path) -> Command {
    let mut node = Command::new("node");
    node.arg("build.mjs").arg(wit).arg(component);
    node
}

fn install_python(work: &Path) -> Vec<Command> {
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv", "--clear", "venv"]);
    let mut pip = Command::new(in_environment(work, "pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    pip.args(["--retries", "2", "--timeout", "20", "--only-binary=:all:"]);
    pip.args(["--require-hashes", "--requirement", "requirements.txt"]);
    vec![environment, pip]
}

fn compile_python(work: &Path, wit: &Path, component: &Path) -> Command {
    let mut compiler = Command::new(in_environment(work, "componentize-py"));
    compiler.arg("--quiet").arg("--wit-path").arg(wit);
    compiler.args(["--world", "plugin", "componentize", "plugin"]);
    // Python's own start asks for random numbers and the time: without them nothing of WASI is left.
    compiler.arg("--stub-wasi").arg("--output").arg(component);
    compiler
}

/// A program of the environment that `venv` made.
fn in_environment(work: &Path, program: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    work.join("venv").join(folder).join(program)
}

/// What a program says of its version, or why it cannot be called.
fn version(program: &&str) -> std::result::Result<String, String> {
    let mut command = Command::new(program);
    command.arg("--version");
    match command.output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(output) => Err(format!(
            "`{program} --version` ended with {}",
            output.status
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("there is no `{program}` here"))
        }
        Err(error) => Err(format!("`{program}` cannot be started: {error}")),
    }
}

/// Runs a command; where it fails, what it last said.
fn quietly(command: &mut Command) -> std::result::Result<(), String> {
    let told = format!("{command:?}");
    let output = command
        .output()
        .map_err(|error| format!("{told} cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let mut lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    // What went wrong stands at the one end or at the other.
    if lines.len() > 8 {
        lines.splice(4..lines.len() - 4, ["…"]);
    }
    let ended = output.status;
    Err(format!(
        "{told} ended with {ended}:\n  {}",
        lines.join("\n  ")
    ))
}

/// The SHA-256 of what files are called and hold, and of a text.
fn digest(files: &[PathBuf], and: &str) -> Result<String> {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    add(and.as_bytes());
    for file in files {
        let name = file.file_name().unwrap_or_default();
        add(name.as_encoded_bytes());
        add(&fs::read(file).with_context(|| format!("read {}", file.display()))?);
    }
    let digest = digest.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a stamp is this one.
fn is(stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == wanted)
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn copy(sources: &Path, work: &Path) -> Result<()> {
    fs::create_dir_all(work).with_context(|| format!("create {}", work.display()))?;
    for file in files(sources)? {
        let copy = work.join(file.file_name().unwrap_or_default());
        fs::copy(&file, &copy).with_context(|| format!("write {}", copy.display()))?;
    }
    Ok(())
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_said() {
        let missing = version(&"no-such-program").unwrap_err();
        assert_eq!(missing, "there is no `no-such-program` here");
        let mut failing = Command::new("sh");
        failing.args(["-c", "seq 20 >&2; exit 3"]);
        let said = quietly(&mut failing).unwrap_err();
        let (told, lines) = said.split_once(":\n").unwrap();
        assert!(told.ends_with("exit status: 3"), "{told}");
        let lines: Vec<&str> = lines.lines().map(str::trim).collect();
        assert_eq!(lines, ["1", "2", "3", "4", "…", "17", "18", "19", "20"]);
    }

    #[test]
    fn a_digest_is_of_names_contents_and_where_one_ends() {
        let folder = std::env::temp_dir().join(format!("levain-digest-{}", std::process::id()));
        let digest_of = |contents: &[(&str, &str)], and: &str| {
            fs::create_dir_all(&folder).unwrap();
            for (name, text) in contents {
                fs::write(folder.join(name), text).unwrap();
            }
            let found = digest(&files(&folder).unwrap(), and).unwrap();
            fs::remove_dir_all(&folder).unwrap();
            found
        };
        let first = digest_of(&[("a", "1"), ("b", "2")], "");
        assert_eq!(first.len(), 64);
        assert_eq!(first, digest_of(&[("b", "2"), ("a", "1")], ""));
        for (contents, and) in [
            ([("a", "12"), ("b", "")], ""),
            ([("a", "1"), ("c", "2")], ""),
            ([("a", "1"), ("b", "2")], "3"),
        ] {
            assert_ne!(first, digest_of(&contents, and), "{contents:?} {and}");
        }
    }
}
