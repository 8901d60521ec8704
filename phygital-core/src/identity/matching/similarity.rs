//! How alike two texts are, for texts of a few signs and for the questions that matter: few slips or not, above a mark or not.

use strsim::{jaro_winkler, osa_distance};

/// Longest text in bytes whose signs fit the bits of a number.
const SHORT: usize = 64;

/// How many slips of the pen lie between two texts, up to `most`, which is at most 2: a sign too many, too few, another, or
/// two in the other order, no sign twice (optimal string alignment: Damerau 1964). `None` for more.
pub(super) fn slips(one: &str, two: &str, most: usize) -> Option<usize> {
    if one.is_ascii() && two.is_ascii() {
        return slips_between(one.as_bytes(), two.as_bytes(), most);
    }
    Some(osa_distance(one, two)).filter(|slips| *slips <= most)
}

/// What both begin and end with costs nothing; at the first difference each kind of slip is tried.
fn slips_between(mut one: &[u8], mut two: &[u8], most: usize) -> Option<usize> {
    if one.len().abs_diff(two.len()) > most {
        return None;
    }
    let begin = one.iter().zip(two).take_while(|(a, b)| a == b).count();
    (one, two) = (&one[begin..], &two[begin..]);
    let end = one.iter().rev().zip(two.iter().rev()).take_while(|(a, b)| a == b).count();
    (one, two) = (&one[..one.len() - end], &two[..two.len() - end]);
    if one.is_empty() || two.is_empty() {
        return Some(one.len().max(two.len()));
    }
    let left = most.checked_sub(1)?;
    let crossed = one.len() > 1 && two.len() > 1 && (one[0], one[1]) == (two[1], two[0]);
    let ways = [
        slips_between(&one[1..], &two[1..], left),
        slips_between(&one[1..], two, left),
        slips_between(one, &two[1..], left),
        if crossed { slips_between(&one[2..], &two[2..], left) } else { None },
    ];
    ways.into_iter().flatten().min().map(|slips| slips + 1)
}

/// How alike two names are (Jaro 1989; Winkler 1990), 0 to 1; 0 at once where it cannot reach `least`. Not the same from the
/// other side: the lesser comes first.
pub(super) fn likeness(one: &str, two: &str, least: f64) -> f64 {
    if !one.is_ascii()
        || !two.is_ascii()
        || one.len().max(two.len()) > SHORT
        || one.is_empty()
        || two.is_empty()
    {
        return jaro_winkler(one, two);
    }
    let (one, two) = (one.as_bytes(), two.as_bytes());
    let signs = |text: &[u8]| text.iter().fold(0_u32, |signs, sign| signs | 1 << (sign & 31));
    let prefix = one.iter().zip(two).take(4).take_while(|(a, b)| a == b).count();
    if likeness_at_most((signs(one), one.len()), (signs(two), two.len()), prefix) < least {
        return 0.0;
    }
    let reach = (one.len().max(two.len()) / 2).saturating_sub(1);
    // Where each sign stands in the second, so that the window is searched at once.
    let mut places = [0_u64; 128];
    two.iter().enumerate().for_each(|(at, sign)| places[usize::from(*sign & 127)] |= 1 << at);
    let upto = |end: usize| if end >= SHORT { u64::MAX } else { (1 << end) - 1 };
    let (mut taken, mut matched) = (0_u64, 0_u64);
    for (at, sign) in one.iter().enumerate() {
        let window = upto(at + reach + 1) & !upto(at.saturating_sub(reach));
        let free = places[usize::from(*sign & 127)] & window & !taken;
        taken |= free & free.wrapping_neg();
        matched |= u64::from(free != 0) << at;
    }
    let (mut first, mut second, mut crossed) = (matched, taken, 0);
    while first != 0 {
        crossed += usize::from(one[first.trailing_zeros() as usize] != two[second.trailing_zeros() as usize]);
        first &= first - 1;
        second &= second - 1;
    }
    winkler(jaro(one.len(), two.len(), matched.count_ones() as usize, crossed / 2), prefix)
}

/// How alike two texts of so many signs can be at most, by the signs that are in them (a bit for the last five bits of each),
/// if they begin alike for so long.
pub(super) fn likeness_at_most(one: (u32, usize), two: (u32, usize), prefix: usize) -> f64 {
    // A sign that the other has not matches nothing.
    let most =
        (one.1 - (one.0 & !two.0).count_ones() as usize).min(two.1 - (two.0 & !one.0).count_ones() as usize);
    winkler(jaro(one.1, two.1, most, 0), prefix)
}

fn jaro(one: usize, two: usize, matched: usize, crossed: usize) -> f64 {
    if matched == 0 {
        return 0.0;
    }
    let found = matched as f64;
    (found / one as f64 + found / two as f64 + (matched - crossed) as f64 / found) / 3.0
}

fn winkler(jaro: f64, prefix: usize) -> f64 {
    if jaro > 0.7 { jaro + 0.1 * prefix as f64 * (1.0 - jaro) } else { jaro }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn slips_are_those_of_the_whole_table(one in "[abc1é]{0,9}", two in "[abc1é]{0,9}") {
            let all = osa_distance(&one, &two);
            for most in 0..=2 {
                prop_assert_eq!(slips(&one, &two, most), Some(all).filter(|all| *all <= most));
            }
        }

        #[test]
        fn slips_of_a_text_are_found(one in "[a-d]{2,70}", at in 0usize..70, sign in "[a-d]", kind in 0..4) {
            let mut signs: Vec<char> = one.chars().collect();
            let at = at % (signs.len() - 1);
            match kind {
                0 => signs[at] = sign.chars().next().unwrap_or('a'),
                1 => signs.insert(at, 'x'),
                2 => drop(signs.remove(at)),
                _ => signs.swap(at, at + 1),
            }
            let two: String = signs.into_iter().collect();
            prop_assert_eq!(slips(&one, &two, 2), Some(osa_distance(&one, &two)));
        }

        #[test]
        fn likeness_is_that_of_the_definition(one in "[a-f é]{0,12}", two in "[a-f é]{0,12}", least in 0.0..1.0) {
            let (whole, found) = (jaro_winkler(&one, &two), likeness(&one, &two, least));
            prop_assert!((found - whole).abs() < 1e-12 || found == 0.0 && whole < least);
        }

        #[test]
        fn long_texts_are_compared_too(one in "[a-f ]{50,80}", two in "[a-f ]{50,80}") {
            prop_assert!((likeness(&one, &two, 0.0) - jaro_winkler(&one, &two)).abs() < 1e-12);
        }
    }
}
