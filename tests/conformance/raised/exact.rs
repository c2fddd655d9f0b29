//! Exact sums: numbers in millionths, as they are written.

use serde_json::Value;

/// A number in millionths; null and absent count as nothing.
pub(super) fn millionths(value: &Value) -> i128 {
    if value.is_null() {
        return 0;
    }
    let text = value.to_string();
    let (sign, text) = text
        .strip_prefix('-')
        .map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 6, "{value} has more than six decimals");
    let digits = format!("{whole}{fraction:0<6}");
    sign * digits.parse::<i128>().unwrap()
}

/// `part / whole` in whole per cent, halves away from zero; `None` without a whole.
pub(super) fn percent(part: i128, whole: i128) -> Option<f64> {
    (whole != 0).then(|| nearest(100 * part, whole) as f64)
}

/// `number / divisor` to the nearest whole number, halves away from zero.
pub(super) fn nearest(number: i128, divisor: i128) -> i128 {
    let (number, divisor) = (number * divisor.signum(), divisor.abs());
    let half = (2 * number.abs() + divisor) / (2 * divisor);
    half * number.signum()
}

#[test]
fn halves_go_away_from_zero() {
    assert_eq!((nearest(5, 2), nearest(-5, 2), nearest(7, -2)), (3, -3, -4));
    assert_eq!(millionths(&serde_json::json!(-1.25)), -1_250_000);
    assert_eq!(percent(1, 0), None);
}
