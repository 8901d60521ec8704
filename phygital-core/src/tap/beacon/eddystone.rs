//! Eddystone frames: the service data of UUID FEAA (Eddystone protocol specification).

use std::fmt;

use super::Frame;
use super::eid::Eid;
use super::telemetry::{EncryptedTelemetry, Telemetry};
use crate::tap::refusal::TapRefusal;
use crate::vocab::hex;

/// The fixed identifier of a beacon: whose it is, and which.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the frame has these two")]
pub struct EddystoneUid {
    /// Shared by the beacons of one owner.
    pub namespace: [u8; 10],
    /// This one among them.
    pub instance: [u8; 6],
}

impl fmt::Display for EddystoneUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::fmt_lower(&self.namespace, f)?;
        f.write_str("-")?;
        hex::fmt_lower(&self.instance, f)
    }
}

impl fmt::Debug for EddystoneUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EddystoneUid({self})")
    }
}

/// Reads a frame, without the service's UUID before it.
///
/// # Errors
/// [`TapRefusal::WrongLength`] for another length than the frame's kind has; [`TapRefusal::Malformed`] for a kind or
/// version that is not known, or a character that no URL has.
///
/// ```
/// use phygital_core::tap::beacon::{Frame, read_service_data};
/// let frame = read_service_data(b"\x10\xEB\x03goo.gl/Aq18zF")?;
/// assert!(matches!(frame, Frame::EddystoneUrl { tx_power: -21, url } if &*url == "https://goo.gl/Aq18zF"));
/// # Ok::<(), phygital_core::tap::TapRefusal>(())
/// ```
pub fn read_service_data(data: &[u8]) -> Result<Frame, TapRefusal> {
    let wrong = |expected| TapRefusal::WrongLength { found: data.len(), expected };
    match data {
        [] => Err(wrong("a frame")),
        // Older beacons leave the two reserved bytes at the end out.
        [0x00, power, id @ ..] => {
            let (id, reserved) = id.split_first_chunk::<16>().ok_or(wrong(UID_LENGTH))?;
            if !matches!(reserved.len(), 0 | 2) {
                return Err(wrong(UID_LENGTH));
            }
            let mut uid = EddystoneUid { namespace: [0; 10], instance: [0; 6] };
            uid.namespace.copy_from_slice(&id[..10]);
            uid.instance.copy_from_slice(&id[10..]);
            Ok(Frame::EddystoneUid { tx_power: power.cast_signed(), id: uid })
        }
        [0x10, power, scheme, text @ ..] if (1..=URL_MAX).contains(&text.len()) => {
            Ok(Frame::EddystoneUrl { tx_power: power.cast_signed(), url: written_out(*scheme, text)? })
        }
        [0x10, ..] => Err(wrong("a frame of 4 to 20 bytes")),
        [0x20, 0, rest @ ..] => {
            let plain = rest.try_into().map_err(|_| wrong("a frame of 14 bytes"))?;
            Ok(Frame::Telemetry(Telemetry::read(plain)))
        }
        [0x20, 1, rest @ ..] => {
            let sealed = rest.try_into().map_err(|_| wrong("a frame of 18 bytes"))?;
            Ok(Frame::EncryptedTelemetry(EncryptedTelemetry::read(sealed)))
        }
        [0x30, power, eid @ ..] => {
            let eid = eid.try_into().map_err(|_| wrong(EID_LENGTH))?;
            Ok(Frame::EddystoneEid { tx_power: power.cast_signed(), eid: Eid::new(eid) })
        }
        [0x00] => Err(wrong(UID_LENGTH)),
        [0x30] => Err(wrong(EID_LENGTH)),
        [0x20] => Err(wrong("a frame of 14 or 18 bytes")),
        _ => Err(TapRefusal::malformed("an Eddystone frame of a kind that is known")),
    }
}

const UID_LENGTH: &str = "a frame of 18 or 20 bytes";
const EID_LENGTH: &str = "a frame of 10 bytes";

/// Most characters of an encoded URL.
const URL_MAX: usize = 17;

const SCHEMES: [&str; 4] = ["http://www.", "https://www.", "http://", "https://"];

const ENDINGS: [&str; 14] = [
    ".com/", ".org/", ".edu/", ".net/", ".info/", ".biz/", ".gov/", ".com", ".org", ".edu", ".net", ".info",
    ".biz", ".gov",
];

/// Eddystone-URL, "URL Scheme Prefix" and "HTTP URL encoding".
fn written_out(scheme: u8, text: &[u8]) -> Result<Box<str>, TapRefusal> {
    let scheme = SCHEMES.get(usize::from(scheme));
    let mut url = (*scheme.ok_or(TapRefusal::malformed("a scheme prefix from 0 to 3"))?).to_owned();
    for byte in text {
        match (byte, ENDINGS.get(usize::from(*byte))) {
            (_, Some(ending)) => url.push_str(ending),
            (b'!'..=b'~', None) => url.push(char::from(*byte)),
            _ => {
                return Err(TapRefusal::malformed(
                    "graphic characters of ASCII and codes that stand for an ending",
                ));
            }
        }
    }
    Ok(url.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn code(data: &[u8]) -> &'static str {
        match read_service_data(data) {
            Ok(_) => "ok",
            Err(refusal) => refusal.code(),
        }
    }

    #[test]
    fn a_frame_has_the_length_of_its_kind() {
        for (kind, lengths) in
            [(&[0x00][..], &[18, 20][..]), (&[0x20, 0], &[14]), (&[0x20, 1], &[18]), (&[0x30], &[10])]
        {
            for length in kind.len()..30 {
                let data = [kind, &vec![b'a'; length - kind.len()]].concat();
                let expected = if lengths.contains(&length) { "ok" } else { "bad_length" };
                assert_eq!(code(&data), expected, "{kind:?} {length}");
            }
        }
        for length in 1..30 {
            let data = [&[0x10, 0xEB, 3][..], &[b'a'; 30]].concat();
            let expected = if (4..=20).contains(&length) { "ok" } else { "bad_length" };
            assert_eq!(code(&data[..length]), expected, "{length}");
        }
        assert_eq!(code(&[]), "bad_length");
        assert_eq!([code(&[0x40, 0]), code(&[0x20, 2, 0])], ["malformed"; 2]);
    }

    #[test]
    fn a_url_is_written_out() {
        let url = |text: &[u8]| match read_service_data(&[&[0x10, 0][..], text].concat()) {
            Ok(Frame::EddystoneUrl { url, .. }) => url.into_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(url(b"\x00example\x00a"), "http://www.example.com/a");
        assert_eq!(url(b"\x01example\x07"), "https://www.example.com");
        assert_eq!(url(b"\x02example\x0D"), "http://example.gov");
        assert_eq!(url(b"\x03example\x06x\x04"), "https://example.gov/x.info/");
        for bad in [&b"\x04a"[..], b"\x03\x0E", b"\x03 ", b"\x03\x7F", b"\x03\xFF"] {
            assert_eq!(code(&[&[0x10, 0][..], bad].concat()), "malformed", "{bad:?}");
        }
    }
}
