//! What a prepared image has no use for: it is called for `clone` alone, and all that only `prepare`, `cleanup` and
//! the triggers reach is code that would be compiled, kept and verified once per slice. Most of a plugin is.
//!
//! The bodies of such functions are replaced by one that traps, so that every index stays what it is.

mod lifts;

use std::collections::BTreeSet;

use wasmparser::{ConstExpr, ElementItems, ExternalKind, FunctionBody, Operator, Parser, Payload};

/// The section of a component that holds a core module, and that of a module which holds its code (component
/// model and core specification, binary formats).
const CORE_MODULE: u8 = 1;
const CODE: u8 = 10;
/// Magic, version and layer.
const PREAMBLE: usize = 8;
/// The body of a function that has no locals and traps.
const TRAPS: [u8; 3] = [0x00, 0x00, 0x0b];

/// The component without the functions that `clone` cannot reach; `None` if that cannot be decided.
pub(super) fn trim(component: &[u8]) -> Option<Vec<u8>> {
    // What one module exports, another may import.
    let mut imported = BTreeSet::new();
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ImportSection(imports) = payload.ok()? {
            for import in imports.into_imports() {
                imported.insert(import.ok()?.name);
            }
        }
    }
    let others = lifts::of_other_calls(component)?;
    // Only the component's own modules are trimmed, not nested components.
    let mut module = 0;
    rewrite(component, |id, content| match id {
        CORE_MODULE => {
            let unused = |name: &str| others.contains(&(module, name)) && !imported.contains(name);
            let trimmed = trim_module(content, unused).map(Some);
            module += 1;
            trimmed
        }
        _ => Some(None),
    })
}

fn trim_module(module: &[u8], unused: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let mut imports = 0_usize;
    let mut reached: Vec<u32> = Vec::new();
    let mut bodies: Vec<FunctionBody<'_>> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.ok()? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let function = matches!(
                        import.ok()?.ty,
                        wasmparser::TypeRef::Func(_) | wasmparser::TypeRef::FuncExact(_)
                    );
                    imports += usize::from(function);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    let function =
                        matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact);
                    if function && !unused(export.name) {
                        reached.push(export.index);
                    }
                }
            }
            Payload::StartSection { func, .. } => reached.push(func),
            Payload::GlobalSection(section) => {
                for global in section {
                    named(&global.ok()?.init_expr, &mut reached)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    if let wasmparser::TableInit::Expr(init) = table.ok()?.init {
                        named(&init, &mut reached)?;
                    }
                }
            }
            // A function in a table may be called indirectly.
            Payload::ElementSection(section) => {
                for element in section {
                    match element.ok()?.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                reached.push(function.ok()?);
                            }
                        }
                        ElementItems::Expressions(_, expressions) => {
                            for expression in expressions {
                                named(&expression.ok()?, &mut reached)?;
                            }
                        }
                    }
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let mut needed = vec![false; bodies.len()];
    while let Some(function) = reached.pop() {
        let Some(place) = usize::try_from(function).ok()?.checked_sub(imports) else {
            continue;
        };
        let seen = needed.get_mut(place)?;
        if std::mem::replace(seen, true) {
            continue;
        }
        let mut operators = bodies.get(place)?.get_operators_reader().ok()?;
        while !operators.eof() {
            match operators.read().ok()? {
                Operator::Call { function_index }
                | Operator::ReturnCall { function_index }
                | Operator::RefFunc { function_index } => reached.push(function_index),
                _ => {}
            }
        }
    }
    rewrite(module, |id, _| match id {
        CODE => {
            let mut code = Vec::new();
            write_size(bodies.len(), &mut code);
            for (body, needed) in bodies.iter().zip(&needed) {
                let bytes = match needed {
                    true => module.get(body.range())?,
                    false => &TRAPS,
                };
                write_size(bytes.len(), &mut code);
                code.extend_from_slice(bytes);
            }
            Some(Some(code))
        }
        _ => Some(None),
    })
}

/// The functions that a constant expression names.
fn named(expression: &ConstExpr<'_>, reached: &mut Vec<u32>) -> Option<()> {
    let mut operators = expression.get_operators_reader();
    while !operators.eof() {
        if let Operator::RefFunc { function_index } = operators.read().ok()? {
            reached.push(function_index);
        }
    }
    Some(())
}

/// The same component or module with some of its sections replaced: `section` is asked with the id and content of
/// each, and answers with another content, with nothing where it stays, or with `None` where that cannot be told.
fn rewrite(
    whole: &[u8],
    mut section: impl FnMut(u8, &[u8]) -> Option<Option<Vec<u8>>>,
) -> Option<Vec<u8>> {
    let (preamble, mut rest) = whole.split_at_checked(PREAMBLE)?;
    let mut rewritten = Vec::with_capacity(whole.len());
    rewritten.extend_from_slice(preamble);
    while let Some((&id, after)) = rest.split_first() {
        let (size, after) = read_size(after)?;
        let (content, next) = after.split_at_checked(size)?;
        let replaced = section(id, content)?;
        let content = replaced.as_deref().unwrap_or(content);
        rewritten.push(id);
        write_size(content.len(), &mut rewritten);
        rewritten.extend_from_slice(content);
        rest = next;
    }
    Some(rewritten)
}

/// A size of 32 bits in LEB128, and what follows it.
fn read_size(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut size = 0_usize;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        size |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((size, bytes.get(place + 1..)?));
        }
    }
    None
}

fn write_size(mut size: usize, bytes: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(size & 0x7f).unwrap_or_default();
        size >>= 7;
        bytes.push(if size == 0 { low } else { low | 0x80 });
        if size == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for size in [0, 1, 127, 128, 16_383, 16_384, 70_000_000] {
            let mut bytes = Vec::new();
            write_size(size, &mut bytes);
            bytes.push(7);
            assert_eq!(read_size(&bytes), Some((size, &[7][..])));
        }
        assert_eq!(read_size(&[0x80]), None);
    }

    #[test]
    fn what_is_no_component_is_left_alone() {
        assert_eq!(trim(b"\0asm"), None);
        assert_eq!(trim(b"\0asm\x0d\0\x01\0\x01\x7f"), None);
    }
}
