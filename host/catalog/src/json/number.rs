//! Which numbers can be stored: those that every reader reads as the same double.

/// The most characters of a number. No double needs more, written out to its last digit: 1,074 digits behind the
/// point, or 309 before it.
const LONGEST: usize = 1_100;
/// The largest exponent, either way: with as many digits, a number stays far within the 16,383 digits behind the point
/// that `numeric` of PostgreSQL has.
const EXPONENT: u32 = 1_100;

/// Why a number written as `text` and read as `value` is rejected.
pub(super) fn refuse(text: &str, value: f64) -> Option<String> {
    if text.len() > LONGEST {
        return Some(format!(
            "a number of {} characters; at most {LONGEST} are kept, more than any double needs",
            text.len()
        ));
    }
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse().ok()),
        None => (text, Some(0)),
    };
    if exponent.is_none_or(|exponent: i32| exponent.unsigned_abs() > EXPONENT) {
        return Some(format!(
            "the exponent of {text} is out of range; at most {EXPONENT}, either way, is kept"
        ));
    }
    // A number that underflows is zero to one reader and not to another.
    let is_zero = !digits.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
    (value == 0.0 && !is_zero)
        .then(|| format!("{text} is smaller than any double but zero; write 0"))
}
