//! The first exchanges: which wallet answers, in which version, with which nonce.

use crate::contactless::apdu::{Command, Response, StatusWord};
use crate::contactless::ndef::Message;
use crate::contactless::tlv::{Tag, Tlvs, push};

use super::error::SmartTapError;
use super::fields::{BINARY, VERSION, fixed, message};

/// The application of Smart Tap 2.
pub const SMART_TAP_AID: &[u8; 9] = &[0xA0, 0x00, 0x00, 0x04, 0x76, 0xD0, 0x00, 0x01, 0x11];

/// The application that both wallets answer to.
const OSE_AID: &[u8; 10] = b"OSE.VAS.01";

/// What an Android phone says to SELECT of `OSE.VAS.01`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the answer")]
pub struct SmartTapOse {
    /// Version of the directory.
    pub version: Option<[u8; 2]>,
    /// Features, whose meaning is not published.
    pub features: Option<Vec<u8>>,
    /// The phone's nonce.
    pub nonce: Option<[u8; 32]>,
    /// The phone's fresh public key.
    pub phone_key: Option<[u8; 33]>,
    /// The entry of Smart Tap 2.
    pub entry: Option<DirectoryEntry>,
}

/// The directory's entry of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the entry")]
pub struct DirectoryEntry {
    /// The least version that the phone speaks.
    pub min_version: Option<[u8; 2]>,
    /// The greatest.
    pub max_version: Option<[u8; 2]>,
    /// Bit 0: the application need not be selected any more.
    pub capabilities: Option<u8>,
    /// The phone's nonce, where it stands here.
    pub nonce: Option<[u8; 32]>,
}

const FCI: Tag = Tag(0x6F);
const LABEL: Tag = Tag(0x50);
const OSE_VERSION: Tag = Tag(0xC0);
const FEATURES: Tag = Tag(0xC1);
const NONCE: Tag = Tag(0xC2);
const PHONE_KEY: Tag = Tag(0xC3);
const PROPRIETARY: Tag = Tag(0xA5);
const DIRECTORY: Tag = Tag(0xBF0C);
const ENTRY: Tag = Tag(0x61);
const AID: Tag = Tag(0x4F);
const PRIORITY: Tag = Tag(0x87);
const DISCRETIONARY: Tag = Tag(0x73);
const MIN_VERSION: Tag = Tag(0xDF6D);
const MAX_VERSION: Tag = Tag(0xDF4D);
const CAPABILITIES: Tag = Tag(0xDF62);
const ENTRY_NONCE: Tag = Tag(0xDF6E);

impl SmartTapOse {
    /// The wallet of a phone that does Smart Tap.
    pub const WALLET: &str = "AndroidPay";

    /// The command; Apple VAS begins with the same one.
    #[must_use]
    pub fn command() -> Command {
        Command::select(OSE_AID).expect("ten bytes")
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`SmartTapError`] for another wallet, another status or a malformed answer.
    pub fn parse(answer: &[u8]) -> Result<Self, SmartTapError> {
        let response = Response::parse(answer)?;
        if response.status != StatusWord::OK {
            return Err(SmartTapError::NotSelected { status: response.status });
        }
        let inside = Tlvs::parse(Tlvs::parse(response.data)?.only(FCI)?)?;
        if inside.only(LABEL)? != Self::WALLET.as_bytes() {
            return Err(SmartTapError::OtherWallet);
        }
        let entry = match inside.find(PROPRIETARY)? {
            Some(proprietary) => match Tlvs::parse(proprietary)?.find(DIRECTORY)? {
                Some(directory) => DirectoryEntry::find(&Tlvs::parse(directory)?)?,
                None => None,
            },
            None => None,
        };
        Ok(Self {
            version: exact(&inside, OSE_VERSION)?,
            features: inside.find(FEATURES)?.map(<[u8]>::to_vec),
            nonce: exact(&inside, NONCE)?,
            phone_key: exact(&inside, PHONE_KEY)?,
            entry,
        })
    }

    /// The answer's bytes, as a phone sends them.
    ///
    /// # Errors
    /// [`SmartTapError::Tlv`] for features that are too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SmartTapError> {
        let mut inside = Vec::new();
        push(&mut inside, LABEL, Self::WALLET.as_bytes())?;
        optional(&mut inside, OSE_VERSION, self.version.as_ref())?;
        optional(&mut inside, FEATURES, self.features.as_ref())?;
        optional(&mut inside, NONCE, self.nonce.as_ref())?;
        optional(&mut inside, PHONE_KEY, self.phone_key.as_ref())?;
        if let Some(entry) = &self.entry {
            let mut value = entry.to_bytes()?;
            for tag in [ENTRY, DIRECTORY, PROPRIETARY] {
                let inner = std::mem::take(&mut value);
                push(&mut value, tag, &inner)?;
            }
            inside.extend(value);
        }
        let mut data = Vec::new();
        push(&mut data, FCI, &inside)?;
        Ok(Response { data: &data, status: StatusWord::OK }.to_bytes())
    }

    /// The phone's nonce, where it tells one already.
    #[must_use]
    pub fn device_nonce(&self) -> Option<[u8; 32]> {
        self.nonce.or(self.entry.as_ref().and_then(|entry| entry.nonce))
    }

    /// The nonce with which the exchange can go on at once, if Smart Tap need not be selected any more.
    pub(super) fn shortcut(&self) -> Option<[u8; 32]> {
        let entry = self.entry.as_ref()?;
        entry.capabilities.filter(|capabilities| capabilities & 1 != 0)?;
        self.device_nonce()
    }

    /// Refuses a phone that says that it does not speak our version.
    pub(super) fn check_version(&self) -> Result<(), SmartTapError> {
        let entry = self.entry.as_ref();
        in_range(entry.and_then(|entry| entry.min_version), entry.and_then(|entry| entry.max_version))
    }
}

impl DirectoryEntry {
    /// The entry of Smart Tap 2 among those of a directory.
    fn find(directory: &Tlvs<'_>) -> Result<Option<Self>, SmartTapError> {
        for object in directory.objects().iter().filter(|object| object.tag == ENTRY) {
            let fields = Tlvs::parse(object.value)?;
            if fields.find(AID)? != Some(SMART_TAP_AID) {
                continue;
            }
            let Some(data) = fields.find(DISCRETIONARY)? else { return Ok(Some(Self::default())) };
            let data = Tlvs::parse(data)?;
            let capabilities: Option<[u8; 1]> = exact(&data, CAPABILITIES)?;
            return Ok(Some(Self {
                min_version: exact(&data, MIN_VERSION)?,
                max_version: exact(&data, MAX_VERSION)?,
                capabilities: capabilities.map(|[byte]| byte),
                nonce: exact(&data, ENTRY_NONCE)?,
            }));
        }
        Ok(None)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, SmartTapError> {
        let mut data = Vec::new();
        optional(&mut data, MIN_VERSION, self.min_version.as_ref())?;
        optional(&mut data, MAX_VERSION, self.max_version.as_ref())?;
        optional(&mut data, CAPABILITIES, self.capabilities.map(|byte| [byte]).as_ref())?;
        optional(&mut data, ENTRY_NONCE, self.nonce.as_ref())?;
        let mut fields = Vec::new();
        push(&mut fields, AID, SMART_TAP_AID)?;
        push(&mut fields, PRIORITY, &[1])?;
        push(&mut fields, DISCRETIONARY, &data)?;
        Ok(fields)
    }
}

/// What a phone says to SELECT of Smart Tap itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the answer")]
pub struct SmartTapSelect {
    /// The least version that the phone speaks.
    pub min_version: [u8; 2],
    /// The greatest.
    pub max_version: [u8; 2],
    /// The phone's nonce.
    pub nonce: [u8; 32],
}

impl SmartTapSelect {
    const NONCE: &'static str = "mdn";

    /// The command.
    #[must_use]
    pub fn command() -> Command {
        Command::select(SMART_TAP_AID).expect("nine bytes")
    }

    /// Reads the answer: two versions, and a message with the nonce.
    ///
    /// # Errors
    /// [`SmartTapError`] for another status, a version that is not spoken here, or a malformed answer.
    pub fn parse(answer: &[u8]) -> Result<Self, SmartTapError> {
        let response = Response::parse(answer)?;
        if response.status != StatusWord::OK {
            return Err(SmartTapError::NotSelected { status: response.status });
        }
        let malformed = SmartTapError::Field { record: Self::NONCE };
        let (versions, nonce) = response.data.split_first_chunk().ok_or(malformed)?;
        let [a, b, c, d] = *versions;
        let nonce: [u8; 33] = fixed(&Message::parse(nonce)?, Self::NONCE)?;
        let [BINARY, nonce @ ..] = nonce else { return Err(malformed) };
        Ok(Self { min_version: [a, b], max_version: [c, d], nonce })
    }

    /// The answer's bytes, as a phone sends them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let nonce = [&[BINARY][..], &self.nonce].concat();
        let nonce = message(&[(Self::NONCE, &nonce)]);
        let data = [&self.min_version[..], &self.max_version, &nonce].concat();
        Response { data: &data, status: StatusWord::OK }.to_bytes()
    }

    /// Refuses a phone that says that it does not speak our version.
    pub(super) fn check_version(&self) -> Result<(), SmartTapError> {
        in_range(Some(self.min_version), Some(self.max_version))
    }
}

fn in_range(min: Option<[u8; 2]>, max: Option<[u8; 2]>) -> Result<(), SmartTapError> {
    let above = min.is_some_and(|min| min > VERSION);
    let below = max.is_some_and(|max| max < VERSION);
    if above || below { Err(SmartTapError::Version) } else { Ok(()) }
}

/// The value of an object of exactly `N` bytes, where it is there.
fn exact<const N: usize>(objects: &Tlvs<'_>, tag: Tag) -> Result<Option<[u8; N]>, SmartTapError> {
    let wrong = SmartTapError::Field { record: "select" };
    objects.find(tag)?.map(|value| value.try_into().map_err(|_| wrong)).transpose()
}

fn optional(out: &mut Vec<u8>, tag: Tag, value: Option<impl AsRef<[u8]>>) -> Result<(), SmartTapError> {
    if let Some(value) = value {
        push(out, tag, value.as_ref())?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::vocab::hex;

    /// Both answers as a phone gave them (kormax, google-smart-tap, README).
    const OSE: &str = "6f8184500a416e64726f6964506179c0020001c108cc00000000008080c22056d2ec8f857f0049aa54f1ca1de2791b5693a7014e6e4565d5644b1c2a305136c32103dfee38dbdb68a607383ad622640b180cc7e27d796b4e788c40e5d994291c71fca523bf0c20611e4f09a000000476d0000111870101730edf6d020000df4d020001df6201039000";
    const SELECT: &str =
        "00000001dc0321036d646e6d646e0456d2ec8f857f0049aa54f1ca1de2791b5693a7014e6e4565d5644b1c2a3051369000";

    fn bytes(digits: &str) -> Vec<u8> {
        let mut out = vec![0; digits.len() / 2];
        hex::decode_into(digits.as_bytes(), &mut out).unwrap();
        out
    }

    #[test]
    fn answers_are_read() {
        let ose = SmartTapOse::parse(&bytes(OSE)).unwrap();
        assert_eq!(ose.entry.as_ref().unwrap().capabilities, Some(3));
        assert_eq!(ose.to_bytes().unwrap(), bytes(OSE));
        assert_eq!(ose.check_version(), Ok(()));
        let select = SmartTapSelect::parse(&bytes(SELECT)).unwrap();
        assert_eq!(ose.shortcut(), Some(select.nonce));
        assert_eq!(SmartTapSelect::parse(&select.to_bytes()), Ok(select));
    }

    #[test]
    fn versions_that_are_not_spoken_are_refused() {
        let select = SmartTapSelect::parse(&bytes(SELECT)).unwrap();
        for (min_version, max_version, fits) in [
            ([0, 0], [0, 1], true),
            ([0, 1], [0, 1], true),
            ([0, 1], [9, 9], true),
            ([0, 2], [0, 9], false),
            ([0, 0], [0, 0], false),
        ] {
            let select = SmartTapSelect { min_version, max_version, ..select };
            assert_eq!(select.check_version().is_ok(), fits, "{min_version:?} {max_version:?}");
        }
    }

    #[test]
    fn a_directory_may_have_other_entries() {
        let ose = SmartTapOse::parse(&bytes(OSE)).unwrap();
        let entry = |aid: &[u8]| {
            let mut fields = Vec::new();
            push(&mut fields, AID, aid).unwrap();
            fields
        };
        let mut directory = Vec::new();
        push(&mut directory, ENTRY, &entry(b"other")).unwrap();
        assert_eq!(DirectoryEntry::find(&Tlvs::parse(&directory).unwrap()), Ok(None));
        let mut both = directory.clone();
        push(&mut both, ENTRY, &ose.entry.as_ref().unwrap().to_bytes().unwrap()).unwrap();
        assert_eq!(DirectoryEntry::find(&Tlvs::parse(&both).unwrap()), Ok(ose.entry));
        push(&mut directory, ENTRY, &entry(SMART_TAP_AID)).unwrap();
        let bare = DirectoryEntry::find(&Tlvs::parse(&directory).unwrap());
        assert_eq!(bare, Ok(Some(DirectoryEntry::default())));
    }
}
