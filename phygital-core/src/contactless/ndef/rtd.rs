//! What the records of well-known types say: URI, Text, Smart Poster.

use super::{Message, Record, Tnf};

/// The starts of URIs, by their code (NFC Forum URI RTD 1.0 §3.2.2).
const PREFIXES: [&str; 36] = [
    "",
    "http://www.",
    "https://www.",
    "http://",
    "https://",
    "tel:",
    "mailto:",
    "ftp://anonymous:anonymous@",
    "ftp://ftp.",
    "ftps://",
    "sftp://",
    "smb://",
    "nfs://",
    "ftp://",
    "dav://",
    "news:",
    "telnet://",
    "imap:",
    "rtsp://",
    "urn:",
    "pop:",
    "sip:",
    "sips:",
    "tftp:",
    "btspp://",
    "btl2cap://",
    "btgoep://",
    "tcpobex://",
    "irdaobex://",
    "file://",
    "urn:epc:id:",
    "urn:epc:tag:",
    "urn:epc:pat:",
    "urn:epc:raw:",
    "urn:epc:",
    "urn:nfc:",
];

/// A record of a well-known type that does not follow its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtdError {
    /// A URI without a code, with one that is reserved, or with text that is no UTF-8 or has control characters.
    #[error("a URI record with a code up to 23h and printable UTF-8 text")]
    Uri,
    /// A text with a language or text that is not in its encoding, or a reserved bit set.
    #[error("a text record with an ASCII language and text in its encoding")]
    Text,
    /// A Smart Poster that holds no message.
    #[error("a Smart Poster that holds a message")]
    SmartPoster,
}

/// The content of a Text record. It may be about a person, so whoever prints it answers for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "language and text, by standard")]
pub struct Text<'a> {
    /// The language tag, such as `en`; empty where none is said.
    pub language: &'a str,
    /// The text.
    pub text: String,
}

impl<'a> Record<'a> {
    /// The URI of a URI record, of a record whose type is a URI, or of the first such record in a Smart Poster; none
    /// for other records.
    ///
    /// # Errors
    /// [`RtdError`] if the record is one of these and malformed.
    pub fn uri(&self) -> Result<Option<String>, RtdError> {
        match (self.tnf, self.kind) {
            (Tnf::WellKnown, b"Sp") => {
                let inside = Message::parse(self.payload).map_err(|_| RtdError::SmartPoster)?;
                // A poster in a poster is none that is defined, so this ends.
                inside.records().iter().find_map(|record| record.own_uri().transpose()).transpose()
            }
            _ => self.own_uri(),
        }
    }

    fn own_uri(&self) -> Result<Option<String>, RtdError> {
        let (prefix, text) = match (self.tnf, self.kind) {
            (Tnf::WellKnown, b"U") => {
                let (code, text) = self.payload.split_first().ok_or(RtdError::Uri)?;
                (*PREFIXES.get(usize::from(*code)).ok_or(RtdError::Uri)?, text)
            }
            (Tnf::AbsoluteUri, uri) => ("", uri),
            _ => return Ok(None),
        };
        match std::str::from_utf8(text) {
            Ok(text) if !text.chars().any(char::is_control) => Ok(Some(format!("{prefix}{text}"))),
            _ => Err(RtdError::Uri),
        }
    }

    /// The content of a Text record (NFC Forum Text RTD 1.0 §3.2); none for other records.
    ///
    /// # Errors
    /// [`RtdError::Text`] if the record is one and malformed.
    pub fn text(&self) -> Result<Option<Text<'a>>, RtdError> {
        if (self.tnf, self.kind) != (Tnf::WellKnown, b"T") {
            return Ok(None);
        }
        let (status, rest) = self.payload.split_first().ok_or(RtdError::Text)?;
        if status & 0x40 != 0 {
            return Err(RtdError::Text);
        }
        let (language, text) = rest.split_at_checked(usize::from(status & 0x3F)).ok_or(RtdError::Text)?;
        let language = std::str::from_utf8(language).ok().filter(|text| text.is_ascii());
        let text = match status & 0x80 {
            0 => std::str::from_utf8(text).ok().map(str::to_owned),
            _ => utf16(text),
        };
        match (language, text) {
            (Some(language), Some(text)) => Ok(Some(Text { language, text })),
            _ => Err(RtdError::Text),
        }
    }
}

/// UTF-16, big-endian unless a mark says otherwise (§3.4).
fn utf16(bytes: &[u8]) -> Option<String> {
    let (little, bytes) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (true, rest),
        [0xFE, 0xFF, rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    };
    char::decode_utf16(bytes.chunks_exact(2).map(unit)).collect::<Result<_, _>>().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contactless::ndef::encode;

    fn record<'a>(tnf: Tnf, kind: &'a [u8], payload: &'a [u8]) -> Record<'a> {
        Record { tnf, kind, id: b"", payload }
    }

    #[test]
    fn every_code_has_its_start() {
        for (code, prefix) in PREFIXES.iter().enumerate() {
            let payload = [&[u8::try_from(code).unwrap()][..], b"x.example"].concat();
            let uri = record(Tnf::WellKnown, b"U", &payload).uri().unwrap().unwrap();
            assert_eq!(uri, format!("{prefix}x.example"));
        }
        assert_eq!((PREFIXES[0x05], PREFIXES[0x13], PREFIXES[0x1E]), ("tel:", "urn:", "urn:epc:id:"));
        assert_eq!((PREFIXES[0x1D], PREFIXES[0x23]), ("file://", "urn:nfc:"));
        for bad in [&b""[..], b"\x24x", b"\xFFx", b"\x04\xFF", b"\x04a\nb", b"\x04a\x7F"] {
            assert_eq!(record(Tnf::WellKnown, b"U", bad).uri(), Err(RtdError::Uri), "{bad:02X?}");
        }
        assert_eq!(record(Tnf::AbsoluteUri, b"urn:x", b"").uri().unwrap().as_deref(), Some("urn:x"));
        assert_eq!(record(Tnf::External, b"U", b"\x04h").uri(), Ok(None));
    }

    #[test]
    fn a_poster_is_looked_into_once() {
        let text = record(Tnf::WellKnown, b"T", b"\x02enA shop");
        let inside = encode(&[text, record(Tnf::WellKnown, b"U", b"\x04h")]).unwrap();
        let poster = record(Tnf::WellKnown, b"Sp", &inside);
        assert_eq!(poster.uri().unwrap().as_deref(), Some("https://h"));
        let nested = encode(&[poster]).unwrap();
        assert_eq!(record(Tnf::WellKnown, b"Sp", &nested).uri(), Ok(None));
        assert_eq!(record(Tnf::WellKnown, b"Sp", b"x").uri(), Err(RtdError::SmartPoster));
        let message = encode(&[text, poster, record(Tnf::WellKnown, b"U", b"\x03later")]).unwrap();
        assert_eq!(Message::parse(&message).unwrap().uri().unwrap().as_deref(), Some("https://h"));
    }

    #[test]
    fn texts_are_read_in_their_encoding() {
        let read =
            |payload: &[u8]| record(Tnf::WellKnown, b"T", payload).text().map(|text| text.unwrap().text);
        assert_eq!(read(b"\x02enhi").as_deref(), Ok("hi"));
        assert_eq!(read(b"\x00{}").as_deref(), Ok("{}"));
        assert_eq!(read(b"\x82en\x00h\x00i").as_deref(), Ok("hi"));
        assert_eq!(read(b"\x82en\xFF\xFEh\x00i\x00").as_deref(), Ok("hi"));
        assert_eq!(read(b"\x80\xFE\xFF\xD8\x3D\xDE\x00").as_deref(), Ok("\u{1F600}"));
        for bad in
            [&b""[..], b"\x05en", b"\x42enhi", b"\x02\xFFnhi", b"\x02en\xFF", b"\x82en\x00", b"\x80\xD8\x3D"]
        {
            assert_eq!(read(bad), Err(RtdError::Text), "{bad:02X?}");
        }
        assert_eq!(record(Tnf::External, b"T", b"\x02enhi").text(), Ok(None));
    }
}
