//! What a command says: JSON Lines for programs, tables for people.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::time::Duration;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::{Exit, Failure};

/// A table without a line for each row, so that a long one is read with ease.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// The kind of failure when nobody reads on, as behind `| head`: nothing to complain of.
pub(crate) const CLOSED: &str = "closed";

/// Standard output, and notes on standard error.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    out: BufWriter<Stdout>,
}

impl Output {
    /// Speaks JSON, or to people.
    pub(crate) fn new(json: bool) -> Output {
        Output { json, out: BufWriter::new(io::stdout()) }
    }

    /// Whether programs read it.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One JSON object on a line of its own.
    pub(crate) fn object(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.out, object).map_err(|error| unwritten(&error.into()))?;
        self.out.write_all(b"\n").map_err(|error| unwritten(&error))
    }

    /// One JSON object for programs and people alike: on a line of its own, or laid out to be read.
    pub(crate) fn json(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        if self.json {
            return self.object(object);
        }
        serde_json::to_writer_pretty(&mut self.out, object).map_err(|error| unwritten(&error.into()))?;
        self.out.write_all(b"\n").map_err(|error| unwritten(&error))
    }

    /// A line for people. Whatever comes from outside has to be [`clean`].
    pub(crate) fn text(&mut self, line: impl std::fmt::Display) -> Result<(), Failure> {
        writeln!(self.out, "{line}").map_err(|error| unwritten(&error))
    }

    /// What `write` writes of itself, such as CSV.
    pub(crate) fn written(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        write(&mut self.out).map_err(|error| unwritten(&error))
    }

    /// A table for people, with every cell cleaned; nothing where it has no rows.
    pub(crate) fn table(&mut self, header: &[&str], rows: Vec<Vec<String>>) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
        if !header.is_empty() {
            table.set_header(header.to_vec());
        }
        for row in rows {
            table.add_row(row.iter().map(|cell| lines(cell)).collect::<Vec<_>>());
        }
        self.text(table.trim_fmt())
    }

    /// Hands over what was written so far, so that whoever reads along has it.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| unwritten(&error))
    }

    /// Something to know that is no answer, on standard error.
    pub(crate) fn note(&self, note: &str) {
        let line = match self.json {
            true => serde_json::json!({ "note": note }).to_string(),
            false => format!("phygital: note: {}", clean(note)),
        };
        complain(&line);
    }

    /// A failure that does not end the command.
    pub(crate) fn refusal(&self, failure: &Failure) {
        complain(&failure.line(self.json));
    }

    /// A bar on standard error for work of `length` steps, where that is a terminal.
    pub(crate) fn progress(&self, length: u64, unit: &'static str) -> ProgressBar {
        if !io::stderr().is_terminal() || self.json {
            return ProgressBar::hidden();
        }
        let template = match unit {
            "bytes" => "{wide_bar} {bytes}/{total_bytes} {eta}",
            _ => "{wide_bar} {human_pos}/{human_len} {eta}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(length).with_style(style)
    }

    /// Does what takes a while and has no end in sight, and says so on standard error, where that is a terminal.
    pub(crate) fn working<T>(&self, what: &'static str, work: impl FnOnce() -> T) -> T {
        if !io::stderr().is_terminal() || self.json {
            return work();
        }
        let bar = ProgressBar::new_spinner().with_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        let done = work();
        bar.finish_and_clear();
        done
    }
}

/// A line on standard error. Nobody is left to tell should that fail.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn unwritten(error: &io::Error) -> Failure {
    let kind = if error.kind() == io::ErrorKind::BrokenPipe { CLOSED } else { "output" };
    Failure { exit: Exit::Failed, kind, message: format!("standard output: {error}"), line: None }
}

/// Text from outside as a terminal may show it: control characters and marks that change the direction or
/// hide text stand as escapes, so that a product's name moves no cursor and forges no line.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// As [`clean`], for texts of ours that have several lines.
fn lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_given_no_orders() {
        assert_eq!(clean("a\u{1b}[2J\u{7}\u{9b}\r\n"), "a\\u{1b}[2J\\u{7}\\u{9b}\\u{d}\\u{a}");
        assert_eq!(clean("\u{202e}evil\u{200b}\u{7f}"), "\\u{202e}evil\\u{200b}\\u{7f}");
        assert_eq!(clean("Ch\u{e9}lsea b\u{f6}\u{f6}t \u{1f45f}"), "Ch\u{e9}lsea b\u{f6}\u{f6}t \u{1f45f}");
        assert_eq!(lines("a\nb\t"), "a\nb\\u{9}");
    }
}
