//! What the attribution target checks of arbitrary bytes. A plain function, so that the corpus runs as a test too.

use phygital_core::attribution::{
    Coalitions, CreditLedger, Credits, Markov, Measure, OrderChoice, Ordered, Samples, Transitions,
    cover_rate_game, journey_subgame, rate_game, sum_game,
};

/// Arbitrary bytes as aggregates: what is taken is written the same way again, merges with itself or says why not, and every
/// model of it is computed without a panic.
pub fn aggregates(data: &[u8]) {
    if let Ok(credits) = Credits::decode(data) {
        assert_eq!(credits.encode(), data);
        let mut twice = credits.clone();
        let _ = twice.merge(&credits);
        assert_eq!(
            (twice.minor().len(), twice.millionths().len()),
            (credits.channels().len(), credits.channels().len())
        );
    }
    if let Ok(transitions) = Transitions::decode(data) {
        assert_eq!(transitions.encode(), data);
        let mut twice = transitions.clone();
        let _ = twice.merge(&transitions);
        let choice = OrderChoice::of(&twice);
        for fit in &choice.fits {
            let lower = twice.lower(fit.order);
            assert_eq!(lower.total(), twice.total());
            if let Ok(model) = Markov::solve(&lower) {
                assert!(model.removal_effects().iter().all(|effect| (0.0..=1.0).contains(effect)));
                assert!(
                    model.minor().is_ok_and(|credit| credit.total() == twice.total().value)
                        || model.minor().is_err()
                );
            }
        }
    }
    if let Ok(coalitions) = Coalitions::decode(data) {
        assert_eq!(coalitions.encode(), data);
        let mut twice = coalitions.clone();
        let _ = twice.merge(&coalitions);
        for measure in [Measure::Conversions, Measure::Value] {
            let games =
                [sum_game(&twice, measure), rate_game(&twice, measure), journey_subgame(&twice, measure)];
            assert!(games.iter().all(|game| game.len() == twice.channels().len()));
            if twice.channels().len() <= 10 {
                assert!(cover_rate_game(&twice, measure).is_ok());
            }
        }
    }
    if let Ok(ordered) = Ordered::decode(data) {
        assert_eq!(ordered.encode(), data);
        let mut twice = ordered.clone();
        let _ = twice.merge(&ordered);
        assert!(twice.credits().len() <= ordered.credits().len());
    }
    if let Ok(samples) = Samples::decode(data) {
        assert_eq!(samples.encode(), data);
        let mut twice = samples.clone();
        let _ = twice.merge(&samples);
        let names = samples.channels().iter().map(|(_, name)| name).collect::<Vec<_>>();
        for name in &names {
            let _ = (twice.share(name), twice.roas(name, 100));
        }
        assert_eq!(twice.ranks(&names, &vec![0; names.len()]).len(), names.len());
    }
}

/// Arbitrary text as the lines of a ledger: what is taken is written the same way again, and no account is short or over.
pub fn credit_lines(data: &[u8]) {
    let Some(ledger) = std::str::from_utf8(data).ok().and_then(|text| CreditLedger::from_lines(text).ok())
    else {
        return;
    };
    let lines = ledger.to_lines();
    let mut again = CreditLedger::from_lines(&lines).expect("what was written is read");
    assert_eq!(again, ledger);
    again.merge(ledger.clone());
    assert_eq!(again.to_lines(), lines);
    for entry in ledger.entries() {
        assert_eq!(entry.accounts().values().sum::<i128>(), i128::from(entry.net.minor()));
        let sums = ledger.sums(&entry.model, entry.posted_at);
        let credited = |sums: &phygital_core::attribution::Sums| sums.by_channel.values().sum::<i128>();
        assert!(sums.values().all(|sums| credited(sums) + sums.unattributed == sums.net));
        let postings = ledger.postings(&entry.model, &entry.order);
        let last = &postings[postings.len() - 1].entry;
        let lines = postings.iter().flat_map(|posting| &posting.lines);
        let of_last = lines.filter(|line| line.currency == last.net.currency());
        assert_eq!(of_last.map(|line| line.minor).sum::<i128>(), i128::from(last.net.minor()));
    }
}
