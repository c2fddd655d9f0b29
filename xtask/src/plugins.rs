//! `cargo xtask build-plugins`: every plugin crate as a component, in `target/plugins/<domain>.wasm`.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use wit_component::{ComponentEncoder, DecodedWasm};

use crate::workspace;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "plugin";
/// All that a component may import.
const CONTRACT: &str = "levain:domain/";

/// One component that was built.
#[derive(Debug)]
pub struct Component {
    /// The domain's slug: the plugin's folder and the component's file stem.
    pub domain: String,
    /// Where the component is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: usize,
    /// Whether it differs from what was there before.
    pub changed: bool,
}

/// Compiles every plugin in one cargo invocation and encodes each as a validated component. A file that
/// would stay the same is not touched; one whose plugin is gone is removed.
///
/// # Errors
///
/// A plugin does not compile, is no component of the contract, or imports anything else.
pub fn build() -> Result<Vec<Component>> {
    build_all("plugins", "plugins")
}

/// The same for the plugins that the tests misbehave with, in `target/guests`.
///
/// # Errors
///
/// See [`build`].
pub fn build_guests() -> Result<Vec<Component>> {
    build_all("tests/guests", "guests")
}

fn build_all(sources: &str, destination: &str) -> Result<Vec<Component>> {
    let target = workspace::target()?;
    let plugins = plugins(&workspace::root()?.join(sources))?;
    compile(&plugins)?;
    let folder = target.join(destination);
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let components = plugins
        .iter()
        .map(|plugin| {
            let module = target
                .join(TARGET)
                .join(PROFILE)
                .join(format!("{}.wasm", plugin.package.replace('-', "_")));
            component(&plugin.domain, &module, &folder)
                .with_context(|| format!("make a component of plugin `{}`", plugin.domain))
        })
        .collect::<Result<Vec<_>>>()?;
    remove_strangers(&folder, &components)?;
    Ok(components)
}

/// Builds, and prints what was built.
///
/// # Errors
///
/// See [`build`].
pub fn run() -> Result<()> {
    let components = build()?;
    let mut out = std::io::stdout().lock();
    let width = components
        .iter()
        .map(|component| component.domain.len())
        .max()
        .unwrap_or_default();
    for Component {
        domain,
        bytes,
        changed,
        ..
    } in &components
    {
        let note = if *changed { "" } else { "  unchanged" };
        writeln!(
            out,
            "{domain:width$}  {:>6} KiB{note}",
            bytes.div_ceil(1024)
        )?;
    }
    let total: usize = components.iter().map(|component| component.bytes).sum();
    writeln!(
        out,
        "{:width$}  {:>6} KiB  {} components",
        "total",
        total.div_ceil(1024),
        components.len()
    )?;
    Ok(())
}

struct Plugin {
    domain: String,
    package: String,
}

/// Every crate under the folder but the SDK, in the order of their names.
fn plugins(folder: &Path) -> Result<Vec<Plugin>> {
    let mut plugins = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        let manifest = path.join("Cargo.toml");
        let Some(domain) = path.file_name().and_then(OsStr::to_str) else {
            continue;
        };
        if domain == "sdk" || !manifest.is_file() {
            continue;
        }
        let text = fs::read_to_string(&manifest)
            .with_context(|| format!("read {}", manifest.display()))?;
        let table: toml::Table = text
            .parse()
            .with_context(|| format!("parse {}", manifest.display()))?;
        let package = table
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(toml::Value::as_str)
            .with_context(|| format!("{} names no package", manifest.display()))?;
        plugins.push(Plugin {
            domain: domain.to_owned(),
            package: package.to_owned(),
        });
    }
    ensure!(!plugins.is_empty(), "no plugin under {}", folder.display());
    plugins.sort_by(|a, b| a.domain.cmp(&b.domain));
    Ok(plugins)
}

fn compile(plugins: &[Plugin]) -> Result<()> {
    install_target()?;
    let status = workspace::cargo(&["build", "--lib", "--target", TARGET, "--profile", PROFILE])?
        .args(
            plugins
                .iter()
                .flat_map(|plugin| ["--package", &plugin.package]),
        )
        .env("CARGO_ENCODED_RUSTFLAGS", remapped_paths()?)
        .status()
        .context("start cargo")?;
    ensure!(status.success(), "the plugins do not compile for {TARGET}");
    Ok(())
}

/// rustup installs the targets of `rust-toolchain.toml` together with the toolchain; to a toolchain that was
/// there before, it does not add them.
fn install_target() -> Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let found = Command::new(rustc)
        .current_dir(workspace::root()?)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("start rustc")?;
    if Path::new(String::from_utf8_lossy(&found.stdout).trim()).is_dir() {
        return Ok(());
    }
    let added = Command::new("rustup")
        .current_dir(workspace::root()?)
        .args(["target", "add", TARGET])
        .status();
    ensure!(
        added.is_ok_and(|status| status.success()),
        "the toolchain has no standard library for {TARGET}, and rustup did not add it\n\
         hint: install the target {TARGET} of the toolchain in rust-toolchain.toml"
    );
    Ok(())
}

/// Keeps the builder's home out of panic locations: a component is known by its digest, which must not
/// depend on who built it.
fn remapped_paths() -> Result<OsString> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")))
        .context("neither CARGO_HOME nor a home folder is known")?;
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(home);
    flag.push("=/cargo");
    Ok(flag)
}

fn component(domain: &str, module: &Path, folder: &Path) -> Result<Component> {
    let bytes = fs::read(module).with_context(|| format!("read {}", module.display()))?;
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(&bytes)?
        .encode()?;
    check_imports(&encoded)?;
    let path = folder.join(format!("{domain}.wasm"));
    let changed = fs::read(&path).map_or(true, |old| old != encoded);
    if changed {
        write_atomically(&path, &encoded)?;
    }
    Ok(Component {
        domain: domain.to_owned(),
        path,
        bytes: encoded.len(),
        changed,
    })
}

/// Takes a component that another compiler made, once it is seen to import what a plugin may; its size.
///
/// # Errors
///
/// It cannot be read or written, is no component, or imports anything else.
pub fn adopt(made: &Path, path: &Path) -> Result<usize> {
    let bytes = fs::read(made).with_context(|| format!("read {}", made.display()))?;
    check_imports(&bytes)?;
    write_atomically(path, &bytes)?;
    Ok(bytes.len())
}

fn check_imports(component: &[u8]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("it is a WIT package, not a component");
    };
    let world = resolve.worlds.get(world).context("its world is missing")?;
    for import in world.imports.keys() {
        let name = resolve.name_world_key(import);
        ensure!(
            name.starts_with(CONTRACT),
            "it imports `{name}`; a plugin may import `{CONTRACT}host` alone"
        );
    }
    Ok(())
}

/// A reader sees the old file or the new one, never a part.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .with_context(|| format!("write {}", path.display()))
}

/// A component whose plugin was renamed or removed would still be found by the host.
fn remove_strangers(folder: &Path, components: &[Component]) -> Result<()> {
    let ours: BTreeSet<&Path> = components
        .iter()
        .map(|component| component.path.as_path())
        .collect();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("wasm")) && !ours.contains(path.as_path()) {
            fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}
