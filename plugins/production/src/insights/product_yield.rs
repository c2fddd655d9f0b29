//! Yield against its history: what two weeks gave beside the six before them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use levain_plugin::product::{Figure, Impact, Insight, Params, Source, Subject};
use levain_plugin::time::{DAY, Instant, Micros};
use levain_plugin::{Decimal, Uuid, spanish};
use serde::Deserialize;

/// The recent batches: two weeks.
const RECENT: Micros = 14 * DAY;
/// The history: the six weeks before them.
const HISTORY: Micros = 56 * DAY;
/// The fewest batches of each that can be compared.
const FEWEST: (usize, usize) = (3, 6);
/// The least fall that is worth a word, as a share of what was planned.
const LEAST_FALL: f64 = 0.02;
/// Months in the recent window.
const MONTHS: f64 = 14.0 / 30.0;

/// The fields of a batch that its yield is told by.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Batch {
    id: Uuid,
    product_id: Uuid,
    status: Status,
    actual_end_time: Option<Instant>,
    planned_quantity: Decimal,
    actual_quantity: Option<Decimal>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Completed,
    #[serde(other)]
    Other,
}

/// The fields of a product that a loss is weighed and paid by.
#[derive(Clone, Debug, Deserialize)]
pub struct Product<'a> {
    id: Uuid,
    #[serde(borrow)]
    name: Cow<'a, str>,
    average_cost: Decimal,
    unit_weight_grams: Option<Decimal>,
}

/// A product whose yield fell.
#[derive(Clone, Debug, PartialEq)]
pub struct Fall {
    /// The product.
    pub product: Uuid,
    /// What the loss costs in a month, EUR.
    pub money: f64,
    /// Its name.
    pub name: String,
    /// Yield before and now, as shares.
    before: f64,
    now: f64,
    /// How sure the fall is more than chance.
    confidence: f64,
    /// What is lost in a month: units, kilograms.
    units: f64,
    weight: Option<f64>,
    /// The batches, the latest first, and how many are recent.
    batches: Vec<Uuid>,
    recent: usize,
}

/// The products whose yield fell, by product.
pub fn falls(batches: &[Batch], products: &[Product<'_>], now: Micros) -> Vec<Fall> {
    let mut made: BTreeMap<Uuid, Vec<(Micros, &Batch)>> = BTreeMap::new();
    for batch in batches {
        if let (Status::Completed, Some(Instant(ended))) = (batch.status, batch.actual_end_time)
            && (now.saturating_sub(HISTORY)..now).contains(&ended)
        {
            made.entry(batch.product_id)
                .or_default()
                .push((ended, batch));
        }
    }
    let product = |id: &Uuid| products.iter().find(|product| product.id == *id);
    made.into_iter()
        .filter_map(|(id, batches)| fall(product(&id)?, batches, now))
        .collect()
}

fn fall(product: &Product<'_>, mut batches: Vec<(Micros, &Batch)>, now: Micros) -> Option<Fall> {
    // Those of one moment stay in the order of the records: ids are another session's, and would tell two
    // sessions of one clock apart.
    batches.sort_by_key(|(ended, _)| std::cmp::Reverse(*ended));
    let since = now.saturating_sub(RECENT);
    let recent = batches
        .iter()
        .take_while(|(ended, _)| *ended >= since)
        .count();
    let (new, old) = batches.split_at_checked(recent)?;
    if new.len() < FEWEST.0 || old.len() < FEWEST.1 {
        return None;
    }
    let (new, old) = (Yield::of(new)?, Yield::of(old)?);
    let fall = old.share - new.share;
    if fall < LEAST_FALL {
        return None;
    }
    let units = fall * new.planned / MONTHS;
    // By Cantelli's inequality, a fall of so many standard errors is chance with at most 1 / (1 + t²).
    let error = old.variance / old.count + new.variance / new.count;
    let confidence = fall * fall / (fall * fall + error);
    Some(Fall {
        product: product.id,
        money: units * product.average_cost.to_f64(),
        name: product.name.clone().into_owned(),
        before: old.share,
        now: new.share,
        confidence,
        units,
        weight: product
            .unit_weight_grams
            .map(|grams| units * grams.to_f64() / 1000.0),
        batches: batches.iter().map(|(_, batch)| batch.id).collect(),
        recent,
    })
}

/// What some batches gave of what they were planned to.
struct Yield {
    count: f64,
    /// Of all of them together.
    share: f64,
    /// Of the batches' own shares.
    variance: f64,
    /// Planned in all.
    planned: f64,
}

impl Yield {
    fn of(batches: &[(Micros, &Batch)]) -> Option<Self> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a product is made some dozen times"
        )]
        let count = batches.len() as f64;
        let pairs: Vec<(f64, f64)> = batches
            .iter()
            .filter_map(|(_, batch)| {
                Some((
                    batch.actual_quantity?.to_f64(),
                    batch.planned_quantity.to_f64(),
                ))
            })
            .collect();
        let planned: f64 = pairs.iter().map(|(_, planned)| planned).sum();
        let actual: f64 = pairs.iter().map(|(actual, _)| actual).sum();
        if pairs.len() != batches.len() || planned <= 0.0 || count < 2.0 {
            return None;
        }
        let shares = || pairs.iter().map(|(actual, planned)| actual / planned);
        let mean = shares().sum::<f64>() / count;
        let squares: f64 = shares().map(|share| (share - mean) * (share - mean)).sum();
        Some(Self {
            count,
            share: actual / planned,
            variance: squares / (count - 1.0),
            planned,
        })
    }
}

impl Fall {
    /// What is said of it.
    pub fn insight(&self, now: Micros) -> Option<Insight> {
        let percent = |share: f64| Decimal::nearest(100.0 * share, 1);
        let (before, after) = (percent(self.before)?, percent(self.now)?);
        let units = Decimal::nearest(self.units, 0)?;
        let money = Decimal::nearest(self.money, 0)?;
        let weight = match self.weight {
            Some(weight) => Some(Decimal::nearest(weight, 1)?),
            None => None,
        };
        let euros = format!("{} €", spanish::number(money));
        let lost = weight.map_or_else(
            || euros.clone(),
            |weight| format!("{}, {euros}", spanish::quantity(weight, "kg")),
        );
        let whole = |count: usize| i64::try_from(count).map(Decimal::whole).ok();
        Some(Insight {
            kind: "yield",
            statement: format!(
                "El rendimiento de {} ha bajado del {} % al {} % en las dos últimas semanas: son unas {} unidades menos al mes ({lost}). Conviene revisar pesadas, tiempos y máquinas de sus lotes.",
                self.name,
                spanish::number(before),
                spanish::number(after),
                spanish::number(units),
            ),
            key: "insights.yield.fell",
            params: Params::new()
                .with("product", self.name.as_str())
                .with("yield_before", before)
                .with("yield_now", after)
                .with("units", units)
                .with("waste_kg", weight)
                .with("money_eur", money),
            subject: Subject {
                domain: "inventory",
                entity: "ingredient",
                id: self.product,
                name: self.name.clone(),
            },
            figures: vec![
                Figure::new("yield_before", before, "%"),
                Figure::new("yield_now", after, "%"),
                Figure::new(
                    "batches_before",
                    whole(self.batches.len() - self.recent)?,
                    "count",
                ),
                Figure::new("batches_now", whole(self.recent)?, "count"),
            ],
            confidence: Decimal::nearest(self.confidence, 2)?,
            impact: Impact {
                money_eur: Some(money),
                waste_kg: weight,
                hours: None,
            },
            computed_from: Source::of("production", "batch", self.batches.iter().copied())
                .into_iter()
                .collect(),
            window: now.saturating_sub(HISTORY)..now,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Micros = 1_772_445_600_000_000;

    /// Batches of a hundred that ended so many days ago and gave so many.
    fn batches(made: &[(i64, i64)]) -> Vec<Batch> {
        let one = |(index, (ago, actual)): (usize, &(i64, i64))| Batch {
            id: Uuid::from_u128(index as u128 + 1),
            product_id: Uuid::from_u128(7),
            status: Status::Completed,
            actual_end_time: Some(Instant(NOW - ago * DAY)),
            planned_quantity: Decimal::whole(100),
            actual_quantity: Some(Decimal::whole(*actual)),
        };
        made.iter().enumerate().map(one).collect()
    }

    fn product() -> [Product<'static>; 1] {
        [Product {
            id: Uuid::from_u128(7),
            name: "Palmera de Chocolate".into(),
            average_cost: Decimal::new(5, 1),
            unit_weight_grams: Some(Decimal::whole(100)),
        }]
    }

    const STEADY: [(i64, i64); 6] = [(50, 90), (45, 91), (40, 89), (30, 90), (25, 91), (20, 89)];

    fn with(recent: &[(i64, i64)]) -> Vec<Batch> {
        batches(&[&STEADY, recent].concat())
    }

    #[test]
    fn a_fall_is_weighed_and_paid() {
        let falls = falls(&with(&[(10, 80), (6, 80), (1, 80)]), &product(), NOW);
        let insight = falls[0].insight(NOW).unwrap();
        // Ten of a hundred, of 300 planned in two weeks, by the month: 64 units.
        assert_eq!(
            insight.params.get("units"),
            Some(&Decimal::whole(64).into())
        );
        assert_eq!(insight.impact.money_eur, Some(Decimal::whole(32)));
        assert_eq!(insight.impact.waste_kg, Some(Decimal::new(64, 1)));
        assert!(insight.confidence >= Decimal::new(95, 2));
        assert!(
            insight.statement.contains("ha bajado del 90 % al 80 %"),
            "{}",
            insight.statement
        );
    }

    #[test]
    fn a_rise_a_small_fall_and_few_batches_are_nothing() {
        for recent in [
            &[(10, 95), (6, 95), (1, 95)][..],
            &[(10, 89), (6, 88), (1, 89)],
            &[(10, 80), (6, 80)],
            // Fourteen days ago to the microsecond is recent, a day more is history.
            &[(15, 80), (6, 80), (1, 80)],
        ] {
            assert_eq!(falls(&with(recent), &product(), NOW), [], "{recent:?}");
        }
        assert_eq!(
            falls(&with(&[(14, 80), (6, 80), (1, 80)]), &product(), NOW).len(),
            1
        );
    }

    proptest! {
        #[test]
        fn the_order_of_the_records_does_not_matter(
            made in proptest::collection::vec(60..100_i64, 9..30),
            turn in 0..30_usize,
        ) {
            let made: Vec<(i64, i64)> = (1..).zip(made).collect();
            let mut batches = batches(&made);
            let before = falls(&batches, &product(), NOW);
            let places = batches.len();
            batches.rotate_left(turn % places);
            prop_assert_eq!(falls(&batches, &product(), NOW), before);
        }
    }
}
