//! The figures of a report: computed from journeys, and nothing kept that may not be shown.

use phygital_core::attribution::{
    Calibrations, ChannelId, Channels, Coalitions, Costs, Count, Crossing, Groups, Interval, Journeys,
    Lookback, Model, Outcome, People, RankHold, Return, Ropo, Samples, Scores, Side, Stability, Stress,
    Tally, Threshold, Trail, Ways, Yardstick, direct,
};

use phygital_core::vocab::Timestamp;

use crate::attribution_report_arguments::Report;
use crate::failure::Failure;
use crate::output::Output;

/// Most ways that are listed.
const PATHS_MAX: usize = 15;

/// All that a report shows.
pub(super) struct Figures {
    pub(super) headline: Headline,
    pub(super) credit: Credit,
    /// For each model that gave no answer, why.
    pub(super) without: Vec<(Model, String)>,
    pub(super) channels: Vec<ChannelFigures>,
    pub(super) paths: Paths,
    /// With persons and times alone.
    pub(super) ropo: Option<Crossings>,
    pub(super) visits: Option<Visits>,
    pub(super) stability: Option<Stability>,
    /// Who was held out; none where nobody was to be.
    pub(super) held_out: Option<HeldOut>,
    /// What tests say of channels that may be shown.
    pub(super) calibrated: Vec<Calibrated>,
}

/// People held out of what an experiment tried: reported, and not attributed as treated.
pub(super) struct HeldOut {
    /// The arms, as `experiment=arm`.
    pub(super) arms: Vec<String>,
    /// How many people; none where they are too few to be told.
    pub(super) people: Option<u64>,
    /// How many of them ordered, their orders and the net value of those; none where it would tell of few.
    pub(super) bought: Option<(u64, u64, i128)>,
}

impl HeldOut {
    pub(super) fn object(&self) -> serde_json::Value {
        let bought = self.bought;
        serde_json::json!({
            "arms": self.arms, "people": self.people, "buyers": bought.map(|bought| bought.0),
            "orders": bought.map(|bought| bought.1), "value_minor": bought.map(|bought| bought.2.to_string()),
        })
    }
}

/// A channel's credit, turned by a test into what it may have caused.
pub(super) struct Calibrated {
    pub(super) channel: String,
    pub(super) test: String,
    pub(super) credited: i64,
    pub(super) factor: f64,
    pub(super) value: Option<i64>,
}

impl Calibrated {
    pub(super) fn object(&self) -> serde_json::Value {
        serde_json::json!({
            "channel": self.channel, "test": self.test, "value_minor": self.credited, "factor": self.factor,
            "calibrated_minor": self.value,
        })
    }
}

/// What is reported on.
pub(super) struct Headline {
    /// Persons who ordered; none where only journeys are known.
    pub(super) persons: Option<u64>,
    pub(super) total: Outcome,
    pub(super) unattributed_shown: bool,
    pub(super) unattributed: Outcome,
    pub(super) touches: u64,
    /// The earliest and the latest order.
    pub(super) span: Option<(String, String)>,
}

/// Value by channel and model.
pub(super) struct Credit {
    pub(super) models: Vec<Model>,
    pub(super) rows: Vec<CreditRow>,
    /// What the hidden channels earned together, where any is hidden.
    pub(super) hidden: Option<Vec<i128>>,
    /// By model; none where it is hidden with others.
    pub(super) unattributed: Option<Vec<i128>>,
    pub(super) total: i128,
}

/// A channel or a group.
pub(super) struct CreditRow {
    pub(super) name: String,
    pub(super) depth: usize,
    pub(super) group: bool,
    /// By model.
    pub(super) minor: Vec<i128>,
}

/// A channel by the model of the report.
pub(super) struct ChannelFigures {
    pub(super) name: String,
    pub(super) share: Option<f64>,
    pub(super) interval: Option<Interval>,
    pub(super) rank: Option<RankHold>,
    pub(super) back: Return,
    pub(super) roas: Option<Interval>,
}

/// Ways to orders, of which those that may be shown stand with their names.
pub(super) struct Paths {
    pub(super) top: Vec<(Vec<String>, Tally)>,
    pub(super) further: (usize, Tally),
    pub(super) untouched: Option<Tally>,
    pub(super) other: Option<Tally>,
    pub(super) lengths: Rows,
    pub(super) since_first: Option<Rows>,
    pub(super) since_last: Option<Rows>,
    pub(super) median_length: Option<usize>,
    pub(super) median_lag: Option<u64>,
}

/// A distribution: rows with a name, and all hidden rows as one.
pub(super) struct Rows {
    pub(super) rows: Vec<(String, Tally)>,
    /// Orders without a touch; none where they are hidden with others.
    pub(super) untouched: Option<Tally>,
    pub(super) hidden: Option<Tally>,
}

/// How orders crossed between screen and shop.
pub(super) struct Crossings {
    /// What may be shown: class, orders, net value, share of the identified orders.
    pub(super) rows: Vec<(Crossing, u64, i128, Option<f64>)>,
    /// Orders and net value of the hidden rows.
    pub(super) hidden: Option<(u64, i128)>,
    /// Identified by all: in shops, on the web, together.
    pub(super) match_rates: [Option<f64>; 3],
}

/// Visits as outcomes.
pub(super) struct Visits {
    pub(super) visits: u64,
    /// Visits credited to each channel, in millionths.
    pub(super) rows: Vec<(String, u64)>,
    pub(super) hidden: Option<u64>,
    /// Visits that nothing led to; none where it is hidden.
    pub(super) unattributed: Option<u64>,
}

/// Which channels and groups may be shown, and how they hang together.
struct Mask {
    tree: Vec<phygital_core::attribution::Branch>,
    cells: Vec<bool>,
}

impl Mask {
    fn new(
        groups: &Groups,
        channels: &Channels,
        heads: &Heads,
        threshold: Threshold,
        hide_last: bool,
    ) -> Mask {
        let tree = groups.tree(channels);
        let mut persons = vec![0; tree.len()];
        for (at, branch) in tree.iter().enumerate().filter(|(_, branch)| !branch.group) {
            persons[at] = channels.id(&branch.name).map_or(0, |id| heads.channels[id.index()]);
        }
        for (at, branch) in tree.iter().enumerate().filter(|(_, branch)| branch.group) {
            persons[at] = heads.groups.get(&*branch.name).copied().unwrap_or(0);
        }
        persons.push(heads.unattributed);
        let cells = threshold.protect_tree(&tree, &persons, hide_last).cells;
        Mask { tree, cells }
    }

    /// The channels that may be shown.
    fn channels(&self, channels: &Channels) -> Vec<ChannelId> {
        let shown = self.tree.iter().zip(&self.cells).filter(|(branch, shown)| **shown && !branch.group);
        shown.filter_map(|(branch, _)| channels.id(&branch.name)).collect()
    }

    fn unattributed(&self) -> bool {
        self.cells[self.tree.len()]
    }

    /// The rows that may be shown, and the sum of what is hidden, of figures by channel.
    fn rows(
        &self,
        channels: &Channels,
        columns: &[Vec<i128>],
        unattributed: &[i128],
        totals: &[i128],
    ) -> MaskedRows {
        let own = |at: usize| {
            let figure = |column: &Vec<i128>| {
                let branch = &self.tree[at];
                channels.id(&branch.name).filter(|_| !branch.group).map_or(0, |id| column[id.index()])
            };
            columns.iter().map(figure).collect::<Vec<_>>()
        };
        let mut sums = (0..self.tree.len()).map(own).collect::<Vec<_>>();
        // Rows are numbered from the outside in.
        for at in (0..self.tree.len()).rev() {
            if let Some(parent) = self.tree[at].parent {
                let below = sums[at].clone();
                sums[parent].iter_mut().zip(below).for_each(|(sum, more)| *sum += more);
            }
        }
        let mut left = totals.to_vec();
        let mut rows = Vec::new();
        for (at, branch) in self.tree.iter().enumerate().filter(|(at, _)| self.cells[*at]) {
            // Of what is shown within a group that is shown, the group stands for all.
            if branch.parent.is_none() {
                left.iter_mut().zip(&sums[at]).for_each(|(left, sum)| *left -= sum);
            }
            rows.push(CreditRow {
                name: branch.name.to_string(),
                depth: branch.depth,
                group: branch.group,
                minor: sums[at].clone(),
            });
        }
        if self.unattributed() {
            left.iter_mut().zip(unattributed).for_each(|(left, none)| *left -= none);
        }
        let top_hidden =
            self.tree.iter().zip(&self.cells).any(|(branch, shown)| branch.parent.is_none() && !shown);
        let hidden = top_hidden || !self.unattributed();
        MaskedRows { rows, hidden: hidden.then_some(left) }
    }
}

struct MaskedRows {
    rows: Vec<CreditRow>,
    hidden: Option<Vec<i128>>,
}

/// How many persons came through each channel and group to an order.
struct Heads {
    channels: Vec<u64>,
    groups: std::collections::BTreeMap<String, u64>,
    unattributed: u64,
    all: u64,
}

impl Heads {
    /// Of trails; those of one person stand together.
    fn of(trails: &[Trail], channels: &Channels, groups: &Groups) -> Heads {
        let mut heads =
            Heads { channels: vec![0; channels.len()], groups: Default::default(), unattributed: 0, all: 0 };
        let same = |one: &Trail, next: &Trail| one.person.is_some() && one.person == next.person;
        for trails in trails.chunk_by(same) {
            let converted = trails.iter().filter(|trail| trail.converted()).collect::<Vec<_>>();
            if converted.is_empty() {
                continue;
            }
            let mut seen =
                converted.iter().flat_map(|trail| trail.channels.iter().copied()).collect::<Vec<_>>();
            seen.sort_unstable();
            seen.dedup();
            let touched = seen.iter().map(|id| channels.name(*id));
            heads.count(&seen, touched, groups, converted.iter().any(|trail| trail.channels.is_empty()), 1);
        }
        heads
    }

    /// Of journeys: each whole conversion counts as one person's.
    fn of_journeys(journeys: &Journeys, groups: &Groups) -> Heads {
        let channels = journeys.channels();
        let mut heads =
            Heads { channels: vec![0; channels.len()], groups: Default::default(), unattributed: 0, all: 0 };
        let whole = |count: Count| count.millionths() / Count::ONE.millionths();
        let coalitions = Coalitions::of(journeys);
        for (set, outcome) in coalitions.iter() {
            let names = set.iter().map(|id| coalitions.channels().name(*id)).collect::<Vec<_>>();
            let ids = names.iter().filter_map(|name| channels.id(name)).collect::<Vec<_>>();
            heads.count(&ids, names.into_iter(), groups, false, whole(outcome.conversions));
        }
        let empty = whole(journeys.unattributed().conversions);
        heads.unattributed += empty;
        heads.all += empty;
        heads
    }

    fn count<'a>(
        &mut self,
        ids: &[ChannelId],
        names: impl Iterator<Item = &'a str>,
        groups: &'a Groups,
        unattributed: bool,
        persons: u64,
    ) {
        for id in ids {
            self.channels[id.index()] += persons;
        }
        // A group may have touches of its own.
        let mut above =
            names.flat_map(|name| std::iter::once(name).chain(groups.ways(name))).collect::<Vec<_>>();
        above.sort_unstable();
        above.dedup();
        for group in above {
            *self.groups.entry(group.to_owned()).or_default() += persons;
        }
        self.unattributed += if unattributed { persons } else { 0 };
        self.all += persons;
    }
}

/// What both kinds of input need.
pub(super) struct Setting<'a> {
    pub(super) with: &'a Report,
    pub(super) groups: &'a Groups,
    pub(super) costs: &'a Costs,
    pub(super) calibrations: &'a Calibrations,
    /// How far back touches count.
    pub(super) lookback: &'a Lookback,
}

impl Setting<'_> {
    fn threshold(&self) -> Threshold {
        self.with.min_people
    }

    fn enough(&self, persons: u64) -> Result<(), Failure> {
        let least = self.threshold().least_in_all();
        if persons >= least {
            return Ok(());
        }
        let message = format!(
            "fewer than {least} people ordered: a report would tell of single ones (--min-people {} asks for twice as many)",
            self.threshold().persons()
        );
        Err(Failure::no("too_few", message))
    }

    /// The table of all models.
    fn credit(&self, mask: &Mask, channels: &Channels, scores: &[Scores]) -> Credit {
        let columns =
            scores.iter().map(|scores| scores.minor.iter().map(|minor| i128::from(*minor)).collect());
        let columns = columns.collect::<Vec<Vec<i128>>>();
        let unattributed =
            scores.iter().map(|scores| i128::from(scores.unattributed.value)).collect::<Vec<_>>();
        let totals = scores.iter().map(|scores| i128::from(scores.total.value)).collect::<Vec<_>>();
        let masked = mask.rows(channels, &columns, &unattributed, &totals);
        Credit {
            models: scores.iter().map(|scores| scores.model).collect(),
            rows: masked.rows,
            hidden: masked.hidden,
            unattributed: mask.unattributed().then_some(unattributed),
            total: totals.first().copied().unwrap_or(0),
        }
    }

    /// The channels by one model, with how far their figures move.
    fn channels(
        &self,
        shown: &[ChannelId],
        channels: &Channels,
        scores: &Scores,
        margins: Option<&[i64]>,
        samples: Option<&Samples>,
    ) -> Vec<ChannelFigures> {
        let window = self.lookback.window;
        let names = shown.iter().map(|id| channels.name(*id)).collect::<Vec<_>>();
        let values = shown.iter().map(|id| scores.minor[id.index()]).collect::<Vec<_>>();
        let ranks = samples.map(|samples| samples.ranks(&names, &values));
        let one = |(at, id): (usize, &ChannelId)| {
            let cost = self.costs.of(names[at]);
            ChannelFigures {
                name: names[at].to_owned(),
                share: scores.share(*id),
                interval: samples.and_then(|samples| samples.share(names[at])),
                rank: ranks.as_ref().map(|ranks| ranks[at]),
                back: Return::new(values[at], scores.conversions(*id), cost, window)
                    .with_margin(margins.map(|margins| margins[id.index()])),
                roas: samples.zip(cost).and_then(|(samples, cost)| samples.roas(names[at], cost)),
            }
        };
        let mut all = shown.iter().enumerate().map(one).collect::<Vec<_>>();
        all.sort_by(|one, two| (two.back.value, &one.name).cmp(&(one.back.value, &two.name)));
        all
    }

    /// What tests say of the channels that may be shown, by name.
    fn calibrated(&self, shown: &[ChannelId], channels: &Channels, scores: &Scores) -> Vec<Calibrated> {
        let one = |id: &ChannelId| {
            let (channel, credited) = (channels.name(*id), scores.minor[id.index()]);
            let found = self.calibrations.of(channel)?;
            Some(Calibrated {
                channel: channel.to_owned(),
                test: found.test().to_owned(),
                credited,
                factor: found.factor(),
                value: found.calibrated(credited),
            })
        };
        let mut all = shown.iter().filter_map(one).collect::<Vec<_>>();
        all.sort_by(|one, other| one.channel.cmp(&other.channel));
        all
    }

    /// The tables of ways. In all of them orders without a touch are one row, which is hidden in all or in none.
    fn paths(&self, ways: &Ways, channels: &Channels, hide: bool) -> Paths {
        let top = ways.top(channels, self.threshold(), PATHS_MAX, hide);
        let named = |(way, tally): (Vec<ChannelId>, Tally)| {
            (way.iter().map(|id| channels.name(*id).to_owned()).collect(), tally)
        };
        let touches = labels(&Ways::LENGTHS.map(|least| least as u64));
        let days = labels(&Ways::DAYS);
        let none = ways.lengths[0];
        // Nothing is older than the window.
        let longest = self.lookback.window.as_secs() / 86_400;
        let window = Ways::DAYS.iter().filter(|least| **least <= longest).count();
        let times = |tallies: &[Tally]| {
            (!tallies.is_empty()).then(|| self.protected(&days[..window], &tallies[..window], none, hide))
        };
        // The longest paths are the fewest: what is hidden with others is taken from there.
        let lengths = touches
            .into_iter()
            .zip(ways.lengths.iter().copied())
            .skip(1)
            .rev()
            .unzip::<_, _, Vec<_>, Vec<_>>();
        let mut lengths = self.protected(&lengths.0, &lengths.1, none, hide);
        lengths.rows.reverse();
        Paths {
            top: top.rows.into_iter().map(named).collect(),
            further: top.further,
            untouched: top.untouched,
            other: top.other,
            lengths,
            since_first: times(&ways.since_first),
            since_last: times(&ways.since_last),
            median_length: ways.median_length,
            median_lag: ways.median_lag,
        }
    }

    /// Rows that may be shown, and the others in one.
    fn protected(&self, names: &[String], tallies: &[Tally], untouched: Tally, hide: bool) -> Rows {
        let all = || tallies.iter().chain([&untouched]);
        let persons = all().map(|tally| tally.persons).collect::<Vec<_>>();
        let mut hidden = vec![false; persons.len()];
        hidden[tallies.len()] = hide;
        let shown = self.threshold().protect_with(&persons, &hidden);
        let mut rest = None;
        for (tally, _) in all().zip(&shown.cells).filter(|(_, shown)| !**shown) {
            rest.get_or_insert_with(Tally::default).plus(tally);
        }
        let rows = names.iter().zip(tallies).zip(&shown.cells).filter(|(_, shown)| **shown);
        Rows {
            rows: rows.map(|((name, tally), _)| (name.clone(), *tally)).collect(),
            untouched: shown.cells[tallies.len()].then_some(untouched),
            hidden: rest.filter(|_| shown.total),
        }
    }

    /// The mask of the channels and the tables of ways, with one answer to whether orders without a touch may be shown.
    fn masked(&self, heads: &Heads, ways: &Ways, channels: &Channels) -> (Mask, Paths) {
        let both = |hide: bool| {
            let mask = Mask::new(self.groups, channels, heads, self.threshold(), hide);
            (mask, self.paths(ways, channels, hide))
        };
        let (mask, paths) = both(false);
        let rows = [Some(&paths.lengths), paths.since_first.as_ref(), paths.since_last.as_ref()];
        let everywhere = mask.unattributed()
            && paths.untouched.is_some()
            && rows.into_iter().flatten().all(|rows| rows.untouched.is_some());
        if everywhere { (mask, paths) } else { both(true) }
    }

    fn crossings(&self, ropo: &Ropo) -> Crossings {
        let least = self.threshold().persons();
        let persons = ropo.rows.iter().map(|row| row.persons).collect::<Vec<_>>();
        let shown = self.threshold().protect(&persons);
        let (mut rows, mut hidden) = (Vec::new(), None);
        for (row, shown) in ropo.rows.iter().zip(&shown.cells) {
            if *shown {
                rows.push((row.crossing, row.orders, row.net, ropo.share(row.crossing)));
            } else {
                let sum = hidden.get_or_insert((0, 0));
                *sum = (sum.0 + row.orders, sum.1 + row.net);
            }
        }
        // The share of a shown class beside its orders tells how many are identified, and a rate how many are not.
        let unidentified = shown.cells[Crossing::Unidentified as usize];
        if !unidentified {
            rows.iter_mut().for_each(|row| row.3 = None);
        }
        let few = |(all, known): (u64, u64)| {
            let is_few = |count: u64| count > 0 && count < least;
            is_few(known) || is_few(all - known)
        };
        let mut match_rates = ropo.match_rates();
        if !unidentified {
            match_rates = [None; 3];
        } else if few(ropo.store) || few(ropo.web) {
            match_rates = [None, None, match_rates[2]];
        }
        Crossings { rows, hidden: hidden.filter(|_| shown.total), match_rates }
    }

    fn visits(
        &self,
        people: &People,
        sides: &[Side],
        lookback: &Lookback,
    ) -> Result<Option<Visits>, Failure> {
        let trails = people.trails_to_visits(lookback, sides);
        let heads = Heads::of(&trails, people.channels(), self.groups);
        if heads.all < self.threshold().least_in_all() {
            return Ok(None);
        }
        let channels = people.channels();
        let mask = Mask::new(&Groups::default(), channels, &heads, self.threshold(), false);
        let direct = direct(sides, channels);
        let scores = self.with.model.scores(channels, people.scale(), direct, &trails, |_| 1);
        let scores = scores.map_err(|error| Failure::no("unsolved", error.to_string()))?;
        let millionths = |count: Count| i128::from(count.millionths());
        let columns = [scores.millionths.iter().map(|count| i128::from(*count)).collect::<Vec<_>>()];
        let [unattributed, total] =
            [scores.unattributed, scores.total].map(|outcome| millionths(outcome.conversions));
        let masked = mask.rows(channels, &columns, &[unattributed], &[total]);
        let count = |count: i128| u64::try_from(count).unwrap_or(0);
        let mut rows: Vec<_> = masked.rows.into_iter().map(|row| (row.name, count(row.minor[0]))).collect();
        rows.sort_by(|one, two| (two.1, &one.0).cmp(&(one.1, &two.0)));
        Ok(Some(Visits {
            visits: count(total) / Count::ONE.millionths(),
            rows,
            hidden: masked.hidden.map(|hidden| count(hidden[0])),
            unattributed: mask.unattributed().then(|| count(unattributed)),
        }))
    }
}

/// Ranges from their least numbers: `0`, `1`, `5-6`, `11+`.
fn labels(least: &[u64]) -> Vec<String> {
    let label = |at: usize| match least.get(at + 1) {
        None => format!("{}+", least[at]),
        Some(next) if next - least[at] == 1 => least[at].to_string(),
        Some(next) => format!("{}\u{2013}{}", least[at], next - 1),
    };
    (0..least.len()).map(label).collect()
}

/// The day of a time, in UTC.
fn day(at: Timestamp) -> String {
    at.to_utc().date_naive().to_string()
}

fn unsolved(error: impl std::fmt::Display) -> Failure {
    Failure::no("unsolved", error.to_string())
}

/// The figures of people with touches and orders, which left these trails.
pub(super) fn of_people(
    setting: &Setting<'_>,
    people: &People,
    trails: &[Trail],
    sides: &[Side],
    output: &Output,
) -> Result<Figures, Failure> {
    let with = setting.with;
    let (channels, lookback) = (people.channels(), setting.lookback);
    let heads = Heads::of(trails, channels, setting.groups);
    let buyers = people.buyers();
    setting.enough(buyers as u64)?;
    let (mask, paths) = setting.masked(&heads, &Ways::of(trails), channels);
    let direct = direct(sides, channels);
    let (mut all, mut without) = (Vec::new(), Vec::new());
    let models = models(with.model);
    let bar = output.progress(models.len() as u64, "models");
    for model in models {
        match model.scores(channels, people.scale(), direct, trails, |_| 1) {
            Ok(scores) => all.push(scores),
            Err(error) => without.push((model, error.to_string())),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let own = all.iter().find(|scores| scores.model == with.model);
    let own = own.ok_or_else(|| unsolved(format!("the model {} has no answer", with.model)))?;
    let samples = match with.samples {
        0 => None,
        count => Some(
            output
                .working("drawing samples", || {
                    Samples::of_model(count.into(), channels, people.scale(), direct, trails, with.model)
                })
                .map_err(unsolved)?,
        ),
    };
    let margins = margins(trails, channels, people.scale(), direct, with.model)?;
    let shown = mask.channels(channels);
    let yardstick =
        Yardstick::new(&shown, setting.costs, setting.threshold()).with_roas_percent(with.target_roas);
    let stability = output.working("testing what the answer rests on", || {
        Stability::of(people, sides, lookback, with.model, &Stress::usual(), &yardstick)
    });
    Ok(Figures {
        headline: Headline {
            persons: Some(buyers as u64),
            total: own.total,
            unattributed_shown: mask.unattributed(),
            unattributed: own.unattributed,
            touches: people.touches(),
            span: people.span().map(|(first, last)| (day(first), day(last))),
        },
        credit: setting.credit(&mask, channels, &all),
        without,
        channels: setting.channels(&shown, channels, own, margins.as_deref(), samples.as_ref()),
        paths,
        ropo: Some(setting.crossings(&Ropo::of(trails, sides))),
        visits: setting.visits(people, sides, lookback)?,
        stability: Some(stability.map_err(unsolved)?),
        held_out: None,
        calibrated: setting.calibrated(&shown, channels, own),
    })
}

/// The margin of each channel by a model; none where the cost of goods is not known of every order.
fn margins(
    trails: &[Trail],
    channels: &Channels,
    scale: u8,
    direct: Option<ChannelId>,
    model: Model,
) -> Result<Option<Vec<i64>>, Failure> {
    let Some(trails) = trails.iter().map(Trail::with_margin).collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let scores = model.scores(channels, scale, direct, &trails, |_| 1).map_err(unsolved)?;
    Ok(Some(scores.minor))
}

/// The usual models, and the one of the report.
fn models(own: Model) -> Vec<Model> {
    let mut models = Model::USUAL.to_vec();
    if !models.contains(&own) {
        models.push(own);
    }
    models
}

/// The figures of journeys without persons and times.
pub(super) fn of_journeys(
    setting: &Setting<'_>,
    journeys: &Journeys,
    output: &Output,
) -> Result<Figures, Failure> {
    let with = setting.with;
    let channels = journeys.channels();
    let sides = setting.groups.sides(channels);
    let heads = Heads::of_journeys(journeys, setting.groups);
    setting.enough(heads.all)?;
    let (mask, paths) = setting.masked(&heads, &Ways::of_journeys(journeys), channels);
    let direct = direct(&sides, channels);
    let (mut all, mut without) = (Vec::new(), Vec::new());
    let models = models(with.model);
    let bar = output.progress(models.len() as u64, "models");
    for model in models {
        match model.scores_of(journeys, direct) {
            Ok(scores) => all.push(scores),
            Err(error) => without.push((model, error.to_string())),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let own = all.iter().find(|scores| scores.model == with.model);
    let own = own.ok_or_else(|| {
        let message = format!("{} needs the time of each touch, and grouped paths have none", with.model);
        Failure::misuse("no_times", message)
    })?;
    let shown = mask.channels(channels);
    Ok(Figures {
        headline: Headline {
            persons: None,
            total: own.total,
            unattributed_shown: mask.unattributed(),
            unattributed: own.unattributed,
            touches: journeys.touches() as u64,
            span: None,
        },
        credit: setting.credit(&mask, channels, &all),
        without,
        channels: setting.channels(&shown, channels, own, None, None),
        paths,
        ropo: None,
        visits: None,
        stability: None,
        held_out: None,
        calibrated: setting.calibrated(&shown, channels, own),
    })
}
