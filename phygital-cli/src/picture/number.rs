//! Numbers as people read them, without rounding.

/// A count with its thousands apart: `1,234,567`.
pub(crate) fn count(value: u128) -> String {
    grouped(&value.to_string())
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount in minor units as an exact decimal: 123456 with exponent 2 is `1,234.56`. A negative one has a true minus
/// sign.
pub(crate) fn money(minor: i128, exponent: u8) -> String {
    let decimals = usize::from(exponent);
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals + 1);
    let (major, minor_digits) = digits.split_at(digits.len() - decimals);
    let sign = if minor < 0 { "\u{2212}" } else { "" };
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{}{point}{minor_digits}", grouped(major))
}

/// A mark on an axis, short and exact: `950`, `1.5M`. For round values, since digits that the unit cannot hold are kept.
pub(crate) fn mark(value: u128) -> String {
    const UNITS: [(u128, &str); 6] = [
        (1_000_000_000_000_000_000, "e18"),
        (1_000_000_000_000_000, "e15"),
        (1_000_000_000_000, "T"),
        (1_000_000_000, "B"),
        (1_000_000, "M"),
        (1_000, "k"),
    ];
    if value < 1_000 {
        return value.to_string();
    }
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| value >= *unit).expect("the last unit is 1,000");
    let zeros = unit.to_string().len() - 1;
    let part = format!("{:0>zeros$}", value % unit);
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    format!("{}{point}{part}{name}", value / unit)
}

/// A mark on a money axis: whole amounts short, others as exact decimals.
pub(crate) fn money_mark(minor: i128, exponent: u8) -> String {
    let whole =
        10_u128.checked_pow(exponent.into()).filter(|unit| minor.unsigned_abs().is_multiple_of(*unit));
    match whole {
        Some(unit) => {
            let sign = if minor < 0 { "\u{2212}" } else { "" };
            format!("{sign}{}", mark(minor.unsigned_abs() / unit))
        }
        None if minor == 0 => "0".to_owned(),
        None => money(minor, exponent),
    }
}

/// `2026-03-09` as `9 Mar`; text of another form as it is, at most six characters of it.
pub(crate) fn day_label(day: &str) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = day.splitn(3, '-').skip(1).map(str::parse::<usize>);
    match (parts.next(), parts.next()) {
        (Some(Ok(month @ 1..=12)), Some(Ok(day))) => format!("{day} {}", MONTHS[month - 1]),
        _ => day.chars().take(6).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        cases.iter().for_each(|&(value, text)| assert_eq!(count(value), text));
        assert_eq!(count(u64::MAX.into()), "18,446,744,073,709,551,615");
    }

    #[test]
    fn money_is_exact_at_every_exponent() {
        assert_eq!(money(123_456, 2), "1,234.56");
        assert_eq!(money(123_456, 0), "123,456");
        assert_eq!(money(5, 3), "0.005");
        assert_eq!(money(0, 2), "0.00");
        assert_eq!(money(-1_050, 2), "\u{2212}10.50");
        assert_eq!(money(i64::MAX.into(), 2), "92,233,720,368,547,758.07");
        assert_eq!(money(i64::MIN.into(), 0), "\u{2212}9,223,372,036,854,775,808");
        assert_eq!(money(7, 255).len(), 257);
    }

    #[test]
    fn marks_are_short() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1k"),
            (2_500, "2.5k"),
            (1_500_000, "1.5M"),
            (20_000_000_000, "20B"),
            (5_000_000_000_000, "5T"),
            (2_000_000_000_000_000, "2e15"),
            (20_000_000_000_000_000_000, "20e18"),
        ];
        cases.iter().for_each(|&(value, text)| assert_eq!(mark(value), text));
        assert_eq!(money_mark(50, 2), "0.50");
        assert_eq!(money_mark(-2_000_000, 2), "\u{2212}20k");
        assert_eq!(money_mark(0, 255), "0");
    }

    #[test]
    fn days_are_named_where_they_are_days() {
        assert_eq!(day_label("2026-03-09"), "9 Mar");
        assert_eq!(day_label("2026-13-09"), "2026-1");
        assert_eq!(day_label("day one of the sale"), "day on");
        assert_eq!(day_label(""), "");
    }
}
