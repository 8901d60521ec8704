//! The journal: what was intended before it was sent, and what the tag answered.

use serde::{Deserialize, Serialize};

use super::plan::{KeySlot, Plan, Step};
use super::state::{Next, Recovery, State, Try};

/// Longest journal, in bytes: some 500 entries, of which an undisturbed personalisation needs 30.
pub const JOURNAL_BYTES_MAX: usize = 64 * 1024;

/// The version of the form.
const VERSION: u32 = 1;

/// One line of a journal. JSON is `{"intended":{"change_key":4}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader writes each of them")]
pub enum Entry {
    /// A command is about to be sent.
    Intended(Step),
    /// The tag carried it out.
    Confirmed(Step),
    /// The tag answered with an error, so nothing changed. No answer is no refusal: record nothing then.
    Refused(Step),
    /// An authentication is about to begin.
    Trying(Try),
    /// The tag has this key.
    Right(Try),
    /// The tag answered that it has not. No answer says nothing: record nothing then.
    Wrong(Try),
    /// What the tag said of a key's version; none where it said nothing.
    Version {
        /// The slot.
        slot: KeySlot,
        /// Its version.
        version: Option<u8>,
    },
}

/// The personalisation of one tag, so far.
///
/// Its text is JSON Lines: the plan, then an entry each. A last line without its end was cut off while it was
/// written, so its command was never sent, and it does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    plan: Plan,
    entries: Vec<Entry>,
    bytes: usize,
    state: State,
}

/// Why a text is no journal, or an entry does not come now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Longer than [`JOURNAL_BYTES_MAX`].
    #[error("a journal has at most {JOURNAL_BYTES_MAX} bytes")]
    TooLong,
    /// There is no whole first line: nothing was ever sent.
    #[error("the journal is empty: expected its plan in the first line")]
    Empty,
    /// A line that is not of this form.
    #[error("line {line}, column {column}: expected {expected}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 where the line is whole and yet not as expected.
        column: usize,
        /// What was expected.
        expected: &'static str,
    },
    /// Of a later version of this library.
    #[error("the journal is of version {0}, expected 1")]
    Version(u32),
    /// An entry that does not follow from those before it.
    #[error("entry {0} does not follow from those before it")]
    OutOfOrder(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<P> {
    journal: u32,
    plan: P,
}

/// The version alone, of a header of any version.
#[derive(Deserialize)]
struct AnyHeader {
    journal: u32,
}

impl Journal {
    /// The journal of a tag of which nothing was done yet.
    #[must_use]
    pub fn begin(plan: Plan) -> Journal {
        let state = State::new(&plan);
        let mut journal = Journal { plan, entries: Vec::new(), bytes: 0, state };
        journal.bytes = journal.header().len();
        journal
    }

    /// What the tag is to become.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The entries so far.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self) -> Next {
        self.state.next(&self.plan)
    }

    /// Which keys each slot may hold, what to try in which order, and which steps remain.
    #[must_use]
    pub fn recover(&self) -> Recovery {
        let mut state = self.state.clone();
        state.lose();
        state.recover(&self.plan)
    }

    /// Takes an entry in and gives its line, to be durable before anything is sent.
    ///
    /// # Errors
    /// [`JournalError::OutOfOrder`] for an entry that [`Journal::next`] does not ask for and that answers
    /// nothing that was sent; [`JournalError::TooLong`]. The journal is then as it was.
    pub fn record(&mut self, entry: Entry) -> Result<String, JournalError> {
        let line = line(&entry);
        let bytes = self.bytes + line.len();
        if bytes > JOURNAL_BYTES_MAX {
            return Err(JournalError::TooLong);
        }
        let mut state = self.state.clone();
        if !state.apply(&self.plan, entry) {
            return Err(JournalError::OutOfOrder(self.entries.len() + 1));
        }
        self.state = state;
        self.entries.push(entry);
        self.bytes = bytes;
        Ok(line)
    }

    /// Says that the tag left the field: the session is gone, and a command without an answer may have taken
    /// effect. Nothing has to be written for it.
    pub fn lose(&mut self) {
        self.state.lose();
    }

    /// The first line of its text, to be durable before anything else.
    #[must_use]
    pub fn header(&self) -> String {
        line(&Header { journal: VERSION, plan: &self.plan })
    }

    /// Its whole text.
    #[must_use]
    pub fn text(&self) -> String {
        self.entries.iter().fold(self.header(), |text, entry| text + &line(entry))
    }

    /// Reads a journal, however it was cut off. The tag is taken to have left the field since.
    ///
    /// Go on writing behind [`Journal::text`], since a line that was cut off has to go first.
    ///
    /// # Errors
    /// [`JournalError`]. Texts of any content are safe to read.
    pub fn parse(text: &str) -> Result<Journal, JournalError> {
        if text.len() > JOURNAL_BYTES_MAX {
            return Err(JournalError::TooLong);
        }
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut lines = (1..).zip(whole.split('\n'));
        let (_, first) = lines.next().filter(|(_, first)| !first.is_empty()).ok_or(JournalError::Empty)?;
        let AnyHeader { journal } = read(1, first, "the version of the journal")?;
        if journal != VERSION {
            return Err(JournalError::Version(journal));
        }
        let Header { plan, .. } = read::<Header<Plan>>(1, first, "a plan")?;
        let mut journal = Journal::begin(plan);
        for (number, line) in lines {
            journal.record(read(number, line, "an entry")?)?;
        }
        journal.lose();
        Ok(journal)
    }
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).expect("texts and small numbers always have a JSON form");
    line.push('\n');
    line
}

/// Reads a line. serde's own text may quote it, so the error only says where.
fn read<'t, T: Deserialize<'t>>(
    number: usize,
    line: &'t str,
    expected: &'static str,
) -> Result<T, JournalError> {
    serde_json::from_str(line).map_err(|error| JournalError::Malformed {
        line: number,
        column: error.column(),
        expected,
    })
}
