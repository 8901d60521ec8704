//! The live feed: a line for each thing worth seeing, a line for each day, a summary.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use console::{Color, Style};
use phygital_core::profile::CustomerCard;
use serde_json::json;

use super::Error;
use super::report::ReportData;
use crate::output::clean;

/// How many lines of one usual kind a day shows; the rest is in the day's counts.
const USUAL_A_DAY: u32 = 2;

/// What a line tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A link that a tag made.
    Genuine,
    /// A genuine tap by nobody known.
    Anonymous,
    /// A genuine tap by a customer who agreed to be known.
    Known,
    /// The same client sent the same tap again.
    Repeated,
    /// A tap that does not count.
    Refused,
    /// Somebody opted in.
    OptIn,
    /// Somebody left.
    OptOut,
    /// Somebody said something of herself.
    Stated,
    /// An order, in a shop or on the web.
    Order,
    /// Money went back.
    Refund,
    /// Who is who.
    Identity,
    /// Something the shop has to do, or did.
    Action,
    /// Anything else of the story.
    Note,
}

impl Kind {
    /// The word at the start of the line.
    fn word(self) -> &'static str {
        match self {
            Kind::Genuine => "genuine",
            Kind::Anonymous => "tap",
            Kind::Known => "known",
            Kind::Repeated => "repeated",
            Kind::Refused => "refused",
            Kind::OptIn => "opt-in",
            Kind::OptOut => "opt-out",
            Kind::Stated => "stated",
            Kind::Order => "order",
            Kind::Refund => "refund",
            Kind::Identity => "identity",
            Kind::Action => "action",
            Kind::Note => "note",
        }
    }

    fn style(self) -> Style {
        let style = Style::new().force_styling(true);
        match self {
            Kind::Anonymous | Kind::Repeated => style.cyan(),
            Kind::Known => style.green().bold(),
            Kind::Refused => style.red().bold(),
            Kind::OptIn | Kind::Genuine => style.green(),
            Kind::OptOut | Kind::Refund => style.yellow(),
            Kind::Stated | Kind::Identity => style.magenta(),
            Kind::Order => style.blue(),
            Kind::Action => style.fg(Color::Color256(208)),
            Kind::Note => style.dim(),
        }
    }
}

/// Where the lines go.
pub(super) struct Feed {
    out: Box<dyn Write>,
    quiet: bool,
    json: bool,
    coloured: bool,
    /// Usual lines of the day so far, shown or not.
    today: BTreeMap<Kind, u32>,
}

impl Feed {
    /// A feed into `out`: in colour where that is a terminal that wants colour.
    pub(super) fn new(out: Box<dyn Write>, quiet: bool, json: bool, is_terminal: bool) -> Feed {
        let coloured = is_terminal && console::colors_enabled();
        Feed { out, quiet, json, coloured, today: BTreeMap::new() }
    }

    /// Something that happens all day: the first few of a day are shown. Programs are told of all.
    pub(super) fn usual(&mut self, kind: Kind, when: &str, place: &str, text: &str) -> Result<(), Error> {
        if self.json || self.count(kind) <= USUAL_A_DAY { self.line(kind, when, place, text) } else { Ok(()) }
    }

    /// Something of the story: always shown, and counted with the usual.
    pub(super) fn story(&mut self, kind: Kind, when: &str, place: &str, text: &str) -> Result<(), Error> {
        self.count(kind);
        self.line(kind, when, place, text)
    }

    fn count(&mut self, kind: Kind) -> u32 {
        let count = self.today.entry(kind).or_default();
        *count += 1;
        *count
    }

    /// A line, whatever the day had so far.
    pub(super) fn line(&mut self, kind: Kind, when: &str, place: &str, text: &str) -> Result<(), Error> {
        if self.quiet {
            return Ok(());
        }
        if self.json {
            let line = json!({ "at": when, "kind": kind.word(), "place": place, "text": text });
            return self.put(&line.to_string());
        }
        let (word, text) = (format!("{:<8}", kind.word()), clean(text));
        let word = if self.coloured { kind.style().apply_to(word).to_string() } else { word };
        self.put(&format!("  {when}  {word}  {:<28}  {text}", clean(place)))
    }

    /// A heading.
    pub(super) fn heading(&mut self, text: &str) -> Result<(), Error> {
        if self.quiet || self.json {
            return Ok(());
        }
        let text = clean(text);
        let text = if self.coloured {
            Style::new().force_styling(true).bold().apply_to(text).to_string()
        } else {
            text
        };
        self.put(&text)
    }

    /// The end of a day: how far the story is, and what the day came to.
    pub(super) fn day(&mut self, name: &str, done: u32, of: u32) -> Result<(), Error> {
        const WIDTH: u32 = 15;
        let filled = done * WIDTH / of.max(1);
        let bar: String = (0..WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
        let n = |kind| self.today.get(&kind).copied().unwrap_or(0);
        let (known, unknown) = (n(Kind::Known), n(Kind::Anonymous));
        let text = format!(
            "{name}  [{bar}]  taps {} ({known} known) · opt-ins {} · orders {}",
            known + unknown,
            n(Kind::OptIn),
            n(Kind::Order)
        );
        self.today.clear();
        self.heading(&text)?;
        self.out.flush().map_err(Error::Output)
    }

    /// What it came to, and where the files are.
    pub(super) fn summary(&mut self, data: &ReportData, files: &[&Path]) -> Result<(), Error> {
        let h = &data.headline;
        let files: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        if self.json {
            let revenue: Vec<_> = data
                .revenue
                .iter()
                .map(|row| json!({ "channel": row.channel, "currency": row.currency, "minor": row.minor }))
                .collect();
            let line = json!({
                "kind": "summary", "taps": h.taps, "genuine": h.genuine, "replayed": h.replayed,
                "forged": h.forged, "not_enrolled": h.not_enrolled, "out_of_service": h.out_of_service,
                "opt_ins": h.opt_ins, "opt_outs": h.opt_outs, "stated": h.stated, "customers_known": h.customers_known,
                "orders": h.orders, "revenue_by_first_touch": revenue, "files": files,
            });
            self.put(&line.to_string())?;
        } else {
            let quiet = std::mem::take(&mut self.quiet);
            self.heading("")?;
            self.heading(&data.title)?;
            self.put(&format!(
                "  {} taps: {} genuine, {} replayed, {} forged, {} not enrolled, {} out of service",
                h.taps, h.genuine, h.replayed, h.forged, h.not_enrolled, h.out_of_service
            ))?;
            self.put(&format!(
                "  {} opt-ins, {} opt-outs, {} facts stated, {} customers known, {} orders",
                h.opt_ins, h.opt_outs, h.stated, h.customers_known, h.orders
            ))?;
            for row in report_rows(data) {
                self.put(&row)?;
            }
            for file in &files {
                self.put(&format!("  wrote {file}"))?;
            }
            self.quiet = quiet;
        }
        self.out.flush().map_err(Error::Output)
    }

    fn put(&mut self, line: &str) -> Result<(), Error> {
        writeln!(self.out, "{line}").map_err(Error::Output)
    }
}

/// Revenue by first touch, the largest first.
fn report_rows(data: &ReportData) -> Vec<String> {
    let mut rows: Vec<_> = data.revenue.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.minor));
    let line = |row: &&super::report::Revenue| {
        let amount = super::report::amount(row.minor, row.exponent);
        format!("  {amount:>12} {}  {}", row.currency, clean(&row.channel))
    };
    rows.iter().map(line).collect()
}

/// A card in one line, as the associate's screen would show it.
pub(super) fn card(card: &CustomerCard) -> String {
    let Some(content) = card.content() else { return "nothing to show: she did not agree".to_owned() };
    let name = content.name.as_ref().map(|name| short(name.reveal()));
    let masked = content.identifiers.first().cloned();
    let mut parts = vec![name.or(masked).unwrap_or_else(|| "a customer".to_owned())];
    let called = |product: &phygital_core::profile::ProductSummary| {
        product.name.clone().unwrap_or_else(|| product.key.clone())
    };
    if let Some(product) = content.browsing.iter().find_map(|one| one.product.as_ref()) {
        parts.push(format!("looked at {}", called(product)));
    }
    if let Some(size) = content.preferences.iter().find(|one| one.attribute.starts_with("size.")) {
        parts.push(format!("{} {}", size.attribute, size.value.reveal()));
    }
    if let Some(wish) = content.wishlist.first() {
        parts.push(format!("wishes for {}", called(&wish.product)));
    }
    if let Some(not) = content.not_again.first() {
        parts.push(format!("do not offer {}", called(&not.product)));
    }
    if let Some(spend) = &content.spend {
        parts.push(format!("spends {} on average", spend.average));
    }
    parts.join(" · ")
}

/// A name as it may stand on a screen that others see: the family name's first letter alone.
fn short(name: &str) -> String {
    match name.rsplit_once(' ') {
        Some((given, family)) => format!("{given} {}.", family.chars().next().unwrap_or('•')),
        None => name.to_owned(),
    }
}
