//! Whatever the checks let through, every view reads, on both stores, and as the value that it is: one record that
//! breaks a view breaks it for every tenant.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use levain_catalog::{Domain, TenantScope};
use levain_model::Segment;
use levain_plugin::identity;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::visit::tenant;
use crate::support::{Database, Puppets, TestApp};

/// Records of a batch, and batches.
const RECORDS: usize = 200;
const BATCHES: u32 = 20;

/// The columns, in the order of [`Row`].
const FIELDS: [&str; 7] = [
    "words", "whole", "number", "flag", "object", "instant", "day",
];

/// What a view shows of a record: an instant in microseconds, a day and an object as text.
type Row = (
    String,
    Option<String>,
    Option<i64>,
    Option<f64>,
    Option<bool>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// A field of a record as JSON: one of [`FIELDS`], how its name is spelt, and its value.
type Said = (usize, bool, String);

struct Stage {
    app: TestApp,
    database: Database,
    scope: TenantScope,
    domain: Domain,
    ids: Vec<Uuid>,
}

#[test]
fn what_passes_the_checks_is_read_by_every_view() {
    let runtime = Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::set());
    let config = Config {
        cases: BATCHES,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let batch = prop::collection::vec(said(), RECORDS);
    let kept = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&batch, |batch| {
        kept.set(kept.get() + runtime.block_on(stage.read(&batch))?);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    // The edges are not all beyond what is let through.
    let tried = RECORDS * BATCHES as usize;
    assert!(
        kept.get() > tried / 4 && kept.get() < tried,
        "{} of {tried}",
        kept.get()
    );
}

impl Stage {
    /// A session with a view that has a column of each kind.
    async fn set() -> Self {
        let mut puppets = Puppets::new();
        let nullable = |kind: &str| json!({"type": [kind, "null"]});
        let dated = |format: &str| json!({"type": ["string", "null"], "format": format});
        let schema = puppets
            .files
            .get_mut("schemas/lead/note.schema.json")
            .unwrap();
        for (field, schema_of) in FIELDS.iter().zip([
            nullable("string"),
            nullable("integer"),
            nullable("number"),
            nullable("boolean"),
            nullable("object"),
            dated("date-time"),
            dated("date"),
        ]) {
            schema["properties"][field] = schema_of;
        }
        let first = puppets.files["lead.json"]["note"][0].clone();
        let notes = (0..RECORDS).map(|place| {
            let mut note = first.clone();
            if place > 0 {
                note["id"] = json!(Uuid::from_u128(place as u128 + 1).to_string());
            }
            note
        });
        let notes: Vec<Value> = notes.collect();
        let ids = notes
            .iter()
            .map(|note| note["id"].as_str().unwrap().parse().unwrap());
        let bases: Vec<Uuid> = ids.collect();
        // The owner's note is what every note is about.
        puppets
            .files
            .insert("lead.json".to_owned(), json!({"note": notes}));
        let app = TestApp::over(&puppets.load().hosting).await;
        let session = app.create("show").await.expect(200);
        let catalog = app.sessions.catalog();
        let scope = TenantScope {
            account: "show".to_owned(),
            tenant_id: tenant(&session).parse().unwrap(),
            base_tenant_id: session["base_tenant_id"].as_str().unwrap().parse().unwrap(),
            outlet: None,
            parent_tenant_id: None,
            session_created_at: "2026-03-02T10:00:00Z".parse::<DateTime<Utc>>().unwrap(),
        };
        let derived = bases
            .iter()
            .map(|id| identity::derive(&scope.tenant_id, id));
        Self {
            database: app.database().await,
            domain: catalog.domain("lead").unwrap().clone(),
            ids: derived.collect(),
            scope,
            app,
        }
    }

    /// Checks each of these by itself, stores those that pass, and reads them back; how many passed.
    async fn read(&self, batch: &[Said]) -> Result<usize, TestCaseError> {
        let mut passed: BTreeMap<String, &Said> = BTreeMap::new();
        let mut rows = Vec::new();
        for (id, said) in self.ids.iter().zip(batch) {
            if let Some(row) = self.check(id, said) {
                passed.insert(id.to_string(), said);
                rows.push(row);
            }
        }
        let rows = format!("[{}]", rows.join(",")).replace('\'', "''");
        let of_tenant = format!(
            "tenant_id = '{}' AND entity = 'note' AND domain = 'lead'",
            self.scope.tenant_id
        );
        let stored = format!("UPDATE segments SET rows = '{rows}' WHERE {of_tenant}");
        assert_eq!(self.database.execute(&stored).await, 1);
        let shown = self.shown().await;
        prop_assert_eq!(shown.len(), passed.len());
        for row in shown {
            let said = passed[&row.0];
            if let Err(why) = is_shown(said, &row) {
                prop_assert!(
                    false,
                    "{} was {}: {why}, in {row:?}",
                    FIELDS[said.0],
                    said.2
                );
            }
        }
        Ok(passed.len())
    }

    /// The record as it is stored, where it passes.
    fn check(&self, id: &Uuid, (field, is_escaped, value): &Said) -> Option<String> {
        let name = FIELDS[*field];
        let name = match is_escaped {
            true => name
                .chars()
                .map(|c| format!("\\u{:04x}", u32::from(c)))
                .collect(),
            false => name.to_owned(),
        };
        let record = format!(
            "[{{\"id\":\"{id}\",\"tenant_id\":\"{}\",\"text\":\"note\",\"weight\":1,\"behaviour\":\"honest\",\"{name}\":{value}}}]",
            self.scope.tenant_id
        );
        let segment = Segment {
            entity: "note".to_owned(),
            rows: record,
        };
        let catalog = self.app.sessions.catalog();
        let checked = catalog
            .check_clone(&self.scope, &self.domain, vec![segment])
            .ok()?;
        let rows = &checked.segments[0].rows;
        rows.strip_prefix('[')?.strip_suffix(']').map(str::to_owned)
    }

    /// Every column of every record.
    async fn shown(&self) -> Vec<Row> {
        match &self.database {
            Database::Sqlite(pool) => {
                let sql =
                    "SELECT id, words, whole, number, flag, object, instant, day FROM lead_note";
                sqlx::query_as(sql).fetch_all(pool).await.unwrap()
            }
            Database::Postgres(pool) => {
                // A reader may want a double, or jsonb.
                let sql = "SELECT id::text, words, whole, number::float8, flag, object::jsonb::text, \
                           to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \
                           to_char(day, 'YYYY-MM-DD') FROM lead_note";
                sqlx::query_as(sql).fetch_all(pool).await.unwrap()
            }
        }
    }
}

/// Whether a view shows what was said, and nothing else.
fn is_shown((field, _, said): &Said, row: &Row) -> Result<(), String> {
    let is = |same: bool| match same {
        true => Ok(()),
        false => Err("it shows another value".to_owned()),
    };
    let value: Value = serde_json::from_str(said).map_err(|error| error.to_string())?;
    let shown = [
        row.1.is_some(),
        row.2.is_some(),
        row.3.is_some(),
        row.4.is_some(),
        row.5.is_some(),
        row.6.is_some(),
        row.7.is_some(),
    ];
    let is_there = |place: usize| place == *field && !value.is_null();
    if (0..FIELDS.len()).any(|place| shown[place] != is_there(place)) {
        return Err("it shows another field".to_owned());
    }
    let double: f64 = said.parse().unwrap_or_default();
    match FIELDS[*field] {
        _ if value.is_null() => Ok(()),
        "words" => is(row.1.as_deref() == value.as_str()),
        "whole" => is(row.2.is_some_and(|shown| match said.parse::<i64>() {
            Ok(whole) => shown == whole,
            Err(_) => (shown as f64).total_cmp(&(double + 0.0)).is_eq(),
        })),
        "number" => is(row.3.is_some_and(|shown| same_double(shown, double))),
        "flag" => is(row.4 == value.as_bool()),
        "object" => {
            let shown: Value = serde_json::from_str(row.5.as_deref().unwrap_or_default())
                .map_err(|error| error.to_string())?;
            is(same_values(&shown, &value))
        }
        "instant" => {
            let micros = |text: &str| {
                text.parse::<DateTime<Utc>>()
                    .ok()
                    .map(|instant| instant.timestamp_micros())
            };
            let shown = row.6.as_deref().and_then(micros);
            is(shown.is_some() && shown == value.as_str().and_then(micros))
        }
        _ => is(row.7.as_deref() == value.as_str()),
    }
}

/// SQLite reads a number to fifteen digits at least.
fn same_double(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-15 * other.abs().max(f64::MIN_POSITIVE)
}

fn same_values(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one
            .as_f64()
            .zip(other.as_f64())
            .is_some_and(|(one, other)| same_double(one, other)),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| same_values(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, value)| {
                other
                    .get(name)
                    .is_some_and(|other| same_values(value, other))
            };
            one.len() == other.len() && one.iter().all(same)
        }
        (one, other) => one == other,
    }
}

fn said() -> impl Strategy<Value = Said> {
    let of = |field: usize, value: BoxedStrategy<String>| {
        let is_escaped = prop::bool::weighted(0.05);
        let value = prop_oneof![20 => value, 1 => Just("null".to_owned())];
        (Just(field), is_escaped, value)
    };
    prop_oneof![
        of(0, words()),
        of(1, prop_oneof![wholes(), numbers()].boxed()),
        of(2, numbers()),
        of(
            3,
            prop_oneof![Just("true"), Just("false"), Just("1"), Just("\"true\"")]
                .prop_map(str::to_owned)
                .boxed()
        ),
        of(4, objects()),
        of(5, instants()),
        of(6, days()),
    ]
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn words() -> BoxedStrategy<String> {
    let quoted = |text: String| Value::String(text).to_string();
    let escaped = |text: String| {
        let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
        format!("\"{}\"", units.collect::<String>())
    };
    let edges = vec![
        "\"\\ud800\"".to_owned(),
        "\"\\ud83d\\ude00\"".to_owned(),
        "\"\\u0000\"".to_owned(),
        "\"\\u0001\\u001b\\u007f\\ufffe\\uffff\"".to_owned(),
        "\"'; DROP TABLE segments; --\"".to_owned(),
        "\"\\\\N\\/\"".to_owned(),
        quoted("x".repeat(100_000)),
        quoted("1e-20000".to_owned()),
    ];
    prop_oneof![
        any::<String>().prop_map(quoted),
        ".{0,30}".prop_map(escaped),
        prop::sample::select(edges),
    ]
    .boxed()
}

fn numbers() -> BoxedStrategy<String> {
    let mut edges = owned(&[
        "0",
        "-0",
        "0.0",
        "-0.0",
        "0e0",
        "0e-20000",
        "0e20000",
        "0e1100",
        "-0E-1100",
        "0e99999999999999999999",
        "1e-20000",
        "1e-400",
        "5e-324",
        "2e-324",
        "4.9406564584124654e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e308",
        "1e309",
        "1E+2",
        "1e1100",
        "0.1",
        "-1.5",
        "1.0",
        "100e-2",
        "2.99999999999999999999999",
        "4503599627370495.5",
        "4503599627370496.5",
        "9007199254740993.0",
        "9007199254740992.9999999999999",
        "0.30000000000000004",
        "123456789012345678901234567890",
    ]);
    edges.extend([
        format!("0.{}", "3".repeat(18_000)),
        format!("0.{}", "3".repeat(1_000)),
        format!("0.{}1", "0".repeat(330)),
        format!("0.{}1", "0".repeat(322)),
        format!("1{}", "0".repeat(308)),
        format!("1{}.{}", "0".repeat(300), "0".repeat(700)),
        format!("1.{}e-300", "7".repeat(900)),
        format!("{:.1074}", f64::from_bits(1)),
        "9".repeat(400),
    ]);
    let double = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    prop_oneof![
        4 => double.prop_map(|number| serde_json::to_string(&number).unwrap()),
        2 => double.prop_map(|number| format!("{number}")),
        2 => double.prop_map(|number| format!("{number:e}")),
        4 => "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,5})?",
        2 => "-?[0-9]{1,4}\\.[0-9]{1,3}",
        1 => wholes(),
        4 => prop::sample::select(edges),
    ]
    .boxed()
}

fn wholes() -> BoxedStrategy<String> {
    let edges = owned(&[
        "0",
        "-0",
        "1.0",
        "-3e2",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "4503599627370495.0",
        "4503599627370496.0",
        "4503599627370497.0",
        "9007199254740993",
        "9007199254740993.0",
        "1e15",
        "1e16",
        "1e300",
        "12e-1",
        "120e-1",
    ]);
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<i128>().prop_map(|number| number.to_string()),
        (any::<i64>(), 0..60_u32).prop_map(|(number, by)| format!("{}.0", number >> by)),
        prop::sample::select(edges),
    ]
    .boxed()
}

fn objects() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        numbers(),
        words(),
        Just("null".to_owned()),
        Just("false".to_owned())
    ];
    let value = leaf.prop_recursive(5, 20, 4, |inner| {
        let names = prop_oneof![
            "[a-c]{0,2}".prop_map(|name| format!("\"{name}\"")),
            words().prop_filter("short", |name| name.len() < 100),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec((names, inner), 0..4).prop_map(|fields| {
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }),
        ]
    });
    let nested = (1..70_usize)
        .prop_map(|depth| format!("{}{}", "{\"a\":[".repeat(depth / 2), "]}".repeat(depth / 2)));
    let held = value.prop_map(|value| format!("{{\"held\":{value}}}"));
    prop_oneof![8 => held, 1 => nested.prop_map(|nested| if nested.is_empty() { "{}".to_owned() } else { nested })].boxed()
}

fn instants() -> BoxedStrategy<String> {
    let edges = owned(&[
        "0000-01-01T00:00:00Z",
        "0000-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "10000-01-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2026-01-01T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "2024-02-29T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1582-10-10T00:00:00Z",
        "2026-01-01T00:00:00.000000Z",
        "2026-01-01T00:00:00.123Z",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01t00:00:00z",
        "2026-01-01 00:00:00Z",
        "2026-03-29T02:30:00.000001Z",
        "-001-01-01T00:00:00Z",
        "+999-01-01T00:00:00Z",
        "infinity",
        "now",
        "",
    ]);
    let any = "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{6})?Z";
    let date = (
        0..=9999_u32,
        1..=12_u32,
        1..=28_u32,
        0..86_400_u32,
        prop::option::of(1..1_000_000_u32),
    );
    let valid = date.prop_map(|(year, month, day, second, micros)| {
        let micros = micros
            .map(|micros| format!(".{micros:06}"))
            .unwrap_or_default();
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{micros}Z")
    });
    let text =
        prop_oneof![2 => any.prop_map(|text| text), 4 => valid, 3 => prop::sample::select(edges)];
    text.prop_map(|text| format!("\"{text}\"")).boxed()
}

fn days() -> BoxedStrategy<String> {
    let edges = owned(&[
        "0000-01-01",
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "2026-02-30",
        "2024-02-29",
        "1900-02-29",
        "2000-02-29",
        "1582-10-10",
        "2026-1-1",
        "20260101",
        "2026-01-01 BC",
        "epoch",
        "",
    ]);
    let valid = (0..=9999_u32, 1..=12_u32, 1..=31_u32);
    let valid = valid.prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    let text = prop_oneof![4 => valid, 1 => prop::sample::select(edges)];
    text.prop_map(|text| format!("\"{text}\"")).boxed()
}
