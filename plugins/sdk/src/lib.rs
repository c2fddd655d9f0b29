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
//! # Triggers
//!
//! A plugin may also raise alerts, insights and figures once every domain is cloned. It then implements
//! [`Triggers`] and says so where it is exported. A trigger sees the records that the catalog names for it,
//! as they are stored, and the data clock; what it makes follows from these alone:
//!
//! ```
//! use levain_plugin::product::{self, Action, Alert, Course, Params, Severity, Subject};
//! use levain_plugin::time::Instant;
//! use levain_plugin::{Held, PluginError, Segment, SessionContext, Triggers, Uuid, spanish};
//! # use levain_plugin::{Field, Fixture, Ids, Plugin, Record, Rows};
//! # #[derive(serde::Deserialize)]
//! # struct Route {}
//! # impl Record for Route {
//! #     const ENTITY: &'static str = "route";
//! #     const FIELDS: &'static [Field<Self>] = &[Field::shifted("departs_at")];
//! # }
//! # pub struct Distribution { ids: Ids, routes: Rows<Route> }
//! # impl Plugin for Distribution {
//! #     const ENTITIES: &'static [&'static str] = &[Route::ENTITY];
//! #     fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
//! #         let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
//! #         Ok(Self { routes: fixture.rows()?, ids: fixture.into_ids() })
//! #     }
//! #     fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
//! #         Ok(self.ids.cloning(ctx)?.with(&self.routes).finish())
//! #     }
//! # }
//!
//! impl Triggers for Distribution {
//!     fn alerts(
//!         ctx: &SessionContext,
//!         trigger: &str,
//!         held: &Held<'_>,
//!     ) -> Result<Vec<Segment>, PluginError> {
//!         match trigger {
//!             "late-routes" => {
//!                 let routes: Vec<StoredRoute> = held.own("distribution", "route")?;
//!                 let late = routes.into_iter().filter_map(|route| route.late(ctx));
//!                 product::alerts(ctx, held, late.collect())
//!             }
//!             other => Err(PluginError::no_trigger("alerts", other)),
//!         }
//!     }
//! }
//!
//! /// A route as it is stored: the session's own ids and times.
//! #[derive(serde::Deserialize)]
//! struct StoredRoute {
//!     id: Uuid,
//!     name: String,
//!     departs_at: Instant,
//! }
//!
//! impl StoredRoute {
//!     fn late(self, ctx: &SessionContext) -> Option<Alert> {
//!         (self.departs_at.0 < ctx.session_created_at).then(|| Alert {
//!             kind: "late_route",
//!             severity: Severity::Yellow,
//!             title: format!("Retraso en {}", self.name),
//!             message: format!("Salida prevista: {}.", spanish::date_time(self.departs_at.0)),
//!             key: "alerts.late_route.open",
//!             params: Params::new().with("departs_at", self.departs_at),
//!             subject: Subject { domain: "distribution", entity: "route", id: self.id, name: self.name },
//!             actions: vec![Action::new("alerts.late_route.call", "Llamar al conductor")],
//!             course: Course::Open(self.departs_at.0),
//!             place: None,
//!         })
//!     }
//! }
//!
//! # #[cfg(feature = "guest")]
//! levain_plugin::export!(Distribution, triggers);
//! ```
//!
//! # Building
//!
//! `cargo xtask build-plugins` makes a component of it. Natively it is called as the host would:
//! `Distribution::prepare(&slice)?.clone_tenant(&ctx)?`.
//!
//! | module | holds |
//! |---|---|
//! | [`contract`] | the values that cross the border |
//! | [`plugin`] | the traits to implement |
//! | [`fixture`] | typed fixtures, and clones made from templates |
//! | [`product`] | alerts, insights and figures, as triggers write them |
//! | [`spanish`] | dates and numbers in texts |
//! | [`time`] | the time rules, domain specification, section 5 |
//! | [`identity`] | derived ids and codes, domain specification, section 6 |
//!
//! Without the feature `guest` the crate has no bindings: the host uses `time` and `identity` of it.

#![warn(missing_docs)]

pub mod contract;
mod decimal;
pub mod fixture;
#[cfg(all(feature = "guest", target_family = "wasm"))]
pub mod guest;
mod held;
pub mod identity;
mod log;
pub mod plugin;
pub mod product;
pub mod spanish;
pub mod time;

pub use contract::{
    CleanupPlan, EntityCount, FixtureFault, HeldSegment, Level, PluginError, Segment,
    SessionContext,
};
pub use decimal::{Decimal, NotDecimal};
pub use fixture::{Cloning, Field, Fixture, Ids, Record, Rows};
pub use held::Held;
pub use log::log;
pub use plugin::{Plugin, Triggers};
pub use uuid::Uuid;

/// Makes a [`Plugin`] the one that this component exports; with `triggers` behind it, its [`Triggers`] as well.
///
/// Once per crate, in `lib.rs`. Outside of WebAssembly it stands for nothing, so that the crate builds and
/// is tested natively as well.
#[cfg(not(all(feature = "guest", target_family = "wasm")))]
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {};
    ($plugin:ty, triggers) => {
        const _: () = {
            const fn has_triggers<T: $crate::Triggers>() {}
            has_triggers::<$plugin>();
        };
    };
}
