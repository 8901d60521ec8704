//! The log itself: read it, check it, make all state anew from it.

use std::collections::BTreeMap;

use crate::event::Body;
use crate::identity::Rules;
use crate::identity::matching::Model;
use crate::identity::resolver::ProfileChange;
use crate::log::{ChainFault, Head, LogEntry};
use crate::store::{Position, Read, Store, Write};
use crate::vocab::{Digest, Hlc, Timestamp};

use super::customers::{Lens, read_entry};
use super::described::{self, Matching};
use super::profiles::Profiles;
use super::session::{Session, end_of_log};
use super::{Engine, Error, changes, fold, put_rules};

/// How many entries are read at once.
const PAGE: usize = 256;

/// How many customers a rebuild leaves stale before it folds them: enough that most are folded once,
/// few enough to keep in memory.
const STALE_MAX: usize = 65_536;

/// The log of an [`Engine`].
#[derive(Debug)]
pub struct History<'e, S: Store> {
    pub(super) engine: &'e mut Engine<S>,
}

/// What making state anew came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// How many entries were folded.
    pub entries: u64,
    /// Digest of the state as it was.
    pub before: Digest,
    /// Digest of the state made anew. The same, unless the store was damaged, was written by another
    /// version, or the rules of identity changed.
    pub after: Digest,
    /// How many customers there were.
    pub customers_before: u64,
    /// How many there are now.
    pub customers_after: u64,
    /// What other rules make of the customers that there were: who merges, who parts. None where the rules stay.
    pub changes: Vec<ProfileChange>,
}

impl<S: Store> History<'_, S> {
    /// How many entries the log has.
    pub fn len(&self) -> Result<u64, Error> {
        self.engine.usable()?;
        Ok(self.engine.store.reader()?.len()?)
    }

    /// Whether the log has no entry.
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// At most `most` entries behind a position, in order of arrival.
    pub fn entries(&self, behind: Position, most: usize) -> Result<Vec<(Position, LogEntry)>, Error> {
        self.engine.usable()?;
        Ok(self.engine.store.reader()?.entries(behind, most)?)
    }

    /// Checks every entry: sequence, clock, payload digest, link; and that a later entry says of every payload from which
    /// something was struck what is left of it. Gives how many there are.
    ///
    /// # Errors
    /// [`Error::Chain`] names the first entry that is not what was written.
    pub fn check(&self) -> Result<u64, Error> {
        self.engine.usable()?;
        let reader = self.engine.store.reader()?;
        let mut heads = BTreeMap::new();
        let mut count = 0;
        let mut struck = BTreeMap::new();
        each_entry(&reader, |_, entry| {
            let chain = (entry.origin.device, entry.origin.epoch);
            let start = Head::start(entry.origin.device, entry.origin.epoch, Hlc::ZERO);
            let head = entry.check(heads.get(&chain).unwrap_or(&start))?;
            heads.insert(chain, head);
            count += 1;
            if let Some(left) = entry.struck {
                struck.insert(entry.key(), (left, entry.origin));
            }
            if !struck.is_empty()
                && let Some(Body::PayloadStruck(said)) =
                    read_entry(entry)?.map(|recorded| recorded.event.body)
                && struck.get(&said.event).is_some_and(|(left, _)| Some(*left) == said.left)
            {
                struck.remove(&said.event);
            }
            Ok(())
        })?;
        if let Some((_, origin)) = struck.into_values().min_by_key(|(_, origin)| *origin) {
            let what = "expected a later entry that says what was struck from it";
            return Err(ChainFault { origin, what }.into());
        }
        Ok(count)
    }

    /// Digest of all state that is folded from the log: the same in any two stores with the same
    /// events, whatever the order of arrival.
    pub fn state_digest(&self) -> Result<Digest, Error> {
        self.engine.usable()?;
        state_digest(&self.engine.store.reader()?)
    }

    /// Makes all state anew from the log in one transaction, and puts it in place of the old one.
    /// With `keep` false only compares.
    ///
    /// `progress` is told how many entries are folded, after each page. Erased payloads are skipped:
    /// what rested on them is gone with them.
    ///
    /// # Errors
    /// [`Error::Storage`]: the old state stands, or the new one; the engine has to be opened again.
    pub fn rebuild(&mut self, keep: bool, progress: impl FnMut(u64)) -> Result<Rebuilt, Error> {
        // Nothing is told, so the time does not matter.
        self.make_anew(None, None, keep, Timestamp::MIN, progress)
    }

    /// Changes the rules of identity: makes all state anew by other rules, as [`History::rebuild`] does by those that the
    /// store has. With `keep` false only tells what would come of it.
    ///
    /// Customers that merge or part by it keep answering to the ids that they had, and a *Customer Changed* of `now` in the
    /// log tells of each. Other engines on the same store have to be opened again: until then they refuse to write. Takes
    /// 32 bytes of memory for each identifier.
    ///
    /// # Errors
    /// As [`History::rebuild`].
    pub fn change_rules(
        &mut self,
        rules: Rules,
        keep: bool,
        now: Timestamp,
        progress: impl FnMut(u64),
    ) -> Result<Rebuilt, Error> {
        self.make_anew(Some(rules), None, keep, now, progress)
    }

    /// Changes the model by which people are held against each other, or does without: makes all state anew, as
    /// [`History::change_rules`] does. From then on what is said of people is looked up and compared as it is recorded: a
    /// description that was never said before costs a row in the store for each of its blocking keys, of which there are about a
    /// hundred.
    ///
    /// # Errors
    /// As [`History::rebuild`]; [`Error::Misuse`] for a model that weighs nothing that
    /// [`Details`](crate::identity::Details) hold.
    pub fn change_model(
        &mut self,
        model: Option<Model>,
        keep: bool,
        now: Timestamp,
        progress: impl FnMut(u64),
    ) -> Result<Rebuilt, Error> {
        self.make_anew(None, Some(model.map(Matching::of).transpose()?), keep, now, progress)
    }

    fn make_anew(
        &mut self,
        rules: Option<Rules>,
        matching: Option<Option<Matching>>,
        keep: bool,
        now: Timestamp,
        progress: impl FnMut(u64),
    ) -> Result<Rebuilt, Error> {
        self.engine.usable()?;
        self.engine.writable()?;
        let engine = &mut *self.engine;
        let others = rules.is_some() || matching.is_some();
        let lens = Lens {
            tenant: &engine.tenant,
            rules: rules.as_ref().unwrap_or(&engine.rules),
            matching: matching.as_ref().unwrap_or(&engine.matching).as_ref(),
        };
        let digest = described::digest(lens.rules, lens.matching);
        let (config, entropy, known) =
            ((&engine.config, &engine.vocabulary), &mut *engine.entropy, &engine.head);
        let mut writer = engine.store.writer()?;
        let mut end = None;
        let made = (|| {
            let mut whose = Vec::new();
            if others {
                writer.each_identifier(&mut |key, customer| whose.push((key, customer)))?;
            }
            let (before, customers_before) = (state_digest(&writer)?, writer.customers()?);
            put_rules(&mut writer, lens.rules, lens.matching)?;
            let entries = refold(&mut writer, lens, progress)?;
            let (after, customers_after) = (state_digest(&writer)?, writer.customers()?);
            let changes = if others { changes::between(&whose, &writer)? } else { Vec::new() };
            let head = end_of_log(&writer, known)?;
            let mut session = Session::begin(writer, head, lens, config, entropy, now);
            if keep {
                session.tell(&changes, Some(digest))?;
                let Session { tx, head, .. } = session;
                tx.commit()?;
                end = Some(head);
            }
            Ok(Rebuilt { entries, before, after, customers_before, customers_after, changes })
        })();
        engine.broken = made.is_err();
        if let (Some(head), true) = (end, made.is_ok()) {
            engine.head = head;
            engine.rules_digest = digest;
            engine.rules = rules.unwrap_or_else(|| engine.rules.clone());
            if let Some(matching) = matching {
                engine.matching = matching;
            }
        }
        made
    }
}

/// Makes all state anew from the log; gives how many entries it has.
pub(super) fn refold<W: Write>(
    writer: &mut W,
    lens: Lens<'_>,
    mut progress: impl FnMut(u64),
) -> Result<u64, Error> {
    writer.clear_folded()?;
    let (mut behind, mut entries) = (0, 0);
    let mut profiles = Profiles::default();
    loop {
        let page = writer.entries(behind, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        behind = *last;
        for (_, entry) in &page {
            if let Some(recorded) = read_entry(entry)? {
                fold::apply(writer, lens, &recorded, &mut profiles)?;
            }
            entries += 1;
        }
        // Who is told follows the state that is kept, not its being made.
        profiles.moves.clear();
        if profiles.stale() >= STALE_MAX {
            profiles.write(writer, lens)?;
        }
        progress(entries);
    }
    profiles.write(writer, lens)?;
    Ok(entries)
}

fn each_entry(
    reader: &impl Read,
    mut show: impl FnMut(Position, &LogEntry) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut behind = 0;
    loop {
        let page = reader.entries(behind, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        behind = *last;
        for (position, entry) in &page {
            show(*position, entry)?;
        }
    }
}

fn state_digest(reader: &impl Read) -> Result<Digest, Error> {
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    reader.each_folded(&mut |table, row| {
        hash.update(table.as_bytes());
        hash.update(b"\n");
        hash.update(row.as_bytes());
        hash.update(b"\n");
    })?;
    let digest = hash.finish();
    Ok(Digest::from_bytes(digest.as_ref().try_into().map_err(|_| Error::Bug("SHA-256 has 32 bytes"))?))
}
