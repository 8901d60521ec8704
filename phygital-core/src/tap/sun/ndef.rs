//! The NDEF file of a tag as it was read over the air, and where in it the mirrors stand.

use serde::{Deserialize, Serialize};

use super::mirrors::Mirrors;
use super::mode::SdmMode;
use super::reading::MacStart;
use crate::tap::limits::NDEF_FILE_MAX;
use crate::tap::refusal::{FILE_TOO_LONG, TapRefusal};
use crate::vocab::hex;

/// The SDM offsets of a tag, counted in bytes from the start of its NDEF file: what
/// ChangeFileSettings sets (NT4H2421Gx §10.7.1) and GetFileSettings tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SdmOffsets {
    /// The plain UID, 14 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_offset: Option<u16>,
    /// The plain read counter, 6 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctr_offset: Option<u16>,
    /// The encrypted PICCData: 32 characters, or 48 in LRP mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picc_offset: Option<u16>,
    /// The tamper status, 2 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tt_offset: Option<u16>,
    /// The encrypted file data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enc_offset: Option<u16>,
    /// Its characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enc_length: Option<u16>,
    /// Where the MAC input starts.
    pub mac_input_offset: u16,
    /// The MAC, 16 characters, where the MAC input ends.
    pub mac_offset: u16,
}

impl SdmOffsets {
    /// Cuts the mirrors out of a file.
    ///
    /// # Errors
    /// [`TapRefusal::BadFile`] if an offset points outside the file, or the file is too long.
    pub fn mirrors<'a>(&self, file: &'a [u8]) -> Result<Mirrors<'a>, TapRefusal> {
        if file.len() > NDEF_FILE_MAX {
            return Err(TapRefusal::bad_file(FILE_TOO_LONG));
        }
        let cut = |start: u16, length: usize| {
            let start = usize::from(start);
            file.get(start..start + length).ok_or(TapRefusal::bad_file("SDM offsets within the file"))
        };
        let mac_input = file
            .get(usize::from(self.mac_input_offset)..usize::from(self.mac_offset))
            .ok_or(TapRefusal::bad_file("a MAC input that ends at the MAC"))?;
        let mut mirrors = Mirrors::new(mac_input, cut(self.mac_offset, 16)?);
        if !mac_input.is_empty() {
            mirrors.mac_start = MacStart::Offset(self.mac_input_offset);
        }
        if let Some(start) = self.uid_offset {
            mirrors = mirrors.uid(cut(start, 14)?);
        }
        if let Some(start) = self.ctr_offset {
            mirrors = mirrors.read_ctr(cut(start, 6)?);
        }
        if let Some(start) = self.picc_offset {
            mirrors = mirrors.picc_data(cut(start, self.picc_data_width(start, file))?);
        }
        if let Some(start) = self.enc_offset {
            mirrors = mirrors.file_data(cut(start, usize::from(self.enc_length.unwrap_or(0)))?);
        }
        if let Some(start) = self.tt_offset {
            let text = cut(start, 2)?;
            let covered = (self.mac_input_offset..self.mac_offset).contains(&start);
            mirrors = mirrors.tag_tamper(text, covered.then(|| usize::from(start - self.mac_input_offset)));
        }
        Ok(mirrors)
    }

    /// Characters of the PICCData: as in LRP mode if so many digits stand there before the next mirror.
    fn picc_data_width(&self, start: u16, file: &[u8]) -> usize {
        let wide = SdmMode::Lrp.picc_data_width();
        let start = usize::from(start);
        let ends = [Some(self.mac_offset), self.enc_offset, self.tt_offset];
        let next = |at: u16| (start + 1..start + wide).contains(&usize::from(at));
        let digits =
            file.get(start..start + wide).is_some_and(|text| text.iter().copied().all(hex::is_digit));
        if digits && !ends.into_iter().flatten().any(next) { wide } else { SdmMode::Aes.picc_data_width() }
    }
}

/// The scheme codes that tags carry in practice (NFC Forum URI RTD §3.2.2).
const SCHEMES: [&str; 5] = ["", "http://www.", "https://www.", "http://", "https://"];

/// The URL in an NDEF file that holds one short URI record, as tap tags do: length (2), `D1 01`, length
/// of the payload, `55`, scheme code, text.
///
/// # Errors
/// [`TapRefusal::BadFile`] for any other content.
pub fn ndef_url(file: &[u8]) -> Result<String, TapRefusal> {
    if file.len() > NDEF_FILE_MAX {
        return Err(TapRefusal::bad_file(FILE_TOO_LONG));
    }
    let (length, message) = file.split_first_chunk().ok_or(TapRefusal::bad_file("a length in front"))?;
    let message = message
        .get(..usize::from(u16::from_be_bytes(*length)))
        .ok_or(TapRefusal::bad_file("as many bytes as its length says"))?;
    let [0xD1, 0x01, payload, b'U', scheme, text @ ..] = message else {
        return Err(TapRefusal::bad_file("one short URI record"));
    };
    if usize::from(*payload) != text.len() + 1 {
        return Err(TapRefusal::bad_file("a payload as long as the record says"));
    }
    let scheme =
        SCHEMES.get(usize::from(*scheme)).ok_or(TapRefusal::bad_file("a scheme code from 00 to 04"))?;
    let text = std::str::from_utf8(text).map_err(|_| TapRefusal::NotAscii)?;
    Ok(format!("{scheme}{text}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_one_short_uri_record() {
        let file = b"\0\x0A\xD1\x01\x06U\x04h.com".to_vec();
        assert_eq!(ndef_url(&file).unwrap(), "https://h.com");
        assert_eq!(ndef_url(b"\0\x06\xD1\x01\x02U\x00x").unwrap(), "x");
        for cut in 0..file.len() {
            assert_eq!(ndef_url(&file[..cut]).unwrap_err().code(), "bad_file", "{cut}");
        }
        let mut padded = file.clone();
        padded.resize(NDEF_FILE_MAX, 0);
        assert_eq!(ndef_url(&padded).unwrap(), "https://h.com");
        padded.push(0);
        assert_eq!(ndef_url(&padded).unwrap_err().code(), "bad_file");
        for (at, value) in [(2, 0x91), (3, 2), (4, 7), (5, b'T'), (6, 0x24)] {
            let mut bad = file.clone();
            bad[at] = value;
            assert_eq!(ndef_url(&bad).unwrap_err().code(), "bad_file", "byte {at}");
        }
    }

    #[test]
    fn offsets_outside_the_file_are_refused() {
        let file = [b'0'; 64];
        let sdm =
            SdmOffsets { mac_input_offset: 40, mac_offset: 48, uid_offset: Some(7), ..Default::default() };
        assert!(sdm.mirrors(&file).is_ok());
        for bad in [
            SdmOffsets { mac_offset: 49, ..sdm },
            SdmOffsets { mac_input_offset: 49, ..sdm },
            SdmOffsets { uid_offset: Some(51), ..sdm },
            SdmOffsets { picc_offset: Some(u16::MAX), ..sdm },
            SdmOffsets { enc_offset: Some(33), enc_length: Some(32), ..sdm },
        ] {
            assert_eq!(bad.mirrors(&file).err().map(|refusal| refusal.code()), Some("bad_file"), "{bad:?}");
        }
    }
}
