//! Insights: records of `ai_insights.insight`.

use std::cmp::Reverse;
use std::ops::Range;

use serde::Serialize;
use uuid::Uuid;

use super::{NAME, Params, Subject, TEXT, clipped, made_id, segment};
use crate::Decimal;
use crate::contract::{PluginError, Segment, SessionContext};
use crate::time::{Instant, Micros};

/// How many records an insight names, the latest of those that it was computed from.
const NAMED: usize = 100;

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Insight {
    /// Its type; with the subject, it is what tells one insight from another.
    pub kind: &'static str,
    /// The finding, in Spanish.
    pub statement: String,
    /// i18n key of the statement.
    pub key: &'static str,
    /// What it is made from.
    pub params: Params,
    /// What it is about.
    pub subject: Subject,
    /// The figures that it rests on; at least one.
    pub figures: Vec<Figure>,
    /// How sure it is, 0 to 1.
    pub confidence: Decimal,
    /// What acting on it would bring.
    pub impact: Impact,
    /// The records that it was computed from; at least one source.
    pub computed_from: Vec<Source>,
    /// The window of the records; it ends by the data clock.
    pub window: Range<Micros>,
}

/// A figure that an insight rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its name: `snake_case`.
    pub name: &'static str,
    /// Its value.
    pub value: Decimal,
    /// Its unit: `EUR/kg`, `%`.
    pub unit: String,
}

impl Figure {
    /// A figure.
    pub fn new(name: &'static str, value: Decimal, unit: impl Into<String>) -> Self {
        Self {
            name,
            value,
            unit: unit.into(),
        }
    }
}

/// What acting on an insight is expected to bring, per month of 30 days; none where it does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// Money, EUR; positive is gained by acting.
    pub money_eur: Option<Decimal>,
    /// Waste avoided, kg.
    pub waste_kg: Option<Decimal>,
    /// Working hours saved.
    pub hours: Option<Decimal>,
}

/// Records of one entity that an insight was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    domain: &'static str,
    entity: &'static str,
    records: usize,
    ids: Vec<Uuid>,
}

impl Source {
    /// Records by their ids, the latest first; each once. None where there are none.
    pub fn of(
        domain: &'static str,
        entity: &'static str,
        latest_first: impl IntoIterator<Item = Uuid>,
    ) -> Option<Self> {
        let mut seen = std::collections::BTreeSet::new();
        let mut ids: Vec<Uuid> = latest_first
            .into_iter()
            .filter(|id| seen.insert(*id))
            .collect();
        let records = ids.len();
        ids.truncate(NAMED);
        (records > 0).then_some(Self {
            domain,
            entity,
            records,
            ids,
        })
    }
}

/// An insight as it is stored.
#[derive(Serialize)]
struct Record<'a> {
    id: Uuid,
    tenant_id: Uuid,
    outlet: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'a str,
    statement: String,
    i18n_key: &'a str,
    params: &'a Params,
    subject_domain: &'a str,
    subject_entity: &'a str,
    subject_id: Uuid,
    subject_name: String,
    figures: &'a [Figure],
    confidence: Decimal,
    impact: Impact,
    computed_from: &'a [Source],
    window_from: Instant,
    window_to: Instant,
    computed_at: Instant,
}

/// Writes insights: what brings the most money first. No insights have no segment.
///
/// # Errors
///
/// [`PluginError::Failed`] where one cannot be written.
pub fn insights(
    ctx: &SessionContext,
    mut insights: Vec<Insight>,
) -> Result<Vec<Segment>, PluginError> {
    insights.sort_by_key(|insight| {
        // What is alike otherwise is told apart by its name: two sessions of one clock share names, not ids.
        let name = insight.subject.name.clone();
        (insight.kind, Reverse(insight.impact.money_eur), name)
    });
    let records: Vec<Record<'_>> = insights
        .iter()
        .map(|insight| Record {
            id: made_id(&insight.subject.id, insight.kind),
            tenant_id: ctx.tenant_id,
            outlet: ctx.outlet.as_deref(),
            kind: insight.kind,
            statement: clipped(&insight.statement, TEXT),
            i18n_key: insight.key,
            params: &insight.params,
            subject_domain: insight.subject.domain,
            subject_entity: insight.subject.entity,
            subject_id: insight.subject.id,
            subject_name: clipped(&insight.subject.name, NAME),
            figures: &insight.figures,
            confidence: insight.confidence,
            impact: insight.impact,
            computed_from: &insight.computed_from,
            window_from: Instant(insight.window.start),
            window_to: Instant(insight.window.end),
            computed_at: Instant(ctx.session_created_at),
        })
        .collect();
    segment("insight", &records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_hundred_records_are_named() {
        let ids = (0..150).chain(0..150).map(Uuid::from_u128);
        let source = Source::of("sales", "sale", ids).unwrap();
        assert_eq!((source.records, source.ids.len()), (150, 100));
        assert_eq!(source.ids[99], Uuid::from_u128(99));
        assert_eq!(Source::of("sales", "sale", []), None);
    }
}
