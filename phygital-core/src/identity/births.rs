//! Whether two dates of birth may be one person's.

use super::spelling::within;

/// Digits of a whole date.
const WHOLE: usize = 8;

/// Digits of a year alone.
const YEAR: usize = 4;

/// Whether two dates of birth, digits alone, may be one person's: equal, the same digits in another order (day and month
/// swapped, two figures turned), one slip of the pen apart, or one of them the year of the other. The same both ways.
///
/// ```
/// use phygital_core::identity::births_agree;
/// assert!(births_agree("19840314", "19841403"));
/// assert!(births_agree("19840314", "19840315"));
/// assert!(births_agree("1984", "19840314"));
/// assert!(!births_agree("19840314", "19860512"));
/// ```
#[must_use]
pub fn births_agree(one: &str, two: &str) -> bool {
    if one == two {
        return true;
    }
    match (one.len(), two.len()) {
        (YEAR, WHOLE) => two.starts_with(one),
        (WHOLE, YEAR) => one.starts_with(two),
        (WHOLE, WHOLE) => tally(one) == tally(two) || within(one, two, 1),
        // No date: all that can be said is that somebody mistyped one.
        _ => within(one, two, 1),
    }
}

/// How often each digit stands in a text.
fn tally(digits: &str) -> [u8; 10] {
    let mut count = [0; 10];
    for digit in digits.bytes().filter(u8::is_ascii_digit) {
        count[usize::from(digit - b'0')] += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slips_are_forgiven_and_other_days_are_not() {
        for (one, two) in [
            ("19840314", "19840314"),
            ("19840314", "14031984"),
            ("19840314", "19480314"),
            ("19840314", "1984031"),
            ("19840314", "19840324"),
            ("19840314", "1984"),
        ] {
            assert!(births_agree(one, two) && births_agree(two, one), "{one} {two}");
        }
        for (one, two) in
            [("19840314", "19840425"), ("19840314", "1985"), ("19840314", "99991231"), ("", "1984")]
        {
            assert!(!births_agree(one, two) && !births_agree(two, one), "{one} {two}");
        }
    }

    proptest! {
        #[test]
        fn agreement_is_the_same_both_ways(one in "[0-3]{0,9}", two in "[0-3]{0,9}") {
            prop_assert_eq!(births_agree(&one, &two), births_agree(&two, &one));
            prop_assert!(births_agree(&one, &one));
        }
    }
}
