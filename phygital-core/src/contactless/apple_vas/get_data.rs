//! GET DATA: the request for one pass, and its answer.

use crate::contactless::apdu::{Command, Response};
use crate::contactless::tlv::{Tag, Tlvs, push};

use super::reader::VasError;
use super::status::VasStatus;

/// What a request wants: P2 of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two, by the protocol")]
pub enum VasProtocol {
    /// To hand over a URL, where one can sign up.
    UrlOnly,
    /// To read a pass.
    Full,
}

impl VasProtocol {
    /// Its stable name: `url_only` or `full`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UrlOnly => "url_only",
            Self::Full => "full",
        }
    }
}

/// A request for one pass.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the command")]
pub struct GetData {
    /// What it wants.
    pub protocol: VasProtocol,
    /// The version, `01 00`.
    pub version: [u8; 2],
    /// SHA-256 of the pass type identifier; with [`VasProtocol::Full`].
    pub pass_hash: Option<[u8; 32]>,
    /// What the terminal is and wants; see [`super::VasTerminal`].
    pub capabilities: [u8; 4],
    /// A filter, which begins with 01. Other values than `01 00 00 00 00` make phones refuse.
    pub filter: Option<[u8; 5]>,
    /// A nonce of the terminal, which does not enter the cryptogram.
    pub nonce: Option<[u8; 4]>,
    /// Where one can sign up for the pass.
    pub url: Option<String>,
}

const VERSION: Tag = Tag(0x9F22);
const PASS_HASH: Tag = Tag(0x9F25);
const CAPABILITIES: Tag = Tag(0x9F26);
const NONCE: Tag = Tag(0x9F28);
const URL: Tag = Tag(0x9F29);
const FILTER: Tag = Tag(0x9F2B);

impl GetData {
    /// The command: `80 CA 01`, P2, and the fields as objects.
    ///
    /// # Errors
    /// [`VasError`] if the fields do not fit, mostly for the URL.
    pub fn to_command(&self) -> Result<Command, VasError> {
        let mut data = Vec::new();
        let mut field = |tag, value: Option<&[u8]>| match value {
            Some(value) => push(&mut data, tag, value),
            None => Ok(()),
        };
        field(VERSION, Some(&self.version))?;
        field(PASS_HASH, self.pass_hash.as_ref().map(<[u8; 32]>::as_slice))?;
        field(CAPABILITIES, Some(&self.capabilities))?;
        field(FILTER, self.filter.as_ref().map(<[u8; 5]>::as_slice))?;
        field(NONCE, self.nonce.as_ref().map(<[u8; 4]>::as_slice))?;
        field(URL, self.url.as_deref().map(str::as_bytes))?;
        let p2 = match self.protocol {
            VasProtocol::UrlOnly => 0,
            VasProtocol::Full => 1,
        };
        Ok(Command::new(0x80, 0xCA, 0x01, p2).data(&data)?.le(0))
    }

    /// Reads a command, as a phone does.
    ///
    /// # Errors
    /// [`VasError`] for any other command.
    pub fn parse(command: &Command) -> Result<Self, VasError> {
        let protocol = match command.head() {
            [0x80, 0xCA, 0x01, 0] => VasProtocol::UrlOnly,
            [0x80, 0xCA, 0x01, 1] => VasProtocol::Full,
            _ => return Err(VasError::Command),
        };
        let fields = Tlvs::parse(command.data_bytes())?;
        let url = fields.find(URL)?.map(|url| {
            let url = std::str::from_utf8(url).ok().filter(|url| is_url(url));
            url.map(str::to_owned).ok_or(VasError::Field { tag: URL })
        });
        let this = Self {
            protocol,
            version: fixed(&fields, VERSION)?.ok_or(VasError::Field { tag: VERSION })?,
            pass_hash: fixed(&fields, PASS_HASH)?,
            capabilities: fixed(&fields, CAPABILITIES)?.ok_or(VasError::Field { tag: CAPABILITIES })?,
            filter: fixed(&fields, FILTER)?,
            nonce: fixed(&fields, NONCE)?,
            url: url.transpose()?,
        };
        Ok(this)
    }
}

/// A field of exactly `N` bytes, where it is there.
fn fixed<const N: usize>(fields: &Tlvs<'_>, tag: Tag) -> Result<Option<[u8; N]>, VasError> {
    let value = fields.find(tag)?;
    value.map(|value| value.try_into().map_err(|_| VasError::Field { tag })).transpose()
}

/// Whether a text can be a URL at all: printable ASCII without spaces.
pub(super) fn is_url(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What a phone gave for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the answer")]
pub struct GetDataAnswer {
    /// A token of the phone, which is usually empty.
    pub mobile_token: Vec<u8>,
    /// The encrypted message of the pass; none after a URL alone.
    pub cryptogram: Option<Vec<u8>>,
}

const TEMPLATE: Tag = Tag(0x70);
const CRYPTOGRAM: Tag = Tag(0x9F27);
const MOBILE_TOKEN: Tag = Tag(0x9F2A);

impl GetDataAnswer {
    /// Reads an answer: the status, and with [`VasStatus::Ok`] what came with it.
    ///
    /// # Errors
    /// [`VasError`] for a malformed answer.
    pub fn parse(answer: &[u8]) -> Result<(VasStatus, Option<Self>), VasError> {
        let response = Response::parse(answer)?;
        let status = VasStatus::of(response.status);
        if status != VasStatus::Ok {
            return Ok((status, None));
        }
        if response.data.is_empty() {
            return Ok((status, Some(Self { mobile_token: Vec::new(), cryptogram: None })));
        }
        let outside = Tlvs::parse(response.data)?;
        let inside = Tlvs::parse(outside.only(TEMPLATE)?)?;
        let mobile_token = inside.find(MOBILE_TOKEN)?.unwrap_or_default().to_vec();
        Ok((status, Some(Self { mobile_token, cryptogram: inside.find(CRYPTOGRAM)?.map(<[u8]>::to_vec) })))
    }

    /// The data of the answer, as a phone sends it.
    ///
    /// # Errors
    /// [`VasError`] for a value that is too long.
    pub fn to_data(&self) -> Result<Vec<u8>, VasError> {
        let mut inside = Vec::new();
        push(&mut inside, MOBILE_TOKEN, &self.mobile_token)?;
        if let Some(cryptogram) = &self.cryptogram {
            push(&mut inside, CRYPTOGRAM, cryptogram)?;
        }
        let mut data = Vec::new();
        push(&mut data, TEMPLATE, &inside)?;
        Ok(data)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contactless::apdu::StatusWord;
    use crate::vocab::hex;

    /// A request for `pass.example.shop`, laid out as readers in the field do.
    const REQUEST: &str = "80ca01014e9f220201009f25206951cabd89f8dea3311faaa4e8d447bb88d5bad407ed25a12a47984d85ca43689f2604008000029f2b0501000000009f291468747470733a2f2f73686f702e6578616d706c6500";

    fn bytes(digits: &str) -> Vec<u8> {
        let mut out = vec![0; digits.len() / 2];
        hex::decode_into(digits.as_bytes(), &mut out).unwrap();
        out
    }

    #[test]
    fn a_request_writes_back_byte_for_byte() {
        let request_bytes = bytes(REQUEST);
        let request = GetData::parse(&Command::parse(&request_bytes).unwrap()).unwrap();
        assert_eq!(
            (request.protocol, request.url.as_deref()),
            (VasProtocol::Full, Some("https://shop.example"))
        );
        assert_eq!(request.to_command().unwrap().to_bytes(), request_bytes);
    }

    #[test]
    fn a_request_with_wrong_fields_is_refused() {
        let request_bytes = bytes(REQUEST);
        let parse = |bytes: &[u8]| GetData::parse(&Command::parse(bytes).unwrap());
        let mut other = request_bytes.clone();
        other[2] = 2;
        assert_eq!(parse(&other), Err(VasError::Command));
        // The version's tag turned into one that is not known: no version.
        other = request_bytes.clone();
        other[6] = 0x2F;
        assert_eq!(parse(&other), Err(VasError::Field { tag: VERSION }));
        other = request_bytes;
        let space = other.len() - 3;
        other[space] = b' ';
        assert_eq!(parse(&other), Err(VasError::Field { tag: URL }));
    }

    #[test]
    fn an_answer_without_data_took_the_url() {
        let ok = Response { data: &[], status: StatusWord::OK }.to_bytes();
        let (status, data) = GetDataAnswer::parse(&ok).unwrap();
        assert_eq!((status, data.unwrap().cryptogram), (VasStatus::Ok, None));
        assert_eq!(GetDataAnswer::parse(&[0x6A, 0x83]), Ok((VasStatus::PassNotAvailable, None)));
        assert!(GetDataAnswer::parse(&[0x70, 0x01, 0x90, 0x00]).is_err());
    }
}
