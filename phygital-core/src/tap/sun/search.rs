//! The search for the key whose MAC fits, and the work of a search that comes to none.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use subtle::ConstantTimeEq;

use super::attempt::{Attempt, Claim, LazyText, PiccDataOrPlain};
use super::content::{FileData, TagTamper};
use super::file_key::{FileKey, MacSession};
use super::keyring::{Fleet, KeyRing};
use super::mode::SdmMode;
use super::reading::{MacInput, MacStart};
use super::session::{PiccData, SdmSession};
use super::verify::VerifiedTap;
use crate::crypto::truncate_mac;
use crate::tap::limits::{MAC_TRIES_MAX, TAG_TEXT_MAX};
use crate::tap::refusal::{Field, TapRefusal};
use crate::vocab::tag::{ReadCounter, TagUid};

/// The search for a key, and what it met on its way.
pub(super) struct Search<'k, K: ?Sized> {
    keys: &'k K,
    /// MACs computed.
    macs: u32,
    /// File read keys of which a MAC was computed.
    keys_tried: u32,
    given_up: bool,
    /// A fleet opened the PICCData to nonsense.
    implausible: bool,
    /// A fleet opened it, or needed not to, and had no key for the tag.
    no_key: bool,
    /// Sealed keys did not answer.
    unavailable: bool,
    unread: Option<TapRefusal>,
    complaint: Option<TapRefusal>,
    /// For each mode, the blocks of a MAC that was not computed for want of a key.
    owed: [usize; 2],
}

impl<'k, K: KeyRing + ?Sized> Search<'k, K> {
    pub(super) fn new(keys: &'k K) -> Self {
        Self {
            keys,
            macs: 0,
            keys_tried: 0,
            given_up: false,
            implausible: false,
            no_key: false,
            unavailable: false,
            unread: None,
            complaint: None,
            owed: [0; 2],
        }
    }

    /// File read keys of which a MAC was computed so far.
    pub(super) fn keys_tried(&self) -> u32 {
        self.keys_tried
    }

    /// Tries the keys of one fleet.
    #[inline]
    pub(super) fn attempt(
        &mut self,
        attempt: &Attempt<'_>,
        mac_input: MacInput,
        index: usize,
        fleet: &Fleet,
    ) -> Option<VerifiedTap> {
        let data = match &attempt.claim {
            Claim::Encrypted(data) => data,
            Claim::Plain(uid, read_ctr) => {
                let claim = PiccDataOrPlain { tag: None, uid: *uid, read_ctr: *read_ctr };
                let allowed = |mode: &SdmMode| fleet.mode_rule().allows_plain(*mode);
                return SdmMode::ALL
                    .into_iter()
                    .filter(allowed)
                    .find_map(|mode| self.claim(attempt, mac_input, index, mode, claim));
            }
        };
        let mode = data.mode();
        if !fleet.mode_rule().allows_encrypted(mode) {
            self.unread(TapRefusal::BadLength { field: Field::PiccData, found: mode.picc_data_width() });
            return None;
        }
        match fleet.open(index, self.keys, data) {
            None => self.no_key = true,
            Some(Err(_)) => self.unavailable = true,
            Some(Ok(plain)) => match PiccData::parse(&plain) {
                Some(data) => return self.claim(attempt, mac_input, index, mode, data.into()),
                None => self.implausible = true,
            },
        }
        self.owe(attempt, mac_input, mode);
        None
    }

    /// Tries the keys that the tag of a claim may have.
    #[inline]
    fn claim(
        &mut self,
        attempt: &Attempt<'_>,
        mac_input: MacInput,
        index: usize,
        mode: SdmMode,
        claim: PiccDataOrPlain,
    ) -> Option<VerifiedTap> {
        let session = SdmSession::new(mode, claim.uid, claim.read_ctr);
        let keys = self.keys;
        let before = self.keys_tried;
        let mut text = LazyText::default();
        let mut verified = None;
        keys.file_keys(index, claim.uid, &mut |key| {
            if self.macs >= MAC_TRIES_MAX {
                self.given_up = true;
                return ControlFlow::Break(());
            }
            self.keys_tried += 1;
            let opened = key.open(&session);
            let fits = |input: &[u8]| {
                self.macs += 1;
                let mac = match &opened {
                    Some(opened) => opened.mac(input),
                    None => match keys.session_mac(index, key, &session, input) {
                        Ok(mac) => truncate_mac(&mac),
                        Err(_) => {
                            self.unavailable = true;
                            return false;
                        }
                    },
                };
                mac.ct_eq(&attempt.mac).into()
            };
            let Some(start) = attempt.matching_start(mac_input, &mut text, fits) else {
                return ControlFlow::Continue(());
            };
            verified = self.verified(attempt, claim, &Fit { index, key, session, opened, start }, &mut text);
            ControlFlow::Break(())
        });
        if verified.is_none() {
            if self.keys_tried == before {
                self.no_key = true;
                self.owe(attempt, mac_input, mode);
            }
            if self.complaint.is_none() {
                self.complaint = attempt.complaint();
            }
        }
        verified
    }

    /// Puts together what was proven.
    fn verified(
        &mut self,
        attempt: &Attempt<'_>,
        claim: PiccDataOrPlain,
        fit: &Fit<'_>,
        text: &mut LazyText,
    ) -> Option<VerifiedTap> {
        let PiccDataOrPlain { tag, uid, read_ctr } = claim;
        let covered = attempt.covered(fit.start, text);
        let data = uid.and(read_ctr).and_then(|_| attempt.covered_file_data(fit.start, text));
        let file_data = match data {
            None => None,
            Some(mut data) => {
                let decrypted = match &fit.opened {
                    Some(opened) => fit.key.decrypt(&fit.session, opened, &mut data).is_some(),
                    None => self.keys.decrypt_file_data(fit.index, fit.key, &fit.session, &mut data).is_ok(),
                };
                if !decrypted {
                    self.unavailable = true;
                    return None;
                }
                FileData::new(data).ok()
            }
        };
        let tag_tamper =
            covered.tag_tamper.or_else(|| TagTamper::from_file_data(file_data.as_ref()?.as_bytes()));
        Some(VerifiedTap {
            scheme: fit.session.mode().scheme(),
            uid: uid.or(fit.key.tag_uid()),
            read_ctr,
            picc_data_tag: tag,
            file_data,
            tag_tamper,
            key_epoch: fit.key.key_epoch(),
            key_label: fit.key.key_label().cloned(),
            keys_tried: self.keys_tried,
            mac_start: covered.start,
            authenticated_text: covered.text,
            authenticates_path: covered.path,
        })
    }

    /// Notes the work that a key would have made.
    fn owe(&mut self, attempt: &Attempt<'_>, mac_input: MacInput, mode: SdmMode) {
        let owed = &mut self.owed[mode as usize];
        if *owed == 0 && self.macs == 0 {
            attempt.matching_start(mac_input, &mut LazyText::default(), |input| {
                *owed += input.len().div_ceil(16).max(1);
                false
            });
        }
    }

    /// Notes that a fleet's layout could not read the link; what says most is kept.
    pub(super) fn unread(&mut self, refusal: TapRefusal) {
        let vague =
            |refusal: &TapRefusal| matches!(refusal, TapRefusal::NoTap | TapRefusal::TemplateMismatch);
        if self.unread.as_ref().is_none_or(|known| vague(known) && !vague(&refusal)) {
            self.unread = Some(refusal);
        }
    }

    /// Why nothing fits.
    pub(super) fn refusal(self) -> TapRefusal {
        if self.macs == 0 {
            match self.owed {
                [0, 0] => decoy(SdmMode::Aes, 1),
                owed => SdmMode::ALL
                    .into_iter()
                    .zip(owed)
                    .filter(|(_, blocks)| *blocks > 0)
                    .for_each(|(mode, blocks)| decoy(mode, blocks)),
            }
        }
        if self.unavailable {
            return TapRefusal::KeysUnavailable;
        }
        if self.given_up {
            return TapRefusal::SearchLimit;
        }
        match (self.macs, self.no_key, self.implausible) {
            (1.., ..) => self.complaint.unwrap_or(TapRefusal::MacMismatch),
            // A key that opens the PICCData says more than one that does not.
            (0, true, false) => TapRefusal::NoKey,
            (0, _, true) => TapRefusal::BadPiccData,
            (0, false, false) => self.unread.unwrap_or(TapRefusal::NoKey),
        }
    }
}

/// A key that fits.
struct Fit<'f> {
    index: usize,
    key: &'f FileKey,
    session: SdmSession,
    opened: Option<MacSession>,
    start: MacStart,
}

/// Blocks of all the MAC inputs that are tried for one key, at most: nine starts in the text of a tag.
const OWED_MAX: usize = 9 * TAG_TEXT_MAX.div_ceil(16);

/// The work of a MAC that fails over so many blocks, for links that never came to one, so that an unknown tag and bad
/// PICCData take as long as a known tag.
fn decoy(mode: SdmMode, blocks: usize) {
    static KEY: LazyLock<FileKey> = LazyLock::new(|| FileKey::from_bytes(&[0; 16]));
    let input = [0; 16 * OWED_MAX];
    let session = SdmSession::new(mode, Some(TagUid::new([0; 7])), Some(ReadCounter::ZERO));
    let mac = KEY.session_mac(&session, &input[..16 * blocks.min(OWED_MAX)]).unwrap_or_default();
    std::hint::black_box(mac.ct_eq(&[0; 16]));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::{Secret, blocks_of};
    use crate::tap::simulator::SoftTag;
    use crate::tap::{KeySet, Keys, Layout, ModeRule, verify};

    const UID: TagUid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);

    fn secret(byte: u8) -> Secret<16> {
        Secret::take(&mut [byte; 16])
    }

    /// Counted in block operations: a tag without a key, PICCData that opens to nonsense, and a wrong MAC.
    #[test]
    fn no_refusal_is_cheaper_than_a_wrong_mac() {
        for mode in SdmMode::ALL {
            for text in
                ["h/t?u={uid}&n={ctr}&c={mac}", "h/t?p={picc}&c={mac}", "h/t?p={picc}&e={enc}&c={mac}"]
            {
                let start = if text.contains("{enc}") { MacStart::FileData } else { MacStart::Empty };
                for mac_input in [MacInput::Search, MacInput::From(start), MacInput::From(MacStart::Path)] {
                    let template = Layout::Template(text.parse().unwrap()).with_mac_input(mac_input).unwrap();
                    for layout in [Layout::Auto(mac_input), template] {
                        equal_work(mode, text, &layout);
                    }
                }
            }
        }
    }

    fn equal_work(mode: SdmMode, template: &str, layout: &Layout) {
        let keys = |uid: TagUid, meta: u8| {
            let set = KeySet::explicit(secret(1)).meta_read_key(secret(meta)).of_tag(uid);
            Keys::new([set.layout(layout.clone()).mode(ModeRule::Only(mode))]).unwrap()
        };
        let tag = SoftTag::new(UID, template.parse().unwrap(), &secret(9)).mode(mode);
        let url = tag.meta_read_key(&secret(2)).tap(&[7; 16]).unwrap();
        let blocks = |keys: &Keys, expected: TapRefusal| {
            let _ = verify(&url, keys); // A first tap in LRP mode leaves something behind.
            blocks_of(|| assert_eq!(verify(&url, keys), Err(expected.clone())))
        };
        let wrong_mac = blocks(&keys(UID, 2), TapRefusal::MacMismatch);
        let other_tag = TagUid::new([9; 7]);
        assert_eq!(blocks(&keys(other_tag, 2), TapRefusal::NoKey), wrong_mac, "{mode} {layout:?}");
        if template.contains("{picc}") {
            let refused = |meta: &u8| verify(&url, &keys(UID, *meta)) == Err(TapRefusal::BadPiccData);
            let nonsense = keys(UID, (3..=u8::MAX).find(refused).unwrap());
            assert_eq!(blocks(&nonsense, TapRefusal::BadPiccData), wrong_mac, "{mode} {layout:?}");
        }
    }
}
