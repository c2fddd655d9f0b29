//! Pieces of Spanish text: dates, numbers and quantities as a bakery in Spain writes them.
//!
//! All times are UTC, as everywhere in the data.

use crate::Decimal;
use crate::time::{Day, HOUR, MINUTE, Micros, day_of, format_day, time_of_day};

/// A day: `13/12/2025`.
pub fn date(day: Day) -> String {
    let text = format_day(day);
    let mut parts = text.split('-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day)) => format!("{day}/{month}/{year}"),
        _ => text,
    }
}

/// An instant: `13/12/2025 06:00`. Seconds are cut.
pub fn date_time(instant: Micros) -> String {
    let of_day = time_of_day(instant);
    format!(
        "{} {:02}:{:02}",
        date(day_of(instant)),
        of_day / HOUR,
        of_day % HOUR / MINUTE
    )
}

/// A length of time of at least a minute in its two largest units: `2 d 3 h`, `1 h 45 min`, `40 min`.
/// Seconds are cut; a negative one is written as its opposite.
pub fn duration(length: Micros) -> String {
    let minutes = length.saturating_abs() / MINUTE;
    let units = [
        (minutes / 1_440, "d"),
        (minutes / 60 % 24, "h"),
        (minutes % 60, "min"),
    ];
    let largest = units.iter().position(|(count, _)| *count > 0).unwrap_or(2);
    let parts: Vec<String> = units
        .iter()
        .skip(largest)
        .take(2)
        .enumerate()
        .filter(|(place, (count, _))| *place == 0 || *count > 0)
        .map(|(_, (count, unit))| format!("{count} {unit}"))
        .collect();
    parts.join(" ")
}

/// A number in its shortest form: `1.234,5`.
pub fn number(number: Decimal) -> String {
    grouped(&number.to_string())
}

/// A number with exactly so many decimals, rounded half away from zero: `1.234,50`.
pub fn fixed(number: Decimal, places: u32) -> String {
    let text = number.rounded(places).to_string();
    let written = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let missing = usize::try_from(places)
        .unwrap_or_default()
        .saturating_sub(written);
    let point = if written == 0 && missing > 0 { "." } else { "" };
    grouped(&format!("{text}{point}{}", "0".repeat(missing)))
}

/// An amount of money: `1.234,50 €`.
pub fn euros(amount: Decimal) -> String {
    format!("{} €", fixed(amount, 2))
}

/// A share as a percentage, its number given in hundredths: `12,5 %`.
pub fn percent(hundredths: Decimal) -> String {
    format!("{} %", number(hundredths))
}

/// A quantity with its unit of measure, as the records spell it: `5 kg`, `1 unidad`, `12 unidades`.
pub fn quantity(quantity: Decimal, unit: &str) -> String {
    let unit = match unit {
        "units" if quantity.abs() == Decimal::whole(1) => "unidad",
        "units" => "unidades",
        other => other,
    };
    format!("{} {unit}", number(quantity))
}

/// A count with its noun: `1 lote`, `3 lotes`.
pub fn count(count: usize, one: &str, many: &str) -> String {
    let number = Decimal::whole(i64::try_from(count).unwrap_or(i64::MAX));
    format!(
        "{} {}",
        self::number(number),
        if count == 1 { one } else { many }
    )
}

/// A name inside of a sentence: `Brioche premium` becomes `brioche premium`. A name that begins with
/// several capitals stays as it is.
pub fn inside(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if !letters.clone().next().is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}

/// A product's name inside of a sentence, as a common noun: `Brioche Premium` becomes `brioche premium`.
/// Words with capitals after their first letter stay as they are.
pub fn common(name: &str) -> String {
    name.split(' ').map(inside).collect::<Vec<_>>().join(" ")
}

/// A name as a slug: `San Sebastián` becomes `san-sebastian`. What is neither a letter, with or without an
/// accent, nor a digit parts words.
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        let plain = match letter {
            'á' | 'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'ö' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            other => other,
        };
        if plain.is_ascii_alphanumeric() {
            slug.push(plain);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// A JSON number as Spanish writes it: dots between thousands, a comma before decimals.
fn grouped(number: &str) -> String {
    let (sign, digits) = number
        .strip_prefix('-')
        .map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(',');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, SECOND, parse};

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn dates_and_times() {
        let instant = parse("2025-12-03T06:05:59.999999Z").unwrap();
        assert_eq!(date_time(instant), "03/12/2025 06:05");
        assert_eq!(date(day_of(instant)), "03/12/2025");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (length, text) in [
            (0, "0 min"),
            (59 * SECOND, "0 min"),
            (40 * MINUTE, "40 min"),
            (-HOUR, "1 h"),
            (HOUR + 45 * MINUTE, "1 h 45 min"),
            (2 * DAY + 30 * MINUTE, "2 d"),
            (2 * DAY + 3 * HOUR + 30 * MINUTE, "2 d 3 h"),
        ] {
            assert_eq!(duration(length), text);
        }
    }

    #[test]
    fn numbers() {
        for (text, spanish) in [
            ("0", "0"),
            ("999", "999"),
            ("1234.5", "1.234,5"),
            ("-1234567.25", "-1.234.567,25"),
            ("-0.5", "-0,5"),
        ] {
            assert_eq!(number(decimal(text)), spanish);
        }
        for (text, places, spanish) in [
            ("1234.5", 2, "1.234,50"),
            ("1234", 2, "1.234,00"),
            ("0.125", 2, "0,13"),
            ("999.995", 2, "1.000,00"),
            ("12.34", 0, "12"),
        ] {
            assert_eq!(fixed(decimal(text), places), spanish);
        }
        assert_eq!(euros(decimal("1250")), "1.250,00 €");
        assert_eq!(percent(decimal("95.5")), "95,5 %");
    }

    #[test]
    fn quantities_and_names() {
        assert_eq!(quantity(decimal("2.50"), "kg"), "2,5 kg");
        assert_eq!(quantity(decimal("1"), "units"), "1 unidad");
        assert_eq!(quantity(decimal("1200"), "units"), "1.200 unidades");
        assert_eq!(count(1, "lote", "lotes"), "1 lote");
        assert_eq!(count(0, "lote", "lotes"), "0 lotes");
        assert_eq!(inside("Éclair de café"), "éclair de café");
        assert_eq!(inside("AOVE virgen"), "AOVE virgen");
        assert_eq!(inside("T"), "t");
        assert_eq!(inside(""), "");
        assert_eq!(
            common("Croissant de Mantequilla AOP"),
            "croissant de mantequilla AOP"
        );
        assert_eq!(slug("San Sebastián"), "san-sebastian");
        assert_eq!(slug("  L'Hospitalet, (Cataluña) "), "l-hospitalet-cataluna");
    }
}
