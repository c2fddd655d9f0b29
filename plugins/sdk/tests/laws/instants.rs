//! When sessions are created: all over a week, and where calendars break.

use levain_plugin::time::{HOUR, Micros, parse};

/// 2026-03-02T10:00:00Z, a Monday.
pub const SOME: Micros = 1_772_445_600_000_000;

pub fn all() -> Vec<Micros> {
    // Five does not divide a day: the hours of a week come up on different days.
    let week = (0..168).step_by(5).map(|hour| SOME + hour * HOUR);
    let edges = [
        "2000-01-01T00:00:00Z",
        "2024-02-29T23:59:59.999999Z",
        "2025-12-12T23:30:00Z",
        "2025-12-13T06:00:00Z",
        "2025-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z",
        "2026-02-28T18:45:10.000001Z",
        "2028-02-29T05:00:00Z",
        "2099-12-31T19:59:00Z",
    ];
    week.chain(edges.into_iter().map(|text| parse(text).unwrap()))
        .collect()
}
