//! Components that must not serve: each is refused as what it is, by the way on which all are loaded, and the
//! others are none the worse for it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use levain::config::Sources;
use levain::plugins::{self, Refusal, Registry};
use levain::sandbox::SandboxLimits;
use levain::sandbox::{CodeCache, CompileError, Compiler, Sandbox, SandboxConfig};
use levain_catalog::Catalog;
use tempfile::TempDir;

use crate::support::{Candidate, Puppets, binary, candidates, guests_dir, laborious};

/// A catalog with a domain for each candidate, beside two that are served by puppets.
struct Gate {
    catalog: Arc<Catalog>,
    limits: SandboxLimits,
    plugins: PathBuf,
    directory: TempDir,
}

impl Gate {
    fn new<'c>(candidates: impl IntoIterator<Item = &'c Candidate>) -> Self {
        let directory = TempDir::new().unwrap();
        let plugins = directory.path().join("plugins");
        fs::create_dir_all(&plugins).unwrap();
        let puppet = guests_dir().join("puppet.wasm");
        fs::copy(puppet, plugins.join("puppet.wasm")).unwrap();
        let mut puppets = Puppets::new();
        for (place, candidate) in candidates.into_iter().enumerate() {
            let name = domain(place);
            puppets.add_domain(&name, &name, 1000, candidate.limits);
            fs::write(plugins.join(format!("{name}.wasm")), &candidate.bytes).unwrap();
        }
        let catalog = Catalog::load(&puppets.write(&directory));
        Self {
            catalog: Arc::new(catalog.unwrap_or_else(|error| panic!("{error:#?}"))),
            limits: Sources::default().resolve().unwrap().sandbox,
            plugins,
            directory,
        }
    }

    fn sandbox(&self, compiler: Compiler) -> Sandbox {
        let config = SandboxConfig::for_catalog(&self.catalog, &self.limits, 1);
        let cache = CodeCache::open(self.directory.path().join("cache"), b"a key of the tests");
        Sandbox::new(config)
            .unwrap()
            .with_compiler(compiler)
            .with_cache(cache.unwrap())
    }

    fn load(&self, sandbox: &Sandbox) -> Registry {
        plugins::load(sandbox, &self.plugins, &self.catalog, &self.limits, false)
    }

    /// The same with prepared images.
    fn prepare(&self, sandbox: &Sandbox) -> Registry {
        plugins::load(sandbox, &self.plugins, &self.catalog, &self.limits, true)
    }
}

fn domain(place: usize) -> String {
    format!("candidate_{place}")
}

/// By the program, in a process for each component, as a host has it done.
fn apart() -> Compiler {
    Compiler::Program(binary())
}

#[test]
fn every_candidate_is_refused_as_what_it_is() {
    let candidates = candidates();
    let gate = Gate::new(&candidates);
    for compiler in [Compiler::InProcess, apart()] {
        let registry = gate.load(&gate.sandbox(compiler.clone()));
        for served in ["lead", "extra"] {
            assert!(registry.active(served).is_some(), "{served}: {compiler:?}");
        }
        let mut otherwise = Vec::new();
        for (place, candidate) in candidates.iter().enumerate() {
            let refused = registry.refused(&domain(place));
            let Some(refused) = refused else {
                otherwise.push(format!("{}: is not refused", candidate.what));
                continue;
            };
            let told = refused.refusal.to_string();
            if !(candidate.refused_as)(&refused.refusal) || !told.contains(&candidate.said) {
                otherwise.push(format!("{}: {:?}: {told}", candidate.what, refused.refusal));
            }
        }
        assert!(otherwise.is_empty(), "{compiler:?}: {otherwise:#?}");
    }
}

#[test]
fn what_is_compiled_apart_is_what_is_compiled_here() {
    let gate = Gate::new([]);
    let compiled = |compiler| {
        let registry = gate.load(&gate.sandbox(compiler));
        // Two domains have it: whichever is the second finds what the first has made.
        let cached = registry
            .all_active()
            .all(|plugin| plugin.component.cached());
        let entries = fs::read_dir(gate.directory.path().join("cache")).unwrap();
        let code = entries.map(|entry| entry.unwrap().path());
        let code = code.filter(|file| file.extension().unwrap() == "cwasm");
        let code: Vec<PathBuf> = code.collect();
        assert_eq!(code.len(), 1);
        (cached, fs::read(&code[0]).unwrap())
    };
    let (cached, apart) = compiled(apart());
    assert!(!cached);
    // It is found under the name that it has here.
    assert!(compiled(Compiler::InProcess).0);
    fs::remove_dir_all(gate.directory.path().join("cache")).unwrap();
    let (cached, here) = compiled(Compiler::InProcess);
    assert!(!cached);
    assert!(apart == here, "the same component, and other code");
}

#[test]
fn an_image_that_is_made_apart_is_the_one_that_is_made_here() {
    let gate = Gate::new([]);
    let cache = gate.directory.path().join("cache");
    let made = |compiler| {
        let registry = gate.prepare(&gate.sandbox(compiler));
        let plugins: Vec<_> = registry.all_active().collect();
        assert!(plugins.iter().all(|plugin| plugin.component.images() == 1));
        let files = fs::read_dir(&cache)
            .unwrap()
            .map(|file| file.unwrap().path());
        let files: BTreeMap<PathBuf, Vec<u8>> = files
            .map(|file| (file.clone(), fs::read(file).unwrap()))
            .collect();
        fs::remove_dir_all(&cache).unwrap();
        files
    };
    let (apart, here) = (made(apart()), made(Compiler::InProcess));
    // One component for both domains, an image for each slice; all with their MACs.
    assert_eq!(apart.len(), 6);
    assert!(apart == here, "the same image, and other code");
}

#[test]
fn all_images_of_a_component_are_made_by_one_process() {
    let gate = Gate::new([]);
    let mut puppets = Puppets::new();
    for place in 0..3 {
        puppets.add_account(&format!("tour{place}"), "extra", "honest");
    }
    let catalog = Catalog::load(&puppets.write(&gate.directory)).unwrap();
    let log = gate.directory.path().join("started");
    let program = gate.directory.path().join("counted");
    let script = format!(
        "#!/bin/sh\necho started >> '{}'\nexec '{}' \"$@\"\n",
        log.display(),
        binary().display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let gate = Gate {
        catalog: Arc::new(catalog),
        ..gate
    };
    let registry = gate.prepare(&gate.sandbox(Compiler::Program(program)));
    let prepared: usize = registry
        .all_active()
        .map(|plugin| plugin.preparation.prepared)
        .sum();
    assert!(prepared >= 4, "{prepared}");
    // Two domains have the component: it is compiled once, and each has one process for its images.
    assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 3);
}

#[test]
fn images_are_made_within_the_bounds_of_the_compiler() {
    // Its code is there already: only its images are compiled.
    let gate = Gate::new([]);
    gate.load(&gate.sandbox(apart()));
    for (limit, told) in [
        ("compile_ms = 1", "longer than its 1 ms"),
        ("compile_memory_mib = 64", "more than the 67108864 bytes"),
    ] {
        let mut puppets = Puppets::new();
        if let Some(manifest) = puppets.texts.get_mut("catalog.toml") {
            *manifest =
                manifest.replace("output_kib = 4096", &format!("output_kib = 4096\n{limit}"));
        }
        let catalog = Catalog::load(&puppets.write(&gate.directory)).unwrap();
        let catalog = Arc::new(catalog);
        let sandbox = gate.sandbox(apart());
        let registry = plugins::load(&sandbox, &gate.plugins, &catalog, &gate.limits, true);
        for plugin in registry.all_active() {
            assert!(plugin.component.cached());
            assert_eq!(plugin.component.images(), 0, "{limit}");
            let (_, reason) = plugin.preparation.without.first().unwrap();
            assert!(reason.to_string().contains(told), "{limit}: {reason}");
        }
    }
}

#[test]
fn what_takes_a_compiler_too_far_is_stopped() {
    let candidate = |what: &str, limits, refused_as, said: &str| Candidate {
        what: what.to_owned(),
        bytes: laborious(2000, 4000),
        limits,
        refused_as,
        said: said.to_owned(),
    };
    let candidates = [
        candidate(
            "compiles slowly",
            "compile_ms = 300",
            |refusal| {
                matches!(
                    refusal,
                    Refusal::Compile(CompileError::TimeLimit { allowed_ms: 300 })
                )
            },
            "raise the domain's limits.compile_ms",
        ),
        candidate(
            "needs too much memory",
            "compile_memory_mib = 300",
            |refusal| matches!(refusal, Refusal::Compile(CompileError::MemoryLimit { allowed_bytes }) if *allowed_bytes == 300 << 20),
            "raise the domain's limits.compile_memory_mib",
        ),
    ];
    let gate = Gate::new(&candidates);
    let registry = gate.load(&gate.sandbox(apart()));
    for (place, candidate) in candidates.iter().enumerate() {
        let refusal = &registry.refused(&domain(place)).unwrap().refusal;
        assert!(
            (candidate.refused_as)(refusal),
            "{}: {refusal}",
            candidate.what
        );
        assert!(refusal.to_string().contains(&candidate.said), "{refusal}");
    }
    assert!(registry.active("lead").is_some());
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let gate = Gate::new([]);
    let file = fs::File::create(gate.plugins.join("puppet.wasm")).unwrap();
    // It takes no room on the disk, and more than there is in memory.
    file.set_len(1 << 40).unwrap();
    let registry = gate.load(&gate.sandbox(Compiler::InProcess));
    let refusal = &registry.refused("lead").unwrap().refusal;
    let expected = CompileError::TooLarge {
        size: 1 << 40,
        allowed: 32 << 20,
    };
    assert_eq!(refusal, &Refusal::Compile(expected));
}

#[test]
fn a_compiler_that_is_none_is_a_refusal() {
    let gate = Gate::new([]);
    for (program, said) in [
        ("/nowhere/levain", "cannot be run"),
        ("/bin/sh", "exit status"),
    ] {
        let registry = gate.load(&gate.sandbox(Compiler::Program(program.into())));
        let refusal = &registry.refused("lead").unwrap().refusal;
        assert!(
            matches!(refusal, Refusal::Compile(CompileError::Compiler { .. })),
            "{program}: {refusal:?}"
        );
        assert!(refusal.to_string().contains(said), "{program}: {refusal}");
    }
}
