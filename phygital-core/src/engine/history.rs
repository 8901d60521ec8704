//! The log itself: read it, check it, make all state anew from it.

use std::collections::BTreeMap;

use crate::log::{Head, LogEntry};
use crate::store::{Position, Read, Store, Write};
use crate::vocab::{Digest, Hlc};

use super::customers::{Lens, read_entry};
use super::profiles::Profiles;
use super::{Engine, Error, fold};

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

    /// Checks every entry: sequence, clock, payload digest, link. Gives how many there are.
    ///
    /// # Errors
    /// [`Error::Chain`] names the first entry that is not what was written.
    pub fn check(&self) -> Result<u64, Error> {
        self.engine.usable()?;
        let reader = self.engine.store.reader()?;
        let mut heads = BTreeMap::new();
        let mut count = 0;
        each_entry(&reader, |_, entry| {
            let chain = (entry.origin.device, entry.origin.epoch);
            let start = Head::start(entry.origin.device, entry.origin.epoch, Hlc::ZERO);
            let head = entry.check(heads.get(&chain).unwrap_or(&start))?;
            heads.insert(chain, head);
            count += 1;
            Ok(())
        })?;
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
        self.engine.usable()?;
        let lens = Lens { tenant: &self.engine.tenant, rules: &self.engine.config.rules };
        let writer = self.engine.store.writer()?;
        let rebuilt = rebuild(writer, lens, keep, progress);
        self.engine.broken = rebuilt.is_err();
        rebuilt
    }
}

fn rebuild<W: Write>(
    mut writer: W,
    lens: Lens<'_>,
    keep: bool,
    mut progress: impl FnMut(u64),
) -> Result<Rebuilt, Error> {
    let before = state_digest(&writer)?;
    writer.clear_folded()?;
    let (mut behind, mut entries) = (0, 0);
    let mut profiles = Profiles::default();
    loop {
        let page = writer.entries(behind, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        behind = *last;
        for (_, entry) in &page {
            if let Some(recorded) = read_entry(entry)? {
                fold::apply(&mut writer, lens, &recorded, &mut profiles)?;
            }
            entries += 1;
        }
        if profiles.stale() >= STALE_MAX {
            profiles.write(&mut writer, lens)?;
        }
        progress(entries);
    }
    profiles.write(&mut writer, lens)?;
    let after = state_digest(&writer)?;
    if keep {
        writer.commit()?;
    }
    Ok(Rebuilt { entries, before, after })
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
