//! What is asked of a tag of which nothing was done yet: the versions of its keys, and its mode.

use super::journal::Journal;
use super::plan::{Feature, KeySlot, Mode};
use super::provisioning::{Asked, Provisioning, Purpose};
use super::slot_keys::{DELIVERY_VERSION, slot_key};
use super::trouble::Trouble;
use crate::contactless::apdu::Response;
use crate::contactless::ntag424::{Authentication, Native, Ntag424Error};
use crate::crypto::Secret;

/// What was found out so far.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    /// Of slot 0 first.
    versions: Vec<u8>,
    mode: Option<Mode>,
}

impl Provisioning<'_> {
    /// Asks on, or begins the journal.
    pub(super) fn discover(&mut self) -> Result<(), Trouble> {
        if let Some(slot) = KeySlot::ALL.get(self.discovery.versions.len()) {
            let asked = Asked::KeyVersion(Purpose::Look, *slot);
            return self.ask_plain(asked, &Native::get_key_version(slot.number()));
        }
        let Some(mode) = self.discovery.mode else {
            self.probe(Mode::Aes);
            return Ok(());
        };
        let versions = std::array::from_fn(|slot| self.discovery.versions[slot]);
        self.plan(versions, mode)
    }

    pub(super) fn discovered_version(&mut self, version: u8) {
        self.discovery.versions.push(version);
    }

    /// Begins an authentication that is not ended: its challenge shows the mode, and no key is judged by it.
    fn probe(&mut self, mode: Mode) {
        let begun = Authentication::first(mode.into(), 0, Secret::zeros(), Secret::zeros());
        let command = begun.command();
        self.ask(Asked::Probe(mode), command);
    }

    pub(super) fn probed(&mut self, mode: Mode, response: &Response<'_>) -> Result<(), Trouble> {
        match (mode, response.status.0, response.data.len()) {
            (Mode::Aes, 0x91AF, 16) | (Mode::Lrp, 0x91AF, 17) => {
                self.discovery.mode = Some(mode);
                self.selected = false;
            }
            (Mode::Aes, ..) => self.probe(Mode::Lrp),
            (Mode::Lrp, ..) => return Err(Ntag424Error::Status { status: response.status }.into()),
        }
        Ok(())
    }

    fn plan(&mut self, versions: [u8; KeySlot::COUNT], mode: Mode) -> Result<(), Trouble> {
        let (uid, version) = (self.uid()?, self.target.version());
        let becomes = if self.target.features().contains(&Feature::Lrp) { Mode::Lrp } else { mode };
        if let Some(expected) = self.target.mode().filter(|expected| *expected != becomes) {
            return Err(Trouble::Mode { expected, found: becomes });
        }
        // The master key changes last: a tag that has it was finished once.
        if version != DELIVERY_VERSION && versions[KeySlot::MASTER.index()] == version {
            return Err(Trouble::SameVersion { version });
        }
        let gets = |slot| slot_key(self.keys, uid, slot, version).is_some();
        let plan = self.target.plan(uid, mode, versions, gets);
        // A tag whose messages are made under the delivery key could be copied by anybody.
        for slot in self.target.messaging_slots() {
            self.key(slot, version)?;
        }
        for (slot, key) in KeySlot::ALL.into_iter().zip(plan.keys) {
            if slot == KeySlot::MASTER || key.now != key.then {
                self.key(slot, key.now)?;
            }
        }
        self.begin_journal(Journal::begin(plan));
        Ok(())
    }
}
