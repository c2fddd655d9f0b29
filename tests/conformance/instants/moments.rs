//! When the sessions of the matrix are created.

use chrono::{DateTime, Duration, Utc};

use crate::support::on_postgres;

/// How much thinner the matrix is where it was walked on another store before: what it claims is the plugins'
/// doing, and no store's.
const THINNER: usize = 9;

/// All of them on SQLite, one in nine on PostgreSQL.
pub(super) fn walked() -> Vec<DateTime<Utc>> {
    let step = if on_postgres() { THINNER } else { 1 };
    all().into_iter().step_by(step).collect()
}

/// Every hour of a week and its midnights, month ends, 29 February, the year's end, the hours at which the
/// clocks change in Spain, the first and last years, and 60 more.
fn all() -> Vec<DateTime<Utc>> {
    let monday = at("2026-03-02T00:00:00Z");
    let mut all: Vec<_> = (0..168)
        .map(|hour| monday + Duration::hours(hour))
        .collect();
    all.extend((1..=7).map(|day| monday + Duration::days(day) - Duration::microseconds(1)));
    for month in 2..=12 {
        // The last microsecond of a month, and the first of the next, which Europe has an hour sooner.
        let next = at(&format!("2027-{month:02}-01T00:00:00Z"));
        all.push(next - Duration::microseconds(1));
        all.push(next - Duration::minutes(30));
    }
    all.extend(
        [
            "2000-01-01T00:00:00Z",
            "2025-12-13T06:00:00Z",
            "2026-12-31T23:59:59.999999Z",
            "2027-01-01T00:00:00Z",
            "2027-03-28T01:00:00Z",
            "2027-10-31T01:00:00Z",
            "2028-02-28T23:59:59Z",
            "2028-02-29T00:00:00Z",
            "2028-02-29T05:00:00Z",
            "2028-02-29T12:00:00.000001Z",
            "2028-02-29T23:59:59.999999Z",
            "2028-03-01T00:00:00Z",
            "2099-12-31T18:30:00Z",
        ]
        .map(at),
    );
    all.extend(random(60));
    all
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Instants of 2000 to 2100, to the microsecond, the same in every run: SplitMix64 from a fixed seed.
fn random(count: usize) -> impl Iterator<Item = DateTime<Utc>> {
    let first = at("2000-01-01T00:00:00Z").timestamp_micros();
    let span = at("2100-01-01T00:00:00Z").timestamp_micros() - first;
    let mut state: u64 = 0x1e7a_1200_2025_1213;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let offset = i64::try_from(mixed >> 1).unwrap() % span;
        DateTime::from_timestamp_micros(first + offset).unwrap()
    })
    .take(count)
}
