//! How far an absorbing chain gets when a channel's states are taken out, for all channels.

/// A chain whose states are numbered. Rows sum to one with what leaves them to an end.
pub(super) struct Chain {
    /// The probability of each state to be the first.
    pub(super) start: Vec<f64>,
    /// For each state where its entries of `into` begin; one more for the end.
    pub(super) offsets: Vec<usize>,
    /// The states from which each state is reached, and with which probability. None leads to itself.
    pub(super) into: Vec<(usize, f64)>,
    /// The probability of each state to convert next, and the value that it is expected to bring then.
    pub(super) convert: Vec<f64>,
    pub(super) worth: Vec<f64>,
    /// The channels in each state, each once.
    pub(super) holds: Vec<Vec<usize>>,
    /// How many channels there are.
    pub(super) channels: usize,
}

/// What comes of a journey.
pub(super) struct Solved {
    /// The probability that it converts, and its expected value.
    pub(super) all: (f64, f64),
    /// The shares of both that are lost without each channel.
    pub(super) removal: Vec<(f64, f64)>,
}

/// Up to so many states the inverse is taken at once: it is cheaper there than to iterate.
const DIRECT_MAX: usize = 96;
/// Up to so many it is taken where iterating is slow.
const DENSE_MAX: usize = 1_024;
/// When it is known how fast the iteration is, and when it has to have come to its end.
const SWEEPS_TRIED: usize = 64;
const SWEEPS_MAX: usize = 200_000;
/// How far the sum of visits may be from its limit, as a share of it.
const ACCURACY: f64 = 1e-16;
/// Channels that are taken out side by side.
const LANES: usize = 32;

impl Chain {
    /// Solves it; none where it does not come to rest.
    pub(super) fn solve(&self) -> Option<Solved> {
        if self.start.len() <= DIRECT_MAX {
            return Some(self.solve_dense());
        }
        self.solve_sparse().or_else(|| (self.start.len() <= DENSE_MAX).then(|| self.solve_dense()))
    }

    /// By the inverse N of I - Q: N holds the expected visits to each state from each. A journey first enters the states S
    /// of a channel with probabilities h, where h N[S,S] = N[start,S], and from there brings N r: that is lost.
    pub(super) fn solve_dense(&self) -> Solved {
        let states = self.start.len();
        let mut visits = vec![0.0; states * states];
        for to in 0..states {
            visits[to * states + to] = 1.0;
            for (from, probability) in &self.into[self.offsets[to]..self.offsets[to + 1]] {
                visits[from * states + to] -= probability;
            }
        }
        invert(&mut visits, states);
        let row = |state: usize| &visits[state * states..][..states];
        let mut from_start = vec![0.0; states];
        for (state, probability) in self.start.iter().enumerate().filter(|(_, start)| **start > 0.0) {
            for (sum, visits) in from_start.iter_mut().zip(row(state)) {
                *sum += probability * visits;
            }
        }
        let dot = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
        let all = (dot(&from_start, &self.convert), dot(&from_start, &self.worth));
        let mut of = vec![Vec::new(); self.channels];
        for (state, channels) in self.holds.iter().enumerate() {
            for channel in channels {
                of[*channel].push(state);
            }
        }
        let lost = |held: &Vec<usize>| {
            // The transposed system, as rows: unknowns are the first visits.
            let mut rows = held.iter().map(|to| {
                let mut row = held.iter().map(|from| row(*from)[*to]).collect::<Vec<_>>();
                row.push(from_start[*to]);
                row
            });
            let first = eliminate(rows.by_ref().collect());
            let brings = |ends: &[f64]| {
                first.iter().zip(held).map(|(first, state)| first * dot(row(*state), ends)).sum::<f64>()
            };
            (share(brings(&self.convert), all.0), share(brings(&self.worth), all.1))
        };
        Solved { all, removal: of.iter().map(lost).collect() }
    }

    /// By iteration (Gauss and Seidel) on the expected visits from the start, with the states of each channel held at
    /// zero, for many channels side by side. It rises from zero, so nothing cancels. None where it is slow.
    pub(super) fn solve_sparse(&self) -> Option<Solved> {
        let mut ends = Vec::with_capacity(self.channels + 1);
        for first in (0..=self.channels).step_by(LANES) {
            let visits = self.visits(first)?;
            for lane in 0..LANES.min(self.channels + 1 - first) {
                let sum = |ends: &[f64]| {
                    visits.iter().zip(ends).map(|(visits, end)| visits[lane] * end).sum::<f64>()
                };
                ends.push((sum(&self.convert), sum(&self.worth)));
            }
        }
        let all = ends[0];
        let lost = |end: &(f64, f64)| (share(all.0 - end.0, all.0), share(all.1 - end.1, all.1));
        Some(Solved { all, removal: ends[1..].iter().map(lost).collect() })
    }

    /// The expected visits to each state. Lane `i` is the chain without channel `first + i - 1`; lane 0 of the first block
    /// is the whole chain.
    fn visits(&self, first: usize) -> Option<Vec<[f64; LANES]>> {
        let held = |state: usize| {
            let lanes = self.holds[state].iter().map(move |channel| (channel + 1).wrapping_sub(first));
            lanes.filter(|lane| *lane < LANES).collect::<Vec<_>>()
        };
        let held = (0..self.start.len()).map(held).collect::<Vec<_>>();
        let mut visits = vec![[0.0; LANES]; self.start.len()];
        let mut before = f64::INFINITY;
        for sweep in 0..SWEEPS_MAX {
            let mut moved = [0.0; LANES];
            let mut total = [0.0; LANES];
            for state in 0..visits.len() {
                let mut now = [self.start[state]; LANES];
                for (from, probability) in &self.into[self.offsets[state]..self.offsets[state + 1]] {
                    let from = &visits[*from];
                    for lane in 0..LANES {
                        now[lane] += probability * from[lane];
                    }
                }
                for lane in &held[state] {
                    now[*lane] = 0.0;
                }
                for lane in 0..LANES {
                    moved[lane] += (now[lane] - visits[state][lane]).abs();
                    total[lane] += now[lane];
                }
                visits[state] = now;
            }
            let shares = moved.iter().zip(&total).filter(|(_, total)| **total > 0.0);
            let worst = shares.map(|(moved, total)| moved / total).fold(0.0, f64::max);
            // Moves shrink by a steady ratio in the end: what is left of them is a geometric series.
            let ratio = worst / before;
            let at_rest = worst < 4.0 * f64::EPSILON && ratio >= 1.0;
            let settled = sweep > 0 && ratio < 1.0 && worst * ratio / (1.0 - ratio) < ACCURACY;
            if worst == 0.0 || at_rest || settled {
                return Some(visits);
            }
            if sweep == SWEEPS_TRIED && ratio > 0.97 && visits.len() <= DENSE_MAX {
                return None;
            }
            before = worst;
        }
        None
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// Inverts in place (Gauss and Jordan). The matrix is I - Q of an absorbing chain: its diagonal dominates, so that no row
/// has to be exchanged.
fn invert(matrix: &mut [f64], size: usize) {
    let mut pivot_row = vec![0.0; size];
    for pivot in 0..size {
        let row = &mut matrix[pivot * size..][..size];
        let scale = 1.0 / row[pivot];
        row[pivot] = 1.0;
        for entry in row.iter_mut() {
            *entry *= scale;
        }
        pivot_row.copy_from_slice(row);
        for (other, row) in matrix.chunks_exact_mut(size).enumerate() {
            let factor = row[pivot];
            if other == pivot || factor == 0.0 {
                continue;
            }
            row[pivot] = 0.0;
            for (entry, pivot) in row.iter_mut().zip(&pivot_row) {
                *entry -= factor * pivot;
            }
        }
    }
}

/// Solves a system of equations, each a row of factors with its right side last, by elimination with exchange of rows.
fn eliminate(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let size = rows.len();
    for pivot in 0..size {
        let best = (pivot..size).fold(pivot, |best, row| {
            if rows[row][pivot].abs() > rows[best][pivot].abs() { row } else { best }
        });
        rows.swap(pivot, best);
        let (above, below) = rows.split_at_mut(pivot + 1);
        let above = &above[pivot];
        for row in below.iter_mut().filter(|row| row[pivot] != 0.0) {
            let factor = row[pivot] / above[pivot];
            for (entry, above) in row[pivot..].iter_mut().zip(&above[pivot..]) {
                *entry -= factor * above;
            }
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let known = (row + 1..size).map(|at| rows[row][at] * solution[at]).sum::<f64>();
        solution[row] = (rows[row][size] - known) / rows[row][row];
    }
    solution
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A chain with these weights between states; each state also ends, with the weights of its two ends.
    fn chain(weights: &[Vec<u32>], ends: &[(u32, u32)], holds: &[Vec<usize>], channels: usize) -> Chain {
        let states = weights.len();
        let all = |from: usize| {
            let others = (0..states).filter(|to| *to != from).map(|to| weights[from][to]);
            f64::from(others.sum::<u32>() + ends[from].0 + ends[from].1)
        };
        let (mut offsets, mut into) = (vec![0], Vec::new());
        for to in 0..states {
            for (from, weights) in weights.iter().enumerate().filter(|(from, row)| *from != to && row[to] > 0)
            {
                into.push((from, f64::from(weights[to]) / all(from)));
            }
            offsets.push(into.len());
        }
        Chain {
            start: vec![1.0 / states as f64; states],
            offsets,
            into,
            convert: (0..states).map(|state| f64::from(ends[state].0) / all(state)).collect(),
            worth: (0..states)
                .map(|state| f64::from(ends[state].0 * (state as u32 + 7)) / all(state))
                .collect(),
            holds: holds.to_vec(),
            channels,
        }
    }

    /// Walks: the probability that a walk has converted, or brought its value, after ever more steps.
    fn walked(chain: &Chain, without: Option<usize>) -> (f64, f64) {
        let open = |state: usize| without.is_none_or(|channel| !chain.holds[state].contains(&channel));
        let at_open = |(state, share): (usize, &f64)| if open(state) { *share } else { 0.0 };
        let mut now = chain.start.iter().enumerate().map(at_open).collect::<Vec<_>>();
        let mut ends = (0.0, 0.0);
        while now.iter().sum::<f64>() > 1e-16 {
            for (state, share) in now.iter().enumerate() {
                ends.0 += share * chain.convert[state];
                ends.1 += share * chain.worth[state];
            }
            let step = |to: usize| {
                let sum = chain.into[chain.offsets[to]..chain.offsets[to + 1]].iter();
                if open(to) { sum.map(|(from, share)| now[*from] * share).sum::<f64>() } else { 0.0 }
            };
            now = (0..now.len()).map(step).collect();
        }
        ends
    }

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-12 * (1.0 + other.abs())
    }

    proptest! {
        #[test]
        fn both_ways_are_what_walks_come_to(
            weights in prop::collection::vec(prop::collection::vec(0..4_u32, 7), 7),
            ends in prop::collection::vec((0..3_u32, 1..3_u32), 7),
            holds in prop::collection::vec(prop::collection::btree_set(0..40_usize, 1..3), 7),
        ) {
            // Forty channels: more than are taken out side by side.
            let holds = holds.into_iter().map(|channels| channels.into_iter().collect()).collect::<Vec<_>>();
            let chain = chain(&weights, &ends, &holds, 40);
            // One that ends too slowly for sweeps is left to the other way.
            let (dense, sparse) = (chain.solve_dense(), chain.solve_sparse());
            let all = walked(&chain, None);
            for solved in std::iter::once(&dense).chain(&sparse) {
                prop_assert!(near(solved.all.0, all.0) && near(solved.all.1, all.1));
                for channel in 0..40 {
                    let rest = walked(&chain, Some(channel));
                    let lost = (share(all.0 - rest.0, all.0), share(all.1 - rest.1, all.1));
                    let ours = solved.removal[channel];
                    prop_assert!(near(ours.0, lost.0) && near(ours.1, lost.1), "{ours:?} {lost:?}");
                }
            }
        }
    }

    #[test]
    fn a_chain_that_hardly_ends_is_solved_at_once() {
        // A ring of which each state ends once in a million steps.
        let states = DIRECT_MAX + 4;
        let ring =
            |at: usize| (0..states).map(|to| if to == (at + 1) % states { 999_999 } else { 0 }).collect();
        let weights = (0..states).map(ring).collect::<Vec<Vec<u32>>>();
        let holds = (0..states).map(|state| vec![state % 2]).collect::<Vec<_>>();
        let chain = chain(&weights, &vec![(1, 0); states], &holds, 2);
        assert!(chain.solve_sparse().is_none());
        let solved = chain.solve().unwrap();
        assert!((solved.all.0 - 1.0).abs() < 1e-9, "{:?}", solved.all);
        // Half begin in the channel, the others end before it once in a million.
        assert!((solved.removal[0].0 - (1.0 - 0.5e-6)).abs() < 1e-9, "{:?}", solved.removal);
    }
}
