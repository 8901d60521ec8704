//! A tag in software: true tap links without a tag, for demonstrations and for tests of what one builds on
//! this.

use std::fmt;

use aes::Aes128Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};

#[cfg(any(test, feature = "simulate"))]
pub use super::ntag21x::SoftNtag21x;
#[cfg(any(test, feature = "simulate"))]
pub use super::ntag22x::SoftNtag22x;
#[cfg(any(test, feature = "simulate"))]
pub use mirroring::Mirroring;

use super::limits::TAG_TEXT_MAX;
use super::refusal::Field;
use super::sun::LoopState;
use super::sun::UrlTemplate;
use super::sun::{FileKey, PiccData, PiccDataTag, SdmMode, SdmSession};
use super::sun::{MacInput, MacStart};
use crate::crypto::{Lrp, Secret, truncate_mac};
use crate::vocab::hex;
use crate::vocab::tag::{ReadCounter, TagUid};

#[cfg(any(test, feature = "simulate"))]
mod mirroring;

/// An NTAG 424 DNA (TagTamper) in software, in AES mode unless [`SoftTag::mode`] says otherwise.
///
/// Each [`SoftTag::tap`] counts up and gives the URL that a phone would open. Its randomness is an argument,
/// so the same calls give the same links.
///
/// ```
/// use phygital_core::{crypto::Secret, tap::{self, KeySet, Keys, simulator::SoftTag}};
/// let template = "tap.example/l/STORE-0042?p={picc}&c={mac}".parse()?;
/// let mut tag = SoftTag::new("04a1b2c3d4e5f6".parse()?, template, &Secret::zeros())
///     .meta_read_key(&Secret::zeros());
/// let url = tag.tap(&[7; 16])?;
/// let keys = Keys::new([KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros())])?;
/// assert_eq!(tap::verify(&url, &keys)?.read_ctr().map(|ctr| ctr.get()), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SoftTag {
    uid: TagUid,
    template: UrlTemplate,
    mode: SdmMode,
    meta: Option<MetaWriteKey>,
    file_key: FileKey,
    picc_data_tag: PiccDataTag,
    file_data: Vec<u8>,
    tamper_in_file_data: bool,
    tamper: [LoopState; 2],
    counter: ReadCounter,
    limit: ReadCounter,
}

/// Why a tag answers a read with an error, or cannot be set up so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SoftTagError {
    /// The read counter stands at its limit.
    #[error("the read counter stands at its limit")]
    Exhausted,
    /// The template has `{picc}`, but there is no meta read key.
    #[error("a tag with {{picc}} needs a meta read key")]
    NoMetaReadKey,
    /// File data that is empty, no multiple of 16 bytes, or without UID and counter to encrypt it under.
    #[error("file data has a multiple of 16 bytes and needs both UID and counter mirrored")]
    FileData,
    /// The text does not fit in the tag's file.
    #[error("the URL does not fit in the tag")]
    TooLong,
}

impl SoftTag {
    /// A tag fresh from personalisation: counter 0, tamper loop closed, file data of one zero block.
    #[must_use]
    pub fn new(uid: TagUid, template: UrlTemplate, file_read_key: &Secret<16>) -> Self {
        Self {
            uid,
            template,
            mode: SdmMode::Aes,
            meta: None,
            file_key: FileKey::new(file_read_key),
            picc_data_tag: PiccDataTag::UidAndCounter,
            file_data: vec![0; 16],
            tamper_in_file_data: false,
            tamper: [LoopState::Closed; 2],
            counter: ReadCounter::ZERO,
            limit: ReadCounter::MAX,
        }
    }

    /// Sets the SDMMetaReadKey, which `{picc}` needs.
    #[must_use]
    pub fn meta_read_key(mut self, key: &Secret<16>) -> Self {
        self.meta = Some(MetaWriteKey::new(key));
        self
    }

    /// Sets the mode.
    #[must_use]
    pub fn mode(mut self, mode: SdmMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets what the PICCData holds; UID and counter if not called.
    #[must_use]
    pub fn picc_data_tag(mut self, tag: PiccDataTag) -> Self {
        self.picc_data_tag = tag;
        self
    }

    /// Sets the file data that `{enc}` mirrors, a multiple of 16 bytes.
    #[must_use]
    pub fn file_data(mut self, data: &[u8]) -> Self {
        self.file_data = data.to_vec();
        self
    }

    /// Mirrors the tamper status into the first two bytes of the file data.
    #[must_use]
    pub fn tamper_in_file_data(mut self) -> Self {
        self.tamper_in_file_data = true;
        self
    }

    /// Sets the counter, as if the tag had been read so often.
    #[must_use]
    pub fn counted(mut self, counter: ReadCounter) -> Self {
        self.counter = counter;
        self
    }

    /// Sets SDMReadCtrLimit; without it the tag stops at [`ReadCounter::MAX`].
    #[must_use]
    pub fn read_ctr_limit(mut self, limit: ReadCounter) -> Self {
        self.limit = limit;
        self
    }

    /// Which tag it is.
    #[must_use]
    pub fn uid(&self) -> TagUid {
        self.uid
    }

    /// The counter of the last tap.
    #[must_use]
    pub fn counter(&self) -> ReadCounter {
        self.counter
    }

    /// Breaks or mends the tamper loop. That it was once open stays.
    pub fn set_loop(&mut self, current: LoopState) {
        if current == LoopState::Open {
            self.tamper[0] = LoopState::Open;
        }
        self.tamper[1] = current;
    }

    /// Gives the tag a new file read key; its counter starts over (NT4H2421Gx §9.3.1).
    pub fn personalise(&mut self, file_read_key: &Secret<16>) {
        self.file_key = FileKey::new(file_read_key);
        self.counter = ReadCounter::ZERO;
    }

    /// Reads the tag: counts up and gives the URL, with `https`. `padding` is the tag's randomness.
    ///
    /// # Errors
    /// [`SoftTagError::Exhausted`] at the counter's limit, others if the tag cannot be set up so; then nothing
    /// is counted.
    pub fn tap(&mut self, padding: &[u8; 16]) -> Result<String, SoftTagError> {
        self.read(padding).map(|text| format!("https://{text}"))
    }

    /// As [`SoftTag::tap`], giving the content of the NDEF file.
    ///
    /// # Errors
    /// As [`SoftTag::tap`].
    pub fn tap_file(&mut self, padding: &[u8; 16]) -> Result<Vec<u8>, SoftTagError> {
        let text = self.read(padding)?;
        let payload = u8::try_from(text.len() + 1).map_err(|_| SoftTagError::TooLong)?;
        let mut file = vec![0, payload + 4, 0xD1, 0x01, payload, b'U', 0x04];
        file.extend_from_slice(text.as_bytes());
        Ok(file)
    }

    fn read(&mut self, padding: &[u8; 16]) -> Result<String, SoftTagError> {
        if self.counter >= self.limit {
            return Err(SoftTagError::Exhausted);
        }
        let counter = ReadCounter::new(self.counter.get() + 1).map_err(|_| SoftTagError::Exhausted)?;
        let text = self.text(counter, padding)?;
        self.counter = counter;
        Ok(text)
    }

    /// The URL text at this counter.
    fn text(&self, counter: ReadCounter, padding: &[u8; 16]) -> Result<String, SoftTagError> {
        let has = |field| self.template.has(field);
        let (with_uid, with_counter) = if has(Field::PiccData) {
            (self.picc_data_tag != PiccDataTag::Counter, self.picc_data_tag != PiccDataTag::Uid)
        } else {
            (has(Field::Uid), has(Field::ReadCounter))
        };
        let uid = with_uid.then_some(self.uid);
        let read_ctr = with_counter.then_some(counter);
        let mut mirrors: [String; Field::COUNT] = Default::default();
        hex::push_upper(self.uid.as_bytes(), &mut mirrors[Field::Uid as usize]);
        let [low, middle, high] = counter.to_lsb();
        hex::push_upper(&[high, middle, low], &mut mirrors[Field::ReadCounter as usize]);
        let tamper: String = self.tamper.map(LoopState::letter).iter().collect();
        if has(Field::PiccData) {
            let meta = self.meta.as_ref().ok_or(SoftTagError::NoMetaReadKey)?;
            let plain = PiccData { tag: self.picc_data_tag, uid, read_ctr }.to_block(padding);
            hex::push_upper(&meta.encrypt(self.mode, plain, padding), &mut mirrors[Field::PiccData as usize]);
        }
        let session = SdmSession::new(self.mode, uid, read_ctr);
        if has(Field::FileData) {
            if uid.and(read_ctr).is_none() {
                return Err(SoftTagError::FileData);
            }
            let mut data = self.file_data.clone();
            if data.is_empty() || !data.len().is_multiple_of(16) {
                return Err(SoftTagError::FileData);
            }
            if self.tamper_in_file_data {
                data[..2].copy_from_slice(tamper.as_bytes());
            }
            self.file_key.encrypt(&session, &mut data).ok_or(SoftTagError::FileData)?;
            hex::push_upper(&data, &mut mirrors[Field::FileData as usize]);
        }
        mirrors[Field::TagTamper as usize] = tamper;
        let text = self.template.tag_text(|field| Some(mirrors[field as usize].as_bytes()));
        let text = text.ok_or(SoftTagError::TooLong)?;
        let start = match self.template.mac_input() {
            MacInput::From(start) => start,
            MacInput::Search if has(Field::FileData) => MacStart::FileData,
            MacInput::Search => MacStart::Empty,
        };
        let input = text.from(start).ok_or(SoftTagError::TooLong)?;
        let mac = self.file_key.session_mac(&session, input).expect("a key of our own is not sealed");
        hex::push_upper(&truncate_mac(&mac), &mut mirrors[Field::Mac as usize]);
        let filled = self.template.fill(|field| &mirrors[field as usize]);
        if filled.len() > TAG_TEXT_MAX { Err(SoftTagError::TooLong) } else { Ok(filled) }
    }
}

/// The SDMMetaReadKey as a tag uses it.
struct MetaWriteKey {
    aes: Aes128Enc,
    lrp: Lrp,
}

impl MetaWriteKey {
    fn new(key: &Secret<16>) -> Self {
        Self { aes: Aes128Enc::new(key.expose().into()), lrp: Lrp::new(key, 0) }
    }

    /// The PICCData as it is mirrored: in LRP mode after the random number that it is encrypted under, for which the
    /// first half of the tag's randomness is taken.
    fn encrypt(&self, mode: SdmMode, mut plain: [u8; 16], randomness: &[u8; 16]) -> Vec<u8> {
        match mode {
            SdmMode::Aes => {
                let mut block = Array::from(plain);
                self.aes.encrypt_block(&mut block);
                block.to_vec()
            }
            SdmMode::Lrp => {
                let random: [u8; 8] = std::array::from_fn(|i| randomness[i]);
                self.lrp
                    .encrypt(&mut random.clone(), &mut plain)
                    .expect("one block and a counter of eight bytes");
                [&random[..], &plain].concat()
            }
        }
    }
}

impl fmt::Debug for SoftTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftTag({}, {:?}, counter {}, keys elided)", self.uid, self.template, self.counter)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tap::{KeySet, Keys, ModeRule, Scheme, TapRefusal, VerifiedTap, verify};

    fn tag(template: &str) -> SoftTag {
        let uid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);
        SoftTag::new(uid, template.parse().unwrap(), &Secret::take(&mut [1; 16]))
            .meta_read_key(&Secret::take(&mut [2; 16]))
    }

    fn read(url: &str) -> Result<VerifiedTap, TapRefusal> {
        let set = KeySet::explicit(Secret::take(&mut [1; 16])).meta_read_key(Secret::take(&mut [2; 16]));
        verify(url, &Keys::new([set]).unwrap())
    }

    #[test]
    fn the_counter_stops_at_its_limit() {
        let mut last = tag("h/?p={picc}&c={mac}").counted(ReadCounter::new(0xFF_FFFE).unwrap());
        assert_eq!(read(&last.tap(&[0; 16]).unwrap()).unwrap().read_ctr(), Some(ReadCounter::MAX));
        assert_eq!(last.tap(&[0; 16]), Err(SoftTagError::Exhausted));
        let mut limited = tag("h/?p={picc}&c={mac}").read_ctr_limit(ReadCounter::new(2).unwrap());
        assert!(limited.tap(&[0; 16]).is_ok() && limited.tap(&[0; 16]).is_ok());
        assert_eq!(limited.tap(&[0; 16]), Err(SoftTagError::Exhausted));
    }

    #[test]
    fn a_broken_loop_is_remembered() {
        for template in ["h/?p={mac_input}{picc}&tt={tt}&c={mac}", "h/?p={picc}&e={enc}&c={mac}"] {
            let mut tag = tag(template).tamper_in_file_data();
            let mut states = |state| {
                tag.set_loop(state);
                let tamper = read(&tag.tap(&[9; 16]).unwrap()).unwrap().tag_tamper().unwrap();
                assert!(tamper.authenticated);
                tamper.letters()
            };
            let seen = [LoopState::Closed, LoopState::Open, LoopState::Closed].map(&mut states);
            assert_eq!(seen, ["CC", "OO", "OC"], "{template}");
        }
    }

    #[test]
    fn a_set_up_that_no_tag_can_have_counts_nothing() {
        for (mut tag, error) in [
            (SoftTag { meta: None, ..tag("h/?p={picc}&c={mac}") }, SoftTagError::NoMetaReadKey),
            (tag("h/?p={picc}&e={enc}&c={mac}").file_data(&[0; 15]), SoftTagError::FileData),
            (tag("h/?p={picc}&e={enc}&c={mac}").file_data(&[]), SoftTagError::FileData),
            (tag("h/?p={picc}&e={enc}&c={mac}").file_data(&[0; 96]), SoftTagError::TooLong),
            (tag("h/?p={picc}&e={enc}&c={mac}").picc_data_tag(PiccDataTag::Uid), SoftTagError::FileData),
        ] {
            assert_eq!(tag.tap(&[0; 16]), Err(error));
            assert_eq!(tag.counter(), ReadCounter::ZERO);
        }
    }

    #[test]
    fn personalising_starts_the_counter_over() {
        let mut tag = tag("h/?p={picc}&c={mac}").counted(ReadCounter::new(50).unwrap());
        tag.personalise(&Secret::take(&mut [1; 16]));
        assert_eq!(read(&tag.tap(&[0; 16]).unwrap()).unwrap().read_ctr().unwrap().get(), 1);
    }

    #[test]
    fn a_tag_in_lrp_mode_is_read_by_its_length_and_in_plain_by_what_is_said() {
        let lrp = |template: &str| tag(template).mode(SdmMode::Lrp).tap(&[9; 16]).unwrap();
        for template in
            ["h/?p={picc}&c={mac}", "h/?p={picc}&e={enc}&c={mac}", "h/{mac_input}?{picc}{enc}{mac}"]
        {
            let tap = read(&lrp(template)).unwrap();
            assert_eq!((tap.scheme(), tap.keys_tried()), (Scheme::Ntag424Lrp, 1), "{template}");
            assert_eq!(tap.file_data().is_some(), template.contains("enc"), "{template}");
        }
        let url = lrp("h/?u={uid}&n={ctr}&c={mac}");
        assert_eq!(read(&url), Err(TapRefusal::MacMismatch));
        for (mode, expected) in [
            (ModeRule::Only(SdmMode::Lrp), Ok(Scheme::Ntag424Lrp)),
            (ModeRule::Either, Ok(Scheme::Ntag424Lrp)),
            (ModeRule::Only(SdmMode::Aes), Err(TapRefusal::MacMismatch)),
        ] {
            let set = KeySet::explicit(Secret::take(&mut [1; 16])).mode(mode);
            let tap = verify(&url, &Keys::new([set]).unwrap());
            assert_eq!(tap.map(|tap| tap.scheme()), expected, "{mode}");
        }
        // A fleet that is said to be in the other mode takes no PICCData of this one.
        for (url, rule) in [
            (lrp("h/?p={picc}&c={mac}"), ModeRule::Only(SdmMode::Aes)),
            (tag("h/?p={picc}&c={mac}").tap(&[9; 16]).unwrap(), ModeRule::Only(SdmMode::Lrp)),
        ] {
            let set = KeySet::explicit(Secret::take(&mut [1; 16])).meta_read_key(Secret::take(&mut [2; 16]));
            let refusal = verify(&url, &Keys::new([set.mode(rule)]).unwrap()).unwrap_err();
            assert_eq!(refusal.code(), "bad_length", "{rule}");
        }
    }
}
