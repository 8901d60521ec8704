//! How many slips of the pen lie between two words.

use super::matching::VALUE_CHARS_MAX;

/// Whether two words are at most so many edits apart: a sign put in, left out or put for another, or two neighbours
/// swapped (optimal string alignment: nothing is edited twice). Signs past [`VALUE_CHARS_MAX`] count for nothing, so a
/// comparison costs at most a hundred rows of `2 * most + 1` cells.
pub(super) fn within(one: &str, two: &str, most: usize) -> bool {
    if one == two {
        return true;
    }
    if one.is_ascii() && two.is_ascii() {
        let cut = |word: &str| word.len().min(VALUE_CHARS_MAX);
        return aligned(&one.as_bytes()[..cut(one)], &two.as_bytes()[..cut(two)], most);
    }
    let signs = |word: &str| word.chars().take(VALUE_CHARS_MAX).collect::<Vec<char>>();
    aligned(&signs(one), &signs(two), most)
}

fn aligned<Sign: Copy + Eq>(one: &[Sign], two: &[Sign], most: usize) -> bool {
    // What both begin and end with needs no edit.
    let head = one.iter().zip(two).take_while(|(a, b)| a == b).count();
    let (one, two) = (&one[head..], &two[head..]);
    let tail = one.iter().rev().zip(two.iter().rev()).take_while(|(a, b)| a == b).count();
    let (one, two) = (&one[..one.len() - tail], &two[..two.len() - tail]);
    if one.len().abs_diff(two.len()) > most {
        return false;
    }
    if one.is_empty() || two.is_empty() {
        return true;
    }
    // Distances of the first `row` signs of the one to each start of the other; only cells near the diagonal can be small.
    const WIDTH: usize = VALUE_CHARS_MAX + 1;
    let far = most + 1;
    let (mut before, mut above, mut row) = ([far; WIDTH], [far; WIDTH], [far; WIDTH]);
    let mut least_above = 0;
    for (column, cell) in above.iter_mut().enumerate().take(two.len() + 1) {
        *cell = column.min(far);
    }
    for i in 1..=one.len() {
        let (from, to) = (i.saturating_sub(most).max(1), (i + most).min(two.len()));
        row.fill(far);
        row[0] = i.min(far);
        let mut least = row[0];
        for j in from..=to {
            let differs = usize::from(one[i - 1] != two[j - 1]);
            let mut cell = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + differs);
            if i > 1 && j > 1 && one[i - 1] == two[j - 2] && one[i - 2] == two[j - 1] {
                cell = cell.min(before[j - 2] + 1);
            }
            row[j] = cell.min(far);
            least = least.min(row[j]);
        }
        // A swap reaches over one row, and no further.
        if least == far && least_above == far {
            return false;
        }
        least_above = least;
        (before, above, row) = (above, row, before);
    }
    above[two.len()] <= most
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slips_are_counted_up_to_the_limit() {
        assert!(within("martin", "maritn", 1) && within("jon", "john", 1) && within("", "a", 1));
        assert!(!within("martin", "matrni", 1) && within("martin", "matrni", 2));
        assert!(!within("ca", "abc", 2), "nothing is edited twice");
        assert!(within("jos\u{e9}", "jose", 1) && !within("jos\u{e9}", "josue", 0));
    }

    #[test]
    fn what_lies_past_the_end_counts_for_nothing() {
        let long = "x".repeat(VALUE_CHARS_MAX);
        assert!(within(&format!("{long}abc"), &format!("{long}d"), 0));
        assert!(!within(&format!("a{long}"), &format!("{long}b"), 0));
        let million = "xy".repeat(500_000);
        assert!(!within(&million, &"yz".repeat(500_000), 2));
    }

    proptest! {
        #[test]
        fn as_the_whole_table_says(one in "[abc\u{e9}]{0,9}", two in "[abc\u{e9}]{0,9}", most in 0usize..4) {
            prop_assert_eq!(within(&one, &two, most), strsim::osa_distance(&one, &two) <= most);
        }
    }
}
