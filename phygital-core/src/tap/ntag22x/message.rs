//! The text that a tag mirrors, found and decoded; nothing of it is proven yet.

use crate::tap::limits::URL_LENGTH_MAX;
use crate::tap::refusal::{Field, TapRefusal};
use crate::tap::{LoopState, TapLink};
use crate::vocab::hex::{self, HexFault};
use crate::vocab::tag::{ReadCounter, TagUid};

/// What stands between the mirrors.
const SEPARATOR: u8 = b'x';

/// Digits of UID, counter and MAC, and characters of a status: two letters and eight digits.
const UID: usize = 14;
const COUNTER: usize = 6;
const STATUS: usize = 10;

/// What a tag with StatusDetect found at this read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StatusDetect {
    /// Whether the loop was ever found open; none where the tag writes `0`, as one does that detects nothing.
    pub permanent: Option<LoopState>,
    /// The loop at this read; none as above.
    pub current: Option<LoopState>,
    /// The four bytes that the tag writes after the two letters. What they measure depends on how it was set up.
    pub measurement: [u8; 4],
}

impl StatusDetect {
    /// What a tag whose loop was last found so writes.
    #[must_use]
    pub fn new(permanent: LoopState, current: LoopState, measurement: [u8; 4]) -> Self {
        Self { permanent: Some(permanent), current: Some(current), measurement }
    }

    /// From two letters and eight digits.
    fn parse(text: &[u8]) -> Result<Self, TapRefusal> {
        let field = Field::TagTamper;
        let Some((letters, digits)) = text.split_at_checked(2).filter(|_| text.len() == STATUS) else {
            return Err(TapRefusal::BadLength { field, found: text.len() });
        };
        let state = |letter: u8| match letter {
            b'0' => Ok(None),
            letter => match LoopState::from_letter(letter.to_ascii_uppercase()) {
                Some(state) => Ok(Some(state)),
                None => Err(TapRefusal::BadHex { field }),
            },
        };
        Ok(Self {
            permanent: state(letters[0])?,
            current: state(letters[1])?,
            measurement: hex::decode(digits).map_err(|_| TapRefusal::BadHex { field })?,
        })
    }

    /// The two letters as the tag writes them, permanent state first; `0` for none.
    #[must_use]
    pub fn letters(&self) -> String {
        [self.permanent, self.current].map(|state| state.map_or('0', LoopState::letter)).iter().collect()
    }

    /// The five bytes under the MAC: the low halves of the letters make one.
    fn to_bytes(self) -> [u8; 5] {
        let nibble = |state: Option<LoopState>| state.map_or(b'0', |state| state.letter() as u8) & 0x0F;
        let [a, b, c, d] = self.measurement;
        [nibble(self.permanent) << 4 | nibble(self.current), a, b, c, d]
    }
}

/// A mirrored text, decoded. UID, counter and status are claims until [`super::verify_message`] was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message22x {
    pub(super) uid: TagUid,
    pub(super) read_ctr: ReadCounter,
    pub(super) status: Option<StatusDetect>,
    /// None if it has not eight bytes, so that it is no MAC of anything.
    pub(super) mac: Option<[u8; 8]>,
}

impl Message22x {
    /// Decodes a bare text, such as `04AA2BD2335780x000001xB188AC6F69140B92`. Digits may be of either case: the
    /// MAC covers the bytes that they stand for.
    ///
    /// # Errors
    /// [`TapRefusal::TooLong`] beyond [`URL_LENGTH_MAX`] bytes, [`TapRefusal::NoTap`] for a text that has not three
    /// or four parts, [`TapRefusal::BadLength`] and [`TapRefusal::BadHex`] for a part. A MAC that was cut short is
    /// none of these: it is a MAC that does not match.
    ///
    /// ```
    /// use phygital_core::tap::ntag22x::Message22x;
    /// let message = Message22x::parse("046910EA841390x000000xCO00000000x146F1F74FFB89569")?;
    /// assert_eq!(message.claimed_uid(), "046910ea841390".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, TapRefusal> {
        if text.len() > URL_LENGTH_MAX {
            return Err(TapRefusal::TooLong { found: text.len() });
        }
        Self::decode(Parts::of(text.as_bytes()).ok_or(TapRefusal::NoTap)?)
    }

    /// Finds the text in a URL: as a segment of the path, as the value of a parameter of query or fragment, or as
    /// the whole fragment. Other parameters, and their order, do not matter.
    ///
    /// # Errors
    /// As [`Message22x::parse`]; [`TapRefusal::NotAscii`] for what is no URL, [`TapRefusal::Duplicate`] if two
    /// pieces look like such a text.
    pub fn find(link: TapLink<'_>) -> Result<Self, TapRefusal> {
        let values = [link.query(), link.fragment()].map(|part| link.params(part).map(|param| param.value));
        let mut found = link
            .segments()
            .chain(values.into_iter().flatten())
            .filter_map(|piece| Parts::of(link.text(piece)))
            .filter(|parts| parts.uid.len() == UID && parts.counter.len() == COUNTER);
        match (found.next(), found.next()) {
            (Some(parts), None) => Self::decode(parts),
            (Some(_), Some(_)) => Err(TapRefusal::Duplicate { field: Field::Mac }),
            _ => Err(TapRefusal::NoTap),
        }
    }

    fn decode(parts: Parts<'_>) -> Result<Self, TapRefusal> {
        let uid = decode_field(Field::Uid, parts.uid)?;
        let [high, middle, low] = decode_field(Field::ReadCounter, parts.counter)?;
        let mac = match hex::decode(parts.mac) {
            Ok(mac) => Some(mac),
            // Half a byte is no byte.
            Err(HexFault::Length)
                if parts.mac.len().is_multiple_of(2) && parts.mac.iter().copied().all(hex::is_digit) =>
            {
                None
            }
            Err(_) => return Err(TapRefusal::BadHex { field: Field::Mac }),
        };
        Ok(Self {
            uid: TagUid::new(uid),
            read_ctr: ReadCounter::from_lsb([low, middle, high]),
            status: parts.status.map(StatusDetect::parse).transpose()?,
            mac,
        })
    }

    /// The UID that the text claims.
    #[must_use]
    pub fn claimed_uid(&self) -> TagUid {
        self.uid
    }

    /// The counter that the text claims.
    #[must_use]
    pub fn claimed_read_ctr(&self) -> ReadCounter {
        self.read_ctr
    }

    /// The status that the text claims; none without StatusDetect.
    #[must_use]
    pub fn claimed_status(&self) -> Option<StatusDetect> {
        self.status
    }

    /// What lies under the MAC: UID, counter with the most significant byte first, the five bytes of a status
    /// (AN12998).
    #[must_use]
    pub fn mac_input(&self) -> Vec<u8> {
        let (bytes, length) = self.mac_bytes();
        bytes[..length].to_vec()
    }

    /// As [`Message22x::mac_input`], on the stack, with its length.
    pub(super) fn mac_bytes(&self) -> ([u8; 15], usize) {
        let mut bytes = [0; 15];
        let [low, middle, high] = self.read_ctr.to_lsb();
        bytes[..7].copy_from_slice(self.uid.as_bytes());
        bytes[7..10].copy_from_slice(&[high, middle, low]);
        let Some(status) = self.status else { return (bytes, 10) };
        bytes[10..].copy_from_slice(&status.to_bytes());
        (bytes, 15)
    }

    /// The text as a tag writes it, with this MAC.
    #[cfg(any(test, feature = "simulate"))]
    pub(super) fn to_text(self, mac: [u8; 8]) -> String {
        let (input, _) = self.mac_bytes();
        let mut text = String::new();
        hex::push_upper(&input[..7], &mut text);
        text.push('x');
        hex::push_upper(&input[7..10], &mut text);
        if let Some(status) = self.status {
            text.push('x');
            text += &status.letters();
            hex::push_upper(&status.measurement, &mut text);
        }
        text.push('x');
        hex::push_upper(&mac, &mut text);
        text
    }
}

/// The parts of a text between its separators.
struct Parts<'a> {
    uid: &'a [u8],
    counter: &'a [u8],
    status: Option<&'a [u8]>,
    mac: &'a [u8],
}

impl<'a> Parts<'a> {
    /// None unless there are three or four.
    fn of(text: &'a [u8]) -> Option<Self> {
        let mut parts = text.split(|&byte| byte == SEPARATOR);
        let (uid, counter, third, fourth) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        let (status, mac) = fourth.map_or((None, third), |mac| (Some(third), mac));
        parts.next().is_none().then_some(Self { uid, counter, status, mac })
    }
}

/// Decodes one mirror.
fn decode_field<const N: usize>(field: Field, text: &[u8]) -> Result<[u8; N], TapRefusal> {
    hex::decode(text).map_err(|fault| match fault {
        HexFault::Length => TapRefusal::BadLength { field, found: text.len() },
        HexFault::Digit => TapRefusal::BadHex { field },
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PLAIN: &str = "04AA2BD2335780x000001xB188AC6F69140B92";
    const STATUS_DETECT: &str = "04095E50636F39x000002xCOE500BE2Ax7EE86EFF26A1AD61";

    fn find(url: &str) -> Result<Message22x, TapRefusal> {
        Message22x::find(TapLink::parse(url)?)
    }

    #[test]
    fn the_mac_covers_uid_counter_and_status() {
        let plain = Message22x::parse(PLAIN).unwrap();
        assert_eq!(hex::lower(&plain.mac_input()), "04aa2bd2335780000001");
        let status = Message22x::parse(STATUS_DETECT).unwrap();
        assert_eq!(hex::lower(&status.mac_input()), "04095e50636f390000023fe500be2a");
        let found = status.claimed_status().unwrap();
        assert_eq!((found.permanent, found.current), (Some(LoopState::Closed), Some(LoopState::Open)));
        assert_eq!((found.letters().as_str(), found.measurement), ("CO", [0xE5, 0x00, 0xBE, 0x2A]));
        let none = Message22x::parse(&STATUS_DETECT.replace("CO", "00")).unwrap().claimed_status().unwrap();
        assert_eq!((none.permanent, none.current, none.to_bytes()[0]), (None, None, 0));
    }

    /// Letters with equal low halves would be equal under the MAC: only those that tags write are read.
    #[test]
    fn no_two_letters_are_the_same_byte() {
        let mut bytes = std::collections::BTreeSet::new();
        for letter in 0..=0x7Fu8 {
            let text = [letter, b'C', b'0', b'0', b'0', b'0', b'0', b'0', b'0', b'0'];
            match StatusDetect::parse(&text) {
                Ok(status) => {
                    assert_eq!(status.letters().as_bytes()[0], letter.to_ascii_uppercase());
                    assert!(bytes.insert(status.to_bytes()[0]) || letter.is_ascii_lowercase());
                }
                Err(refusal) => assert_eq!(refusal.code(), "bad_hex"),
            }
        }
        assert_eq!(bytes.len(), 4);
    }

    #[test]
    fn either_case_is_the_same_message() {
        for text in [PLAIN, STATUS_DETECT] {
            assert_eq!(Message22x::parse(&text.to_lowercase()), Message22x::parse(text));
            let message = Message22x::parse(text).unwrap();
            assert_eq!(message.to_text(message.mac.unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_such_text_is_refused_for_its_reason() {
        for (text, code) in [
            (String::new(), "no_tap"),
            (PLAIN.replace('x', "X"), "no_tap"),
            (PLAIN.replace("x000001", ""), "no_tap"),
            (format!("{PLAIN}x00x00"), "no_tap"),
            (PLAIN[1..].to_owned(), "bad_length"),
            (PLAIN.replace("000001", "00001"), "bad_length"),
            (STATUS_DETECT.replace("CO", "C"), "bad_length"),
            (PLAIN.replace("04A", "0GA"), "bad_hex"),
            (PLAIN.replace("000001", "00000G"), "bad_hex"),
            (PLAIN.replace("000001", "+00001"), "bad_hex"),
            (STATUS_DETECT.replace("CO", "SO"), "bad_hex"),
            (STATUS_DETECT.replace("BE2A", "BE2G"), "bad_hex"),
            (PLAIN.replace("B92", "B9G"), "bad_hex"),
            (PLAIN[..PLAIN.len() - 1].to_owned(), "bad_hex"),
        ] {
            assert_eq!(Message22x::parse(&text).unwrap_err().code(), code, "{text}");
        }
        for length in [0, 2, 14, 18, 32] {
            let cut = PLAIN.len() - 16;
            let text = format!("{}{}", &PLAIN[..cut], "0".repeat(length));
            assert_eq!(Message22x::parse(&text).unwrap().mac, None, "{length}");
        }
    }

    #[test]
    fn length_comes_first() {
        let text = "G".repeat(URL_LENGTH_MAX);
        assert_eq!(Message22x::parse(&text), Err(TapRefusal::NoTap));
        assert_eq!(Message22x::parse(&(text + "G")), Err(TapRefusal::TooLong { found: URL_LENGTH_MAX + 1 }));
    }

    #[test]
    fn a_url_holds_it_once_wherever_it_stands() {
        let message = Message22x::parse(STATUS_DETECT);
        for url in [
            format!("https://tap.example/{STATUS_DETECT}"),
            format!("https://tap.example/t/{STATUS_DETECT}/"),
            format!("https://tap.example/t?m={STATUS_DETECT}"),
            format!("https://tap.example/t?utm_source=axbxc&m={STATUS_DETECT}&fbclid=1#top"),
            format!("tap.example?{STATUS_DETECT}"),
            format!("tap.example#{STATUS_DETECT}"),
            format!("tap.example/#m={STATUS_DETECT}&x=y"),
        ] {
            assert_eq!(find(&url), message, "{url}");
        }
        for (url, code) in [
            (format!("https://tap.example/{STATUS_DETECT}?m={PLAIN}"), "duplicate_parameter"),
            (format!("https://tap.example/?m={PLAIN}&m={PLAIN}"), "duplicate_parameter"),
            (format!("https://{PLAIN}/?m=1"), "no_tap"),
            (format!("https://tap.example/?m=%30{}", &PLAIN[1..]), "no_tap"),
            (format!("https://tap.example/?m={}", PLAIN.replace("0B92", "0B9G")), "bad_hex"),
            (format!("https://tap.example/ {PLAIN}"), "not_ascii"),
        ] {
            assert_eq!(find(&url).unwrap_err().code(), code, "{url}");
        }
    }
}
