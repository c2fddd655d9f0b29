//! The laws of triggers, tried on every account of the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use levain_plugin::time::{self, MINUTE, Micros, WEEK};
use levain_plugin::{HeldSegment, PluginError, Segment, Uuid, product};
use serde_json::{Value, json};

use crate::account::{Account, Raised, domain_of};
use crate::shift::shifted;
use crate::{domain, instants, records, rules};

static ACCOUNTS: LazyLock<Vec<Account>> = LazyLock::new(Account::all);

/// Some instants: clones of whole accounts take their time.
fn instants() -> impl Iterator<Item = Micros> {
    instants::all().into_iter().step_by(3)
}

fn made(segments: &[Segment]) -> Vec<Value> {
    segments.iter().flat_map(records).collect()
}

/// Every record that the triggers of a phase make, over all tenants.
fn products(all: &[Raised<'_>], phase: &str) -> Vec<Value> {
    let of_phase = all.iter().filter(|raised| raised.trigger.phase == phase);
    of_phase.flat_map(|raised| made(&raised.segments)).collect()
}

#[test]
fn the_same_arguments_have_the_same_bytes() {
    for account in ACCOUNTS.iter() {
        for raised in account.raise(instants::SOME) {
            let again = raised.trigger.raise(&raised.ctx, &raised.held).unwrap();
            assert_eq!(again, raised.segments, "{}", raised.trigger.slug);
            // The order in which the host hands segments over says nothing.
            let mut turned = raised.held.clone();
            turned.reverse();
            let again = raised.trigger.raise(&raised.ctx, &turned).unwrap();
            assert_eq!(
                again, raised.segments,
                "{} from another order",
                raised.trigger.slug
            );
        }
    }
}

#[test]
fn records_are_what_their_schema_states() {
    for account in ACCOUNTS.iter() {
        for now in instants() {
            let mut ids = BTreeSet::new();
            for raised in account.raise(now) {
                let domain = domain_of(&raised.trigger.phase);
                for segment in &raised.segments {
                    assert_eq!(segment.entity, raised.trigger.entity);
                    let schema = domain::schema(domain, &segment.entity);
                    let records = records(segment);
                    assert!(!records.is_empty());
                    for record in &records {
                        check(&schema, record, &raised);
                        assert!(ids.insert(record["id"].to_string()), "twice: {record}");
                    }
                    let broken = rules::broken(&schema, &records, &BTreeMap::new());
                    assert!(broken.is_empty(), "{}: {broken:#?}", time::format(now));
                }
            }
        }
    }
}

/// A record's fields, its tenant, its id, and that nothing it says has happened is still to come.
fn check(schema: &Value, record: &Value, raised: &Raised<'_>) {
    let fields: Vec<&String> = record.as_object().unwrap().keys().collect();
    let known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(fields, known, "{record}");
    assert_eq!(record["tenant_id"], json!(raised.ctx.tenant_id));
    let identity = &schema["x-identity"];
    let subject: Uuid = record[identity["subject"].as_str().unwrap()]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let labels = identity["label"].as_array().unwrap().iter();
    let label: Vec<&str> = labels
        .map(|field| record[field.as_str().unwrap()].as_str().unwrap())
        .collect();
    assert_eq!(
        record["id"],
        json!(product::made_id(&subject, &label.join("/")))
    );
    for field in [
        "triggered_at",
        "acknowledged_at",
        "resolved_at",
        "computed_at",
        "window_to",
    ] {
        let instant = record[field]
            .as_str()
            .map(|text| time::parse(text).unwrap());
        let past = instant.is_none_or(|instant| instant <= raised.ctx.session_created_at);
        assert!(
            past || (field == "window_to" && record["kpi"] == "demand_next_week"),
            "{field}: {record}"
        );
    }
    for (field, property) in schema["properties"].as_object().unwrap() {
        if let (Some(text), Some(most)) = (record[field].as_str(), property["maxLength"].as_u64()) {
            assert!(text.chars().count() as u64 <= most, "{field}: {record}");
        }
        if let Some(allowed) = property["enum"].as_array() {
            assert!(allowed.contains(&record[field]), "{field}: {record}");
        }
    }
}

#[test]
fn whole_weeks_shift_every_time_and_nothing_else() {
    for account in ACCOUNTS.iter() {
        let early = account.raise(instants::SOME);
        for weeks in [1, -3, 52] {
            let late = account.raise(instants::SOME + weeks * WEEK);
            assert_eq!(early.len(), late.len());
            for (early, late) in early.iter().zip(&late) {
                let (before, after) = (made(&early.segments), made(&late.segments));
                assert_eq!(before.len(), after.len(), "{}", early.trigger.slug);
                for (before, after) in before.iter().zip(&after) {
                    assert_eq!(
                        &shifted(before, weeks * WEEK),
                        after,
                        "{}",
                        early.trigger.slug
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_handed_is_answered() {
    for account in ACCOUNTS.iter() {
        for raised in account.raise(instants::SOME) {
            let trigger = raised.trigger;
            let none = trigger.raise(&raised.ctx, &[]).unwrap();
            let mut empty = raised.held.clone();
            empty
                .iter_mut()
                .for_each(|held| held.rows = "[]".to_owned());
            let without_records = trigger.raise(&raised.ctx, &empty).unwrap();
            if trigger.phase != "kpis" {
                assert_eq!(
                    (none, without_records),
                    (Vec::new(), Vec::new()),
                    "{}",
                    trigger.slug
                );
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_answered() {
    for account in ACCOUNTS.iter() {
        for raised in account.raise(instants::SOME) {
            // A figure that a tenant does not have is told without a look at its records.
            if raised.trigger.phase == "kpis" && raised.segments.is_empty() {
                continue;
            }
            // A place is not read where nothing needs one, and figures need no more of a tenant than
            // that it is there.
            let places = raised.trigger.phase != "kpis" && !raised.segments.is_empty();
            let read = raised
                .held
                .iter()
                .enumerate()
                .filter(|(_, held)| held.domain != "tenant" || places);
            for (place, held) in read {
                let cut = held
                    .rows
                    .char_indices()
                    .nth(held.rows.chars().count() / 2)
                    .unwrap()
                    .0;
                for rows in [&held.rows[..cut], "", "null", "{}", "[1]", "[null]", "[{]"] {
                    let mut broken = raised.held.clone();
                    broken[place] = HeldSegment {
                        rows: rows.to_owned(),
                        ..held.clone()
                    };
                    let answer = raised.trigger.raise(&raised.ctx, &broken);
                    assert!(
                        matches!(answer, Err(PluginError::Failed(_))),
                        "{}: {}.{} as `{:.20}` was answered with {answer:?}",
                        raised.trigger.slug,
                        held.domain,
                        held.entity,
                        rows,
                    );
                }
            }
        }
    }
}

#[test]
fn an_unknown_trigger_is_unsupported() {
    for account in ACCOUNTS.iter() {
        for raised in account.raise(instants::SOME) {
            let answer = raised.trigger.raise_as(&raised.ctx, "no-such-trigger");
            assert!(
                matches!(answer, Err(PluginError::Unsupported(_))),
                "{}",
                raised.trigger.slug
            );
        }
    }
}

/// The open alerts of an account as outlet, type, severity and title, in the order of the tenants.
fn open(all: &[Raised<'_>]) -> Vec<(String, String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    products(all, "alerts")
        .iter()
        .filter(|alert| alert["status"] == "open")
        .map(|alert| {
            let subject = text(&alert["params"]["name"]);
            let of = if alert["type"] == "low_stock" {
                subject
            } else {
                text(&alert["title"])
            };
            (
                text(&alert["outlet"]),
                text(&alert["type"]),
                text(&alert["severity"]),
                of,
            )
        })
        .collect()
}

fn account(slug: &str) -> &'static Account {
    ACCOUNTS
        .iter()
        .find(|account| account.slug == slug)
        .unwrap()
}

/// The state that a session starts in (domain specification, section 4): yeast runs short, flour and butter
/// are ordered.
#[test]
fn professional_starts_with_five_open_alerts() {
    let expected: BTreeSet<_> = [
        ("low_stock", "red", "Levadura fresca"),
        ("late_delivery", "red", "Retraso de proveedor"),
        ("expiring_stock", "orange", "Caducidad próxima"),
        ("blocked_batch", "orange", "Lote retenido por calidad"),
        ("late_batch", "yellow", "Producción retrasada"),
    ]
    .into_iter()
    .map(|(kind, severity, of)| ["-", kind, severity, of].map(str::to_owned).into())
    .collect();
    for now in instants::all() {
        let all = account("professional").raise(now);
        let open = open(&all);
        assert_eq!(open.len(), 5, "{}: {open:#?}", time::format(now));
        assert_eq!(
            open.into_iter().collect::<BTreeSet<_>>(),
            expected,
            "{}",
            time::format(now)
        );
        let resolved = products(&all, "alerts").len() - 5;
        assert!(
            (5..=20).contains(&resolved),
            "{}: {resolved} resolved",
            time::format(now)
        );
    }
}

#[test]
fn alerts_are_ordered_by_open_then_severity() {
    let rank = |alert: &Value| {
        let severity = match alert["severity"].as_str() {
            _ if alert["status"] != "open" => 3,
            Some("red") => 0,
            Some("orange") => 1,
            _ => 2,
        };
        let time = |field: &str| time::parse(alert[field].as_str().unwrap()).unwrap();
        let when = if severity == 3 {
            -time("resolved_at")
        } else {
            time("triggered_at")
        };
        (severity, when)
    };
    for account in ACCOUNTS.iter() {
        for raised in account.raise(instants::SOME + 7 * MINUTE) {
            if raised.trigger.phase == "alerts" {
                let ranks: Vec<_> = made(&raised.segments).iter().map(rank).collect();
                assert!(ranks.is_sorted(), "{}: {ranks:?}", raised.trigger.slug);
            }
        }
    }
}
