//! Whether it caused anything: arms drawn by a hash, and what they did.
//!
//! [`Design`] says who gets what; [`Statistics`] sum what people did, exactly and in parts that merge; [`analyse`] compares
//! the arms, with the sample ratio before all else. Who is held out is counted and shown, and never taken for treated.

mod analysis;
mod assignment;
mod cluster;
mod cluster_cuped;
mod compare;
mod cuped;
mod power;
mod sample_ratio;
mod sequential;
#[cfg(test)]
pub(in crate::measure) mod simulated;
mod statistics;

pub use analysis::{
    Analysis, AnalysisError, ArmCount, ArmRole, Caution, Comparison, MetricKind, Question, analyse,
};
pub use assignment::{
    Assignment, Design, DesignError, HashVersion, Holdout, bucket, bucket_ranges, choose, in_namespace,
};
pub use cluster::{ClusterSum, cluster_side, intra_cluster_correlation, randomisation_p};
pub use cluster_cuped::{ClusterBefore, cluster_cuped};
pub use compare::{Lift, Part, RateDifference, Side, difference, lift, rate_difference};
pub use cuped::{Covaried, Cuped, cuped};
pub use power::{ClusterShape, PowerError, Sureness, people_for_means, people_for_rates, power};
pub use sample_ratio::{SAMPLE_RATIO_ALARM, SampleRatio, SampleRatioError, sample_ratio};
pub use sequential::{Look, Mixture, MixtureError};
pub use statistics::{Metric, RowError, Statistics, StatisticsError};
