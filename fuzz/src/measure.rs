//! What the targets of measurement check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

use phygital_core::measure::Alpha;
use phygital_core::measure::experiment::{Metric, Mixture, Question, Statistics, analyse};

/// Arbitrary bytes as statistics of an experiment: what is taken is written the same way again, merges with itself or says
/// why not, and is analysed without a panic and without a figure that is no number.
pub fn experiment_sums(data: &[u8]) {
    let Ok(statistics) = Statistics::from_bytes(data) else { return };
    assert_eq!(statistics.to_bytes(), data);
    let mut twice = statistics.clone();
    let _ = twice.merge(&statistics);
    asked(&twice);
}

/// Arbitrary text as rows of an experiment, comma by comma: arm, shop, then cells. Rows that are taken one after another are
/// the same statistics as two halves merged.
pub fn experiment_rows(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let clustered = text.starts_with('#');
    let new = || {
        let metrics = [Metric::with_before("x", "before"), Metric::ratio("x", "n")];
        let new = Statistics::new(&metrics).expect("two metrics");
        if clustered { new.of_clusters() } else { new }
    };
    let (mut whole, mut halves) = (new(), [new(), new()]);
    for (line, row) in text.lines().enumerate() {
        let cells = row.split(',').collect::<Vec<_>>();
        let [arm, shop, ref cells @ ..] = cells[..] else { continue };
        let before = whole.clone();
        if whole.push(arm, Some(shop), cells).is_ok() {
            halves[line % 2].push(arm, Some(shop), cells).expect("the whole took it");
        } else {
            assert_eq!(whole, before);
        }
    }
    let [mut merged, other] = halves;
    merged.merge(&other).expect("halves of one whole");
    assert_eq!(merged.to_bytes(), whole.to_bytes());
    assert_eq!(Statistics::from_bytes(&whole.to_bytes()).as_ref(), Ok(&whole));
    asked(&whole);
}

fn asked(statistics: &Statistics) {
    let Some(control) = statistics.arms().next() else { return };
    let mixture = Mixture::planned(1_000).expect("above zero");
    let Ok(found) = analyse(statistics, &Question::new(control).sequential(mixture)) else { return };
    assert!((0.0..=1.0).contains(&found.sample_ratio.p_value));
    for one in &found.comparisons {
        let intervals =
            [one.interval, one.lift.and_then(|lift| lift.interval), one.look.map(|look| look.interval)];
        for interval in intervals.into_iter().flatten() {
            assert!(interval.low <= interval.high, "{one:?}");
        }
        assert!(one.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{one:?}");
        if let Some(interval) = one.difference.and_then(|difference| difference.interval(Alpha::CUSTOMARY)) {
            assert!(interval.low.is_finite() && interval.high.is_finite(), "{one:?}");
        }
    }
}
