//! The settings of a file: who may do what, and what the tag mirrors into it (NT4H2421Gx §10.7).

use std::fmt;

use crate::vocab::tag::ReadCounter;

/// Largest offset: three bytes.
pub const OFFSET_MAX: u32 = 0xFF_FFFF;

/// How commands on a file are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two bits, of which 10 stands for plain too")]
pub enum CommMode {
    /// Not at all.
    Plain,
    /// By a MAC.
    Mac,
    /// Encrypted, with a MAC.
    Full,
}

impl CommMode {
    const fn bits(self) -> u8 {
        match self {
            Self::Plain => 0b00,
            Self::Mac => 0b01,
            Self::Full => 0b11,
        }
    }

    const fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0b01 => Self::Mac,
            0b11 => Self::Full,
            _ => Self::Plain,
        }
    }
}

/// Who has an access right: four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "four bits; the numbers between are reserved")]
pub enum Access {
    /// Who has authenticated with this key, 0 to 4.
    Key(u8),
    /// Everybody.
    Free,
    /// Nobody.
    Never,
}

impl Access {
    fn bits(self, field: &'static str) -> Result<u8, FileSettingsError> {
        match self {
            Self::Key(number) if number <= 4 => Ok(number),
            Self::Key(_) => Err(FileSettingsError::Key { field }),
            Self::Free => Ok(0xE),
            Self::Never => Ok(0xF),
        }
    }

    fn from_bits(bits: u8, field: &'static str) -> Result<Self, FileSettingsError> {
        match bits & 0xF {
            number @ 0..=4 => Ok(Self::Key(number)),
            0xE => Ok(Self::Free),
            0xF => Ok(Self::Never),
            _ => Err(FileSettingsError::Key { field }),
        }
    }

    /// As the number that the tag knows: 0 to 4, 14 for free, 15 for never; none for a key that there is not.
    #[must_use]
    pub fn number(self) -> Option<u8> {
        self.bits("access").ok()
    }

    /// From that number; none for a reserved one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::from_bits(number, "access").ok().filter(|_| number <= 0xF)
    }
}

/// Access rights of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "sixteen bits")]
pub struct AccessRights {
    /// Read.
    pub read: Access,
    /// Write.
    pub write: Access,
    /// Read and write.
    pub read_write: Access,
    /// Change these settings.
    pub change: Access,
}

/// Secure dynamic messaging: what is mirrored where, and under which keys. Offsets count from the start of the file.
///
/// Which offsets there are follows from the rights: plain UID and counter if [`SdmAccess::meta_read`] is free, PICCData
/// if it is a key; MAC and file data unless [`SdmAccess::file_read`] is never. Encoding refuses others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the fields of a command, by data sheet")]
pub struct SdmAccess {
    /// Whether the UID is mirrored.
    pub uid: bool,
    /// Whether the read counter is mirrored.
    pub read_ctr: bool,
    /// SDMMetaRead: a key encrypts UID and counter, free mirrors them in plain, never not at all.
    pub meta_read: Access,
    /// SDMFileRead: the key of MAC and file data; never for neither.
    pub file_read: Access,
    /// SDMCtrRet: who may ask for the counter.
    pub ctr_ret: Access,
    /// The plain UID.
    pub uid_offset: Option<u32>,
    /// The plain counter; [`OFFSET_MAX`] for a counter that is counted and not mirrored.
    pub read_ctr_offset: Option<u32>,
    /// The encrypted PICCData.
    pub picc_data_offset: Option<u32>,
    /// The tamper status.
    pub tt_status_offset: Option<u32>,
    /// Where the MAC input starts.
    pub mac_input_offset: Option<u32>,
    /// The encrypted file data, and how many characters they have.
    pub enc: Option<(u32, u32)>,
    /// The MAC.
    pub mac_offset: Option<u32>,
    /// Where the counter stops.
    pub read_ctr_limit: Option<ReadCounter>,
}

/// The settings of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the fields of a command, by data sheet")]
pub struct FileSettings {
    /// How commands on the file are protected.
    pub comm_mode: CommMode,
    /// Who may do what.
    pub access: AccessRights,
    /// Secure dynamic messaging; none for a file without.
    pub sdm: Option<SdmAccess>,
}

/// Settings that no tag takes, or bytes that are no settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileSettingsError {
    /// A key number that there is not, or a reserved one.
    #[error("{field}: expected a key from 0 to 4, free or never")]
    Key {
        /// Which right.
        field: &'static str,
    },
    /// An offset that these rights need.
    #[error("{field}: missing, though the rights ask for it")]
    Missing {
        /// Which offset.
        field: &'static str,
    },
    /// An offset that these rights have no place for.
    #[error("{field}: not mirrored with these rights")]
    Needless {
        /// Which offset.
        field: &'static str,
    },
    /// More than [`OFFSET_MAX`].
    #[error("{field}: more than three bytes")]
    Range {
        /// Which offset.
        field: &'static str,
    },
    /// Bytes that end too early or go on too long.
    #[error("file settings of {found} bytes, expected {expected}")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes that these options have.
        expected: usize,
    },
    /// Another kind of file, or an option that is not known.
    #[error("{field}: not known")]
    Unknown {
        /// Which byte.
        field: &'static str,
    },
}

impl FileSettingsError {
    /// A stable code, such as `bad_access`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Key { .. } => "bad_access",
            Self::Missing { .. } => "missing_offset",
            Self::Needless { .. } => "needless_offset",
            Self::Range { .. } => "bad_offset",
            Self::Length { .. } => "bad_length",
            Self::Unknown { .. } => "unknown_option",
        }
    }
}

const SDM: u8 = 0x40;
const UID: u8 = 0x80;
const READ_CTR: u8 = 0x40;
const LIMIT: u8 = 0x20;
const ENC: u8 = 0x10;
const TT_STATUS: u8 = 0x08;
const ASCII: u8 = 0x01;

impl FileSettings {
    /// The data of ChangeFileSettings.
    ///
    /// # Errors
    /// [`FileSettingsError`] for settings that contradict themselves.
    pub fn encode(&self) -> Result<Vec<u8>, FileSettingsError> {
        let AccessRights { read, write, read_write, change } = self.access;
        let mut data = vec![
            self.comm_mode.bits() | if self.sdm.is_some() { SDM } else { 0 },
            read_write.bits("read_write")? << 4 | change.bits("change")?,
            read.bits("read")? << 4 | write.bits("write")?,
        ];
        if let Some(sdm) = &self.sdm {
            sdm.encode(&mut data)?;
        }
        Ok(data)
    }

    /// Reads the answer to GetFileSettings, with the size of the file in bytes.
    ///
    /// # Errors
    /// [`FileSettingsError`] for bytes that no tag sends.
    ///
    /// ```
    /// use phygital_core::contactless::ntag424::{Access, FileSettings};
    /// let data = [0x00, 0x40, 0xEE, 0xEE, 0x00, 0x01, 0x00, 0xC1, 0xF1, 0x21, 0x20, 0, 0, 0x43, 0, 0, 0x43, 0, 0];
    /// let (settings, size) = FileSettings::parse(&data)?;
    /// assert_eq!((size, settings.sdm.map(|sdm| sdm.meta_read)), (256, Some(Access::Key(2))));
    /// # Ok::<(), phygital_core::contactless::ntag424::FileSettingsError>(())
    /// ```
    pub fn parse(data: &[u8]) -> Result<(Self, u32), FileSettingsError> {
        let short = FileSettingsError::Length { found: data.len(), expected: 7 };
        let ([kind, option, rights_low, rights_high, a, b, c], rest) =
            data.split_first_chunk().ok_or(short)?;
        if *kind != 0 {
            return Err(FileSettingsError::Unknown { field: "file type" });
        }
        if option & !(SDM | 0b11) != 0 {
            return Err(FileSettingsError::Unknown { field: "file option" });
        }
        let access = AccessRights {
            read: Access::from_bits(rights_high >> 4, "read")?,
            write: Access::from_bits(*rights_high, "write")?,
            read_write: Access::from_bits(rights_low >> 4, "read_write")?,
            change: Access::from_bits(*rights_low, "change")?,
        };
        let sdm = match option & SDM != 0 {
            true => Some(SdmAccess::parse(rest, data.len())?),
            false if rest.is_empty() => None,
            false => return Err(short),
        };
        let settings = Self { comm_mode: CommMode::from_bits(*option), access, sdm };
        Ok((settings, u32::from_le_bytes([*a, *b, *c, 0])))
    }
}

impl SdmAccess {
    /// The byte SDMOptions.
    #[must_use]
    pub fn options(&self) -> u8 {
        let bit = |is: bool, bit: u8| if is { bit } else { 0 };
        ASCII
            | bit(self.uid, UID)
            | bit(self.read_ctr, READ_CTR)
            | bit(self.read_ctr_limit.is_some(), LIMIT)
            | bit(self.enc.is_some(), ENC)
            | bit(self.tt_status_offset.is_some(), TT_STATUS)
    }

    /// Each offset in the order of the command, with whether the rights have a place for it.
    fn offsets(&self) -> [(&'static str, bool, Option<u32>); 9] {
        let plain = self.meta_read == Access::Free;
        let encrypted = matches!(self.meta_read, Access::Key(_));
        let mac = self.file_read != Access::Never;
        let (enc_offset, enc_length) = self.enc.unzip();
        [
            ("uid_offset", plain && self.uid, self.uid_offset),
            ("read_ctr_offset", plain && self.read_ctr, self.read_ctr_offset),
            ("picc_data_offset", encrypted, self.picc_data_offset),
            ("tt_status_offset", self.tt_status_offset.is_some(), self.tt_status_offset),
            ("mac_input_offset", mac, self.mac_input_offset),
            ("enc_offset", mac && self.enc.is_some(), enc_offset),
            ("enc_length", mac && self.enc.is_some(), enc_length),
            ("mac_offset", mac, self.mac_offset),
            ("read_ctr_limit", self.read_ctr_limit.is_some(), self.read_ctr_limit.map(ReadCounter::get)),
        ]
    }

    fn encode(&self, data: &mut Vec<u8>) -> Result<(), FileSettingsError> {
        data.push(self.options());
        data.push(0xF0 | self.ctr_ret.bits("ctr_ret")?);
        data.push(self.meta_read.bits("meta_read")? << 4 | self.file_read.bits("file_read")?);
        if self.file_read == Access::Free {
            return Err(FileSettingsError::Key { field: "file_read" });
        }
        for (field, has_place, offset) in self.offsets() {
            match (has_place, offset) {
                (true, Some(offset)) if offset > OFFSET_MAX => {
                    return Err(FileSettingsError::Range { field });
                }
                (true, Some(offset)) => data.extend_from_slice(&offset.to_le_bytes()[..3]),
                (true, None) => return Err(FileSettingsError::Missing { field }),
                (false, Some(_)) => return Err(FileSettingsError::Needless { field }),
                (false, None) => {}
            }
        }
        Ok(())
    }

    /// Reads what follows the size; `whole` is the number of all bytes.
    fn parse(bytes: &[u8], whole: usize) -> Result<Self, FileSettingsError> {
        let before = whole - bytes.len();
        let short = FileSettingsError::Length { found: whole, expected: before + 3 };
        let ([options, low, high], mut rest) = bytes.split_first_chunk().ok_or(short)?;
        if options & !(UID | READ_CTR | LIMIT | ENC | TT_STATUS) != ASCII {
            return Err(FileSettingsError::Unknown { field: "SDM options" });
        }
        let has = |bit: u8| options & bit != 0;
        let meta_read = Access::from_bits(high >> 4, "meta_read")?;
        let file_read = Access::from_bits(*high, "file_read")?;
        let (plain, mac) = (meta_read == Access::Free, file_read != Access::Never);
        let places = [
            plain && has(UID),
            plain && has(READ_CTR),
            matches!(meta_read, Access::Key(_)),
            has(TT_STATUS),
            mac,
            mac && has(ENC),
            mac && has(ENC),
            mac,
            has(LIMIT),
        ];
        let expected = before + 3 + 3 * places.iter().filter(|place| **place).count();
        if whole != expected {
            return Err(FileSettingsError::Length { found: whole, expected });
        }
        let mut next = |place: bool| {
            let (bytes, after) = rest.split_first_chunk().filter(|_| place)?;
            rest = after;
            let [a, b, c] = *bytes;
            Some(u32::from_le_bytes([a, b, c, 0]))
        };
        let [uid, ctr, picc, tt, input, enc, length, mac_offset, limit] = places.map(&mut next);
        if has(ENC) && !mac {
            return Err(FileSettingsError::Unknown { field: "encrypted file data without a key" });
        }
        Ok(Self {
            uid: has(UID),
            read_ctr: has(READ_CTR),
            meta_read,
            file_read,
            ctr_ret: Access::from_bits(*low, "ctr_ret")?,
            uid_offset: uid,
            read_ctr_offset: ctr,
            picc_data_offset: picc,
            tt_status_offset: tt,
            mac_input_offset: input,
            enc: enc.zip(length),
            mac_offset,
            read_ctr_limit: limit.and_then(|limit| ReadCounter::new(limit).ok()),
        })
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(number) => write!(f, "key {number}"),
            Self::Free => f.write_str("free"),
            Self::Never => f.write_str("never"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::hex;

    const RIGHTS: AccessRights = AccessRights {
        read: Access::Free,
        write: Access::Key(0),
        read_write: Access::Key(0),
        change: Access::Key(0),
    };

    /// AN12196 table 19.
    const PUBLISHED: FileSettings = FileSettings {
        comm_mode: CommMode::Plain,
        access: AccessRights { read_write: Access::Key(0xE), ..RIGHTS },
        sdm: Some(SdmAccess {
            uid: true,
            read_ctr: true,
            meta_read: Access::Key(2),
            file_read: Access::Key(1),
            ctr_ret: Access::Key(1),
            uid_offset: None,
            read_ctr_offset: None,
            picc_data_offset: Some(0x20),
            tt_status_offset: None,
            mac_input_offset: Some(0x43),
            enc: None,
            mac_offset: Some(0x43),
            read_ctr_limit: None,
        }),
    };

    fn published() -> FileSettings {
        FileSettings { access: AccessRights { read_write: Access::Key(0), ..PUBLISHED.access }, ..PUBLISHED }
    }

    #[test]
    fn the_published_example() {
        assert_eq!(hex::lower(&published().encode().unwrap()), "4000e0c1f121200000430000430000");
        assert_eq!(PUBLISHED.encode(), Err(FileSettingsError::Key { field: "read_write" }));
    }

    #[test]
    fn offsets_and_rights_belong_together() {
        let sdm = published().sdm.unwrap();
        let encode = |sdm| FileSettings { sdm: Some(sdm), ..published() }.encode();
        for (sdm, error) in [
            (
                SdmAccess { picc_data_offset: None, ..sdm },
                FileSettingsError::Missing { field: "picc_data_offset" },
            ),
            (SdmAccess { mac_offset: None, ..sdm }, FileSettingsError::Missing { field: "mac_offset" }),
            (SdmAccess { uid_offset: Some(7), ..sdm }, FileSettingsError::Needless { field: "uid_offset" }),
            (
                SdmAccess { meta_read: Access::Free, ..sdm },
                FileSettingsError::Missing { field: "uid_offset" },
            ),
            (
                SdmAccess { file_read: Access::Never, ..sdm },
                FileSettingsError::Needless { field: "mac_input_offset" },
            ),
            (SdmAccess { file_read: Access::Free, ..sdm }, FileSettingsError::Key { field: "file_read" }),
            (SdmAccess { meta_read: Access::Key(5), ..sdm }, FileSettingsError::Key { field: "meta_read" }),
        ] {
            assert_eq!(encode(sdm), Err(error));
        }
        assert!(encode(SdmAccess { mac_offset: Some(OFFSET_MAX), ..sdm }).is_ok());
        assert_eq!(
            encode(SdmAccess { mac_offset: Some(OFFSET_MAX + 1), ..sdm }),
            Err(FileSettingsError::Range { field: "mac_offset" })
        );
    }

    #[test]
    fn what_no_tag_sends_is_refused() {
        let data = [0, 0x40, 0, 0xE0, 0, 1, 0, 0xC1, 0xF1, 0x21, 0x20, 0, 0, 0x43, 0, 0, 0x43, 0, 0];
        assert_eq!(FileSettings::parse(&data), Ok((published(), 256)));
        for length in 0..data.len() {
            let error = FileSettings::parse(&data[..length]).unwrap_err();
            assert_eq!(error.code(), "bad_length", "{length}");
        }
        assert_eq!(FileSettings::parse(&[&data[..], &[0]].concat()).unwrap_err().code(), "bad_length");
        for (at, value, code) in [
            (0, 1, "unknown_option"),
            (1, 0x44, "unknown_option"),
            (1, 0x00, "bad_length"),
            (2, 0x50, "bad_access"),
            (7, 0xC0, "unknown_option"),
            (7, 0xC3, "unknown_option"),
            (9, 0x71, "bad_access"),
        ] {
            let mut bad = data;
            bad[at] = value;
            assert_eq!(FileSettings::parse(&bad).unwrap_err().code(), code, "byte {at}");
        }
        let plain = [0, 3, 0x30, 0x23, 0x80, 0, 0];
        let (settings, size) = FileSettings::parse(&plain).unwrap();
        assert_eq!((settings.comm_mode, settings.sdm, size), (CommMode::Full, None, 128));
    }

    proptest! {
        /// Whatever is read is written as it came, but for what GetFileSettings has more; and the other way round.
        #[test]
        fn read_and_written_are_the_same(mut data in prop::collection::vec(any::<u8>(), 0..40), fix: bool) {
            if fix && data.len() > 9 {
                data[0] = 0;
                data[1] &= 0x43;
                data[2] &= 0x44;
                data[3] &= 0x44;
                data[7] = data[7] & 0xF8 | 1;
                data[8] = 0xF1;
                data[9] &= 0xE1;
            }
            if let Ok((settings, size)) = FileSettings::parse(&data) {
                match settings.encode() {
                    Ok(written) => {
                        let answer = [&[0], &written[..3], &size.to_le_bytes()[..3], &written[3..]].concat();
                        prop_assert_eq!(FileSettings::parse(&answer), Ok((settings, size)));
                        prop_assert_eq!(answer.len(), data.len());
                    }
                    Err(error) => prop_assert_eq!(error, FileSettingsError::Key { field: "file_read" }),
                }
            }
        }
    }
}
