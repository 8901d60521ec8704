//! What the attribution target checks of arbitrary bytes. A plain function, so that the corpus runs as a test too.

use phygital_core::attribution::{
    Coalitions, Credits, Markov, Measure, OrderChoice, Ordered, Transitions, cover_rate_game,
    journey_subgame, rate_game, sum_game,
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
}
