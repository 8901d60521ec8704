//! What people of each arm did: exact sums by arm, cluster and metric, which merge.

use std::collections::BTreeMap;

use thiserror::Error;

use super::cuped::Covaried;
use crate::measure::exact::Wide;
use crate::measure::{Moments, MomentsError, Paired};
use crate::vocab::{Decimal, MoneyError};

/// Most arms. More are most likely a column that is no arm.
const ARMS_MAX: usize = 100;

/// Most metrics.
const METRICS_MAX: usize = 1_000;

/// Most clusters of all arms: shops of the largest chains, or people with several rows each.
const CLUSTERS_MAX: usize = 10_000_000;

/// Longest name of an arm, a cluster or a metric, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    name: String,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// The mean of a column; beside it, another from before the experiment.
    Mean { before: Option<String> },
    /// The sum of the column of that name by the sum of another.
    Ratio { denominator: String },
}

impl Metric {
    /// The mean of a column (of zeros and ones, a rate).
    pub fn mean(column: &str) -> Metric {
        Metric { name: column.to_owned(), form: Form::Mean { before: None } }
    }

    /// The mean of a column, with one of what was known before the experiment; a cell of that may be empty.
    pub fn with_before(column: &str, before: &str) -> Metric {
        Metric { name: column.to_owned(), form: Form::Mean { before: Some(before.to_owned()) } }
    }

    /// The sum of a column by the sum of another, such as value by orders.
    pub fn ratio(numerator: &str, denominator: &str) -> Metric {
        Metric { name: numerator.to_owned(), form: Form::Ratio { denominator: denominator.to_owned() } }
    }

    /// What it is called: its column, or `numerator/denominator`.
    pub fn name(&self) -> String {
        match &self.form {
            Form::Mean { .. } => self.name.clone(),
            Form::Ratio { denominator } => format!("{}/{denominator}", self.name),
        }
    }

    /// The columns that it takes, in order: what is measured, then what stands beside it.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let beside = match &self.form {
            Form::Mean { before } => before.as_deref(),
            Form::Ratio { denominator } => Some(denominator.as_str()),
        };
        std::iter::once(self.name.as_str()).chain(beside)
    }

    fn sums(&self) -> Sums {
        match self.form {
            Form::Mean { .. } => Sums::Mean(Covaried::default()),
            Form::Ratio { .. } => Sums::Ratio(Paired::default()),
        }
    }
}

/// The sums of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sums {
    Mean(Covaried),
    Ratio(Paired),
}

impl Sums {
    fn merge(&mut self, other: &Sums) -> Result<(), MomentsError> {
        match (self, other) {
            (Sums::Mean(one), Sums::Mean(other)) => one.merge(other),
            (Sums::Ratio(one), Sums::Ratio(other)) => one.merge(other),
            _ => Err(MomentsError::Form),
        }
    }

    /// The values; of a ratio its numerators.
    pub(super) fn values(&self) -> Result<Moments, MomentsError> {
        match self {
            Sums::Mean(covaried) => covaried.values(),
            Sums::Ratio(pairs) => Ok(*pairs.y()),
        }
    }
}

/// Why an experiment has no such statistics.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// No metric, one twice, or too many.
    #[error("expected 1 to {METRICS_MAX} metrics, each once")]
    Metrics,
    /// An empty or overlong name.
    #[error("expected names of 1 to {NAME_BYTES_MAX} bytes")]
    Name,
    /// Fewer than two arms named, or too many.
    #[error("expected 2 to {ARMS_MAX} arms, each once")]
    Arms,
    /// Statistics of other metrics, or of people and of clusters.
    #[error("expected statistics of the same metrics, and of clusters in both or in neither")]
    Others,
    /// A cluster that both have in different arms.
    #[error("a cluster is in two arms")]
    TwoArms,
    /// Bytes that are none.
    #[error("expected statistics as this version writes them")]
    Form,
    /// Sums out of range.
    #[error(transparent)]
    Moments(#[from] MomentsError),
}

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RowError {
    /// No arm, or an overlong one.
    #[error("expected an arm of 1 to {NAME_BYTES_MAX} bytes")]
    Arm,
    /// An arm that was not named before.
    #[error("expected one of the arms that were named")]
    UnknownArm,
    /// More arms than an experiment has.
    #[error("expected at most {ARMS_MAX} arms; is it the right column?")]
    TooManyArms,
    /// No cluster, or an overlong one.
    #[error("expected a cluster of 1 to {NAME_BYTES_MAX} bytes")]
    Cluster,
    /// A cluster that is in another arm already.
    #[error("expected each cluster in one arm; this one is in another too")]
    TwoArms,
    /// Too many clusters.
    #[error("expected at most {CLUSTERS_MAX} clusters")]
    TooManyClusters,
    /// Another number of cells than the metrics have columns.
    #[error("expected a cell for each column of the metrics")]
    Cells,
    /// No number where there has to be one.
    #[error("column {column}: expected a number, found nothing")]
    Empty {
        /// The column.
        column: String,
    },
    /// What is no number: NaN and infinity are none either.
    #[error("column {column}: {reason}")]
    Number {
        /// The column.
        column: String,
        /// What was expected.
        reason: MoneyError,
    },
    /// A denominator below zero.
    #[error("column {column}: expected a denominator of at least zero")]
    Negative {
        /// The column.
        column: String,
    },
    /// Sums out of range.
    #[error(transparent)]
    Moments(#[from] MomentsError),
}

/// What people of each arm did.
///
/// Parts that were summed apart (by shops, threads, days) and merged are the same bytes as the whole, in any order.
///
/// ```
/// use phygital_core::measure::experiment::{Metric, Statistics};
/// let metrics = [Metric::with_before("revenue", "revenue_before"), Metric::mean("bought")];
/// let mut monday = Statistics::new(&metrics)?;
/// monday.push("control", None, &["12.50", "10.00", "1"])?;
/// let mut tuesday = Statistics::new(&metrics)?;
/// tuesday.push("offer", None, &["20.00", "", "1"])?;
/// monday.merge(&tuesday)?;
/// assert_eq!(Statistics::from_bytes(&monday.to_bytes())?, monday);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    metrics: Vec<Metric>,
    clustered: bool,
    /// Whether other arms than those that are here already are refused.
    closed: bool,
    /// By arm and cluster; without clusters all people of an arm are in one without a name.
    arms: BTreeMap<String, BTreeMap<String, Vec<Sums>>>,
}

impl Statistics {
    /// Of people, each of which is one row.
    ///
    /// # Errors
    /// [`StatisticsError`] where metrics are missing, twice or too many, or their names are no names.
    pub fn new(metrics: &[Metric]) -> Result<Statistics, StatisticsError> {
        let mut names = metrics.iter().map(Metric::name).collect::<Vec<_>>();
        names.sort_unstable();
        names.dedup();
        if metrics.is_empty() || names.len() < metrics.len() || metrics.len() > METRICS_MAX {
            return Err(StatisticsError::Metrics);
        }
        if !metrics.iter().flat_map(Metric::columns).all(is_name) {
            return Err(StatisticsError::Name);
        }
        let metrics = metrics.to_vec();
        Ok(Statistics { metrics, clustered: false, closed: false, arms: BTreeMap::new() })
    }

    /// Of whole clusters, such as shops, each in one arm; or of people with several rows each, who are clusters then.
    #[must_use]
    pub fn of_clusters(self) -> Statistics {
        Statistics { clustered: true, arms: BTreeMap::new(), ..self }
    }

    /// Of these arms alone; a row of another is refused.
    ///
    /// # Errors
    /// [`StatisticsError::Arms`], [`StatisticsError::Name`].
    pub fn of_arms<'a>(
        mut self,
        arms: impl IntoIterator<Item = &'a str>,
    ) -> Result<Statistics, StatisticsError> {
        for arm in arms {
            if !is_name(arm) {
                return Err(StatisticsError::Name);
            }
            if self.arms.insert(arm.to_owned(), BTreeMap::new()).is_some() {
                return Err(StatisticsError::Arms);
            }
        }
        self.closed = true;
        if (2..=ARMS_MAX).contains(&self.arms.len()) { Ok(self) } else { Err(StatisticsError::Arms) }
    }

    /// What is measured.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Whether clusters are counted, not people.
    pub fn is_clustered(&self) -> bool {
        self.clustered
    }

    /// Adds a row: a cell for each column of each metric, in order ([`Metric::columns`]). A decimal number as JSON writes it, of
    /// at most 18 digits; only what was before the experiment may be empty.
    ///
    /// # Errors
    /// [`RowError`]; nothing is added then.
    pub fn push(&mut self, arm: &str, cluster: Option<&str>, cells: &[&str]) -> Result<(), RowError> {
        let columns = self.metrics.iter().map(|metric| metric.columns().count()).sum::<usize>();
        if cells.len() != columns {
            return Err(RowError::Cells);
        }
        let mut row = Vec::with_capacity(self.metrics.len());
        let mut cells = cells.iter();
        for metric in &self.metrics {
            let mut read = metric.columns().zip(&mut cells).map(|(column, cell)| number(column, cell));
            let value = read.next().expect("a metric has a column");
            let beside = read.next().transpose()?;
            let name = || metric.columns().last().expect("a metric has a column").to_owned();
            let value = value?.ok_or_else(|| RowError::Empty { column: metric.name.clone() })?;
            let mut sums = metric.sums();
            match &mut sums {
                Sums::Mean(covaried) => covaried.push(beside.flatten(), value)?,
                Sums::Ratio(pairs) => {
                    let under = beside.flatten().ok_or_else(|| RowError::Empty { column: name() })?;
                    if under.units() < 0 {
                        return Err(RowError::Negative { column: name() });
                    }
                    pairs.push(under, value)?;
                }
            }
            row.push(sums);
        }
        let place = self.place(arm, cluster)?;
        for (sums, other) in place.iter_mut().zip(&row) {
            sums.merge(other)?;
        }
        Ok(())
    }

    /// Where the sums of an arm's cluster are.
    fn place(&mut self, arm: &str, cluster: Option<&str>) -> Result<&mut Vec<Sums>, RowError> {
        if !is_name(arm) {
            return Err(RowError::Arm);
        }
        let cluster = match (self.clustered, cluster) {
            (true, cluster) => cluster.filter(|cluster| is_name(cluster)).ok_or(RowError::Cluster)?,
            (false, _) => "",
        };
        if !self.arms.contains_key(arm) {
            if self.closed {
                return Err(RowError::UnknownArm);
            }
            if self.arms.len() >= ARMS_MAX {
                return Err(RowError::TooManyArms);
            }
        }
        if self.clustered && !self.arms.get(arm).is_some_and(|clusters| clusters.contains_key(cluster)) {
            if self.arms.values().any(|clusters| clusters.contains_key(cluster)) {
                return Err(RowError::TwoArms);
            }
            if self.arms.values().map(BTreeMap::len).sum::<usize>() >= CLUSTERS_MAX {
                return Err(RowError::TooManyClusters);
            }
        }
        let empty = || self.metrics.iter().map(Metric::sums).collect();
        // Names are copied once, not for each row.
        if !self.arms.contains_key(arm) {
            self.arms.insert(arm.to_owned(), BTreeMap::new());
        }
        let clusters = self.arms.get_mut(arm).expect("it was put there");
        if !clusters.contains_key(cluster) {
            clusters.insert(cluster.to_owned(), empty());
        }
        Ok(clusters.get_mut(cluster).expect("it was put there"))
    }

    /// Adds what others saw.
    ///
    /// # Errors
    /// [`StatisticsError`] where they saw other things; nothing is changed then.
    pub fn merge(&mut self, other: &Statistics) -> Result<(), StatisticsError> {
        if (&self.metrics, self.clustered, self.closed) != (&other.metrics, other.clustered, other.closed) {
            return Err(StatisticsError::Others);
        }
        let mut both = self.clone();
        for (arm, clusters) in &other.arms {
            let mine = both.arms.entry(arm.clone()).or_default();
            for (cluster, sums) in clusters {
                match mine.get_mut(cluster) {
                    Some(mine) => {
                        for (one, other) in mine.iter_mut().zip(sums) {
                            one.merge(other)?;
                        }
                    }
                    None => {
                        mine.insert(cluster.clone(), sums.clone());
                    }
                }
            }
        }
        both.check()?;
        *self = both;
        Ok(())
    }

    /// What holds of all statistics together.
    fn check(&self) -> Result<(), StatisticsError> {
        let clusters = || self.arms.values().flat_map(BTreeMap::keys);
        if self.arms.len() > ARMS_MAX || clusters().count() > CLUSTERS_MAX {
            return Err(StatisticsError::Arms);
        }
        let mut seen = clusters().collect::<Vec<_>>();
        seen.sort_unstable();
        if self.clustered && seen.windows(2).any(|two| two[0] == two[1]) {
            return Err(StatisticsError::TwoArms);
        }
        for arm in self.arms.keys() {
            for metric in 0..self.metrics.len() {
                self.total(arm, metric)?;
            }
        }
        Ok(())
    }

    /// The arms, in order of their names.
    pub fn arms(&self) -> impl Iterator<Item = &str> {
        self.arms.keys().map(String::as_str)
    }

    /// How many rows an arm has: people, or rows of its clusters.
    pub fn rows(&self, arm: &str) -> u64 {
        self.total(arm, 0).and_then(|sums| sums.values()).map_or(0, |values| values.count())
    }

    /// How many clusters an arm has; none where people are counted.
    pub fn clusters(&self, arm: &str) -> Option<u64> {
        self.clustered.then(|| self.arms.get(arm).map_or(0, |clusters| clusters.len() as u64))
    }

    /// An arm's sums of a metric.
    pub(super) fn total(&self, arm: &str, metric: usize) -> Result<Sums, MomentsError> {
        let mut total = self.metrics[metric].sums();
        for sums in self.arms.get(arm).into_iter().flat_map(BTreeMap::values) {
            total.merge(&sums[metric])?;
        }
        Ok(total)
    }

    /// An arm's sums of a metric by cluster, in order of their names.
    pub(super) fn by_cluster(&self, arm: &str, metric: usize) -> impl Iterator<Item = &Sums> {
        self.arms.get(arm).into_iter().flat_map(BTreeMap::values).map(move |sums| &sums[metric])
    }

    /// The same bytes for the same statistics on every machine.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = HEAD.to_vec();
        out.push(u8::from(self.clustered) | u8::from(self.closed) << 1);
        write_count(&mut out, self.metrics.len());
        for metric in &self.metrics {
            write_text(&mut out, &metric.name);
            match &metric.form {
                Form::Mean { before: None } => out.push(0),
                Form::Mean { before: Some(before) } => {
                    out.push(1);
                    write_text(&mut out, before);
                }
                Form::Ratio { denominator } => {
                    out.push(2);
                    write_text(&mut out, denominator);
                }
            }
        }
        write_count(&mut out, self.arms.len());
        for (arm, clusters) in &self.arms {
            write_text(&mut out, arm);
            write_count(&mut out, clusters.len());
            for (cluster, all) in clusters {
                write_text(&mut out, cluster);
                for sums in all {
                    match sums {
                        Sums::Mean(covaried) => {
                            covaried.present.write(&mut out);
                            covaried.missing.write(&mut out);
                        }
                        Sums::Ratio(pairs) => pairs.write(&mut out),
                    }
                }
            }
        }
        out
    }

    /// What [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`StatisticsError`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Statistics, StatisticsError> {
        let form = || StatisticsError::Form;
        let bytes = bytes.strip_prefix(HEAD).ok_or_else(form)?;
        let (flags, mut bytes) = bytes.split_first().ok_or_else(form)?;
        let mut metrics = Vec::new();
        for _ in 0..read_count(&mut bytes)? {
            let name = read_text(&mut bytes)?;
            let (kind, rest) = bytes.split_first().ok_or_else(form)?;
            bytes = rest;
            let form = match kind {
                0 => Form::Mean { before: None },
                1 => Form::Mean { before: Some(read_text(&mut bytes)?) },
                2 => Form::Ratio { denominator: read_text(&mut bytes)? },
                _ => return Err(StatisticsError::Form),
            };
            metrics.push(Metric { name, form });
        }
        let mut read = Statistics::new(&metrics)?;
        read.clustered = flags & 1 != 0;
        read.closed = flags & 2 != 0;
        for _ in 0..read_count(&mut bytes)? {
            let arm = read_text(&mut bytes)?;
            let mut clusters = BTreeMap::<String, Vec<Sums>>::new();
            for _ in 0..read_count(&mut bytes)? {
                let cluster = read_text(&mut bytes)?;
                let mut sums = Vec::new();
                for metric in &metrics {
                    let (one, rest) = read_sums(metric, bytes).ok_or_else(form)?;
                    sums.push(one);
                    bytes = rest;
                }
                if cluster.is_empty() == read.clustered || !rises(&clusters, &cluster) {
                    return Err(form());
                }
                clusters.insert(cluster, sums);
            }
            if !is_name(&arm) || !rises(&read.arms, &arm) {
                return Err(form());
            }
            read.arms.insert(arm, clusters);
        }
        read.check()?;
        // Arms that are named are at least two.
        let named = !read.closed || read.arms.len() >= 2;
        if bytes.is_empty() && flags & !3 == 0 && named { Ok(read) } else { Err(form()) }
    }
}

/// Whether a name stands behind all others: there is one order to write them in.
fn rises<T>(before: &BTreeMap<String, T>, name: &str) -> bool {
    before.last_key_value().is_none_or(|(last, _)| last.as_str() < name)
}

const HEAD: &[u8] = b"PHEX\x01";

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
}

fn number(column: &str, cell: &str) -> Result<Option<Decimal>, RowError> {
    if cell.is_empty() {
        return Ok(None);
    }
    cell.parse().map(Some).map_err(|reason| RowError::Number { column: column.to_owned(), reason })
}

fn write_count(out: &mut Vec<u8>, count: usize) {
    Wide::of(count as i128).write(out);
}

fn read_count(bytes: &mut &[u8]) -> Result<usize, StatisticsError> {
    let (count, rest) = Wide::read(bytes).ok_or(StatisticsError::Form)?;
    let count = count.to_u64().and_then(|count| usize::try_from(count).ok()).ok_or(StatisticsError::Form)?;
    *bytes = rest;
    // Whatever is counted takes a byte at least.
    if count > rest.len() { Err(StatisticsError::Form) } else { Ok(count) }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_count(out, text.len());
    out.extend(text.as_bytes());
}

fn read_text(bytes: &mut &[u8]) -> Result<String, StatisticsError> {
    let length = read_count(bytes)?;
    let (text, rest) = bytes.split_at_checked(length).ok_or(StatisticsError::Form)?;
    *bytes = rest;
    let text = std::str::from_utf8(text).map_err(|_| StatisticsError::Form)?;
    if text.len() > NAME_BYTES_MAX { Err(StatisticsError::Form) } else { Ok(text.to_owned()) }
}

fn read_sums<'b>(metric: &Metric, bytes: &'b [u8]) -> Option<(Sums, &'b [u8])> {
    let (pairs, bytes) = Paired::read(bytes)?;
    match &metric.form {
        Form::Ratio { .. } => Some((Sums::Ratio(pairs), bytes)),
        Form::Mean { before } => {
            let (missing, bytes) = Moments::read(bytes)?;
            // Where nothing stands beside the metric, nothing was known before of anybody.
            let fits = before.is_some() || pairs.count() == 0;
            fits.then_some((Sums::Mean(Covaried { present: pairs, missing }), bytes))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn metrics() -> [Metric; 3] {
        [Metric::with_before("value", "before"), Metric::mean("bought"), Metric::ratio("value", "orders")]
    }

    type Row = (u8, u8, i32, Option<i32>, u8);

    fn push(statistics: &mut Statistics, row: &Row) {
        let (arm, shop, value, before, orders) = row;
        // Each shop is in one arm.
        let (arm, shop) = (format!("arm {}", arm % 3), format!("shop {}-{}", arm % 3, shop % 4));
        let value = format!("{value}e-2");
        let before = before.map_or(String::new(), |before| format!("{before}.5"));
        let (bought, orders) = (u8::from(*orders > 0).to_string(), orders.to_string());
        let cells = [value.as_str(), &before, &bought, &value, &orders];
        statistics.push(&arm, Some(&shop), &cells).unwrap();
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let row = (0..3_u8, any::<u8>(), any::<i32>(), prop::option::of(-500..500_i32), 0..5_u8);
        prop::collection::vec(row, 1..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn order_split_and_bytes(rows in rows(), parts in 1..5_usize, clustered in any::<bool>()) {
            let new = || {
                let new = Statistics::new(&metrics()).unwrap();
                if clustered { new.of_clusters() } else { new }
            };
            let mut whole = new();
            rows.iter().for_each(|row| push(&mut whole, row));
            let mut apart = vec![new(); parts];
            for (at, row) in rows.iter().enumerate() {
                push(&mut apart[at * 7 % parts], row);
            }
            let mut merged = new();
            apart.iter().rev().for_each(|part| merged.merge(part).unwrap());
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
            prop_assert_eq!(Statistics::from_bytes(&whole.to_bytes()), Ok(whole.clone()));
            let rows_of = |arm: &str| rows.iter().filter(|row| format!("arm {}", row.0 % 3) == arm).count() as u64;
            for arm in whole.arms() {
                prop_assert_eq!(whole.rows(arm), rows_of(arm));
            }
        }

        #[test]
        fn bytes_that_are_read_are_written_so(
            rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
        ) {
            let mut whole = Statistics::new(&metrics()).unwrap();
            rows.iter().for_each(|row| push(&mut whole, row));
            let mut bytes = whole.to_bytes();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            if let Ok(read) = Statistics::from_bytes(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn rows_that_are_none_are_refused() {
        let mut statistics = Statistics::new(&metrics()).unwrap().of_arms(["a", "b"]).unwrap();
        let before = statistics.clone();
        let row = |statistics: &mut Statistics, arm, cells: [&str; 5]| statistics.push(arm, None, &cells);
        let number = |column: &str, reason| Err(RowError::Number { column: column.to_owned(), reason });
        let empty = |column: &str| Err(RowError::Empty { column: column.to_owned() });
        for bad in ["NaN", "inf", "-Infinity", "1,5", "x", " 1"] {
            let found = row(&mut statistics, "a", [bad, "", "1", "2", "1"]);
            assert_eq!(found, number("value", MoneyError::NotANumber), "{bad}");
        }
        assert_eq!(
            row(&mut statistics, "a", ["1", "", "1", "2", "1e99"]),
            number("orders", MoneyError::TooManyDigits)
        );
        assert_eq!(row(&mut statistics, "a", ["", "1", "1", "2", "1"]), empty("value"));
        assert_eq!(row(&mut statistics, "a", ["1", "1", "", "2", "1"]), empty("bought"));
        assert_eq!(row(&mut statistics, "a", ["1", "1", "1", "2", ""]), empty("orders"));
        let negative = RowError::Negative { column: "orders".to_owned() };
        assert_eq!(row(&mut statistics, "a", ["1", "1", "1", "2", "-1"]), Err(negative));
        assert_eq!(row(&mut statistics, "c", ["1", "", "1", "2", "1"]), Err(RowError::UnknownArm));
        assert_eq!(row(&mut statistics, "", ["1", "", "1", "2", "1"]), Err(RowError::Arm));
        assert_eq!(statistics.push("a", None, &["1"]), Err(RowError::Cells));
        assert_eq!(statistics, before);
    }

    #[test]
    fn clusters_stay_in_their_arm() {
        let new = || Statistics::new(&[Metric::mean("x")]).unwrap().of_clusters();
        let mut one = new();
        one.push("a", Some("shop 1"), &["1"]).unwrap();
        assert_eq!(one.push("b", Some("shop 1"), &["1"]), Err(RowError::TwoArms));
        assert_eq!(one.push("b", None, &["1"]), Err(RowError::Cluster));
        let mut other = new();
        other.push("b", Some("shop 1"), &["1"]).unwrap();
        assert_eq!(one.merge(&other), Err(StatisticsError::TwoArms));
        assert_eq!((one.clusters("a"), one.clusters("b"), one.rows("a")), (Some(1), Some(0), 1));
    }

    #[test]
    fn limits_hold() {
        let long = "x".repeat(NAME_BYTES_MAX);
        let longer = format!("{long}x");
        assert!(Statistics::new(&[Metric::mean(&long)]).is_ok());
        assert_eq!(Statistics::new(&[Metric::mean(&longer)]), Err(StatisticsError::Name));
        assert_eq!(Statistics::new(&[]), Err(StatisticsError::Metrics));
        assert_eq!(Statistics::new(&[Metric::mean("x"), Metric::mean("x")]), Err(StatisticsError::Metrics));
        let many = (0..=METRICS_MAX).map(|at| Metric::mean(&format!("m{at}"))).collect::<Vec<_>>();
        assert!(Statistics::new(&many[..METRICS_MAX]).is_ok());
        assert_eq!(Statistics::new(&many), Err(StatisticsError::Metrics));
        let one = || Statistics::new(&[Metric::mean("x")]).unwrap();
        assert_eq!(one().of_arms(["a"]), Err(StatisticsError::Arms));
        assert_eq!(one().of_arms(["a", "b", "a"]), Err(StatisticsError::Arms));
        assert_eq!(one().of_arms(["a", &longer]), Err(StatisticsError::Name));
        let mut open = one();
        for at in 0..ARMS_MAX {
            open.push(&at.to_string(), None, &["1"]).unwrap();
        }
        assert_eq!(open.push("more", None, &["1"]), Err(RowError::TooManyArms));
        assert_eq!(open.push(&longer, None, &["1"]), Err(RowError::Arm));
        let closed = one().of_arms(["a", "b"]).unwrap();
        assert_eq!(open.merge(&closed), Err(StatisticsError::Others));
        assert_eq!(Statistics::from_bytes(&closed.to_bytes()), Ok(closed));
    }
}
