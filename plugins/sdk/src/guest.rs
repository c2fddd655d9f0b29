//! The component's glue: bindings to the contract, and how a [`Plugin`] answers through them.
//!
//! A component says by its exports what it can do. There are bindings of the contract's world `plugin`, and
//! of its triggers alone; a plugin that exports both is of the world `triggering-plugin`.
//!
//! Only the macro [`export!`](crate::export) uses this module; a plugin never names it.

use std::sync::{Once, OnceLock};

use uuid::Uuid;

use crate::contract::{
    CleanupPlan, EntityCount, FixtureFault, HeldSegment, Level, PluginError, Segment,
    SessionContext,
};
use crate::held::Held;
use crate::plugin::Plugin;

/// What `wit-bindgen` makes of `wit/levain-domain.wit`.
#[expect(missing_docs, reason = "generated; the WIT has the comments")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "plugin",
        pub_export_macro: true,
        default_bindings_module: "levain_plugin::guest::bindings",
    });
}

/// The same of the triggers alone, with the first one's values: the macros that export one interface
/// cannot be generated twice in one crate.
#[expect(missing_docs, reason = "generated; the WIT has the comments")]
pub mod triggering {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package levain:sdk;
            world triggering {
                import levain:domain/host@0.1.0;
                export levain:domain/triggers@0.1.0;
            }
        ",
        world: "levain:sdk/triggering",
        with: {
            "levain:domain/types@0.1.0": crate::guest::bindings::levain::domain::types,
            "levain:domain/host@0.1.0": crate::guest::bindings::levain::domain::host,
        },
        pub_export_macro: true,
        default_bindings_module: "levain_plugin::guest::triggering",
    });
}

pub use bindings::exports::levain::domain::lifecycle::Guest;
use bindings::levain::domain::{host, types};
pub use triggering::exports::levain::domain::triggers::Guest as TriggersGuest;

/// Answers the export `prepare`.
///
/// # Errors
///
/// What [`Plugin::prepare`] says, or a second call.
pub fn prepare<P: Plugin>(
    prepared: &OnceLock<P>,
    slice: Vec<types::Segment>,
) -> Result<(), types::PluginError> {
    report_panics();
    let slice: Vec<Segment> = slice.into_iter().map(Segment::from).collect();
    let plugin = P::prepare(&slice)?;
    prepared.set(plugin).map_err(|_| {
        PluginError::Failed("`prepare` was called twice in one instance".to_owned()).into()
    })
}

/// Answers the export `clone`.
///
/// # Errors
///
/// What [`Plugin::clone_tenant`] says, or a call before `prepare`.
pub fn clone<P: Plugin>(
    prepared: &OnceLock<P>,
    ctx: types::SessionContext,
) -> Result<Vec<types::Segment>, types::PluginError> {
    let plugin = prepared
        .get()
        .ok_or_else(|| PluginError::Failed("`clone` was called before `prepare`".to_owned()))?;
    let segments = plugin.clone_tenant(&ctx.try_into()?)?;
    Ok(segments.into_iter().map(types::Segment::from).collect())
}

/// Answers the export `cleanup`.
///
/// # Errors
///
/// What [`Plugin::cleanup`] says.
pub fn cleanup<P: Plugin>(
    ctx: types::SessionContext,
    held: Vec<types::EntityCount>,
) -> Result<types::CleanupPlan, types::PluginError> {
    report_panics();
    let held: Vec<EntityCount> = held.into_iter().map(EntityCount::from).collect();
    Ok(P::cleanup(&ctx.try_into()?, &held)?.into())
}

/// One of the functions of [`Triggers`](crate::Triggers).
pub type Trigger = fn(&SessionContext, &str, &Held<'_>) -> Result<Vec<Segment>, PluginError>;

/// Answers an export of `triggers`.
///
/// # Errors
///
/// What the trigger says, or a segment whose tenant is no UUID.
pub fn trigger(
    run: Trigger,
    ctx: types::SessionContext,
    name: &str,
    held: Vec<types::HeldSegment>,
) -> Result<Vec<types::Segment>, types::PluginError> {
    report_panics();
    let ctx: SessionContext = ctx.try_into()?;
    let held = held
        .into_iter()
        .map(HeldSegment::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    let segments = run(&ctx, name, &Held::new(&ctx, &held))?;
    Ok(segments.into_iter().map(types::Segment::from).collect())
}

pub(crate) fn log(level: Level, message: &str) {
    host::log(level.into(), message);
}

/// A panic ends in a trap that says nothing; its message and place go to the log first.
fn report_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| log(Level::Error, &panic.to_string())));
    });
}

impl From<types::Segment> for Segment {
    fn from(segment: types::Segment) -> Self {
        Self {
            entity: segment.entity,
            rows: segment.rows,
        }
    }
}

impl From<Segment> for types::Segment {
    fn from(segment: Segment) -> Self {
        Self {
            entity: segment.entity,
            rows: segment.rows,
        }
    }
}

impl From<types::EntityCount> for EntityCount {
    fn from(count: types::EntityCount) -> Self {
        Self {
            entity: count.entity,
            records: count.records,
        }
    }
}

impl From<CleanupPlan> for types::CleanupPlan {
    fn from(plan: CleanupPlan) -> Self {
        let deletion = |count: EntityCount| types::EntityCount {
            entity: count.entity,
            records: count.records,
        };
        Self {
            deletions: plan.deletions.into_iter().map(deletion).collect(),
            notices: plan.notices,
        }
    }
}

impl TryFrom<types::HeldSegment> for HeldSegment {
    type Error = PluginError;

    fn try_from(held: types::HeldSegment) -> Result<Self, PluginError> {
        let tenant_id = Uuid::try_parse(&held.tenant_id).map_err(|error| {
            PluginError::Failed(format!(
                "held segment: tenant `{}`: {error}",
                held.tenant_id
            ))
        })?;
        Ok(Self {
            tenant_id,
            domain: held.domain,
            entity: held.entity,
            rows: held.rows,
        })
    }
}

impl TryFrom<types::SessionContext> for SessionContext {
    type Error = PluginError;

    fn try_from(ctx: types::SessionContext) -> Result<Self, PluginError> {
        let uuid = |name: &str, text: &str| {
            Uuid::try_parse(text).map_err(|error| {
                PluginError::Failed(format!("session context: {name} `{text}`: {error}"))
            })
        };
        Ok(Self {
            base_tenant_id: uuid("base-tenant-id", &ctx.base_tenant_id)?,
            tenant_id: uuid("tenant-id", &ctx.tenant_id)?,
            parent_tenant_id: ctx
                .parent_tenant_id
                .map(|parent| uuid("parent-tenant-id", &parent))
                .transpose()?,
            session_id: ctx.session_id,
            account_type: ctx.account_type,
            outlet: ctx.outlet,
            session_created_at: ctx.session_created_at,
            base_reference: ctx.base_reference,
        })
    }
}

impl From<PluginError> for types::PluginError {
    fn from(error: PluginError) -> Self {
        match error {
            PluginError::InvalidFixture(FixtureFault {
                entity,
                record,
                reason,
            }) => Self::InvalidFixture(types::FixtureFault {
                entity,
                record,
                reason,
            }),
            PluginError::Unsupported(reason) => Self::Unsupported(reason),
            PluginError::Failed(reason) => Self::Failed(reason),
            PluginError::Other(reason) => Self::Other(reason),
        }
    }
}

impl From<Level> for host::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

/// Makes a [`Plugin`](crate::Plugin) the one that this component exports; with `triggers` behind it, its
/// [`Triggers`](crate::Triggers) as well.
///
/// Once per crate, in `lib.rs`. It stands for nothing outside of WebAssembly, so that the crate builds
/// and is tested natively as well.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        const _: () = {
            static PREPARED: ::std::sync::OnceLock<$plugin> = ::std::sync::OnceLock::new();

            struct Component;

            use $crate::guest::bindings::levain::domain::types;

            impl $crate::guest::Guest for Component {
                fn prepare(
                    slice: ::std::vec::Vec<types::Segment>,
                ) -> Result<(), types::PluginError> {
                    $crate::guest::prepare(&PREPARED, slice)
                }

                fn clone(
                    ctx: types::SessionContext,
                ) -> Result<::std::vec::Vec<types::Segment>, types::PluginError> {
                    $crate::guest::clone(&PREPARED, ctx)
                }

                fn cleanup(
                    ctx: types::SessionContext,
                    held: ::std::vec::Vec<types::EntityCount>,
                ) -> Result<types::CleanupPlan, types::PluginError> {
                    $crate::guest::cleanup::<$plugin>(ctx, held)
                }
            }

    $crate::guest::bindings::export!(Component with_types_in $crate::guest::bindings);
        };
    };
    ($plugin:ty, triggers) => {
        $crate::export!($plugin);

        const _: () = {
            struct Triggering;

            use $crate::guest::bindings::levain::domain::types;

            impl $crate::guest::TriggersGuest for Triggering {
                fn alerts(
                    ctx: types::SessionContext,
                    trigger: ::std::string::String,
                    held: ::std::vec::Vec<types::HeldSegment>,
                ) -> Result<::std::vec::Vec<types::Segment>, types::PluginError> {
                    $crate::guest::trigger(
                        <$plugin as $crate::Triggers>::alerts,
                        ctx,
                        &trigger,
                        held,
                    )
                }

                fn insights(
                    ctx: types::SessionContext,
                    trigger: ::std::string::String,
                    held: ::std::vec::Vec<types::HeldSegment>,
                ) -> Result<::std::vec::Vec<types::Segment>, types::PluginError> {
                    $crate::guest::trigger(
                        <$plugin as $crate::Triggers>::insights,
                        ctx,
                        &trigger,
                        held,
                    )
                }

                fn kpis(
                    ctx: types::SessionContext,
                    trigger: ::std::string::String,
                    held: ::std::vec::Vec<types::HeldSegment>,
                ) -> Result<::std::vec::Vec<types::Segment>, types::PluginError> {
                    $crate::guest::trigger(<$plugin as $crate::Triggers>::kpis, ctx, &trigger, held)
                }
            }

    $crate::guest::triggering::export!(Triggering with_types_in $crate::guest::triggering);
        };
    };
}
