//! Components that must not serve, each with how it must be refused.

use std::fmt::Write as _;
use std::fs;

use levain::plugins::Refusal;
use levain::sandbox::CompileError;

use super::handmade::write_size;
use super::hosting::guests_dir;

/// A component that must not serve.
pub struct Candidate {
    /// What is wrong with it.
    pub what: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Lines of `[domain.limits]` of the domain that it is for.
    pub limits: &'static str,
    /// Whether a refusal is the right one.
    pub refused_as: fn(&Refusal) -> bool,
    /// What the refusal has to say.
    pub said: String,
}

/// The lifecycle, as far as a name goes.
const LIFECYCLE: &str =
    r#"(instance $none) (export "levain:domain/lifecycle@0.1.0" (instance $none))"#;

/// What of others a component may want, by what it is imported as.
const INTERFACES: &[&str] = &[
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:random/random@0.2.0",
    "wasi:random/insecure-seed@0.2.0",
    "wasi:filesystem/types@0.2.0",
    "wasi:filesystem/preopens@0.2.0",
    "wasi:sockets/tcp@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:cli/environment@0.2.0",
    "wasi:cli/stdout@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:io/poll@0.2.0",
    "acme:tools/run@1.0.0",
    "levain:domains/host@0.1.0",
];

/// Imports that belong to no interface, by name and type.
const BARE: &[(&str, &str)] = &[
    ("now", "(func (result u64))"),
    ("clock", "(instance (export \"now\" (func (result u64))))"),
    ("handle", "(type (sub resource))"),
    ("code", "(core module)"),
];

const fn forbidden(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::ForbiddenImport { .. })
}

const fn unlinked(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Compile(CompileError::Link { .. }))
}

const fn invalid(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Compile(CompileError::Invalid { .. }))
}

/// Every one of them, but those that take a compiler to its limits.
pub fn candidates() -> Vec<Candidate> {
    let mut all: Vec<Candidate> = foreign_imports().collect();
    all.extend(other_contracts());
    all.extend(broken());
    all
}

/// Imports of every kind but the contract's.
fn foreign_imports() -> impl Iterator<Item = Candidate> {
    let interfaces = INTERFACES.iter().map(|name| {
        let ty = "(instance (export \"get\" (func (result u64))))";
        (*name, ty)
    });
    interfaces.chain(BARE.iter().copied()).map(|(name, ty)| {
        let text = format!("(import \"{name}\" {ty}) {LIFECYCLE}");
        component(&format!("imports {name}"), &text, forbidden, name)
    })
}

/// What is a plugin of something else, or none.
fn other_contracts() -> Vec<Candidate> {
    let lifecycle = |name: &str| format!("(instance $none) (export \"{name}\" (instance $none))");
    let host =
        |ty: &str| format!("(import \"levain:domain/host@0.1.0\" (instance {ty})) {LIFECYCLE}");
    let generation = |refusal: &Refusal| matches!(refusal, Refusal::UnknownGeneration { .. });
    let no_plugin = |refusal: &Refusal| matches!(refusal, Refusal::NotAPlugin { .. });
    let next = lifecycle("levain:domain/lifecycle@0.2.0");
    let last = lifecycle("levain:domain/lifecycle@1.0.0");
    let newer_host = "(import \"levain:domain/host@0.9.0\" (instance (export \"log\" (func))))";
    let newer_host = format!("{newer_host} {LIFECYCLE}");
    vec![
        component(
            "imports a component",
            &format!("(import \"part\" (component)) {LIFECYCLE}"),
            invalid,
            "component imports",
        ),
        component("the next generation", &next, generation, "0.2.0"),
        component("a later generation", &last, generation, "1.0.0"),
        component("a newer host", &newer_host, generation, "0.9.0"),
        component(
            "no version at all",
            &lifecycle("levain:domain/lifecycle"),
            unlinked,
            "lifecycle",
        ),
        component(
            "an interface of ours that there is not",
            &format!(
                "(import \"levain:domain/clock@0.1.0\" (instance (export \"now\" (func (result u64))))) {LIFECYCLE}"
            ),
            unlinked,
            "levain:domain/clock@0.1.0",
        ),
        component(
            "a log of other arguments",
            &host("(export \"log\" (func (param \"message\" u64)))"),
            unlinked,
            "log",
        ),
        component(
            "a function of the host that there is not",
            &host("(export \"now\" (func (result u64)))"),
            unlinked,
            "now",
        ),
        component("exports nothing", "", no_plugin, "nothing"),
        component(
            "exports something else",
            &lifecycle("acme:tool/run@1.0.0"),
            no_plugin,
            "`acme:tool/run@1.0.0`",
        ),
        component("a lifecycle of no calls", LIFECYCLE, unlinked, "prepare"),
        component(
            "a component within a component",
            "(component $inner (core module) (component (component)))",
            no_plugin,
            "nothing",
        ),
    ]
}

/// What is no component, or cannot be one here.
fn broken() -> Vec<Candidate> {
    let whole = fs::read(guests_dir().join("puppet.wasm")).unwrap();
    let candidate = |what: &str, bytes: Vec<u8>, refused_as, said: &str| Candidate {
        what: what.to_owned(),
        bytes,
        limits: "",
        refused_as,
        said: said.to_owned(),
    };
    let not_wasm =
        |refusal: &Refusal| matches!(refusal, Refusal::Compile(CompileError::NotWasm { .. }));
    let core = |refusal: &Refusal| matches!(refusal, Refusal::Compile(CompileError::CoreModule));
    let no_plugin = |refusal: &Refusal| matches!(refusal, Refusal::NotAPlugin { .. });
    let large =
        |refusal: &Refusal| matches!(refusal, Refusal::Compile(CompileError::TooLarge { .. }));
    let text = |wat: &str| wat::parse_str(wat).unwrap();
    let many = "(core instance (instantiate 0))".repeat(100);
    let many = format!("(component (core module) {many})");
    let mut all = vec![
        candidate("nothing", Vec::new(), not_wasm, "0 bytes"),
        candidate(
            "text",
            b"no WebAssembly at all".to_vec(),
            not_wasm,
            "\\0asm",
        ),
        candidate("a core module", text("(module)"), core, "wit-component"),
        candidate(
            "another layer",
            b"\0asm\x0d\0\x02\0".to_vec(),
            invalid,
            "version",
        ),
        // It is as sound as it is useless: nothing of it is taken for more than one level down.
        candidate("components 2000 deep", nested(2000), no_plugin, "nothing"),
        candidate(
            "more instances than a pool has room for",
            text(&many),
            invalid,
            "64",
        ),
        Candidate {
            limits: "component_mib = 1",
            ..candidate(
                "larger than it may be",
                padded(&whole, 2 << 20),
                large,
                "1048576",
            )
        },
    ];
    for (what, length, said) in [
        ("cut after its first byte of content", 9, "unexpected end"),
        ("cut in half", whole.len() / 2, "out of bounds"),
        (
            "cut before its last byte",
            whole.len() - 1,
            "unexpected end",
        ),
    ] {
        all.push(candidate(what, whole[..length].to_vec(), invalid, said));
    }
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 64].fill(0xff);
    all.push(candidate(
        "overwritten in the middle",
        flipped,
        invalid,
        "compiled",
    ));
    all
}

fn component(what: &str, fields: &str, refused_as: fn(&Refusal) -> bool, said: &str) -> Candidate {
    Candidate {
        what: what.to_owned(),
        bytes: wat::parse_str(format!("(component {fields})")).unwrap(),
        limits: "",
        refused_as,
        said: said.to_owned(),
    }
}

/// The same component in so many bytes: a custom section fills it up.
fn padded(component: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = component.to_vec();
    bytes.push(0);
    write_size(size, &mut bytes);
    // Its name has no characters.
    bytes.resize(bytes.len() + size, 0);
    bytes
}

/// A component within a component, and so on; the text format does not go that deep.
fn nested(depth: usize) -> Vec<u8> {
    const PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";
    const COMPONENT: u8 = 4;
    (0..depth).fold(PREAMBLE.to_vec(), |inner, _| {
        let mut outer = PREAMBLE.to_vec();
        outer.push(COMPONENT);
        write_size(inner.len(), &mut outer);
        outer.extend_from_slice(&inner);
        outer
    })
}

/// A small component whose one function has `blocks` places where control flow meets, and at each of them
/// as many values as it has locals: what the compiler has to do for it is the product of the two.
pub fn laborious(locals: usize, blocks: usize) -> Vec<u8> {
    let mut body = String::new();
    for block in 0..blocks {
        let (from, to) = (block % locals, (block * 7 + 1) % locals);
        write!(
            body,
            "(loop $b{block}
                (local.set {to} (i64.add (local.get {from}) (i64.mul (local.get {to}) (i64.const {block}))))
                (br_if $b{block} (i64.eqz (i64.rem_u (local.get {from}) (i64.const 3)))))"
        )
        .unwrap();
    }
    let locals = "i64 ".repeat(locals);
    wat::parse_str(format!(
        "(component (core module (func (export \"f\") (local {locals}) {body})))"
    ))
    .unwrap()
}
