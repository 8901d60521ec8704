//! Taps verified with keys that stay where they are: a vault computes, and nothing of a key comes out of it.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::cell::Cell;
use std::ops::ControlFlow;

use phygital_core::crypto::Secret;
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{
    self, EncryptedPiccData, FileKey, Fleet, KeyRing, KeysUnavailable, Layout, ModeRule, Note, SdmMode,
    SdmSession, TapRefusal,
};
use phygital_core::vocab::tag::{KeyEpoch, TagUid};
use vault::Vault;

/// The other side of the border: its fields are its own, and no function gives a key.
mod vault {
    use phygital_core::crypto::{Boltcard, Lrp, Secret, aes128_cmac};
    use phygital_core::tap::{EncryptedPiccData, FileKey, MetaKey, SdmMode, SdmSession};
    use phygital_core::vocab::tag::{KeyEpoch, TagUid};

    pub(super) struct Vault {
        issuer: Boltcard,
    }

    impl Vault {
        pub(super) fn new(issuer_key: Secret<16>) -> Self {
            Self { issuer: Boltcard::new(&issuer_key) }
        }

        pub(super) fn open(&self, data: &EncryptedPiccData) -> [u8; 16] {
            MetaKey::new(&self.issuer.encryption_key()).decrypt(data)
        }

        /// As the port describes it, from the primitives.
        pub(super) fn mac(
            &self,
            uid: TagUid,
            epoch: KeyEpoch,
            session: &SdmSession,
            input: &[u8],
        ) -> [u8; 16] {
            let key = self.key(uid, epoch);
            match session.mode() {
                SdmMode::Aes => {
                    let mac_key = Secret::take(&mut aes128_cmac(&key, &session.mac_vector()));
                    aes128_cmac(&mac_key, input)
                }
                SdmMode::Lrp => {
                    let master = Secret::take(&mut Lrp::new(&key, 0).cmac(&session.mac_vector()));
                    Lrp::new(&master, 0).cmac(input)
                }
            }
        }

        pub(super) fn decrypt(&self, uid: TagUid, epoch: KeyEpoch, session: &SdmSession, data: &mut [u8]) {
            FileKey::new(&self.key(uid, epoch)).decrypt_file_data(session, data).unwrap();
        }

        fn key(&self, uid: TagUid, epoch: KeyEpoch) -> Secret<16> {
            let [_, _, key, ..] = self.issuer.card_keys(uid, epoch.get());
            key
        }
    }
}

/// The ring of a host with a vault: two generations of bolt cards.
struct Ring {
    fleet: [Fleet; 1],
    vault: Vault,
    answers: Cell<bool>,
    opened: Cell<u32>,
    macs: Cell<u32>,
}

impl Ring {
    fn new(rule: ModeRule) -> Self {
        let vault = Vault::new(issuer_key());
        let fleet = [Fleet::sealed(Layout::default()).mode(rule)];
        Self { fleet, vault, answers: Cell::new(true), opened: Cell::new(0), macs: Cell::new(0) }
    }

    fn answers(&self) -> Result<&Vault, KeysUnavailable> {
        if self.answers.get() { Ok(&self.vault) } else { Err(KeysUnavailable) }
    }
}

impl KeyRing for Ring {
    fn fleets(&self) -> &[Fleet] {
        &self.fleet
    }

    fn file_keys(&self, _: usize, _: Option<TagUid>, found: &mut dyn FnMut(&FileKey) -> ControlFlow<()>) {
        let _ =
            [2, 1].into_iter().try_for_each(|epoch| found(&FileKey::sealed().epoch(KeyEpoch::new(epoch))));
    }

    fn open_picc_data(&self, _: usize, data: &EncryptedPiccData) -> Result<[u8; 16], KeysUnavailable> {
        self.opened.set(self.opened.get() + 1);
        Ok(self.answers()?.open(data))
    }

    fn session_mac(
        &self,
        _: usize,
        key: &FileKey,
        session: &SdmSession,
        input: &[u8],
    ) -> Result<[u8; 16], KeysUnavailable> {
        self.macs.set(self.macs.get() + 1);
        Ok(self.answers()?.mac(session.uid().unwrap(), key.key_epoch(), session, input))
    }

    fn decrypt_file_data(
        &self,
        _: usize,
        key: &FileKey,
        session: &SdmSession,
        data: &mut [u8],
    ) -> Result<(), KeysUnavailable> {
        self.answers()?.decrypt(session.uid().unwrap(), key.key_epoch(), session, data);
        Ok(())
    }
}

fn issuer_key() -> Secret<16> {
    Secret::take(&mut [0x77; 16])
}

const UID: TagUid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);

fn tag(template: &str, mode: SdmMode, version: u32) -> SoftTag {
    let issuer = phygital_core::crypto::Boltcard::new(&issuer_key());
    let [_, meta, file, ..] = issuer.card_keys(UID, version);
    SoftTag::new(UID, template.parse().unwrap(), &file).meta_read_key(&meta).mode(mode)
}

#[test]
fn links_verify_though_no_key_leaves_the_vault() {
    for mode in [SdmMode::Aes, SdmMode::Lrp] {
        let ring = Ring::new(ModeRule::Only(mode));
        for template in ["h/?p={picc}&c={mac}", "h/?p={picc}&e={enc}&c={mac}", "h/?u={uid}&n={ctr}&c={mac}"] {
            for version in [1, 2] {
                let url = tag(template, mode, version).file_data(b"sixteen letters!").tap(&[3; 16]).unwrap();
                let tap = tap::verify(&url, &ring).unwrap();
                assert_eq!((tap.uid(), tap.key_epoch()), (Some(UID), KeyEpoch::new(version)), "{url}");
                assert_eq!(tap.read_ctr().map(|ctr| ctr.get()), Some(1));
                let data = template.contains("{enc}").then_some(&b"sixteen letters!"[..]);
                assert_eq!(tap.file_data().map(|data| data.as_bytes()), data);
                // Each generation has keys of its own.
                assert_eq!(tap.keys_tried(), 3 - version);
            }
            let old = tag(template, mode, 0).tap(&[3; 16]).unwrap();
            assert_eq!(tap::verify(&old, &ring), Err(TapRefusal::MacMismatch));
        }
    }
}

#[test]
fn a_vault_that_does_not_answer_is_no_forgery() {
    let ring = Ring::new(ModeRule::ByLength);
    let with_data = tag("h/?p={picc}&e={enc}&c={mac}", SdmMode::Aes, 2).tap(&[3; 16]).unwrap();
    let plain = tag("h/?u={uid}&n={ctr}&c={mac}", SdmMode::Aes, 2).tap(&[3; 16]).unwrap();
    for url in [&with_data, &plain] {
        assert!(tap::verify(url, &ring).is_ok());
        ring.answers.set(false);
        assert_eq!(tap::verify(url, &ring), Err(TapRefusal::KeysUnavailable));
        ring.answers.set(true);
    }
}

/// To the vault, too, a tag that is unknown is as much work as one whose MAC is wrong.
#[test]
fn the_vault_is_asked_as_often_for_a_strange_tag() {
    let ring = Ring::new(ModeRule::ByLength);
    let calls = |url: &str| {
        let before = (ring.opened.get(), ring.macs.get());
        assert_eq!(tap::verify(url, &ring), Err(TapRefusal::MacMismatch));
        (ring.opened.get() - before.0, ring.macs.get() - before.1)
    };
    for mode in [SdmMode::Aes, SdmMode::Lrp] {
        let own = tag("h/?p={picc}&c={mac}", mode, 0).tap(&[3; 16]).unwrap();
        let [_, meta, file, ..] = phygital_core::crypto::Boltcard::new(&issuer_key()).card_keys(UID, 9);
        let template = "h/?p={picc}&c={mac}".parse().unwrap();
        let mut strange = SoftTag::new(TagUid::new([9; 7]), template, &file).meta_read_key(&meta).mode(mode);
        assert_eq!(calls(&own), calls(&strange.tap(&[3; 16]).unwrap()), "{mode}");
    }
}

#[test]
fn diagnosis_asks_the_vault_too() {
    let ring = Ring::new(ModeRule::Only(SdmMode::Aes));
    let url = tag("h/?u={uid}&n={ctr}&c={mac}", SdmMode::Lrp, 1).tap(&[3; 16]).unwrap();
    let notes = tap::diagnose(&url, &ring).notes;
    let Some(Note::Matches(found)) = notes.first() else { panic!("{notes:?}") };
    assert_eq!((found.other_mode, found.key_epoch), (Some(SdmMode::Lrp), KeyEpoch::new(1)));
}
