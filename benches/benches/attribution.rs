//! Attribution from columns in memory, beside a plain counting loop over the same touches.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench attribution [-- JOURNEYS]`. Journeys are drawn by a counter
//! (splitmix64), through 24 channels, about four touches each, of which one in thirty converts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use phygital_benches::{Candidate, clock, medians_and_leasts, medians_by, thread_time};
use phygital_core::attribution::{
    Channels, Coalitions, Credits, Journeys, Markov, OrderChoice, Outcome, Part, Rule, Transitions,
    cover_rate_game,
};

const CHANNELS: usize = 24;
const TOUCHES_MAX: usize = 20;
/// The aims: nanoseconds a touch, seconds and bytes for ten million journeys.
const RULES_NS: f64 = 10.0;
const MARKOV_NS: f64 = 15.0;
const SUM_GAME_NS: f64 = 10.0;
const MANY_SECONDS: f64 = 1.0;
const MANY_BYTES: usize = 100_000_000;
const THREADS_RATIO: f64 = 1.7;
const COVER_SECONDS: f64 = 0.1;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: all calls are handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, block: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(block.size(), Ordering::Relaxed) + block.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(block) }
    }

    unsafe fn dealloc(&self, at: *mut u8, block: Layout) {
        LIVE.fetch_sub(block.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(at, block) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the plain loop reads.
struct Plain {
    touches: Vec<u8>,
    lengths: Vec<u8>,
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Hands over each journey: its channels, and its value where it converts.
fn draw(count: u64, seed: u64, mut take: impl FnMut(&[u8], Option<i64>)) {
    let lengths =
        (1..TOUCHES_MAX).map(|length| ((1_u64 << 53) as f64 * (1.0 - 0.75_f64.powi(length as i32))) as u64);
    let lengths = lengths.collect::<Vec<_>>();
    let weights = (0..CHANNELS as u64).scan(0, |sum, channel| {
        *sum += (1 << 32) / (channel + 1);
        Some(*sum)
    });
    let weights = weights.collect::<Vec<_>>();
    let all = weights[CHANNELS - 1];
    let mut path = Vec::with_capacity(TOUCHES_MAX);
    for journey in 0..count {
        let base = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(journey << 8);
        let number = |draw: u64| mix(base.wrapping_add(draw)) >> 11;
        let length = number(0);
        let length = 1 + lengths.iter().take_while(|limit| **limit <= length).count() as u64;
        path.clear();
        for touch in 0..length {
            let sticky = touch > 0 && number(9 + 2 * touch) < 1 << 51;
            let drawn = number(8 + 2 * touch) % all;
            let channel = weights.iter().take_while(|limit| **limit <= drawn).count() as u8;
            path.push(if sticky { path[path.len() - 1] } else { channel });
        }
        let mask = path.iter().fold(0_u32, |mask, channel| mask | 1 << channel);
        let score = (0..CHANNELS as u64)
            .filter(|channel| mask >> channel & 1 == 1)
            .map(|channel| (7 * channel + 3) % 11);
        let converts = number(1) < (1 << 53) / 1000 * (20 + score.sum::<u64>());
        take(&path, converts.then(|| 500 + (number(2) % 20_000) as i64));
    }
}

fn build(count: u64, all_convert: bool, plain: Option<&mut Plain>) -> Journeys {
    let names = (0..CHANNELS).map(|channel| format!("c{channel:02}")).collect::<Vec<_>>();
    let (mut touches, mut journeys) = (0, 0);
    draw(count, 1, |path, _| {
        touches += path.len();
        journeys += 1;
    });
    let mut columns = Journeys::with_capacity(2, journeys, touches);
    let ids = columns.path(names.iter().map(String::as_str)).expect("few names");
    let mut row = Vec::with_capacity(TOUCHES_MAX);
    let mut plain = plain;
    draw(count, 1, |path, value| {
        row.clear();
        row.extend(path.iter().map(|channel| ids[usize::from(*channel)]));
        let value = value.or(all_convert.then_some(1234));
        columns.push(&row, value.map_or(Outcome::nothing(), Outcome::conversion)).expect("a good row");
        if let Some(plain) = &mut plain {
            plain.touches.extend(path);
            plain.lengths.push(path.len() as u8);
        }
    });
    columns
}

/// The limit: the touches of each channel and of each length of path, counted.
fn count(plain: &Plain) -> ([u64; CHANNELS], [u64; TOUCHES_MAX + 1]) {
    let (mut counts, mut lengths) = ([0; CHANNELS], [0; TOUCHES_MAX + 1]);
    let mut touches = &plain.touches[..];
    for length in &plain.lengths {
        let (path, rest) = touches.split_at(usize::from(*length));
        touches = rest;
        for channel in path {
            counts[usize::from(*channel)] += 1;
        }
        lengths[usize::from(*length)] += 1;
    }
    (counts, lengths)
}

fn rules(channels: &Channels) -> Vec<Rule> {
    vec![
        Rule::First,
        Rule::Last,
        Rule::LastNonDirect(channels.id("c01").expect("a channel")),
        Rule::Linear,
        Rule::position(),
        Rule::RankDecay { numerator: 1, denominator: 2 },
    ]
}

fn whole(journeys: &Journeys) -> Part<'_> {
    journeys.parts(1).swap_remove(0)
}

fn main() -> ExitCode {
    let many = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(10_000_000);
    let mut missed = false;
    let mut aim = |what: &str, met: bool| {
        println!("{} {what}", if met { "met:   " } else { "MISSED:" });
        missed |= !met;
    };

    let mut plain = Plain { touches: Vec::new(), lengths: Vec::new() };
    let journeys = build(1_000_000, false, Some(&mut plain));
    let converting = build(1_000_000, true, None);
    let touches = journeys.touches() as f64;
    println!("1,000,000 journeys, {touches} touches, {} conversions", journeys.totals().conversions);
    let rules = rules(journeys.channels());
    let per_channel = [Rule::LinearPerChannel];
    let weighted =
        Markov::solve(&Transitions::of(&journeys, 1)).expect("few states").rule(journeys.channels());
    let weighted = [weighted];
    let fold = |journeys: &Journeys, rules: &[Rule]| {
        Credits::of_part(&whole(journeys), rules).expect("rules without times")
    };
    let mut candidates = [
        Candidate::new("plain counting loop", || count(&plain)),
        Candidate::new("six rules", || fold(&journeys, &rules)),
        Candidate::new("six rules, all journeys converting", || fold(&converting, &rules)),
        Candidate::new("spread B", || fold(&journeys, &weighted)),
        Candidate::new("spread B, all converting", || fold(&converting, &weighted)),
        Candidate::new("transitions of order 1, with values", || Transitions::of(&journeys, 1)),
        Candidate::new("order 2, with values (holds order 1)", || Transitions::of(&journeys, 2)),
        Candidate::new("order 3, with values", || Transitions::of(&journeys, 3)),
        Candidate::new("Shapley, sum game", || fold(&journeys, &per_channel)),
        Candidate::new("sum game, all converting", || fold(&converting, &per_channel)),
        Candidate::new("coalitions", || Coalitions::of(&journeys)),
    ];
    let times = medians_by(&mut candidates, 15, &thread_time);
    println!("{:44} {:>10} {:>8}", "", "ns a touch", "x plain");
    for (candidate, time) in candidates.iter().zip(&times) {
        println!("{:44} {:>10.2} {:>8.2}", candidate.name, time / touches, time / times[0]);
    }
    let each = |at: usize| times[at] / touches;
    aim("six rules: at most 10 ns a touch", each(1) <= RULES_NS);
    aim("six rules, all converting: at most 10 ns a touch", each(2) <= RULES_NS);
    aim("orders 1 and 2 of Markov: at most 15 ns a touch", each(5).max(each(6)) <= MARKOV_NS);
    aim("sum game: at most 10 ns a touch, also all converting", each(8).max(each(9)) <= SUM_GAME_NS);
    drop(candidates);

    let transitions = Transitions::of(&journeys, 3);
    let lower = [1, 2].map(|order| transitions.lower(order));
    let games = Coalitions::of(&build_few());
    let mut candidates = [
        Candidate::new("solve, order 1", || Markov::solve(&lower[0])),
        Candidate::new("solve, order 2", || Markov::solve(&lower[1])),
        Candidate::new("choice among orders 1 and 2", || OrderChoice::of(&lower[1])),
        Candidate::new("cover-rate game of 20 channels", || {
            cover_rate_game(&games, phygital_core::attribution::Measure::Conversions)
        }),
    ];
    let times = medians_by(&mut candidates, 5, &thread_time);
    for (candidate, time) in candidates.iter().zip(&times) {
        println!("{:44} {:>10.2} ms", candidate.name, time / 1e6);
    }
    aim("cover-rate game of 20 channels: at most 0.1 s", times[3] / 1e9 <= COVER_SECONDS);
    drop(candidates);
    let start = Instant::now();
    let model = Markov::solve(&transitions).expect("few states");
    println!(
        "{:44} {:>10.2} ms, {} states",
        "solve, order 3",
        start.elapsed().as_secs_f64() * 1e3,
        model.states()
    );

    let mut streamed = (Credits::new(2), Transitions::new(2, 2));
    let path = journeys.channels().iter().map(|(id, _)| id).take(4).collect::<Vec<_>>();
    streamed.0.merge(&fold(&journeys, &rules)[3]).expect("of one scale");
    streamed.1.merge(&Transitions::of(&journeys, 2)).expect("of one order");
    let shares = Rule::Linear.shares(&phygital_core::attribution::Path::new(&path)).expect("four touches");
    let outcome = Outcome::conversion(1999);
    let start = Instant::now();
    for _ in 0..100 {
        streamed.0.add(journeys.channels(), &path, Some(&shares), &outcome).expect("in range");
    }
    println!("{:44} {:>10.2} us", "one more journey, credits", start.elapsed().as_secs_f64() * 1e4);
    let start = Instant::now();
    for _ in 0..100 {
        streamed.1.add(journeys.channels(), &path, &outcome).expect("in range");
    }
    println!(
        "{:44} {:>10.2} us",
        "one more journey, transitions of order 2",
        start.elapsed().as_secs_f64() * 1e4
    );
    drop((plain, journeys, converting));

    let before = LIVE.load(Ordering::Relaxed);
    let journeys = build(many, false, None);
    PEAK.store(LIVE.load(Ordering::Relaxed), Ordering::Relaxed);
    let (wall, start) = (Instant::now(), thread_time());
    let seconds = || (thread_time() - start) / 1e9;
    let credits = fold(&journeys, &rules);
    let folded = seconds();
    let transitions = Transitions::of(&journeys, 2);
    let counted = seconds();
    let models = [1, 2].map(|order| Markov::solve(&transitions.lower(order)).expect("few states"));
    let seconds = seconds();
    let peak = PEAK.load(Ordering::Relaxed) - before;
    println!(
        "{many} journeys, {} touches: {seconds:.3} s (rules {:.3}, transitions {:.3}, two models {:.3}; {:.3} by the clock), {:.1} MB",
        journeys.touches(),
        folded,
        counted - folded,
        seconds - counted,
        wall.elapsed().as_secs_f64(),
        peak as f64 / 1e6
    );
    println!(
        "P of order 1 {}, of order 2 {}; {} rules",
        models[0].probability(),
        models[1].probability(),
        credits.len()
    );
    if many == 10_000_000 {
        aim("10,000,000 journeys: at most 1.0 s", seconds <= MANY_SECONDS);
        aim("10,000,000 journeys: at most 100 MB", peak <= MANY_BYTES);
    }
    let two = |journeys: &Journeys| {
        let parts = journeys.parts(2);
        let fold = |part: &Part<'_>| {
            (Credits::of_part(part, &rules).expect("rules without times"), Transitions::of_part(part, 2))
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| fold(&parts[1]));
            let (mut credits, mut transitions) = fold(&parts[0]);
            let (others, theirs) = other.join().expect("it does not panic");
            for (one, other) in credits.iter_mut().zip(&others) {
                one.merge(other).expect("parts of one set");
            }
            transitions.merge(&theirs).expect("parts of one set");
            (credits, transitions)
        })
    };
    let one = |journeys: &Journeys| (fold(journeys, &rules), Transitions::of(journeys, 2));
    aim("two threads give the bytes of one", one(&journeys) == two(&journeys));
    let mut candidates =
        [Candidate::new("one thread", || one(&journeys)), Candidate::new("two threads", || two(&journeys))];
    // By the clock, which others on the machine slow down: so the least of many beside the median.
    let (median, least) = medians_and_leasts(&mut candidates, 15, 1, &clock);
    println!(
        "rules and order 2, by the clock: one thread {:.0} ms, two {:.0}; {:.2} times as fast by the medians of 15, {:.2} by the least",
        median[0] / 1e6,
        median[1] / 1e6,
        median[0] / median[1],
        least[0] / least[1]
    );
    aim(
        &format!("two threads at least {THREADS_RATIO} times as fast as one"),
        least[0] / least[1] >= THREADS_RATIO,
    );
    drop(candidates);
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Journeys through twenty channels, for the game over all coalitions.
fn build_few() -> Journeys {
    let mut journeys = Journeys::new(2);
    let names = (0..20).map(|channel| format!("c{channel:02}")).collect::<Vec<_>>();
    let ids = journeys.path(names.iter().map(String::as_str)).expect("few names");
    draw(100_000, 2, |path, value| {
        let path =
            path.iter().filter_map(|channel| ids.get(usize::from(*channel)).copied()).collect::<Vec<_>>();
        journeys.push(&path, value.map_or(Outcome::nothing(), Outcome::conversion)).expect("a good row");
    });
    journeys
}
