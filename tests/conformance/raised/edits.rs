//! Records are edited at random, within what the catalog admits, and every figure and alert follows: the
//! plugins' outcome is that of the independent calculation, whatever the records say.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use levain_catalog::Catalog;
use levain_model::Phase;
use serde_json::{Value, json};

use super::group::{Group, Place};
use super::{alerts, kpis};
use crate::support::{TestApp, instant, number};

/// Edits of each kind, in each account that has such records.
const TIMES: usize = 12;

/// Numbers that are the same in every run: SplitMix64 from a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed >> 1).unwrap() % bound
    }

    /// A share of a quantity, to the tenth.
    fn part_of(&mut self, most: f64) -> f64 {
        (most * 10.0 * self.below(1001) as f64 / 1000.0).floor() / 10.0
    }

    fn minutes(&mut self, from: i64, until: i64) -> Duration {
        let span = usize::try_from(until - from).unwrap();
        Duration::minutes(from + i64::try_from(self.below(span)).unwrap())
    }
}

fn text(at: DateTime<Utc>) -> Value {
    at.to_rfc3339_opts(SecondsFormat::Micros, true).into()
}

/// One kind of edit: which records it takes, what it does to one, and whose outcome must follow.
struct Edit {
    name: &'static str,
    entity: &'static str,
    takes: fn(&Value, &Group) -> bool,
    edit: fn(&mut Value, &Group, &mut Dice),
    follow: &'static [&'static str],
    /// What a clone's check says of the edited domain is asked.
    is_cloned: bool,
}

const fn edit(
    name: &'static str,
    entity: &'static str,
    takes: fn(&Value, &Group) -> bool,
    edit: fn(&mut Value, &Group, &mut Dice),
    follow: &'static [&'static str],
) -> Edit {
    Edit {
        name,
        entity,
        takes,
        edit,
        follow,
        is_cloned: true,
    }
}

const EDITS: &[Edit] = &[
    edit(
        "a stock level",
        "inventory.stock",
        |lot, group| {
            number(lot, "initial_quantity") > 0.0
                && instant(lot, "expiration_date").unwrap() > group.now
        },
        |lot, _, dice| {
            lot["quantity"] = dice.part_of(number(lot, "initial_quantity")).into();
            lot["reserved_quantity"] = 0.into();
        },
        &["stock-alerts", "stock-figures"],
    ),
    edit(
        "a reorder point",
        "inventory.ingredient",
        |item, _| item["max_stock_level"].is_null() || number(item, "max_stock_level") >= 10.0,
        |item, _, dice| {
            item["safety_stock"] = 0.into();
            let most = item["max_stock_level"].as_f64().unwrap_or(200.0);
            item["reorder_point"] = dice.part_of(most).into();
        },
        &["stock-alerts", "stock-figures"],
    ),
    edit(
        "a date of expiry",
        "inventory.stock",
        |lot, _| number(lot, "quantity") > 0.0,
        |lot, group, dice| {
            let expires = group.now + dice.minutes(-1440, 5 * 1440);
            lot["expiration_date"] = text(expires);
            for field in ["received_date", "created_at", "updated_at"] {
                lot[field] = text(expires - Duration::days(30));
            }
        },
        &["stock-alerts", "stock-figures"],
    ),
    edit(
        "a cost",
        "inventory.stock",
        |lot, _| number(lot, "quantity") > 0.0,
        |lot, _, dice| lot["unit_cost"] = (dice.below(5000) as f64 / 100.0).into(),
        &["stock-figures"],
    ),
    edit(
        "the status of an order",
        "procurement.purchase_order",
        |order, _| order["status"] == "SENT" || order["status"] == "APPROVED",
        |order, _, _| {
            if order["status"] == "APPROVED" {
                order["status"] = "SENT".into();
                order["sent_at"] = order["approved_at"].clone();
            } else {
                order["status"] = "RECEIVED".into();
            }
            order["updated_at"] = order["order_date"].clone().max_of(&order["sent_at"]);
        },
        &["stock-alerts", "delivery-tracking", "saving-figures"],
    ),
    edit(
        "an expected delivery",
        "procurement.purchase_order",
        |order, _| order["status"] == "SENT",
        |order, group, dice| {
            let ordered = instant(order, "order_date").unwrap();
            let expected = (group.now + dice.minutes(-600, 600)).max(ordered);
            order["expected_delivery_date"] = text(expected);
            order["approval_deadline"] = Value::Null;
        },
        &["delivery-tracking"],
    ),
    edit(
        "a price",
        "procurement.purchase_order",
        |order, group| instant(order, "order_date").unwrap() > group.now - Duration::days(35),
        |order, _, dice| {
            let total = number(order, "total_amount");
            let baseline = total + dice.below(100_000) as f64 / 100.0;
            order["baseline_amount"] = ((baseline * 100.0).round() / 100.0).into();
        },
        &["saving-figures"],
    ),
    edit(
        "what a batch yielded",
        "production.batch",
        |batch, group| {
            batch["status"] == "COMPLETED"
                && instant(batch, "planned_end_time").unwrap() > group.now - Duration::days(8)
        },
        |batch, _, dice| {
            let planned = number(batch, "planned_quantity");
            batch["actual_quantity"] = dice.part_of(planned).into();
            batch["waste_quantity"] = dice.part_of(planned / 3.0).into();
        },
        &["production-figures"],
    ),
    edit(
        "the status of a batch",
        "production.batch",
        |batch, group| {
            batch["status"] == "COMPLETED"
                && instant(batch, "planned_end_time").unwrap() > group.now - Duration::days(8)
        },
        |batch, _, dice| {
            if dice.below(2) == 0 {
                batch["status"] = "ON_HOLD".into();
            } else {
                batch["status"] = "CANCELLED".into();
                for field in [
                    "actual_start_time",
                    "actual_end_time",
                    "actual_quantity",
                    "waste_quantity",
                    "yield_percentage",
                    "quality_score",
                ] {
                    batch[field] = Value::Null;
                }
            }
        },
        &["production-figures", "production-alerts"],
    ),
    edit(
        "the start of a batch",
        "production.batch",
        |batch, _| batch["status"] == "PENDING",
        |batch, group, dice| {
            let start = group.now + dice.minutes(-300, 300);
            batch["planned_start_time"] = text(start);
            batch["planned_end_time"] = text(start + Duration::hours(3));
            let code = batch["batch_number"].as_str().unwrap().to_owned();
            let suffix = code.rsplit('-').next().unwrap();
            batch["batch_number"] = format!("BATCH-{}-{suffix}", start.format("%Y%m%d")).into();
            batch["created_at"] = text(group.now - Duration::days(2));
            batch["updated_at"] = text(group.now - Duration::days(2));
        },
        &["production-alerts"],
    ),
    edit(
        "the hours of a machine",
        "production.production_capacity",
        |period, group| {
            period["is_available"] == true && instant(period, "period_end").unwrap() > group.now
        },
        |period, _, dice| {
            let total = number(period, "total_hours");
            let reserved = dice.part_of(total).max(total - dice.part_of(total / 4.0));
            let reserved = (reserved * 10.0).floor() / 10.0;
            period["reserved_hours"] = reserved.into();
            period["available_hours"] = (((total - reserved) * 10.0).round() / 10.0).into();
        },
        &["production-alerts"],
    ),
    edit(
        "an arrival",
        "distribution.route_run",
        |run, _| run["status"] == "IN_TRANSIT" || run["status"] == "SCHEDULED",
        |run, _, dice| {
            let planned = instant(run, "planned_arrival").unwrap();
            run["estimated_arrival"] = text(planned + dice.minutes(-20, 50));
        },
        &["route-alerts"],
    ),
    edit(
        "what an outlet took in",
        "distribution.goods_transfer",
        |transfer, group| {
            transfer["status"] == "RECEIVED"
                && instant(transfer, "received_at").unwrap() > group.now - Duration::days(8)
        },
        |transfer, _, dice| {
            transfer["received_quantity"] = dice.part_of(number(transfer, "quantity")).into();
        },
        &["receipt-figures"],
    ),
    edit(
        "a sale",
        "sales.sale",
        |_, _| true,
        |sale, _, dice| {
            sale["quantity_sold"] = dice.below(2000).into();
            sale["revenue"] = (dice.below(500_000) as f64 / 100.0).into();
            sale["cost"] = (dice.below(200_000) as f64 / 100.0).into();
        },
        &["demand-figures", "margin-figures"],
    ),
    edit(
        "a forecast",
        "forecasting.forecast",
        |forecast, _| forecast["granularity"] == "daily",
        |forecast, _, dice| {
            let demand = 1 + dice.below(3000);
            forecast["predicted_demand"] = demand.into();
            forecast["confidence_lower"] = (demand / 2).into();
            forecast["confidence_upper"] = (demand * 2).into();
        },
        &["demand-figures"],
    ),
    Edit {
        name: "the status of an alert",
        entity: "alert_processor.alert",
        takes: |alert, _| alert["status"] == "open",
        edit: |alert, _, _| alert["status"] = "acknowledged".into(),
        follow: &["alert-figures"],
        is_cloned: false,
    },
];

/// The later of two instants in text; the other where one is null.
trait Later {
    fn max_of(self, other: &Value) -> Value;
}

impl Later for Value {
    fn max_of(self, other: &Value) -> Value {
        match (self.as_str(), other.as_str()) {
            (Some(own), Some(text)) if text > own => other.clone(),
            _ => self,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_and_alert_follows_its_records() {
    let app = TestApp::bakery().await;
    let catalog = app.sessions.catalog();
    let mut dice = Dice(0x1e7a_2026);
    let (mut followed, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for account in ["professional", "enterprise"] {
        let now = "2026-03-04T10:20:30.000125Z".parse().unwrap();
        let session = app.create_at(account, now).await;
        let sound = Group::of(&app, &session).await;
        let before = Outcome::of(&sound);
        for edit in EDITS {
            let takes = |place: &Place| {
                let mut records = place.records.all(edit.entity).iter();
                records.any(|record| (edit.takes)(record, &sound))
            };
            if !sound.places.iter().any(takes) {
                continue;
            }
            let (mut done, mut moved) = (0, BTreeSet::new());
            for _ in 0..4 * TIMES {
                let mut group = sound.clone();
                let place = change(&mut group, edit, &mut dice);
                let domain = edit.entity.split('.').next().unwrap();
                if edit.is_cloned && !group.is_admissible(catalog, place, domain) {
                    continue;
                }
                let after = Outcome::of(&group);
                for trigger in edit.follow {
                    compare(catalog, &group, &after, trigger, edit.name);
                    followed.insert(*trigger);
                }
                let told = edit.follow.iter().flat_map(|slug| told_by(catalog, slug));
                let told: BTreeSet<String> = told.collect();
                let differ = before.moved(&after);
                moved.extend(differ.intersection(&told).cloned());
                done += 1;
                if done == TIMES {
                    break;
                }
            }
            let name = edit.name;
            assert!(done >= TIMES / 2, "{name}, {account}: {done} admitted");
            assert!(!moved.is_empty(), "{name}, {account}: nothing changed");
            changed.extend(moved);
        }
    }
    let triggers = catalog.triggers().iter();
    let of_records = triggers.filter(|trigger| trigger.phase != Phase::Insights);
    let all: BTreeSet<&str> = of_records.map(|trigger| trigger.slug.as_str()).collect();
    assert_eq!(followed, all);
    // No rule is followed by never having anything to say.
    assert_eq!(changed, names(catalog));
}

/// The types of alerts and the figures, as the catalog has them.
fn names(catalog: &Catalog) -> BTreeSet<String> {
    [
        ("alert_processor", "alert", "type"),
        ("dashboard", "kpi", "kpi"),
    ]
    .into_iter()
    .flat_map(|(domain, entity, field)| {
        let schema = catalog.schema(domain, entity).unwrap().document();
        let options = schema["properties"][field]["enum"].as_array().unwrap();
        let names = options.iter().map(|name| name.as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    })
    .collect()
}

/// The types of alerts or the figures that a trigger tells.
fn told_by(catalog: &Catalog, slug: &str) -> Vec<String> {
    let kinds: &[&str] = match slug {
        "stock-alerts" => &["low_stock", "product_shortage", "expiring_stock"],
        "delivery-tracking" => &["late_delivery"],
        "production-alerts" => &["late_batch", "blocked_batch", "equipment_capacity"],
        "route-alerts" => &["late_route"],
        _ => return catalog.trigger(slug).unwrap().figures.clone(),
    };
    kinds.iter().map(|kind| (*kind).to_owned()).collect()
}

/// What the independent calculation has of a group.
struct Outcome {
    alerts: BTreeSet<alerts::Key>,
    kpis: BTreeMap<kpis::Key, Option<f64>>,
}

impl Outcome {
    fn of(group: &Group) -> Self {
        Self {
            alerts: alerts::expected(group),
            kpis: kpis::expected(group),
        }
    }

    /// The types of alerts, and the figures, of which another has others.
    fn moved(&self, other: &Self) -> BTreeSet<String> {
        let alerts = self.alerts.symmetric_difference(&other.alerts);
        let types = alerts.map(|(kind, _, _)| kind.clone());
        let kpis = self
            .kpis
            .iter()
            .filter(|(key, value)| other.kpis.get(*key) != Some(*value));
        types
            .chain(kpis.map(|((_, _, kpi), _)| kpi.clone()))
            .collect()
    }
}

/// Edits one record; answers the place that it is of.
fn change(group: &mut Group, edit: &Edit, dice: &mut Dice) -> usize {
    let fixed = group.clone();
    let candidates: Vec<(usize, usize)> = fixed
        .places
        .iter()
        .enumerate()
        .flat_map(|(place, of)| {
            let rows = of.records.all(edit.entity).iter().enumerate();
            let taken = rows.filter(|(_, record)| (edit.takes)(record, &fixed));
            taken.map(move |(row, _)| (place, row)).collect::<Vec<_>>()
        })
        .collect();
    let (place, row) = candidates[dice.below(candidates.len())];
    let record = &mut group.places[place].records.all_mut(edit.entity)[row];
    (edit.edit)(record, &fixed, dice);
    place
}

/// The outcome of a trigger is that of the independent calculation.
fn compare(catalog: &Catalog, group: &Group, expected: &Outcome, slug: &str, name: &str) {
    let trigger = catalog.trigger(slug).unwrap();
    let made = group.raised(catalog, slug);
    if trigger.phase == Phase::Kpis {
        let figures = expected.kpis.iter();
        let expected: BTreeMap<_, _> = figures
            .filter(|((_, _, kpi), _)| trigger.figures.contains(kpi))
            .map(|(key, value)| (key.clone(), *value))
            .collect();
        assert_eq!(
            kpis::found(&made),
            expected,
            "{slug} after an edit of {name}"
        );
    } else {
        let told = told_by(catalog, slug);
        let alerts = expected.alerts.iter();
        let expected: BTreeSet<_> = alerts
            .filter(|(kind, _, _)| told.contains(kind))
            .cloned()
            .collect();
        assert_eq!(
            alerts::open(&made),
            expected,
            "{slug} after an edit of {name}"
        );
    }
}

/// Service and path of a trigger, an entity and its domain, and what is done to its records.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    fn(&mut Value, &Group),
);

/// Through the real parts: what is stored is changed, the trigger is told to run again, and the API tells
/// what the records say now.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_what_is_told() {
    let app = TestApp::bakery().await;
    let session = app
        .create_at("enterprise", "2026-03-04T10:20:30Z".parse().unwrap())
        .await;
    let before = Group::of(&app, &session).await;
    let database = app.database().await;
    let cases: [Case; 3] = [
        ("inventory", "alerts", "stock", "inventory", |lot, _| {
            lot["quantity"] = 0.into();
            lot["reserved_quantity"] = 0.into();
        }),
        (
            "distribution",
            "alerts",
            "route_run",
            "distribution",
            |run, _| {
                if run["status"] == "IN_TRANSIT" {
                    run["estimated_arrival"] = run["planned_arrival"].clone();
                }
            },
        ),
        (
            "procurement",
            "delivery-tracking",
            "purchase_order",
            "procurement",
            |order, _| {
                if order["status"] == "SENT" {
                    order["status"] = "RECEIVED".into();
                }
            },
        ),
    ];
    for (service, path, entity, domain, change) in cases {
        let name = format!("{domain}.{entity}");
        let mut rows = before.head().records.all(&name).to_vec();
        rows.iter_mut().for_each(|row| change(row, &before));
        let tenant = before.head().tenant.to_string();
        let rows = Value::Array(rows).to_string().replace('\'', "''");
        let update = format!(
            "UPDATE segments SET rows = '{rows}' \
             WHERE tenant_id = '{tenant}' AND domain = '{domain}' AND entity = '{entity}'"
        );
        assert_eq!(database.execute(&update).await, 1, "{name}");
        // What is in order counts for the stock too.
        for (service, path) in [(service, path), ("inventory", "alerts")] {
            app.post_internal(
                &format!("/services/{service}/internal/{path}/trigger"),
                &json!({"virtual_tenant_id": tenant}),
            )
            .await
            .expect(200);
        }
        let now = Group::of(&app, &session).await;
        let told = now
            .places
            .iter()
            .flat_map(|place| place.records.all("alert_processor.alert"));
        let expected = alerts::expected(&now);
        assert_eq!(alerts::open(told), expected, "{service}");
        assert_ne!(
            expected,
            alerts::expected(&before),
            "{service}: nothing changed"
        );
        let kpis: Vec<&Value> = now
            .places
            .iter()
            .flat_map(|place| place.records.all("dashboard.kpi"))
            .filter(|kpi| kpi["kpi"] == "open_alerts" && kpi["tenant_id"] == tenant)
            .collect();
        for (key, value) in kpis::found(kpis) {
            assert_eq!(Some(&value), kpis::expected(&now).get(&key), "{key:?}");
        }
    }
}
