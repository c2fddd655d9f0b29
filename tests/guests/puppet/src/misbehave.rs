//! Every way of misbehaving.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use levain_plugin::{Level, PluginError, Segment, SessionContext, log};

/// Calls of this instance; of all sessions', if anything outlived one.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// In microseconds, as the data clock is.
const HOUR: i64 = 3_600_000_000;

/// The behaviour that the first record asks for.
pub fn behaviour(slice: &[Segment]) -> String {
    slice
        .first()
        .and_then(|segment| serde_json::from_str::<serde_json::Value>(&segment.rows).ok())
        .and_then(|rows| rows.pointer("/0/behaviour")?.as_str().map(str::to_owned))
        .unwrap_or_else(|| "honest".to_owned())
}

/// Never comes back.
pub fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

/// What comes back instead of the honest answer, which has records of `entity`.
pub fn as_told(
    behaviour: &str,
    entity: &str,
    ctx: &SessionContext,
    honest: Vec<Segment>,
) -> Result<Vec<Segment>, PluginError> {
    let own = ctx.tenant_id.to_string();
    let edited = |edit: &dyn Fn(&str) -> String| {
        honest
            .iter()
            .map(|segment| Segment {
                entity: segment.entity.clone(),
                rows: edit(&segment.rows),
            })
            .collect()
    };
    let replaced = |from: &str, to: &str| edited(&|rows| rows.replacen(from, to, 1));
    let rows = |rows: &str| {
        vec![Segment {
            entity: entity.into(),
            rows: rows.into(),
        }]
    };
    Ok(match behaviour {
        "panic" => panic!("the puppet was told to panic"),
        "loop" => spin(),
        "loop-off-the-hour" if ctx.session_created_at % HOUR != 0 => spin(),
        "loop-logging" => loop {
            log(Level::Debug, "and again");
        },
        "keep-state" => {
            let calls = CALLS.fetch_add(1, Ordering::Relaxed);
            replaced("\"text\":\"", &format!("\"text\":\"call {calls}: "))
        }
        "nan" => {
            let [none, nothing] = std::hint::black_box([0.0_f64; 2]);
            let bits = (-(none / nothing)).to_bits();
            replaced("\"text\":\"", &format!("\"text\":\"{bits:016x}: "))
        }
        "hash-order" => {
            // Seeded anew in every process elsewhere; here there is nothing to seed it with.
            let letters: HashSet<char> = ('a'..='p').collect();
            let order: String = letters.into_iter().collect();
            replaced("\"text\":\"", &format!("\"text\":\"{order}: "))
        }
        "recurse" => rows(&recurse(1).to_string()),
        "grow" => grow(),
        "log-flood" => {
            for line in 0..100_000 {
                log(Level::Info, &format!("line {line} of a flood"));
            }
            honest
        }
        "fail" => return Err(PluginError::Failed("the puppet was told to fail".into())),
        "fail-off-the-hour" if ctx.session_created_at % HOUR != 0 => {
            return Err(PluginError::Failed("the puppet plays on the hour".into()));
        }
        "giant-output" => rows(&format!("[\"{}\"]", "x".repeat(40 << 20))),
        "many-records" => rows(&format!("[{}{{}}]", "{},".repeat(60_000))),
        "million-records" => rows(&format!("[{}{{}}]", "{},".repeat(1_000_000))),
        "foreign-entity" => vec![Segment {
            entity: "letter".into(),
            rows: "[]".into(),
        }],
        "entity-twice" => [honest.clone(), honest].concat(),
        "foreign-tenant" => replaced(
            &format!("\"tenant_id\":\"{own}\""),
            "\"tenant_id\":\"00000000-0000-4000-8000-00000000dead\"",
        ),
        "forged-id" => edited(&|rows| forge_id(rows)),
        "id-twice" => edited(&|rows| {
            let record = rows.trim_start_matches('[').trim_end_matches(']');
            format!("[{record},{record}]")
        }),
        "not-json" => rows("[{\"id\": nonsense}]"),
        "truncated-json" => {
            edited(&|rows| rows.get(..rows.len() / 2).unwrap_or_default().to_owned())
        }
        "not-an-array" => rows("{}"),
        "not-records" => rows("[1, 2]"),
        "key-twice" => replaced("{", "{\"text\":\"first\","),
        "nul" => replaced("\"text\":\"", "\"text\":\"\\u0000"),
        "lone-surrogate" => replaced("\"text\":\"", "\"text\":\"\\ud800"),
        "huge-number" => replaced("\"weight\":", "\"weight\":1e999,\"spare\":"),
        "deep" => rows(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        "long-number" => {
            let long = format!("\"weight\":0.{}", "3".repeat(18_000));
            replaced("\"weight\":1.5", &long)
        }
        "upper-case-id" => edited(&|rows| upper_case_id(rows)),
        "many-keys" => {
            let keys: String = (0..50_000).map(|n| format!("\"surprise{n}\":0,")).collect();
            replaced("{", &format!("{{{keys}"))
        }
        "many-values" => replaced("{", &format!("{{\"spare\":[{}0],", "0,".repeat(400_000))),
        "long-key" => replaced("{", &format!("{{\"{}\\u001b\":0,", "k".repeat(1 << 20))),
        "fail-at-length" => return Err(PluginError::Failed(at_length())),
        "panic-at-length" => panic!("{}", at_length()),
        "log-at-length" => {
            log(Level::Info, &at_length());
            honest
        }
        "spaced" => edited(&|rows| {
            let spaced = rows.replace(',', " ,\n\t").replace(':', " : ");
            format!("{}{spaced}{}", " ".repeat(1 << 20), "\r\n".repeat(1 << 20))
        }),
        "heavy" => replaced(
            "\"text\":\"",
            &format!("\"text\":\"{}", "x".repeat(1 << 20)),
        ),
        "schema" => replaced("\"weight\":", "\"weight\":-"),
        "unknown-field" => replaced("{", "{\"surprise\":true,"),
        "dangling" => edited(&|rows| dangle(rows)),
        "nothing" => Vec::new(),
        _ => honest,
    })
}

/// The first record's id, replaced by one that derives from nothing.
fn forge_id(rows: &str) -> String {
    replace_uuid(rows, "\"id\":\"")
}

/// The first record's id, in upper case.
fn upper_case_id(rows: &str) -> String {
    const UUID: usize = 36;
    let Some((before, after)) = rows.split_once("\"id\":\"") else {
        return rows.to_owned();
    };
    let (id, rest) = after.split_at(UUID);
    format!("{before}\"id\":\"{}{rest}", id.to_ascii_uppercase())
}

/// A text that begins with what a terminal obeys and what PostgreSQL does not take.
pub fn at_length() -> String {
    format!("said\u{0}\u{1b}[2J{}", "x".repeat(60_000))
}

/// The first reference, replaced by one to nothing.
fn dangle(rows: &str) -> String {
    replace_uuid(rows, "\"about_id\":\"")
}

fn replace_uuid(rows: &str, key: &str) -> String {
    const UUID: usize = 36;
    let Some((before, after)) = rows.split_once(key) else {
        return rows.to_owned();
    };
    let rest = after.get(UUID..).unwrap_or_default();
    format!("{before}{key}00000000-0000-4000-8000-0000000f0f0f{rest}")
}

#[expect(unconditional_recursion, reason = "this is the misbehaviour")]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    recurse(depth + 1) + frame.iter().sum::<u64>()
}

fn grow() -> ! {
    let mut held = Vec::new();
    loop {
        held.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}
