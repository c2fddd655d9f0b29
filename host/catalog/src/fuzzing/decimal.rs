//! The SDK's decimal numbers: as they are written, and a little arithmetic.

use levain_plugin::Decimal;

use crate::fuzzing::LONGEST_TEXT;

/// A line is a number, which must be read as it is written, or an operator and a number, which is
/// applied to the result so far: no arithmetic panics.
///
/// # Panics
/// If a property is violated.
pub fn decimal(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut result = Decimal::ZERO;
    for line in text.lines() {
        let (operator, number) = match line.split_at_checked(1) {
            Some((operator @ ("+" | "*" | "/" | "%" | "r" | "t"), number)) => (operator, number),
            _ => ("", line),
        };
        let Some(number) = read(number) else { continue };
        let places = u32::try_from(number.trunc().rem_euclid(12)).unwrap_or_default();
        result = match operator {
            "+" => result + number,
            "*" => result.times(number),
            "/" => result.over(number, places).unwrap_or(-result),
            "%" => result.percent_of(number, places).unwrap_or_default(),
            "r" => result.rounded(places),
            "t" => result.rounded_to(number),
            _ => number,
        };
        let _ = (result.abs(), -result, result - number, result.trunc());
        check(result);
    }
}

/// Reads a number and holds it against what its text means to others.
fn read(text: &str) -> Option<Decimal> {
    let read = match text.parse::<Decimal>() {
        Ok(read) => read,
        Err(error) => {
            assert!(error.to_string().len() <= text.len() + LONGEST_TEXT);
            assert!(!is_plain(text), "refused: {text}");
            let blank = text.trim() != text;
            assert!(blank || serde_json::from_str::<Decimal>(text).is_err());
            return None;
        }
    };
    let float: f64 = match text.parse() {
        Ok(float) => float,
        Err(_) => panic!("a decimal, and no number: {text}"),
    };
    let distance = (float - read.to_f64()).abs();
    assert!(distance <= float.abs() * 1e-14, "{text} is read as {read}");
    // A JSON number is read the same way within JSON.
    if let Ok(json) = serde_json::from_str::<Decimal>(text) {
        assert_eq!(json, read);
    }
    check(read);
    Some(read)
}

/// The shortest form is a JSON number, and is read as the same.
fn check(decimal: Decimal) {
    let written = decimal.to_string();
    assert!(written.len() <= 50);
    assert!(serde_json::from_str::<serde_json::Number>(&written).is_ok());
    assert_eq!(decimal.to_string().parse().unwrap_or(decimal), decimal);
    let fraction = written.split_once('.').map(|(_, fraction)| fraction);
    assert!(fraction.is_none_or(|fraction| !fraction.ends_with('0') && fraction.len() <= 9));
}

/// Whether a text is a JSON number of few digits and no exponent, which every reader takes.
fn is_plain(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    text.len() <= 20
        && whole.len() <= 10
        && fraction.len() <= 9
        && !text.contains(['e', 'E'])
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
        && text.trim() == text
}
