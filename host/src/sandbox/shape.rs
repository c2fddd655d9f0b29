//! What a component imports and exports, by name.

use levain_model::fault::shortened;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// What every plugin exports.
pub(crate) const LIFECYCLE: &str = "levain:domain/lifecycle";
/// What a plugin exports that raises something after cloning.
pub(crate) const TRIGGERS: &str = "levain:domain/triggers";

/// What a component imports and exports, by name: what admission decides on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Imports, as `namespace:package/interface@version`.
    pub imports: Vec<String>,
    /// Exports, likewise.
    pub exports: Vec<String>,
}

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

impl Shape {
    /// The version of `levain:domain` that it was built for, as its exports name it; empty where they name
    /// none.
    #[must_use]
    pub fn interface_version(&self) -> &str {
        let lifecycle = |name: &&String| name.starts_with(LIFECYCLE);
        let name = self.exports.iter().find(lifecycle);
        name.and_then(|name| name.split_once('@'))
            .map_or("", |(_, version)| version)
    }

    /// Whether it exports an interface, of whichever version.
    #[must_use]
    pub fn exports_interface(&self, interface: &str) -> bool {
        self.exports
            .iter()
            .any(|name| name.split_once('@').map_or(name.as_str(), |(name, _)| name) == interface)
    }

    pub(super) fn of(engine: &Engine, component: &Component) -> Self {
        let ty = component.component_type();
        // A bare type is a name, not something to call.
        let used = |item: &ComponentItem| !matches!(item, ComponentItem::Type(_));
        let mut imports: Vec<String> = ty
            .imports(engine)
            .filter(|(_, import)| used(&import.ty))
            .map(|(name, _)| shortened(name, LONGEST_NAME))
            .collect();
        let mut exports: Vec<String> = ty
            .exports(engine)
            .filter(|(_, export)| used(&export.ty))
            .map(|(name, _)| shortened(name, LONGEST_NAME))
            .collect();
        imports.sort();
        exports.sort();
        Self { imports, exports }
    }
}
