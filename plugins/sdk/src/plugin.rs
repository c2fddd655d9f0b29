//! The traits that a domain plugin implements.

use crate::contract::{CleanupPlan, EntityCount, PluginError, Segment, SessionContext};
use crate::held::Held;

/// The logic of one domain.
///
/// A value of the implementing type is a *prepared fixture slice*: everything about the fixtures that
/// no session changes, parsed, checked and laid out. The host may keep a snapshot of the instance that
/// holds it and start every session from there, so it is plain memory, and work that does not depend on
/// the session belongs into [`prepare`](Self::prepare).
///
/// Every function is pure: its outcome depends on its arguments alone.
pub trait Plugin: Sized {
    /// The entities that the domain owns, each after those that it refers to. [`cleanup`](Self::cleanup)
    /// goes through them from the end.
    const ENTITIES: &'static [&'static str];

    /// Parses and indexes the fixture slice. An empty slice is valid.
    ///
    /// # Errors
    ///
    /// [`PluginError::InvalidFixture`] for a slice that the plugin was not written for, naming entity,
    /// record and field.
    fn prepare(slice: &[Segment]) -> Result<Self, PluginError>;

    /// Makes the tenant's records. Every entity is returned at most once.
    ///
    /// # Errors
    ///
    /// [`PluginError`] where the plugin cannot do what the context asks.
    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError>;

    /// Plans the deletion of what the host holds of this domain for the tenant, without a slice.
    ///
    /// As given, it deletes dependents first, leaves out what has no records, and puts what this
    /// version does not know in front, with a notice: nothing that is known can be referred to after it
    /// is gone. The same question has the same answer.
    ///
    /// # Errors
    ///
    /// [`PluginError`] where no plan can be made; the host then deletes by tenant without one.
    fn cleanup(ctx: &SessionContext, held: &[EntityCount]) -> Result<CleanupPlan, PluginError> {
        let _ = ctx;
        Ok(deletions(Self::ENTITIES, held))
    }
}

/// What a plugin raises after every domain was cloned.
///
/// A trigger has a name in the catalog and belongs to one phase. It is called without
/// [`prepare`](Plugin::prepare), so these functions have no `self`: what they answer follows from the context
/// and the records that they are handed. The same arguments have the same bytes, records are in a stable
/// order, and where nothing was handed nothing is raised.
pub trait Triggers: Plugin {
    /// Raises the alerts that the records call for; see [`product::alerts`](crate::product::alerts).
    ///
    /// # Errors
    ///
    /// [`PluginError::Unsupported`] for a trigger that the plugin does not have, [`PluginError::Failed`]
    /// for records that it cannot read.
    fn alerts(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        let _ = (ctx, held);
        Err(PluginError::no_trigger("alerts", trigger))
    }

    /// Computes insights from the records; see [`product::insights`](crate::product::insights).
    ///
    /// # Errors
    ///
    /// As [`alerts`](Self::alerts).
    fn insights(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        let _ = (ctx, held);
        Err(PluginError::no_trigger("insights", trigger))
    }

    /// Computes figures of the dashboard; see [`product::kpis`](crate::product::kpis).
    ///
    /// # Errors
    ///
    /// As [`alerts`](Self::alerts).
    fn kpis(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        let _ = (ctx, held);
        Err(PluginError::no_trigger("kpis", trigger))
    }
}

fn deletions(entities: &[&str], held: &[EntityCount]) -> CleanupPlan {
    let count = |entity: &str| {
        held.iter()
            .filter(|held| held.entity == entity)
            .fold(0_u32, |sum, held| sum.saturating_add(held.records))
    };
    let mut plan = CleanupPlan::default();
    let mut add = |entity: &str| {
        let records = count(entity);
        if records > 0 && !plan.deletions.iter().any(|listed| listed.entity == entity) {
            plan.deletions.push(EntityCount {
                entity: entity.to_owned(),
                records,
            });
        }
    };
    let unknown = || {
        held.iter()
            .filter(|held| !entities.contains(&held.entity.as_str()))
    };
    unknown().for_each(|held| add(&held.entity));
    entities.iter().rev().for_each(|entity| add(entity));
    for held in unknown().filter(|held| held.records > 0) {
        let notice = format!(
            "entity `{}` is not known to this version of the plugin; its records are deleted first",
            held.entity
        );
        if !plan.notices.contains(&notice) {
            plan.notices.push(notice);
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(counts: &[(&str, u32)]) -> Vec<EntityCount> {
        counts
            .iter()
            .map(|(entity, records)| EntityCount {
                entity: (*entity).to_owned(),
                records: *records,
            })
            .collect()
    }

    #[test]
    fn dependents_go_first_and_empty_entities_are_left_out() {
        let plan = deletions(
            &["recipe", "recipe_ingredient", "note"],
            &held(&[("recipe", 2), ("note", 0), ("recipe_ingredient", 9)]),
        );
        assert_eq!(
            plan.deletions,
            held(&[("recipe_ingredient", 9), ("recipe", 2)])
        );
        assert!(plan.notices.is_empty());
    }

    #[test]
    fn an_unknown_entity_is_deleted_and_reported() {
        let plan = deletions(
            &["recipe"],
            &held(&[("recipe", 2), ("sketch", 1), ("sketch", 2), ("empty", 0)]),
        );
        assert_eq!(plan.deletions, held(&[("sketch", 3), ("recipe", 2)]));
        assert_eq!(plan.notices.len(), 1);
        assert!(
            plan.notices
                .iter()
                .all(|notice| notice.contains("`sketch`"))
        );
    }
}
