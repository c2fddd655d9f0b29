//! Which core exports a component uses for other calls than `clone` alone: found by following its aliases and canonical
//! definitions (component model, binary format), since a core export may be named as it likes.

use std::collections::BTreeSet;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, ExternalKind, Instance, Parser, Payload,
};

use crate::sandbox::shape::LIFECYCLE;

/// Core exports: the number of a module in the component, and a name.
pub(super) type Exports<'b> = BTreeSet<(u32, &'b str)>;

/// A core function, as a component has it.
enum CoreFunction<'b> {
    /// An export of a core instance.
    Export(u32, &'b str),
    Lowered,
}

/// A component function.
#[derive(Clone, Copy)]
enum Function<'b> {
    /// A lifted one, by its number among those.
    Lifted(u32),
    Imported(&'b str),
    Same(u32),
    OfInstance(u32, &'b str),
}

/// A component instance.
enum ComponentItems<'b> {
    Imported,
    Same(u32),
    Exports(Vec<(&'b str, u32)>),
    /// Of a nested component, with the functions that it is given.
    Of(u32, Vec<(&'b str, u32)>),
    Unknown,
}

struct Lift {
    function: u32,
    options: Vec<u32>,
}

/// The index spaces of a component, as far as functions go.
#[derive(Default)]
struct Space<'b> {
    modules: u32,
    core_instances: Vec<Option<u32>>,
    core_functions: Vec<CoreFunction<'b>>,
    functions: Vec<Function<'b>>,
    instances: Vec<ComponentItems<'b>>,
    components: Vec<Option<Space<'b>>>,
    lifts: Vec<Lift>,
    /// Component functions that core code may call.
    lowered: Vec<u32>,
    /// Core functions that are used for something else than to be lifted.
    used: Vec<u32>,
    exports: Vec<(&'b str, ComponentExternalKind, u32)>,
}

/// What a component function is in the end.
enum Origin {
    Lifted(u32),
    Imported,
}

/// The core exports that are lifted, or called after a lifted call, for other calls than `clone` and for nothing else.
/// `None` where a component cannot be followed.
pub(super) fn of_other_calls(component: &[u8]) -> Option<Exports<'_>> {
    let root = read(component)?;
    let mut needed = BTreeSet::from([root.clone_lift()?]);
    for function in &root.lowered {
        if let Origin::Lifted(lift) = root.origin(*function)? {
            needed.insert(lift);
        }
    }
    let mut used: BTreeSet<u32> = root.used.iter().copied().collect();
    for lift in needed {
        let Lift { function, options } = root.lifts.get(lift as usize)?;
        used.insert(*function);
        used.extend(options);
    }
    let lifted = root
        .lifts
        .iter()
        .flat_map(|lift| std::iter::once(&lift.function).chain(&lift.options));
    let mut others: Exports<'_> = lifted
        .filter_map(|function| root.export(*function))
        .collect();
    for function in used {
        if let Some(export) = root.export(function) {
            others.remove(&export);
        }
    }
    Some(others)
}

fn read(component: &[u8]) -> Option<Space<'_>> {
    let mut space = Space::default();
    let mut around: Vec<Space<'_>> = Vec::new();
    let mut in_module = false;
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::ModuleSection { .. } => {
                space.modules += 1;
                in_module = true;
            }
            Payload::End(_) if in_module => in_module = false,
            Payload::ComponentSection { .. } => around.push(std::mem::take(&mut space)),
            Payload::End(_) => {
                if let Some(outer) = around.pop() {
                    let inner = std::mem::replace(&mut space, outer);
                    // Components nest as deep as they like: of those within another, nothing is followed.
                    space.components.push(around.is_empty().then_some(inner));
                }
            }
            _ if in_module => {}
            payload => space.section(payload)?,
        }
    }
    Some(space)
}

impl<'b> Space<'b> {
    fn section(&mut self, payload: Payload<'b>) -> Option<()> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section {
                    let module = match instance.ok()? {
                        Instance::Instantiate { module_index, .. } => Some(module_index),
                        Instance::FromExports(exports) => {
                            let functions = exports.iter().filter(|export| {
                                matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact)
                            });
                            self.used.extend(functions.map(|export| export.index));
                            None
                        }
                    };
                    self.core_instances.push(module);
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    self.instances.push(items(instance.ok()?));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias.ok()?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(function.ok()?)?;
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.ok()?;
                    match import.ty.kind() {
                        ComponentExternalKind::Func => {
                            self.functions.push(Function::Imported(import.name.name));
                        }
                        ComponentExternalKind::Instance => {
                            self.instances.push(ComponentItems::Imported);
                        }
                        ComponentExternalKind::Component => self.components.push(None),
                        ComponentExternalKind::Module => return None,
                        ComponentExternalKind::Type | ComponentExternalKind::Value => {}
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    let index = export.index;
                    // An export is another name of the same, with an index of its own.
                    match export.kind {
                        ComponentExternalKind::Func => self.functions.push(Function::Same(index)),
                        ComponentExternalKind::Instance => {
                            self.instances.push(ComponentItems::Same(index));
                        }
                        ComponentExternalKind::Component => self.components.push(None),
                        ComponentExternalKind::Module => return None,
                        ComponentExternalKind::Type | ComponentExternalKind::Value => {}
                    }
                    self.exports.push((export.name.name, export.kind, index));
                }
            }
            Payload::ComponentStartSection { .. } => return None,
            _ => {}
        }
        Some(())
    }

    fn alias(&mut self, alias: ComponentAlias<'b>) -> Option<()> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact,
                instance_index,
                name,
            } => self
                .core_functions
                .push(CoreFunction::Export(instance_index, name)),
            ComponentAlias::CoreInstanceExport { .. } => {}
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                name,
            } => match kind {
                ComponentExternalKind::Func => self
                    .functions
                    .push(Function::OfInstance(instance_index, name)),
                ComponentExternalKind::Instance => self.instances.push(ComponentItems::Unknown),
                ComponentExternalKind::Component => self.components.push(None),
                ComponentExternalKind::Module => return None,
                ComponentExternalKind::Type | ComponentExternalKind::Value => {}
            },
            ComponentAlias::Outer { kind, .. } => match kind {
                ComponentOuterAliasKind::CoreModule => return None,
                ComponentOuterAliasKind::Component => self.components.push(None),
                ComponentOuterAliasKind::CoreType | ComponentOuterAliasKind::Type => {}
            },
        }
        Some(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Option<()> {
        match function {
            CanonicalFunction::Lift {
                core_func_index,
                options,
                ..
            } => {
                let number = u32::try_from(self.lifts.len()).ok()?;
                self.functions.push(Function::Lifted(number));
                self.lifts.push(Lift {
                    function: core_func_index,
                    options: called_by(&options).collect(),
                });
            }
            CanonicalFunction::Lower {
                func_index,
                options,
            } => {
                self.used.extend(called_by(&options));
                self.lowered.push(func_index);
                self.core_functions.push(CoreFunction::Lowered);
            }
            CanonicalFunction::ResourceDrop { .. } => {
                self.core_functions.push(CoreFunction::Lowered);
            }
            _ => return None,
        }
        Some(())
    }

    /// The lifted function that the contract's `clone` is.
    fn clone_lift(&self) -> Option<u32> {
        let is_lifecycle = |name: &str| name.split('@').next() == Some(LIFECYCLE);
        let (_, _, instance) = self.exports.iter().find(|(name, kind, _)| {
            *kind == ComponentExternalKind::Instance && is_lifecycle(name)
        })?;
        match self.export_of(*instance, "clone")? {
            Origin::Lifted(lift) => Some(lift),
            Origin::Imported => None,
        }
    }

    fn origin(&self, mut function: u32) -> Option<Origin> {
        loop {
            match *self.functions.get(function as usize)? {
                Function::Lifted(lift) => return Some(Origin::Lifted(lift)),
                Function::Imported(_) => return Some(Origin::Imported),
                // It names an earlier one: this ends.
                Function::Same(earlier) if earlier < function => function = earlier,
                Function::Same(_) => return None,
                Function::OfInstance(instance, name) => match self.function_of(instance, name)? {
                    Some(earlier) if earlier < function => function = earlier,
                    Some(_) => return None,
                    None => return Some(Origin::Imported),
                },
            }
        }
    }

    fn export_of(&self, instance: u32, name: &str) -> Option<Origin> {
        match self.function_of(instance, name)? {
            Some(function) => self.origin(function),
            None => Some(Origin::Imported),
        }
    }

    /// The function that an instance exports under a name; `Some(None)` where that is imported.
    fn function_of(&self, mut instance: u32, name: &str) -> Option<Option<u32>> {
        let named = |list: &[(&str, u32)], name: &str| {
            let found = list.iter().find(|(known, _)| *known == name);
            found.map(|(_, function)| *function)
        };
        loop {
            match self.instances.get(instance as usize)? {
                ComponentItems::Imported => return Some(None),
                ComponentItems::Unknown => return None,
                ComponentItems::Same(earlier) if *earlier < instance => instance = *earlier,
                ComponentItems::Same(_) => return None,
                ComponentItems::Exports(exports) => return named(exports, name).map(Some),
                ComponentItems::Of(component, given) => {
                    let inner = self.components.get(*component as usize)?.as_ref()?;
                    return named(given, inner.passes_on(name)?).map(Some);
                }
            }
        }
    }

    /// The import that a component exports again under a name, where it does nothing else.
    fn passes_on(&self, name: &str) -> Option<&'b str> {
        let acts = self.modules > 0 || !self.components.is_empty() || !self.lifts.is_empty();
        if acts || !self.core_functions.is_empty() {
            return None;
        }
        let is_named = |known: &str, kind| known == name && kind == ComponentExternalKind::Func;
        let export = self
            .exports
            .iter()
            .find(|(known, kind, _)| is_named(known, *kind))?;
        let mut function = export.2;
        loop {
            match *self.functions.get(function as usize)? {
                Function::Imported(name) => return Some(name),
                Function::Same(earlier) if earlier < function => function = earlier,
                _ => return None,
            }
        }
    }

    /// The core export that a core function is.
    fn export(&self, function: u32) -> Option<(u32, &'b str)> {
        match self.core_functions.get(function as usize)? {
            CoreFunction::Export(instance, name) => {
                let module = self.core_instances.get(*instance as usize)?.as_ref()?;
                Some((*module, name))
            }
            CoreFunction::Lowered => None,
        }
    }
}

/// The core functions that canonical options have called.
fn called_by(options: &[CanonicalOption]) -> impl Iterator<Item = u32> {
    options.iter().filter_map(|option| match option {
        CanonicalOption::Realloc(function)
        | CanonicalOption::PostReturn(function)
        | CanonicalOption::Callback(function) => Some(*function),
        _ => None,
    })
}

fn items(instance: ComponentInstance<'_>) -> ComponentItems<'_> {
    match instance {
        ComponentInstance::Instantiate {
            component_index,
            args,
        } => {
            let given = args
                .iter()
                .filter(|given| given.kind == ComponentExternalKind::Func);
            ComponentItems::Of(
                component_index,
                given.map(|given| (given.name, given.index)).collect(),
            )
        }
        ComponentInstance::FromExports(exports) => {
            let exported = exports
                .iter()
                .filter(|export| export.kind == ComponentExternalKind::Func);
            ComponentItems::Exports(
                exported
                    .map(|export| (export.name.name, export.index))
                    .collect(),
            )
        }
    }
}
