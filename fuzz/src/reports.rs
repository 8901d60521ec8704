//! What the targets of reports check of arbitrary text. Plain functions, so that the corpora run as tests too.

use phygital_core::attribution::{
    Costs, Crossing, Groups, Lookback, Model, People, Ropo, SaleLines, Samples, Threshold, TouchLines, Ways,
    direct,
};

/// Arbitrary text as two files, parted by an empty line: touches, then orders. What is taken has trails, every order is in
/// one class, every model shares out all there is, and the same lines turned round give the same sums.
pub fn touches_and_orders(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (touches, orders) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut people = People::new(2);
    let mut lines = touches.lines();
    let Ok(reader) = TouchLines::new(lines.next().unwrap_or_default()) else { return };
    for (number, line) in (2..).zip(lines) {
        if let Err(error) = reader.read(number, line, &mut people) {
            assert_eq!(error.line, number);
        }
    }
    let mut lines = orders.lines();
    let Ok(mut reader) = SaleLines::new(lines.next().unwrap_or_default()) else { return };
    for (number, line) in (2..).zip(lines) {
        if let Err(error) = reader.read(number, line, &mut people) {
            assert_eq!(error.line, number);
        }
    }
    let groups = Groups::default();
    let sides = groups.sides(people.channels());
    let direct = direct(&sides, people.channels());
    let trails = people.trails(&Lookback::days(30), &sides);
    let sold = trails.iter().filter(|trail| Crossing::of(trail, &sides).is_some()).count();
    assert_eq!(sold, people.sales());
    let ropo = Ropo::of(&trails, &sides);
    assert_eq!(ropo.orders(), sold as u64);
    let ways = Ways::of(&trails);
    let all = ways.lengths.iter().map(|tally| tally.orders.millionths()).sum::<u64>();
    assert_eq!(all, sold as u64 * 1_000_000);
    let top = ways.top(people.channels(), Threshold::default(), 10, false);
    assert!(top.rows.iter().all(|(_, tally)| tally.persons >= 50));
    for model in Model::USUAL {
        if let Ok(scores) = model.scores(people.channels(), 2, direct, &trails, |_| 1) {
            let unattributed = i128::from(scores.unattributed.value);
            assert_eq!(scores.attributed() + unattributed, i128::from(scores.total.value));
        }
    }
    let samples = Samples::of_model(3, people.channels(), 2, direct, &trails, Model::Linear);
    assert!(samples.is_ok_and(|samples| samples.count() == 3));
    let visits = people.trails_to_visits(&Lookback::days(30), &sides);
    assert!(visits.len() as u64 <= people.touches());
}

/// Arbitrary text as a file of groups and as one of costs: a group that is taken is not within itself, and no cost is below
/// zero.
pub fn groups_and_costs(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(groups) = Groups::parse(text) {
        for line in text.lines().take(100) {
            let name = line.split(',').next().unwrap_or_default();
            let ways = groups.ways(name).collect::<Vec<_>>();
            assert!(!ways.contains(&name));
            let _ = groups.side(name);
        }
    }
    if let Ok(costs) = Costs::parse(text) {
        assert!(costs.iter().all(|(name, cost)| cost >= 0 && costs.of(name) == Some(cost)));
    }
}
