//! From a message to a [`Tap22x`], the only way there is.

use std::ops::ControlFlow;
use std::sync::Arc;

use aes::Aes128Enc;
use subtle::ConstantTimeEq;

use super::keys::SuncmacRing;
use super::message::{Message22x, StatusDetect};
use crate::crypto::{CmacKey, truncate_mac};
use crate::tap::limits::FILE_KEYS_MAX;
use crate::tap::{Assurance, Scheme, TapLink, TapRefusal};
use crate::vocab::tag::{KeyEpoch, ReadCounter, TagUid};

/// A tap of an NTAG 22x whose MAC was checked: somebody with this tag's key made exactly this message.
///
/// Only [`verify`] and [`verify_message`] make one. UID, counter and status are what the MAC covers; nothing else of
/// the URL is. Whether the counter is new is for [`crate::tap::replay`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap22x {
    uid: TagUid,
    read_ctr: ReadCounter,
    status: Option<StatusDetect>,
    key_epoch: KeyEpoch,
    key_label: Option<Arc<str>>,
}

impl Tap22x {
    /// The kind of token.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        Scheme::Ntag22x
    }

    /// What it proves: [`Assurance::DynamicWeak`], as the key of an unlocked tag can be recovered.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        Assurance::DynamicWeak
    }

    /// Which tag it is.
    #[must_use]
    pub fn uid(&self) -> TagUid {
        self.uid
    }

    /// The tag's counter at this tap; always zero on a tag whose counter was not switched on.
    #[must_use]
    pub fn read_ctr(&self) -> ReadCounter {
        self.read_ctr
    }

    /// What StatusDetect found; none on a tag without it. The MAC covers it.
    #[must_use]
    pub fn status(&self) -> Option<StatusDetect> {
        self.status
    }

    /// The generation of the key that matched.
    #[must_use]
    pub fn key_epoch(&self) -> KeyEpoch {
        self.key_epoch
    }

    /// The name of the key that matched.
    #[must_use]
    pub fn key_label(&self) -> Option<&str> {
        self.key_label.as_deref()
    }
}

/// Verifies the URL that a phone opened; see [`Message22x::find`] for where the text may stand.
///
/// # Errors
/// [`TapRefusal`]: malformed, forged, or without a key.
pub fn verify<K: SuncmacRing + ?Sized>(url: &str, keys: &K) -> Result<Tap22x, TapRefusal> {
    verify_message(&Message22x::find(TapLink::parse(url)?)?, keys)
}

/// Verifies a message that was decoded before. MACs are compared in constant time, and a tag without a key costs as
/// much as one whose MAC fails.
///
/// # Errors
/// [`TapRefusal::MacMismatch`] if no key fits, [`TapRefusal::NoKey`] if there is none for this tag.
pub fn verify_message<K: SuncmacRing + ?Sized>(message: &Message22x, keys: &K) -> Result<Tap22x, TapRefusal> {
    let (bytes, length) = message.mac_bytes();
    let input = &bytes[..length];
    // A MAC that was cut short is compared like any other, and never equal.
    let (mac, whole) = (message.mac.unwrap_or_default(), message.mac.is_some());
    let matches = |full: &[u8; 16]| bool::from(truncate_mac(full).ct_eq(&mac)) & whole;
    let mut tries = 0;
    let mut tap = None;
    keys.suncmacs(message.uid, input, &mut |answer| {
        if tries == FILE_KEYS_MAX {
            return ControlFlow::Break(());
        }
        tries += 1;
        if !matches(&answer.mac) {
            return ControlFlow::Continue(());
        }
        tap = Some(Tap22x {
            uid: message.uid,
            read_ctr: message.read_ctr,
            status: message.status,
            key_epoch: answer.epoch,
            key_label: answer.label.cloned(),
        });
        ControlFlow::Break(())
    });
    if tries == 0 {
        std::hint::black_box(matches(&CmacKey::<Aes128Enc>::new(&[0; 16]).mac(input)));
        return Err(TapRefusal::NoKey);
    }
    tap.ok_or(TapRefusal::MacMismatch)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use cmac::{Cmac, KeyInit, Mac};
    use proptest::prelude::*;

    use super::super::{SoftNtag22x, SuncmacAnswer, SuncmacKeys};
    use super::*;
    use crate::crypto::Secret;
    use crate::tap::LoopState;

    const UID: TagUid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);

    fn keys(key: [u8; 16]) -> SuncmacKeys {
        let mut keys = SuncmacKeys::new();
        keys.insert(UID, KeyEpoch::FIRST, Secret::take(&mut { key })).unwrap();
        keys
    }

    #[test]
    fn every_byte_of_a_link_counts() {
        let mut tag = SoftNtag22x::new(UID, "https://tap.example/?m=", Secret::zeros());
        tag.set_status(StatusDetect {
            permanent: Some(LoopState::Closed),
            current: Some(LoopState::Closed),
            measurement: [1, 2, 3, 4],
        });
        let url = tag.tap().unwrap();
        let tap = verify(&url, &keys([0; 16])).unwrap();
        assert_eq!((tap.uid(), tap.read_ctr().get()), (UID, 1));
        assert_eq!(tap.status().unwrap().letters(), "CC");
        assert_eq!(tap.assurance(), Assurance::DynamicWeak);
        let start = url.find("04").unwrap();
        for at in start..url.len() {
            for byte in *b"0F9CO" {
                let mut forged = url.clone().into_bytes();
                if forged[at] == byte {
                    continue;
                }
                forged[at] = byte;
                let forged = String::from_utf8(forged).unwrap();
                assert!(verify(&forged, &keys([0; 16])).is_err(), "{forged}");
            }
        }
    }

    #[test]
    fn a_cut_mac_is_a_mismatch_and_an_unknown_tag_has_no_key() {
        let text = "04AA2BD2335780x000001xB188AC6F69140B92";
        let mut known = SuncmacKeys::new();
        known.insert("04AA2BD2335780".parse().unwrap(), KeyEpoch::FIRST, Secret::zeros()).unwrap();
        let judge = |text: &str, keys: &SuncmacKeys| verify_message(&Message22x::parse(text).unwrap(), keys);
        assert!(judge(text, &known).is_ok());
        assert_eq!(judge(&text[..text.len() - 2], &known), Err(TapRefusal::MacMismatch));
        assert_eq!(judge(&text[..text.len() - 16], &known), Err(TapRefusal::MacMismatch));
        assert_eq!(judge(text, &keys([0; 16])), Err(TapRefusal::NoKey));
        // A MAC of zeros is what a cut one is compared as.
        let zeros = text.replace("B188AC6F69140B92", "0000000000000000");
        assert_eq!(judge(&zeros, &known), Err(TapRefusal::MacMismatch));
    }

    #[test]
    fn a_ring_that_shows_too_many_keys_is_cut_off() {
        /// Its true key comes after so many others.
        struct Late(usize);
        impl SuncmacRing for Late {
            fn suncmacs(
                &self,
                _: TagUid,
                input: &[u8],
                found: &mut dyn FnMut(&SuncmacAnswer<'_>) -> ControlFlow<()>,
            ) {
                let wrong = SuncmacAnswer { mac: [0; 16], epoch: KeyEpoch::FIRST, label: None };
                for _ in 0..self.0 {
                    if found(&wrong).is_break() {
                        return;
                    }
                }
                let mac = CmacKey::<Aes128Enc>::new(&[0; 16]).mac(input);
                let _ = found(&SuncmacAnswer { mac, ..wrong });
            }
        }
        let message = Message22x::parse("04AA2BD2335780x000001xB188AC6F69140B92").unwrap();
        assert!(verify_message(&message, &Late(FILE_KEYS_MAX - 1)).is_ok());
        assert_eq!(verify_message(&message, &Late(FILE_KEYS_MAX)), Err(TapRefusal::MacMismatch));
    }

    proptest! {
        /// The oracle is the `cmac` crate over bytes put together by hand.
        #[test]
        fn a_link_verifies_if_and_only_if_its_mac_is_that_of_the_standard(
            key: [u8; 16], counter in 0..0x100_0000u32, measurement: [u8; 4],
            letters in prop::option::of("[COI0]{2}"), flip in prop::option::of(0..64u32),
        ) {
            let mut input = UID.as_bytes().to_vec();
            input.extend_from_slice(&counter.to_be_bytes()[1..]);
            let mut text = format!("04010203040506x{counter:06X}x");
            if let Some(letters) = &letters {
                let nibbles: Vec<u8> = letters.bytes().map(|letter| letter & 15).collect();
                input.push(nibbles[0] * 16 + nibbles[1]);
                input.extend_from_slice(&measurement);
                text += &format!("{letters}{:08X}x", u32::from_be_bytes(measurement));
            }
            let mut mac = Cmac::<aes::Aes128>::new(&key.into());
            mac.update(&input);
            let full = mac.finalize().into_bytes();
            let short: [u8; 8] = std::array::from_fn(|i| full[2 * i + 1]);
            let sent = u64::from_be_bytes(short) ^ flip.map_or(0, |bit| 1 << bit);
            text += &format!("{sent:016X}");
            let result = verify(&format!("https://h/?a=b&m={text}"), &keys(key));
            match flip {
                None => prop_assert_eq!(result.unwrap().read_ctr().get(), counter),
                Some(_) => prop_assert_eq!(result, Err(TapRefusal::MacMismatch)),
            }
        }
    }
}
