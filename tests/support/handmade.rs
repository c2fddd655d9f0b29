//! Components that no compiler makes: written as text, around the contract's own calls.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

use super::hosting::{guests_dir, root};

/// What a handmade component has besides what the contract asks for. Without any of it, it behaves, and its
/// domain has no record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Handmade {
    /// Fields of the module: functions, tables, data, a start.
    pub fields: &'static str,
    /// What is done before `prepare` answers.
    pub prepare: &'static str,
    /// What is done before `clone` answers.
    pub clone: &'static str,
    /// What is done before room is given for an argument.
    pub realloc: &'static str,
    /// Pages of memory that it begins with, where it is not two.
    pub pages: Option<u32>,
}

impl Handmade {
    /// The component.
    pub fn encode(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.text()).unwrap();
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(root().join("wit")).unwrap();
        let world = resolve.select_world(&[package], Some("plugin")).unwrap();
        let embedded = wit_component::embed_component_metadata(
            &mut module,
            &resolve,
            world,
            StringEncoding::UTF8,
        );
        embedded.unwrap();
        ComponentEncoder::default()
            .module(&module)
            .unwrap()
            .encode()
            .unwrap()
    }

    /// At 1024 stands an answer: a case, and behind it a list. All of it is zero: the case `ok`, and no segment.
    fn text(&self) -> String {
        let Self {
            fields,
            prepare,
            clone,
            realloc,
            pages,
        } = self;
        let pages = pages.unwrap_or(2);
        format!(
            r#"(module
                (import "levain:domain/host@0.1.0" "log" (func $log (param i32 i32 i32)))
                (memory (export "memory") {pages})
                (global $free (mut i32) (i32.const 4096))
                {fields}
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    {realloc}
                    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                    (global.set $free (i32.add (local.get $at) (local.get 3)))
                    (block $fits
                        (br_if $fits (i32.lt_u (global.get $free)
                            (i32.mul (memory.size) (i32.const 65536))))
                        (drop (memory.grow (i32.add (i32.const 1)
                            (i32.div_u (local.get 3) (i32.const 65536))))))
                    (local.get $at))
                (func (export "levain:domain/lifecycle@0.1.0#prepare") (param i32 i32) (result i32)
                    {prepare}
                    (i32.const 1024))
                (func (export "levain:domain/lifecycle@0.1.0#clone")
                    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64) (result i32)
                    {clone}
                    (i32.const 1024))
                (func (export "levain:domain/lifecycle@0.1.0#cleanup") (param i32) (result i32)
                    (i32.const 1024)))"#
        )
    }

    /// Writes it as `handmade.wasm` beside the puppet.
    pub fn write(&self, directory: &TempDir) -> PathBuf {
        let plugins = directory.path().join("plugins");
        fs::create_dir_all(&plugins).unwrap();
        fs::copy(
            guests_dir().join("puppet.wasm"),
            plugins.join("puppet.wasm"),
        )
        .unwrap();
        fs::write(plugins.join("handmade.wasm"), self.encode()).unwrap();
        plugins
    }
}
