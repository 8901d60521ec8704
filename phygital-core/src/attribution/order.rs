//! How many touches a Markov chain should remember: orders compared by how well they tell what comes next.

use std::collections::BTreeMap;

use super::channels::ChannelId;
use super::outcome::Count;
use super::transitions::{Gram, Transitions};

/// How well a chain of one order tells the journeys.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OrderFit {
    /// The order.
    pub order: u8,
    /// The logarithm of the likelihood of all journeys, with the shares of the data as probabilities.
    pub log_likelihood: f64,
    /// Free probabilities: for each context, what was seen to follow it, less one.
    pub parameters: u64,
    /// The Bayesian information criterion: `parameters` times the logarithm of the number of touches and ends, less twice
    /// the log-likelihood. The least is best.
    pub bic: f64,
    /// What a journey takes, in bits, when each of its touches and its end are told by the rest of the data: left out
    /// itself, and leaning on the shorter contexts where it was rarely seen. The least is best.
    pub cross_entropy: f64,
}

/// The orders up to that of some transitions beside each other.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OrderChoice {
    /// One for each order, from 1.
    pub fits: Vec<OrderFit>,
    /// The order with the least [`OrderFit::bic`]; of equals the lowest.
    pub by_bic: u8,
    /// The order with the least [`OrderFit::cross_entropy`]; of equals the lowest.
    pub by_cross_entropy: u8,
}

impl OrderChoice {
    /// Compares the orders 1 to that of the transitions. Without journeys all figures are 0 and the order is 1.
    pub fn of(transitions: &Transitions) -> OrderChoice {
        let fits = (1..=transitions.order()).map(|order| fit(&transitions.lower(order))).collect::<Vec<_>>();
        let best = |figure: fn(&OrderFit) -> f64| {
            fits.iter().fold(&fits[0], |best, fit| if figure(fit) < figure(best) { fit } else { best }).order
        };
        OrderChoice { by_bic: best(|fit| fit.bic), by_cross_entropy: best(|fit| fit.cross_entropy), fits }
    }
}

/// What follows a context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Touch(ChannelId),
    Conversion,
    Null,
}

/// The channels before, and whether the journey begins with them.
type Context = (bool, Gram);

/// What followed a context, and how often in all.
#[derive(Default)]
struct Follows {
    counts: BTreeMap<Next, f64>,
    all: f64,
}

/// How much a shorter context weighs against what was counted: as one journey.
const LEAN: f64 = 1.0;

fn fit(transitions: &Transitions) -> OrderFit {
    let order = usize::from(transitions.order());
    let mut fit = OrderFit {
        order: transitions.order(),
        log_likelihood: 0.0,
        parameters: 0,
        bic: 0.0,
        cross_entropy: 0.0,
    };
    let contexts = contexts(transitions);
    let symbols = transitions.channels().len() as f64 + 2.0;
    let mut told = 0.0;
    let mut bits = 0.0;
    for ((begins, gram), follows) in &contexts {
        // Shorter contexts within a path are there to lean on alone.
        if !begins && gram.len() < order {
            continue;
        }
        fit.parameters += follows.counts.len() as u64 - 1;
        told += follows.all;
        for (next, count) in &follows.counts {
            fit.log_likelihood += count * libm::log(count / follows.all);
            bits -= count * libm::log2(left_out(&contexts, *begins, gram, *next, symbols));
        }
    }
    let journeys = transitions.total().mass().map_or(0.0, |mass| Count::from_millionths(mass).to_f64());
    if journeys > 0.0 {
        fit.bic = fit.parameters as f64 * libm::log(told) - 2.0 * fit.log_likelihood;
        fit.cross_entropy = bits / journeys;
    }
    fit
}

/// The probability of what follows a context, without the one occurrence that is asked about.
fn left_out(
    contexts: &BTreeMap<Context, Follows>,
    begins: bool,
    gram: &[ChannelId],
    next: Next,
    symbols: f64,
) -> f64 {
    let shorter = if begins {
        left_out(contexts, false, gram, next, symbols)
    } else if gram.is_empty() {
        1.0 / symbols
    } else {
        left_out(contexts, false, &gram[1..], next, symbols)
    };
    let Some(follows) = contexts.get(&(begins, Gram::from(gram))) else { return shorter };
    let count = follows.counts.get(&next).copied().unwrap_or(0.0);
    let less = |count: f64| (count - 1.0).max(0.0);
    (less(count) + LEAN * shorter) / (less(follows.all) + LEAN)
}

fn contexts(transitions: &Transitions) -> BTreeMap<Context, Follows> {
    let mut contexts = BTreeMap::<Context, Follows>::new();
    let order = usize::from(transitions.order());
    let mut see = |begins: bool, gram: &[ChannelId], next: Next, mass: u64| {
        if mass > 0 {
            let follows = contexts.entry((begins, gram.into())).or_default();
            let count = Count::from_millionths(mass).to_f64();
            *follows.counts.entry(next).or_default() += count;
            follows.all += count;
        }
    };
    for (start, mass) in &transitions.starts {
        for at in 0..start.len() {
            see(true, &start[..at], Next::Touch(start[at]), *mass);
            for from in 0..=at {
                see(false, &start[from..at], Next::Touch(start[at]), *mass);
            }
        }
    }
    for (step, mass) in &transitions.steps {
        for from in 0..=order {
            see(false, &step[from..order], Next::Touch(step[order]), *mass);
        }
    }
    for (state, end) in &transitions.ends {
        let ends = [(Next::Conversion, end.conversions), (Next::Null, end.nulls)];
        for (next, count) in ends {
            if state.len() < order {
                see(true, state, next, count.millionths());
            }
            for from in 0..=state.len() {
                see(false, &state[from..], next, count.millionths());
            }
        }
    }
    contexts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Journeys, Outcome};
    use super::*;

    /// Journeys whose next touch hangs on the last so many.
    fn remembering(order: usize, count: u64) -> Journeys {
        let mut journeys = Journeys::new(0);
        let ids = journeys.path(["a", "b", "c"]).unwrap();
        let mut state = 7_u64;
        let mut draw = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        for _ in 0..count {
            let mut path = Vec::new();
            // Lengths without a memory: how far a path has come tells nothing.
            while path.is_empty() || draw(7) > 0 {
                let sum = path.iter().rev().take(order).map(|at| *at as u64 + 1).sum::<u64>();
                path.push(((sum + u64::from(draw(5) == 0)) % 3) as usize);
            }
            let path = path.into_iter().map(|at| ids[at]).collect::<Vec<_>>();
            let won = draw(3) == 0;
            journeys.push(&path, if won { Outcome::conversion(1) } else { Outcome::nothing() }).unwrap();
        }
        journeys
    }

    #[test]
    fn the_order_of_the_data_is_found() {
        for order in 1..=3 {
            let choice = OrderChoice::of(&Transitions::of(&remembering(order, 4000), 4));
            assert_eq!((choice.by_bic, choice.by_cross_entropy), (order as u8, order as u8), "{choice:?}");
            assert!(choice.fits.windows(2).all(|pair| pair[0].log_likelihood <= pair[1].log_likelihood));
        }
    }

    #[test]
    fn the_likelihood_is_that_of_the_paths() {
        let mut journeys = Journeys::new(0);
        let ids = journeys.path(["a", "b"]).unwrap();
        journeys.push(&ids[..1], Outcome::conversion(1)).unwrap();
        journeys.push(&ids, Outcome::nothing()).unwrap();
        // Both begin with a; then half end and half go on to b, after which all end in nothing.
        let fit = OrderChoice::of(&Transitions::of(&journeys, 1)).fits[0];
        assert!((fit.log_likelihood - 2.0 * 0.5_f64.ln()).abs() < 1e-12);
        assert_eq!(fit.parameters, 1);
        assert!((fit.bic - (5.0_f64.ln() - 2.0 * fit.log_likelihood)).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_no_choice() {
        let choice = OrderChoice::of(&Transitions::new(2, 0));
        assert_eq!((choice.by_bic, choice.by_cross_entropy), (1, 1));
        assert_eq!(choice.fits[1].cross_entropy, 0.0);
    }
}
