//! Write a Levain domain plugin.
//!
//! A plugin turns the fixtures of one domain into the records that a new tenant starts with. Its crate
//! has rules in plain modules, tested natively, and a `lib.rs` that is glue:
//!
//! ```
//! use levain_plugin::{
//!     Field, Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext,
//! };
//!
//! /// An entity: which of its fields hold ids and times, and which rule each follows.
//! #[derive(serde::Deserialize)]
//! struct Route {}
//!
//! impl Record for Route {
//!     const ENTITY: &'static str = "route";
//!     const FIELDS: &'static [Field<Self>] = &[Field::id("driver_id"), Field::shifted("departs_at")];
//! }
//!
//! /// The domain: its prepared fixtures.
//! pub struct Distribution {
//!     ids: Ids,
//!     routes: Rows<Route>,
//! }
//!
//! impl Plugin for Distribution {
//!     const ENTITIES: &'static [&'static str] = &[Route::ENTITY];
//!
//!     fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
//!         let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
//!         Ok(Self { routes: fixture.rows()?, ids: fixture.into_ids() })
//!     }
//!
//!     fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
//!         Ok(self.ids.cloning(ctx)?.with(&self.routes).finish())
//!     }
//! }
//!
//! # #[cfg(feature = "guest")]
//! levain_plugin::export!(Distribution);
//! ```
//!
//! `cargo xtask build-plugins` makes a component of it. Natively it is called as the host would:
//! `Distribution::prepare(&slice)?.clone_tenant(&ctx)?`.
//!
//! | module | holds |
//! |---|---|
//! | [`contract`] | the values that cross the border |
//! | [`plugin`] | the trait to implement |
//! | [`fixture`] | typed fixtures, and clones made from templates |
//! | [`time`] | the time rules, domain specification, section 5 |
//! | [`identity`] | derived ids and codes, domain specification, section 6 |
//!
//! Without the feature `guest` the crate has no bindings: the host uses `time` and `identity` of it.

pub mod contract;
pub mod fixture;
#[cfg(all(feature = "guest", target_family = "wasm"))]
pub mod guest;
pub mod identity;
mod log;
pub mod plugin;
pub mod time;

pub use contract::{
    CleanupPlan, EntityCount, FixtureFault, Level, PluginError, Segment, SessionContext,
};
pub use fixture::{Cloning, Field, Fixture, Ids, Record, Rows};
pub use log::log;
pub use plugin::Plugin;
pub use uuid::Uuid;

/// Makes a [`Plugin`] the one that this component exports.
///
/// Once per crate, in `lib.rs`. Outside of WebAssembly it stands for nothing, so that the crate builds and
/// is tested natively as well.
#[cfg(not(all(feature = "guest", target_family = "wasm")))]
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {};
}
