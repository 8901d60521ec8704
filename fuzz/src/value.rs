//! Customer value: bytes of groups, texts of models and of customers.

use phygital_core::measure::value::{BgNbd, Customers, Model, Spending, Summary};

/// Longest input of which a model is fitted: a hundred customers.
const FITTED_MAX: usize = 2_000;

/// Groups that are read are written in the same bytes, merge with themselves, and have a fit whatever they are. Models that
/// are read answer with probabilities and without going back.
pub fn value_groups(data: &[u8]) {
    if let Ok(customers) = Customers::decode(data) {
        assert_eq!(customers.encode(), data);
        let mut twice = customers.clone();
        if twice.merge(&customers).is_ok() {
            assert_eq!((twice.groups(), twice.people()), (customers.groups(), 2 * customers.people()));
        }
        if data.len() <= FITTED_MAX
            && let Ok(fit) = BgNbd::fit(&customers)
        {
            assert!(fit.log_likelihood.is_finite());
        }
    }
    if let Ok(spending) = Spending::decode(data) {
        assert_eq!(spending.encode(), data);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines();
    let summary = lines.next().and_then(|line| {
        let mut cells = line.split(',');
        Summary::parse(cells.next()?, cells.next()?, cells.next()?).ok()
    });
    let rest = lines.collect::<Vec<_>>().join("\n");
    let (Some(summary), Ok(model)) = (summary, Model::from_json(&rest)) else { return };
    if let Ok(alive) = model.probability_alive(&summary) {
        assert!((0.0..=1.0).contains(&alive), "{alive}");
    }
    if let (Ok(one), Ok(two)) = (model.expected(&summary, 1.0), model.expected(&summary, 2.0)) {
        assert!(one >= 0.0 && two >= one * (1.0 - 1e-9), "{one} {two}");
    }
}
