//! Exact decimal numbers: quantities and prices as they are written.
//!
//! A sum of binary floats depends on the order of its terms, and a limit such as "90 %" can fall on either
//! side of one. Records have few decimals, so a rule counts in billionths and rounds once, at the end.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// Decimal places that a [`Decimal`] keeps.
const PLACES: u32 = 9;
const ONE: i128 = 1_000_000_000;

/// A number with up to nine decimals, exactly.
///
/// It reads a JSON number as it is written and writes it in its shortest form: `5.10` is read as what
/// `5.1` is, and no detour through binary changes it. Arithmetic saturates, at 10²⁹.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number.
    pub const fn whole(number: i64) -> Self {
        Self(number as i128 * ONE)
    }

    /// `number` divided by `10^places`: `Decimal::new(125, 2)` is 1.25. Places over nine are cut.
    pub const fn new(number: i64, places: u32) -> Self {
        if places > PLACES {
            Self(number as i128 / 10_i128.pow(places - PLACES))
        } else {
            Self(number as i128 * 10_i128.pow(PLACES - places))
        }
    }

    /// The nearest decimal of so many places, for what only binary floats can compute (a root, a slope);
    /// none for what is no number or reaches too far.
    pub fn nearest(number: f64, places: u32) -> Option<Self> {
        let places = places.min(PLACES);
        let scaled = (number * 10_f64.powi(i32::try_from(places).ok()?)).round();
        // Up to here every whole float is an exact integer.
        (scaled.abs() < 9e15).then_some(Self(scaled as i128 * 10_i128.pow(PLACES - places)))
    }

    /// As a binary float, for what is not exact anyway.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    /// The product, rounded half away from zero at the ninth place. Saturates.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        if let Some(product) = short_product(self.0, other.0) {
            return Self(product);
        }
        match self.0.checked_mul(other.0) {
            Some(product) => Self(quotient(product, ONE)),
            None => Self(if (self.0 < 0) == (other.0 < 0) {
                i128::MAX
            } else {
                i128::MIN
            }),
        }
    }

    /// The quotient, rounded half away from zero at a place; none where the divisor is zero.
    pub fn over(self, divisor: Self, places: u32) -> Option<Self> {
        if divisor.0 == 0 {
            return None;
        }
        let places = places.min(PLACES);
        let scaled = self.0.checked_mul(10_i128.pow(places))?;
        Some(Self(
            quotient(scaled, divisor.0).saturating_mul(10_i128.pow(PLACES - places)),
        ))
    }

    /// How many hundredths of `whole` this is, rounded half away from zero at a place; none where the
    /// whole is zero.
    pub fn percent_of(self, whole: Self, places: u32) -> Option<Self> {
        Self(self.0.saturating_mul(100)).over(whole, places)
    }

    /// Rounded half away from zero to so many places.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        let unit = 10_i128.pow(PLACES - places.min(PLACES));
        Self(quotient(self.0, unit).saturating_mul(unit))
    }

    /// Rounded half away from zero to a multiple of a step above zero, such as ten euros.
    #[must_use]
    pub fn rounded_to(self, step: Self) -> Self {
        if step.0 <= 0 {
            return self;
        }
        Self(quotient(self.0, step.0).saturating_mul(step.0))
    }

    /// Without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// The whole part, without what is behind the point.
    pub fn trunc(self) -> i64 {
        i64::try_from(self.0 / ONE).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }
}

/// The product of two numbers of billionths, rounded half away from zero, where all of it stays within 64
/// bits; see [`read_short`].
fn short_product(one: i128, other: i128) -> Option<i128> {
    const ONE: u64 = 1_000_000_000;
    /// Of the whole parts: what is added up below stays under 2⁶³.
    const MOST: u64 = 60_000;
    let split = |number: i128| {
        let magnitude = u64::try_from(number.unsigned_abs()).ok()?;
        let whole = magnitude / ONE;
        (whole < MOST).then_some((whole, magnitude % ONE))
    };
    let ((whole, part), (other_whole, other_part)) = (split(one)?, split(other)?);
    let product = whole * other_whole * ONE
        + whole * other_part
        + other_whole * part
        + (part * other_part + ONE / 2) / ONE;
    let product = i128::from(product);
    Some(if (one < 0) == (other < 0) {
        product
    } else {
        -product
    })
}

/// A quotient rounded half away from zero. The divisor is not zero.
fn quotient(dividend: i128, divisor: i128) -> i128 {
    // The least number over -1 is one more than the greatest.
    let (whole, rest) = (
        dividend.saturating_div(divisor),
        dividend.wrapping_rem(divisor),
    );
    if rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs() {
        whole
            + if (dividend < 0) == (divisor < 0) {
                1
            } else {
                -1
            }
    } else {
        whole
    }
}

impl Add for Decimal {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Decimal {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Decimal {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Decimal {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Decimal {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self::whole(number)
    }
}

impl fmt::Display for Decimal {
    /// The shortest form, a JSON number: `-5`, `0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, digits) = (ONE.unsigned_abs(), self.0.unsigned_abs());
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:09}", digits % one);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{}", digits / one),
            fraction => write!(f, "{sign}{}.{fraction}", digits / one),
        }
    }
}

impl std::str::FromStr for Decimal {
    type Err = NotDecimal;

    /// Reads a JSON number, exponents included.
    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        read(text)
            .map(Self)
            .ok_or_else(|| NotDecimal(text.to_owned()))
    }
}

/// A text that is no number of at most nine decimals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number of at most nine decimals up to 10^19")]
pub struct NotDecimal(String);

fn read(text: &str) -> Option<i128> {
    match read_short(text) {
        Some(billionths) => Some(i128::from(billionths)),
        None => read_any(text),
    }
}

/// What nearly every number is: few digits, nine places at most and no exponent. Its billionths stay within 64
/// bits, and it has no digit too many to be asked at each whether they do: for both, WebAssembly calls a
/// function where other machines have an instruction. None for any other number, and for what is none.
fn read_short(text: &str) -> Option<i64> {
    /// Digits of the whole part: with nine places behind them, below 10¹⁸.
    const WHOLE: usize = 9;
    let (sign, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (-1, digits),
        digits => (1, digits),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, places) = match point {
        Some(point) => (point, digits.len() - point - 1),
        None => (digits.len(), 0),
    };
    let shift = PLACES.checked_sub(u32::try_from(places).ok()?)?;
    if !(1..=WHOLE).contains(&whole) || (places == 0 && point.is_some()) {
        return None;
    }
    let mut number = 0_i64;
    for (place, byte) in digits.iter().enumerate() {
        if place != whole {
            let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
            number = number * 10 + digit;
        }
    }
    Some(sign * number * 10_i64.pow(shift))
}

fn read_any(text: &str) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, digits) = mantissa
        .strip_prefix('-')
        .map_or((1, mantissa), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || (fraction.is_empty() && digits.contains('.')) {
        return None;
    }
    let mut number = 0_i128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = digit.is_ascii_digit().then(|| i128::from(digit - b'0'))?;
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    let shift = i32::try_from(PLACES).ok()?.checked_sub(places)?;
    let scaled = match u32::try_from(shift) {
        _ if number == 0 => 0,
        Ok(shift) => number.checked_mul(10_i128.checked_pow(shift)?)?,
        Err(_) => {
            let cut = 10_i128.checked_pow(shift.unsigned_abs())?;
            (number % cut == 0).then_some(number / cut)?
        }
    };
    (scaled / ONE <= 10 * ONE * ONE).then_some(sign * scaled)
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        raw.get().parse().map_err(de::Error::custom)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_as_they_are_written() {
        for (text, short) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("5.10", "5.1"),
            ("-12.000000001", "-12.000000001"),
            ("1.5e3", "1500"),
            ("25E-2", "0.25"),
            ("1.2500000000", "1.25"),
            ("100000000000000000", "100000000000000000"),
        ] {
            assert_eq!(decimal(text).to_string(), short, "{text}");
        }
        for text in [
            "",
            "-",
            "1.",
            ".5",
            "+1",
            "1e",
            "0x1",
            "1.0000000001",
            "1e400",
            "1e-400",
            "1 ",
            "9e99",
        ] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert_eq!(decimal("0e400"), Decimal::ZERO);
        assert_eq!(read_short("-12.50"), Some(-12_500_000_000));
        assert_eq!(short_product(1_500_000_000, -2 * ONE), Some(-3 * ONE));
    }

    proptest! {
        #[test]
        fn the_short_ways_are_the_long_ones(
            text in "-?[0-9]{0,11}(\\.[0-9]{0,10})?",
            one in -70_000_000_000_000_i128..70_000_000_000_000,
            other in -70_000_000_000_000_i128..70_000_000_000_000,
        ) {
            if let Some(short) = read_short(&text) {
                prop_assert_eq!(Some(i128::from(short)), read_any(&text));
            }
            if let Some(short) = short_product(one, other) {
                prop_assert_eq!(short, quotient(one * other, ONE));
            }
        }
    }

    #[test]
    fn json_in_and_out() {
        let numbers: Vec<Decimal> = serde_json::from_str("[0.1, 0.2, 87.0, -3]").unwrap();
        assert_eq!(numbers.iter().copied().sum::<Decimal>(), decimal("84.3"));
        assert_eq!(serde_json::to_string(&numbers).unwrap(), "[0.1,0.2,87,-3]");
        assert!(serde_json::from_str::<Decimal>("\"5\"").is_err());
        assert!(serde_json::from_str::<Decimal>("null").is_err());
        assert_eq!(
            serde_json::from_str::<Option<Decimal>>("null").unwrap(),
            None
        );
    }

    #[test]
    fn halves_round_away_from_zero() {
        for (text, whole) in [
            ("86.5", 87),
            ("86.499999999", 86),
            ("-86.5", -87),
            ("-0.4", 0),
        ] {
            assert_eq!(decimal(text).rounded(0), Decimal::whole(whole), "{text}");
        }
        assert_eq!(
            decimal("1195").rounded_to(Decimal::whole(10)),
            decimal("1200")
        );
        assert_eq!(
            decimal("-1204.99").rounded_to(Decimal::whole(10)),
            decimal("-1200")
        );
        assert_eq!(decimal("1").over(decimal("8"), 2), Some(decimal("0.13")));
        assert_eq!(decimal("-1").over(decimal("8"), 2), Some(decimal("-0.13")));
        assert_eq!(
            decimal("19").percent_of(decimal("20"), 0),
            Some(decimal("95"))
        );
        assert_eq!(decimal("19").percent_of(Decimal::ZERO, 0), None);
        assert_eq!(Decimal::nearest(0.1 + 0.2, 3), Some(decimal("0.3")));
        assert_eq!(Decimal::nearest(f64::NAN, 3), None);
        assert_eq!(Decimal::new(125, 2), decimal("1.25"));
        assert_eq!((decimal("-1.9").trunc(), decimal("1.9").trunc()), (-1, 1));
    }

    proptest! {
        #[test]
        fn text_and_number_are_one_to_one(number: i64, places in 0..10_u32) {
            let decimal = Decimal::new(number, places);
            prop_assert_eq!(decimal.to_string().parse(), Ok(decimal));
            prop_assert_eq!(serde_json::from_str::<Decimal>(&serde_json::to_string(&decimal).unwrap()).unwrap(), decimal);
        }

        #[test]
        fn sums_do_not_depend_on_the_order(mut terms in proptest::collection::vec(any::<i32>(), 0..20)) {
            let sum = |terms: &[i32]| terms.iter().map(|term| Decimal::new(i64::from(*term), 3)).sum::<Decimal>();
            let before = sum(&terms);
            terms.sort_unstable();
            prop_assert_eq!(before, sum(&terms));
        }

        #[test]
        fn products_and_quotients_undo_each_other(a in -1_000_000_i64..1_000_000, b in 1..1_000_000_i64) {
            let (a, b) = (Decimal::new(a, 3), Decimal::new(b, 3));
            prop_assert_eq!(a.times(b).over(b, 9), Some(a));
        }

        #[test]
        fn no_text_panics(text in "-?[0-9.eE+-]{0,12}") {
            let _ = text.parse::<Decimal>();
        }
    }
}
