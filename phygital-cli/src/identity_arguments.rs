//! The arguments of `identity`: what is read, and what is asked of it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Who is who in a file of events or records.
#[derive(Debug, Subcommand)]
pub(crate) enum Identity {
    /// Say which events or records are one person: CSV with event_id or record_id, and profile_id
    Resolve(Resolve),
    /// Learn from a file what agreement and difference of names, dates and addresses are worth
    Train(Train),
    /// Tell what speaks for and against two records being one person; exit code 1 when they are no match
    Match(Match),
    /// Tell what ties two rows or identifiers together; exit code 1 when they are two profiles
    Explain(Two),
    /// Tell what keeps two rows or identifiers apart; exit code 1 when they are one profile
    WhyNot(Two),
    /// Tell how a profile came about
    History(History),
    /// List what a person should look at, the worst first
    Review(Review),
    /// Tell how many profiles would merge or split under other rules
    Preview(Preview),
    /// Compare profiles with the truth: pairs, B-cubed, whole people
    Evaluate(Evaluate),
}

/// A file, and what it means.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// The events or records: CSV with a header or JSON Lines, also compressed by gzip; - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What the columns mean, and by which rules: JSON with mapping, rules, thresholds [default: the mapping that
    /// comes with the command for these columns]
    // The same option as the shop's settings for other commands: `identity` reads no shop.
    #[arg(id = "config", long = "config", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What people decided: a table with one, two (ids of rows, or identifiers), same (1 or 0) and time
    #[arg(long, value_name = "FILE")]
    pub(crate) rulings: Option<PathBuf>,
    /// Refuse a file with a value that is not what its column should hold, instead of leaving the value out
    #[arg(long)]
    pub(crate) strict: bool,
    /// The secret under which profiles are named, 64 hexadecimal digits: that of your stores gives their ids [default:
    /// zeros]. Other users of the machine see arguments: better set PHYGITAL_TENANT_KEY
    #[arg(long, value_name = "HEX", env = "PHYGITAL_TENANT_KEY", hide_env_values = true)]
    pub(crate) tenant_key: Option<String>,
}

/// A file, what it means, and what was learned.
#[derive(Debug, Args)]
pub(crate) struct Learned {
    #[command(flatten)]
    pub(crate) source: Source,
    /// What `identity train` wrote [default: learned from the file itself; the standard model if it has under 100
    /// records, and for `match`]
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Resolve {
    #[command(flatten)]
    pub(crate) learned: Learned,
    /// Write to this file instead
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Say too who lives together, in a column household_id: by address and surname, phone, mailbox, card or tablet
    #[arg(long)]
    pub(crate) households: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Train {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The file to write the model to
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Match {
    #[command(flatten)]
    pub(crate) learned: Learned,
    /// The id of a record
    #[arg(value_name = "A")]
    pub(crate) one: String,
    /// The id of another
    #[arg(value_name = "B")]
    pub(crate) two: String,
    /// Draw what speaks for and against: a picture if the name ends in .svg, a page if in .html
    #[arg(long, value_name = "FILE", value_parser = chart)]
    pub(crate) chart: Option<Chart>,
}

/// A file for a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(crate) file: PathBuf,
    /// Whether it is a page around the picture.
    pub(crate) page: bool,
}

fn chart(text: &str) -> Result<Chart, &'static str> {
    let file = PathBuf::from(text);
    let ending = file.extension().map(|ending| ending.to_ascii_lowercase());
    match ending.as_ref().and_then(|ending| ending.to_str()) {
        Some("svg") => Ok(Chart { file, page: false }),
        Some("html") => Ok(Chart { file, page: true }),
        _ => Err("expected a name that ends in .svg or .html"),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Two {
    #[command(flatten)]
    pub(crate) learned: Learned,
    /// The id of a row, or an identifier: kind:value, a phone number with +, an e-mail address
    #[arg(value_name = "A")]
    pub(crate) one: String,
    /// Another
    #[arg(value_name = "B")]
    pub(crate) two: String,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) learned: Learned,
    /// The id of a profile or row, or an identifier
    #[arg(value_name = "WHO")]
    pub(crate) who: String,
}

#[derive(Debug, Args)]
pub(crate) struct Review {
    #[command(flatten)]
    pub(crate) learned: Learned,
    /// At most so many questions
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    #[command(flatten)]
    pub(crate) learned: Learned,
    /// A file as for --config, whose rules and thresholds are tried
    #[arg(long, value_name = "OTHER")]
    pub(crate) rules: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// What `identity resolve` wrote, or any table with the record in the first column and its profile in the second
    #[arg(value_name = "CLUSTERS")]
    pub(crate) clusters: PathBuf,
    /// A table with the person of each record
    #[arg(value_name = "TRUTH")]
    pub(crate) truth: PathBuf,
    /// The column of TRUTH with the record [default: the first]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) record: Option<String>,
    /// The column of TRUTH with the person [default: the second]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) entity: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_a_picture_or_a_page() {
        assert_eq!(chart("a.SVG").map(|chart| chart.page), Ok(false));
        assert_eq!(chart("b/a.html").map(|chart| chart.page), Ok(true));
        assert!(chart("a.png").is_err() && chart("svg").is_err());
    }
}
