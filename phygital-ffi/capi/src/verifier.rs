//! Taps judged without a store.

use std::ffi::{CStr, c_char};
use std::ptr;

use phygital_core::tap::{self, Scheme};
use phygital_core::vocab::Timestamp;
use phygital_ffi::{Assurance, PhygitalError, Presented, Time, Verifier};
use serde::Deserialize;

use crate::entry::{Answer, entry};
use crate::handle::{give, look, phygital_verifier, take};
use crate::input::{Caller, Record, argument, maybe_time, phygital_bytes, phygital_str, utf8};
use crate::output::fixed;
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json, read_json};

/// What a phone, a tag or a reader delivered.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_presented_kind {
    /// The URL that a phone opened.
    Url = 1,
    /// An NDEF message as a reader read it; its first URI record counts.
    NdefMessage = 2,
    /// A COSE_Sign1 token.
    Cose = 3,
    /// A PASETO token.
    Paseto = 4,
    /// The digits of a rotating code; `about` is the screen that showed it, as the keys name it.
    Code = 5,
    /// What a beacon advertised, whole.
    Advertisement = 6,
    /// The originality signature of a chip, as Read_Sig gives it; `about` is its UID.
    Originality = 7,
    /// The cryptogram with which an iPhone answered a reader for a pass (Apple VAS); `about` is the type of the pass, such as
    /// `pass.com.example.loyalty`. Commercial use needs Apple's approval.
    AppleVas = 8,
    /// The message of a pass of Apple Wallet that a certified reader decrypted by itself; `about` is JSON: `pass_type`,
    /// `vouched` (what the host vouches for: `static` for a reader that hands over the message alone, at most `dynamic`), and
    /// `device_time` (RFC 3339) where the reader tells the phone's clock.
    ApplePass = 9,
    /// The same of a pass of Google Wallet (Smart Tap): its service number; `about` is JSON: `collector` (a number), `kind` (such
    /// as `ly`), `object_id` (digits; empty where the phone does not tell it) and `vouched` (up to `live`).
    GooglePass = 10,
}

/// What was presented. Of the kinds that are texts, the bytes are UTF-8.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_presented {
    /// What was delivered.
    pub data: phygital_bytes,
    /// What else belongs to it, see phygital_presented_kind.
    pub about: phygital_bytes,
    /// A phygital_presented_kind.
    pub kind: u32,
}

/// How much a tap proves. Higher is more.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_assurance {
    /// Nothing: anybody can type it.
    Unauthenticated = 1,
    /// An issuer made it once and it never changes, so it can be copied.
    Static = 2,
    /// It changes with time, so a copy is good for its window only.
    Rotating = 3,
    /// It changes with each read, under a key that can be recovered from some tags.
    DynamicWeak = 4,
    /// It changes with each tap, under a key that does not leave the chip.
    Dynamic = 5,
    /// It answers a challenge that was just made.
    Live = 6,
}

/// What a tap proves. It holds nothing that has to be freed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_tap_proof {
    /// Set by phygital_tap_proof_init().
    pub size: usize,
    /// The kind of token, such as `ntag424-aes`: a static text.
    pub scheme: *const c_char,
    /// A phygital_assurance.
    pub assurance: u32,
    /// 1 where `read_ctr` is there, else 0.
    pub has_read_ctr: u32,
    /// The tag's counter, proven unless the assurance says that nothing is.
    pub read_ctr: u32,
    /// 1 where `key_epoch` is there, else 0.
    pub has_key_epoch: u32,
    /// The generation of the key that matched.
    pub key_epoch: u32,
    /// 1 where the tamper status lay under the MAC, else 0.
    pub tamper_authenticated: u32,
    /// The tag, 14 digits; empty where it is of none.
    pub uid: [c_char; 16],
    /// Two letters: C closed, O open, I not initialised; empty where there is no status.
    pub tag_tamper: [c_char; 8],
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_tap_proof {}

/// Reads keys from JSON: one key set of NTAG 424 DNA tags, a list of them, or an object with a section for each kind of
/// token. See docs/bindings.md. Wipe your copy afterwards.
///
/// @param verifier Where the handle goes; NULL on failure. Free it with phygital_verifier_free().
/// @return 112 for keys that are not as they should be; the message names the field, and never what stands there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_verifier_new(
    keys: phygital_str,
    verifier: *mut *mut phygital_verifier,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("verifier", verifier, ptr::null_mut())?;
        let keys = caller.text("keys", keys)?.to_owned();
        out.put(give(Verifier::from_json(keys)?)?);
        Ok(())
    })
}

/// Frees a verifier. NULL is fine.
///
/// @return 102 for a handle that was freed already, or is none of a verifier.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_verifier_free(verifier: *mut phygital_verifier) -> phygital_status {
    entry!(|_caller| take::<Verifier>(verifier))
}

/// Judges what was presented: is it genuine? Whether it was used before, only a store can tell.
///
/// @param at The time in microseconds since 1970, UTC, which matters to tokens that expire; 0 for the system's.
/// @param proof Where the answer goes.
/// @return From 200 on where it is no genuine tap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_verifier_verify(
    verifier: *const phygital_verifier,
    presented: *const phygital_presented,
    at: i64,
    proof: *mut phygital_tap_proof,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out_sized("proof", proof)?;
        let (kind, data, about) = caller.presented(presented)?.bytes(caller)?;
        let verifier = look::<Verifier>(verifier)?;
        let found = match phygital_presented::lent(kind, data, about)? {
            Some(presented) => verifier.judge(presented, time(at)?)?,
            None => verifier.prove(&phygital_presented::owned_of(kind, data, about)?, time(at)?)?,
        };
        out.put(phygital_tap_proof::of(&found)?);
        Ok(())
    })
}

/// The same with all that the token says, as JSON: what phygital_tap_proof has, and `key_label`, `file_data`, `facts`.
///
/// @param json Where the text goes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_verifier_facts(
    verifier: *const phygital_verifier,
    presented: *const phygital_presented,
    at: i64,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let presented = phygital_presented::owned(caller, presented)?;
        put_json(out, &look::<Verifier>(verifier)?.verify(presented, maybe_time(at))?)
    })
}

fn time(at: i64) -> Answer<Timestamp> {
    let at = maybe_time(at).map_or_else(Time::now, Ok)?;
    Timestamp::from_micros(at.0).map_err(|error| argument("at", &error.to_string()))
}

impl phygital_presented {
    /// What it points to.
    pub(crate) fn bytes(self, caller: &Caller) -> Answer<(u32, &[u8], &[u8])> {
        Ok((
            self.kind,
            caller.bytes("presented.data", self.data)?,
            caller.bytes("presented.about", self.about)?,
        ))
    }

    /// What is judged without a copy of it; none for kinds of which something has to be made first.
    fn lent<'c>(kind: u32, data: &'c [u8], about: &'c [u8]) -> Answer<Option<tap::Presented<'c>>> {
        let text = || utf8("presented.data", data);
        Ok(Some(match kind {
            1 => tap::Presented::Url(text()?),
            2 => tap::Presented::NdefMessage(data),
            3 => tap::Presented::Cose(data),
            4 => tap::Presented::Paseto(text()?),
            5 => tap::Presented::Code { screen: utf8("presented.about", about)?, code: text()? },
            6 => tap::Presented::Advertisement(data),
            7 => tap::Presented::Originality { uid: about, signature: data },
            _ => return Ok(None),
        }))
    }

    fn owned(caller: &Caller, presented: *const phygital_presented) -> Answer<Presented> {
        let (kind, data, about) = caller.presented(presented)?.bytes(caller)?;
        phygital_presented::owned_of(kind, data, about)
    }

    /// The same, kept.
    pub(crate) fn owned_of(kind: u32, data: &[u8], about: &[u8]) -> Answer<Presented> {
        let text = || Ok::<_, PhygitalError>(utf8("presented.data", data)?.to_owned());
        let bytes = data.to_vec();
        Ok(match kind {
            1 => Presented::Url { url: text()? },
            2 => Presented::NdefMessage { message: bytes },
            3 => Presented::Cose { token: bytes },
            4 => Presented::Paseto { token: text()? },
            5 => Presented::Code { screen: utf8("presented.about", about)?.to_owned(), code: text()? },
            6 => Presented::Advertisement { bytes },
            7 => Presented::Originality { uid: about.to_vec(), signature: bytes },
            8 => Presented::AppleVas {
                pass_type: utf8("presented.about", about)?.to_owned(),
                cryptogram: bytes,
            },
            9 => apple_pass(about, bytes)?,
            10 => google_pass(about, bytes)?,
            _ => return Err(argument("presented.kind", "none of the numbers expected")),
        })
    }
}

/// What stands beside a pass of Apple Wallet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutApple {
    pass_type: String,
    vouched: Assurance,
    device_time: Option<Timestamp>,
}

/// What stands beside a pass of Google Wallet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutGoogle {
    collector: u32,
    kind: String,
    #[serde(default)]
    object_id: String,
    vouched: Assurance,
}

fn apple_pass(about: &[u8], message: Vec<u8>) -> Answer<Presented> {
    let AboutApple { pass_type, vouched, device_time } = read_json("presented.about", about)?;
    let device_time = device_time.map(|time| Time(time.as_micros()));
    Ok(Presented::ApplePass { pass_type, message, device_time, vouched })
}

fn google_pass(about: &[u8], message: Vec<u8>) -> Answer<Presented> {
    let AboutGoogle { collector, kind, object_id, vouched } = read_json("presented.about", about)?;
    let object_id =
        hex(&object_id).ok_or_else(|| argument("presented.about", "object_id: expected digits"))?;
    Ok(Presented::GooglePass { collector, kind, object_id, message, vouched })
}

/// Bytes from hexadecimal digits.
fn hex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

impl phygital_tap_proof {
    fn of(proof: &tap::TapProof) -> Answer<phygital_tap_proof> {
        let read_ctr = proof.read_ctr().map(|counter| counter.get());
        let key_epoch = proof.key_epoch().map(|epoch| epoch.get());
        let tamper = proof.tag_tamper();
        let (letters, authenticated) =
            tamper.as_ref().map_or(("", false), |(letters, under)| (letters, *under));
        let mut uid = [0; 16];
        if let Some(found) = proof.uid() {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            for (pair, byte) in uid.chunks_exact_mut(2).zip(found.as_bytes()) {
                pair[0] = DIGITS[usize::from(byte >> 4)] as c_char;
                pair[1] = DIGITS[usize::from(byte & 15)] as c_char;
            }
        }
        Ok(phygital_tap_proof {
            size: 0,
            scheme: scheme_name(proof.scheme()).as_ptr(),
            assurance: Assurance::of(proof.assurance())?.number(),
            has_read_ctr: u32::from(read_ctr.is_some()),
            read_ctr: read_ctr.unwrap_or(0),
            has_key_epoch: u32::from(key_epoch.is_some()),
            key_epoch: key_epoch.unwrap_or(0),
            tamper_authenticated: u32::from(authenticated),
            uid,
            tag_tamper: fixed(letters)?,
        })
    }
}

/// The name of a scheme, as C has texts.
pub(crate) fn scheme_name(scheme: Scheme) -> &'static CStr {
    const NAMES: [&CStr; Scheme::ALL.len()] = [
        c"ntag424-aes",
        c"ntag424-lrp",
        c"ntag22x",
        c"ntag21x",
        c"originality",
        c"signed-url",
        c"cose-sign1",
        c"paseto-v4-public",
        c"totp",
        c"hotp",
        c"gs1-digital-link",
        c"eddystone-eid",
        c"eddystone-uid",
        c"eddystone-url",
        c"ibeacon",
        c"apple-vas",
        c"smart-tap",
    ];
    let place = Scheme::ALL.iter().position(|one| *one == scheme);
    place.map_or(c"unknown", |place| NAMES[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_core() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme_name(scheme).to_str(), Ok(scheme.as_str()));
        }
        use phygital_assurance::*;
        let ours = [Unauthenticated, Static, Rotating, DynamicWeak, Dynamic, Live];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> = Assurance::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
        assert_eq!(
            (hex("0aF1"), hex("0"), hex("0g"), hex("")),
            (Some(vec![10, 0xF1]), None, None, Some(vec![]))
        );
    }
}
