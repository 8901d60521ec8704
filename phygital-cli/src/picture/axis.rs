//! Where the marks of an axis stand.

/// A linear scale whose ends and marks are multiples of 1, 2 or 5 times a power of ten.
#[derive(Debug)]
pub(crate) struct Scale {
    low: i128,
    high: i128,
    step: i128,
}

/// Most intervals between marks: labels of five or six characters then fit beside one another.
const INTERVALS_MAX: i128 = 5;

impl Scale {
    /// The tightest scale that holds 0 and both values.
    pub(crate) fn holding(low: i128, high: i128) -> Self {
        let (low, high) = (low.min(0), high.max(1));
        let mut step = 1;
        loop {
            for factor in [1, 2, 5] {
                let step = step * factor;
                let scale =
                    Self { low: low.div_euclid(step) * step, high: -(-high).div_euclid(step) * step, step };
                if (scale.high - scale.low) / step <= INTERVALS_MAX {
                    return scale;
                }
            }
            step *= 10;
        }
    }

    /// The marks, ascending.
    pub(crate) fn marks(&self) -> impl Iterator<Item = i128> {
        (0..=(self.high - self.low) / self.step).map(|i| self.low + i * self.step)
    }

    /// How far along an axis of this length a value of the scale stands, rounded down.
    pub(crate) fn place(&self, value: i128, length: i128) -> i128 {
        (value - self.low) * length / (self.high - self.low)
    }
}

/// Which of `days` days get a label, when a label needs `label` and the axis has `length`: every first, second, seventh
/// (a week), 14th and so on.
pub(crate) fn labelled_days(days: usize, length: usize, label: usize) -> impl Iterator<Item = usize> {
    let fits = |step: &usize| step * length >= label * days;
    let step = [1, 2, 7, 14, 28, 56, 91, 182, 364].into_iter().find(fits).unwrap_or(days.max(1));
    (0..days).step_by(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_tight() {
        let marks = |low, high| Scale::holding(low, high).marks().collect::<Vec<_>>();
        assert_eq!(marks(0, 0), [0, 1]);
        assert_eq!(marks(0, 7), [0, 2, 4, 6, 8]);
        assert_eq!(marks(0, 10), [0, 2, 4, 6, 8, 10]);
        assert_eq!(marks(0, 1_234), [0, 500, 1_000, 1_500]);
        assert_eq!(marks(-30, 70), [-50, 0, 50, 100]);
    }

    #[test]
    fn every_scale_holds_its_values_and_zero() {
        let ends = [0, 1, 2, 3, 9, 10, 11, 99, 12_345, u64::MAX.into(), i128::from(u64::MAX) * 1_000];
        for high in ends {
            for low in ends {
                let scale = Scale::holding(-low, high);
                let marks: Vec<_> = scale.marks().collect();
                assert!(marks.len() <= 6 && marks.contains(&0));
                assert_eq!(scale.place(scale.low, 3_000), 0);
                assert_eq!(scale.place(scale.high, 3_000), 3_000);
                assert!(marks[0] <= -low && high <= marks[marks.len() - 1]);
            }
        }
    }

    #[test]
    fn day_labels_never_overlap() {
        for days in 1..1_000 {
            let labelled: Vec<_> = labelled_days(days, 350, 42).collect();
            assert_eq!(labelled[0], 0);
            assert!(labelled.windows(2).all(|w| (w[1] - w[0]) * 350 >= 42 * days), "{days} days");
        }
        assert_eq!(labelled_days(30, 350, 42).collect::<Vec<_>>(), [0, 7, 14, 21, 28]);
        assert_eq!(labelled_days(0, 350, 42).count(), 0);
    }
}
