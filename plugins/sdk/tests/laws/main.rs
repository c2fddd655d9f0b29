//! The laws that every plugin is held to, tried natively on the real fixtures: each domain's slice is
//! prepared once and cloned at many instants.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod account;
mod domain;
mod instants;
mod rules;
mod shift;
mod triggers;

use std::collections::BTreeSet;

use levain_plugin::time::{self, SECOND, WEEK};
use levain_plugin::{EntityCount, Plugin, PluginError, Segment, SessionContext, Uuid, identity};
use serde_json::{Value, json};

use domain::{Slice, context};
use shift::shifted;

/// The laws of one domain, each a test of its own.
macro_rules! laws {
    ($($domain:ident: $plugin:ty),* $(,)?) => {
        $(mod $domain {
            #[test]
            fn ids_and_times_become_the_sessions() {
                crate::ids_and_times_become_the_sessions::<$plugin>(stringify!($domain));
            }
            #[test]
            fn every_id_and_time_of_the_schema_is_in_the_table() {
                crate::every_id_and_time_of_the_schema_is_in_the_table::<$plugin>(stringify!($domain));
            }
            #[test]
            fn rules_hold_at_every_instant() {
                crate::rules_hold_at_every_instant::<$plugin>(stringify!($domain));
            }
            #[test]
            fn whole_weeks_shift_every_time_and_nothing_else() {
                crate::whole_weeks_shift_every_time_and_nothing_else::<$plugin>(stringify!($domain));
            }
            #[test]
            fn a_bad_slice_is_answered() {
                crate::a_bad_slice_is_answered::<$plugin>(stringify!($domain));
            }
            #[test]
            fn cleanup_after_clone_leaves_nothing() {
                crate::cleanup_after_clone_leaves_nothing::<$plugin>(stringify!($domain));
            }
        })*
    };
}

laws! {
    auth: levain_auth::Auth,
    forecasting: levain_forecasting::Forecasting,
    inventory: levain_inventory::Inventory,
    orchestrator: levain_orchestrator::Orchestrator,
    orders: levain_orders::Orders,
    procurement: levain_procurement::Procurement,
    production: levain_production::Production,
    recipes: levain_recipes::Recipes,
    sales: levain_sales::Sales,
    suppliers: levain_suppliers::Suppliers,
    tenant: levain_tenant::Tenant,
}

fn records(segment: &Segment) -> Vec<Value> {
    serde_json::from_str(&segment.rows).unwrap()
}

/// Every text of a value, wherever it stands.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

fn ids_and_times_become_the_sessions<P: Plugin>(domain: &str) {
    let slice = Slice::read(domain);
    let ctx = context(instants::SOME);
    let plugin = P::prepare(&slice.segments).unwrap();
    let segments = plugin.clone_tenant(&ctx).unwrap();
    assert_eq!(
        segments,
        plugin.clone_tenant(&ctx).unwrap(),
        "the same arguments, the same bytes"
    );

    let of_tenant = |base: Uuid| {
        if base == ctx.base_tenant_id {
            ctx.tenant_id
        } else {
            identity::derive(&ctx.tenant_id, &base)
        }
    };
    let fixtures = slice.values();
    let mut base_texts = Vec::new();
    fixtures
        .iter()
        .for_each(|(_, rows)| rows.iter().for_each(|row| texts(row, &mut base_texts)));
    let allowed: BTreeSet<Uuid> = base_texts
        .iter()
        .filter_map(|text| Uuid::try_parse(text).ok())
        .map(of_tenant)
        .collect();

    let mut entities = BTreeSet::new();
    for segment in &segments {
        assert!(P::ENTITIES.contains(&segment.entity.as_str()));
        assert!(
            entities.insert(segment.entity.clone()),
            "{} comes twice",
            segment.entity
        );
        let own: BTreeSet<Uuid> = fixtures
            .iter()
            .filter(|(entity, _)| *entity == segment.entity)
            .flat_map(|(_, rows)| rows)
            .map(|row| of_tenant(row["id"].as_str().unwrap().parse().unwrap()))
            .collect();
        for record in records(segment) {
            assert_eq!(record["tenant_id"], json!(ctx.tenant_id));
            assert!(
                own.contains(&record["id"].as_str().unwrap().parse().unwrap()),
                "{record}"
            );
            let mut found = Vec::new();
            texts(&record, &mut found);
            for text in found {
                assert!(!text.contains("BASE_TS"), "a marker is left: {record}");
                assert!(
                    Uuid::try_parse(text).map_or(true, |id| allowed.contains(&id)),
                    "{text} is foreign: {record}"
                );
            }
        }
    }
}

/// The fixtures may have `null` where a schema allows an id or a time; here every such field has one.
fn every_id_and_time_of_the_schema_is_in_the_table<P: Plugin>(domain: &str) {
    let slice = Slice::read(domain);
    let ctx = SessionContext {
        parent_tenant_id: Some(Uuid::from_u128(99)),
        ..context(instants::SOME)
    };
    for (entity, rows) in slice.values() {
        let schema = domain::schema(domain, &entity);
        let mut record = rows.first().cloned().unwrap();
        for (field, property) in schema["properties"].as_object().unwrap() {
            let format = |of: &Value| of["format"].as_str().map(str::to_owned);
            let probe = match (
                format(property).as_deref(),
                format(&property["items"]).as_deref(),
            ) {
                _ if field == "id" || field == "tenant_id" => continue,
                (Some("uuid"), _) => json!(Uuid::from_u128(77)),
                (_, Some("uuid")) => json!([Uuid::from_u128(77)]),
                (Some("date-time"), _) => json!("2025-12-12T04:30:00Z"),
                (Some("date"), _) => json!("2025-12-12"),
                _ => continue,
            };
            record[field] = probe;
        }
        let segment = Segment {
            entity: entity.clone(),
            rows: json!([record]).to_string(),
        };
        let cloned = P::prepare(&[segment]).unwrap().clone_tenant(&ctx).unwrap();
        let clone = records(&cloned[0]).remove(0);
        for (field, before) in record.as_object().unwrap() {
            let mut found = Vec::new();
            texts(before, &mut found);
            let moves = found
                .iter()
                .any(|text| Uuid::try_parse(text).is_ok() || text.starts_with("2025-12-12"));
            assert!(
                !moves || clone[field] != *before,
                "{entity}.{field} stays as it is: {before}"
            );
        }
    }
}

fn rules_hold_at_every_instant<P: Plugin>(domain: &str) {
    let slice = Slice::read(domain);
    let plugin = P::prepare(&slice.segments).unwrap();
    let base_ids = slice.base_ids(&context(0));
    for now in instants::all() {
        for segment in plugin.clone_tenant(&context(now)).unwrap() {
            let schema = domain::schema(domain, &segment.entity);
            let broken = rules::broken(&schema, &records(&segment), &base_ids);
            assert!(
                broken.is_empty(),
                "at {}, {}: {broken:#?}",
                time::format(now),
                segment.entity
            );
        }
    }
}

fn whole_weeks_shift_every_time_and_nothing_else<P: Plugin>(domain: &str) {
    let slice = Slice::read(domain);
    let plugin = P::prepare(&slice.segments).unwrap();
    for weeks in [1, -3, 52] {
        let (early, late) = (
            context(instants::SOME),
            context(instants::SOME + weeks * WEEK),
        );
        let (early, late) = (
            plugin.clone_tenant(&early).unwrap(),
            plugin.clone_tenant(&late).unwrap(),
        );
        assert_eq!(early.len(), late.len());
        for (early, late) in early.iter().zip(&late) {
            let (early, late) = (records(early), records(late));
            assert_eq!(early.len(), late.len());
            for (early, late) in early.iter().zip(&late) {
                assert_eq!(&shifted(early, weeks * WEEK), late);
            }
        }
    }
}

fn a_bad_slice_is_answered<P: Plugin>(domain: &str) {
    let ctx = context(instants::SOME);
    assert_eq!(P::prepare(&[]).unwrap().clone_tenant(&ctx), Ok(Vec::new()));
    for entity in P::ENTITIES {
        let empty = [Segment {
            entity: (*entity).to_owned(),
            rows: "[]".to_owned(),
        }];
        assert_eq!(
            P::prepare(&empty).unwrap().clone_tenant(&ctx),
            Ok(Vec::new())
        );
    }
    let stranger = Segment {
        entity: "stranger".to_owned(),
        rows: "[]".to_owned(),
    };
    assert!(matches!(
        P::prepare(&[stranger]),
        Err(PluginError::InvalidFixture(_))
    ));

    for (entity, rows) in Slice::read(domain).values() {
        let first = rows.first().unwrap();
        let whole = json!([first]).to_string();
        let cuts = (0..whole.len())
            .filter(|cut| whole.is_char_boundary(*cut))
            .map(|cut| whole[..cut].to_owned());
        let others = ["null", "{}", "[1]", "[[]]", "[{}]", "[null]"].map(str::to_owned);
        for rows in cuts
            .chain(others)
            .chain([json!([first, first]).to_string()])
        {
            let slice = [Segment {
                entity: entity.clone(),
                rows: rows.clone(),
            }];
            match P::prepare(&slice).err() {
                Some(PluginError::InvalidFixture(fault)) => assert_eq!(fault.entity, entity),
                other => panic!("{entity}: {rows} was answered with {other:?}"),
            }
        }
        // A wrong id is named with its field.
        let mut record = first.clone();
        record["id"] = json!("nobody");
        let slice = [Segment {
            entity: entity.clone(),
            rows: json!([record]).to_string(),
        }];
        let Err(PluginError::InvalidFixture(fault)) = P::prepare(&slice) else {
            panic!("{entity}: no fault")
        };
        assert_eq!(
            (fault.record.as_deref(), fault.reason.as_str()),
            (Some("nobody"), "field `id`: `nobody` is not a UUID")
        );
    }
}

fn cleanup_after_clone_leaves_nothing<P: Plugin>(domain: &str) {
    let ctx = context(instants::SOME);
    let segments = P::prepare(&Slice::read(domain).segments)
        .unwrap()
        .clone_tenant(&ctx)
        .unwrap();
    let held: Vec<EntityCount> = segments
        .iter()
        .map(|segment| EntityCount {
            entity: segment.entity.clone(),
            records: records(segment).len() as u32,
        })
        .collect();
    let plan = P::cleanup(&ctx, &held).unwrap();
    assert_eq!(plan, P::cleanup(&ctx, &held).unwrap());
    let mut deleted = plan.deletions;
    deleted.reverse();
    assert_eq!(
        deleted, held,
        "the last entity of a clone depends on the others and is deleted first"
    );
    assert!(plan.notices.is_empty());
    let none: Vec<EntityCount> = held
        .into_iter()
        .map(|count| EntityCount {
            records: 0,
            ..count
        })
        .collect();
    assert!(P::cleanup(&ctx, &none).unwrap().deletions.is_empty());
}

#[test]
fn microseconds_are_kept() {
    let slice = Slice::read("production");
    let plugin = levain_production::Production::prepare(&slice.segments).unwrap();
    let clones = plugin
        .clone_tenant(&context(instants::SOME / SECOND * SECOND + 7))
        .unwrap();
    assert!(
        clones
            .iter()
            .any(|segment| segment.rows.contains(".000007Z\""))
    );
}
