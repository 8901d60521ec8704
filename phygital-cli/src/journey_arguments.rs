//! The arguments by which touches of a shop count for an order.

use clap::Args;
use phygital_core::journey::{Refunded, Settings, TouchKind};
use phygital_core::vocab::Currency;

/// Which touches count for an order. They are read from the store; see --db.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "For the orders of a store")]
pub(crate) struct JourneyArguments {
    /// How long before an order touches count, such as 30d, or those of a kind, such as visit=90d; repeatedly [default: 30d]
    #[arg(long, value_name = "[KIND=]SPAN", value_parser = look_back)]
    pub(crate) look_back: Vec<(Option<TouchKind>, u64)>,
    /// Of touches of one channel and source within such a span of the first, the first alone counts; none takes all
    /// [default: 30m]
    #[arg(long, value_name = "SPAN|none", value_parser = span_or_none)]
    pub(crate) dedupe: Option<Span>,
    /// Of the touches of an order the last so many count [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) cap: Option<u16>,
    /// A visit to the shop of an order within such a span before it is the order's own, and no touch; none takes all
    /// [default: 4h]
    #[arg(long, value_name = "SPAN|none", value_parser = span_or_none)]
    pub(crate) own_visit: Option<Span>,
    /// Take touches too whose customer became known only after the order
    #[arg(long)]
    pub(crate) late_links: bool,
    /// An order that was paid back in full is no conversion
    #[arg(long)]
    pub(crate) take_back: bool,
    /// Only orders of this currency
    #[arg(long, value_name = "CODE")]
    pub(crate) only_currency: Option<Currency>,
}

/// A span in seconds, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Option<u64>);

impl JourneyArguments {
    /// The settings that they say.
    pub(crate) fn settings(&self) -> Settings {
        self.settings_from(Settings::default())
    }

    /// The settings that they say, where others hold unless they say it.
    pub(crate) fn settings_from(&self, settings: Settings) -> Settings {
        let mut settings = settings.with_late_links(self.late_links);
        for (kind, seconds) in &self.look_back {
            settings = match kind {
                Some(kind) => settings.with_look_back_of(*kind, *seconds),
                None => settings.with_look_back(*seconds),
            };
        }
        if let Some(Span(dedupe)) = self.dedupe {
            settings = settings.with_dedupe(dedupe);
        }
        if let Some(Span(own_visit)) = self.own_visit {
            settings = settings.with_own_visit(own_visit);
        }
        if let Some(cap) = self.cap {
            settings = settings.with_cap(cap.into());
        }
        settings.with_refunded(if self.take_back { Refunded::TakenBack } else { Refunded::Counts })
    }
}

fn look_back(text: &str) -> Result<(Option<TouchKind>, u64), String> {
    let (kind, span) = match text.split_once('=') {
        Some((kind, span)) => (Some(kind.parse::<TouchKind>().map_err(|error| error.to_string())?), span),
        None => (None, text),
    };
    Ok((kind, seconds(span)?))
}

fn span_or_none(text: &str) -> Result<Span, String> {
    if text == "none" { Ok(Span(None)) } else { Ok(Span(Some(seconds(text)?))) }
}

/// A span in seconds: `30d`, `36h`, `90m`, `30s`.
fn seconds(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "d" => Some(86_400),
        "h" => Some(3_600),
        "m" => Some(60),
        "s" => Some(1),
        _ => None,
    };
    let digits = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let span = digits.and_then(|digits| digits.parse::<u64>().ok()).zip(unit);
    let span = span.and_then(|(count, unit): (u64, u64)| count.checked_mul(unit));
    span.ok_or("expected a span such as 30d, 36h, 90m or 30s".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit() {
        for (text, span) in [("30d", 2_592_000), ("0s", 0), ("36h", 129_600), ("90m", 5_400)] {
            assert_eq!(seconds(text), Ok(span));
        }
        for bad in ["", "d", "30", "+1d", "1.5d", "1w", "99999999999999999999d", "9999999999999999999d"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        assert_eq!(look_back("visit=1h"), Ok((Some(TouchKind::Visit), 3_600)));
        assert!(look_back("fax=1h").unwrap_err().contains("associate"));
        assert_eq!(span_or_none("none"), Ok(Span(None)));
    }
}
