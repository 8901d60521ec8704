//! What a tag mirrors into its file, from the settings of the file.

use super::MetaWriteKey;
use crate::contactless::ntag424::{Access, OFFSET_MAX, SdmAccess};
use crate::crypto::{Secret, truncate_mac};
use crate::tap::sun::{FileKey, LoopState, PiccData, PiccDataTag, SdmMode, SdmSession};
use crate::vocab::hex;
use crate::vocab::tag::{ReadCounter, TagUid};

/// A read of a file with secure dynamic messaging, by somebody who has not authenticated (NT4H2421Gx §9.3).
///
/// ```
/// use phygital_core::contactless::ntag424::{Access, SdmAccess};
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::simulator::Mirroring;
/// use phygital_core::tap::{KeySet, Keys, LoopState, SdmMode, ndef_url, verify};
/// let mut file = b"\x00\x00\xD1\x01\x00U\x04t.example/?p=".to_vec();
/// let picc_data_offset = file.len() as u32;
/// file.extend([b'0'; 32]);
/// file.extend(b"&c=");
/// let mac_offset = file.len() as u32;
/// file.extend([b'0'; 16]);
/// (file[1], file[4]) = (file.len() as u8 - 2, file.len() as u8 - 6);
/// let sdm = SdmAccess {
///     uid: true, read_ctr: true, meta_read: Access::Key(2), file_read: Access::Key(1), ctr_ret: Access::Never,
///     uid_offset: None, read_ctr_offset: None, picc_data_offset: Some(picc_data_offset), tt_status_offset: None,
///     mac_input_offset: Some(mac_offset), enc: None, mac_offset: Some(mac_offset), read_ctr_limit: None,
/// };
/// let read = Mirroring {
///     mode: SdmMode::Aes, uid: "04a1b2c3d4e5f6".parse()?, read_ctr: "42".parse()?,
///     tamper: [LoopState::Closed; 2], keys: &[(); 5].map(|()| Secret::zeros()), padding: &[7; 16],
/// };
/// read.apply(&sdm, &mut file);
/// let keys = Keys::new([KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros())])?;
/// assert_eq!(verify(&ndef_url(&file)?, &keys)?.read_ctr().map(|ctr| ctr.get()), Some(42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(clippy::exhaustive_structs, reason = "all that goes into a read")]
pub struct Mirroring<'a> {
    /// The tag's mode.
    pub mode: SdmMode,
    /// The tag's UID.
    pub uid: TagUid,
    /// Its counter at this read.
    pub read_ctr: ReadCounter,
    /// The tamper status: whether the loop was ever open, and now.
    pub tamper: [LoopState; 2],
    /// Its five keys.
    pub keys: &'a [Secret<16>; 5],
    /// Its randomness at this read.
    pub padding: &'a [u8; 16],
}

impl Mirroring<'_> {
    /// Puts into the file what the settings say. What lies outside the file, or asks for a key that there is not, is
    /// left as it was; a tag takes no such settings.
    pub fn apply(&self, sdm: &SdmAccess, file: &mut [u8]) {
        let in_picc_data = matches!(sdm.meta_read, Access::Key(_));
        let with_uid = sdm.uid && sdm.meta_read != Access::Never;
        let with_ctr =
            sdm.read_ctr && (in_picc_data || sdm.read_ctr_offset.is_some_and(|offset| offset != OFFSET_MAX));
        let uid = with_uid.then_some(self.uid);
        let read_ctr = with_ctr.then_some(self.read_ctr);
        if let Some(offset) = sdm.uid_offset {
            put_hex(file, offset, self.uid.as_bytes());
        }
        if let Some(offset) = sdm.read_ctr_offset {
            let [low, middle, high] = self.read_ctr.to_lsb();
            put_hex(file, offset, &[high, middle, low]);
        }
        if let (Some(offset), Some(key)) = (sdm.picc_data_offset, self.key(sdm.meta_read)) {
            let tag = match (with_uid, with_ctr) {
                (true, true) => Some(PiccDataTag::UidAndCounter),
                (true, false) => Some(PiccDataTag::Uid),
                (false, true) => Some(PiccDataTag::Counter),
                (false, false) => None,
            };
            if let Some(tag) = tag {
                let plain = PiccData { tag, uid, read_ctr }.to_block(self.padding);
                put_hex(file, offset, &MetaWriteKey::new(key).encrypt(self.mode, plain, self.padding));
            }
        }
        if let Some(offset) = sdm.tt_status_offset {
            let letters = self.tamper.map(|state| u32::from(state.letter()).to_le_bytes()[0]);
            put(file, offset, &letters);
        }
        let Some(key) = self.key(sdm.file_read).map(FileKey::new) else { return };
        let session = SdmSession::new(self.mode, uid, read_ctr);
        if let Some((offset, length)) = sdm.enc {
            let plain = span(offset, length / 2).and_then(|plain| file.get(plain));
            if let Some(mut data) = plain.map(<[u8]>::to_vec)
                && key.encrypt(&session, &mut data).is_some()
            {
                put_hex(file, offset, &data);
            }
        }
        if let (Some(from), Some(to)) = (sdm.mac_input_offset, sdm.mac_offset) {
            let input = to.checked_sub(from).and_then(|length| span(from, length));
            if let Some(input) = input.and_then(|input| file.get(input)) {
                let mac = key.session_mac(&session, input).expect("a key of our own is not sealed");
                put_hex(file, to, &truncate_mac(&mac));
            }
        }
    }

    fn key(&self, access: Access) -> Option<&Secret<16>> {
        match access {
            Access::Key(number) => self.keys.get(usize::from(number)),
            Access::Free | Access::Never => None,
        }
    }
}

fn span(offset: u32, length: u32) -> Option<std::ops::Range<usize>> {
    let from = usize::try_from(offset).ok()?;
    Some(from..from.checked_add(usize::try_from(length).ok()?)?)
}

fn put(file: &mut [u8], offset: u32, bytes: &[u8]) {
    let place = u32::try_from(bytes.len()).ok().and_then(|length| span(offset, length));
    if let Some(place) = place.and_then(|place| file.get_mut(place)) {
        place.copy_from_slice(bytes);
    }
}

fn put_hex(file: &mut [u8], offset: u32, bytes: &[u8]) {
    let mut text = String::with_capacity(bytes.len() * 2);
    hex::push_upper(bytes, &mut text);
    put(file, offset, text.as_bytes());
}
