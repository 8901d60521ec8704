//! Limits on what a tap may bring and on how long we look for its key, each with its reason.

use std::time::Duration;

/// Longest tap URL, in bytes. The tag's own part is at most [`TAG_TEXT_MAX`]; the rest is what browsers,
/// messengers and campaigns append. Longer than any of theirs, shorter than what servers accept.
pub const URL_LENGTH_MAX: usize = 2048;

/// Size of the NDEF file of an NTAG 424 DNA, in bytes (NT4H2421Gx §8.2.3).
pub const NDEF_FILE_MAX: usize = 256;

/// Where the first URL character after the scheme stands in the NDEF file: after the length (2), the
/// record header (4) and the scheme code (1). All SDM offsets count from the start of the file.
pub const NDEF_URL_OFFSET: usize = 7;

/// Longest URL text, without its scheme, that fits in the NDEF file.
pub const TAG_TEXT_MAX: usize = NDEF_FILE_MAX - NDEF_URL_OFFSET;

/// Longest file data of a tap, in bytes: its ASCII mirror takes twice that and shares the file with URL,
/// PICCData and MAC, so even this is never reached.
pub const FILE_DATA_MAX: usize = 128;

/// Most fleets (meta read key and layout) in one key ring. Each costs one AES block per tap, and every
/// wrong meta key lets about one link in 85 through to the MAC, so a longer list should carry a public
/// key id in its templates instead.
pub const FLEETS_MAX: usize = 256;

/// Most file read keys that one fleet may hold for any UID, or for one UID: generations of its keys, and
/// a few keys that were never bound to their tag.
pub const FILE_KEYS_MAX: usize = 32;

/// Most key sets in one key ring: a large chain's tags, some 100 MB of expanded keys.
pub const KEY_SETS_MAX: usize = 200_000;

/// Most keys in one packed table: 113 MB.
pub const PACKED_KEYS_MAX: usize = 4 * 1024 * 1024;

/// Longest id of a key in a URL, in characters: it takes its place in the tag's memory.
pub const KEY_ID_MAX: usize = 32;

/// Tags whose derived keys a ring keeps expanded: about 600 bytes each once they have tapped in LRP mode, so 600 kB.
pub const KEPT_KEYS_MAX: usize = 1_024;

/// Longest JSON text of keys, in bytes: [`KEY_SETS_MAX`] sets of the usual fields.
pub const KEYS_JSON_MAX: usize = 32 * 1024 * 1024;

/// Most MACs computed for one link before the search is given up. Keys times MAC input ranges; an honest
/// set-up needs fewer than 20.
pub const MAC_TRIES_MAX: u32 = 4_096;

/// Most MACs computed for one diagnosis, about a second of work: 100 keys at every place of a full tag.
pub const DIAGNOSIS_TRIES_MAX: u32 = 200_000;

/// How far below the mark a late tap may lie. A till that is offline for an hour misses fewer taps of one
/// tag, and each of them is looked up one by one.
pub const LATE_REACH_MAX: u32 = 64;

/// Longest window for late taps: one opening day. A link that was held back for days never counts.
pub const LATE_WINDOW_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// Most public keys with an id in one ring: one for each issuer or fleet, with room for rotation.
pub const PUBLIC_KEYS_MAX: usize = 4_096;

/// Most public keys without an id in one ring. A token that names no key is tried under each of them, at 20 to
/// 100 microseconds a try.
pub const PUBLIC_KEYS_TRIED_MAX: usize = 8;

/// Longest id of a public key, in bytes.
pub const PUBLIC_KEY_ID_MAX: usize = 128;

/// Longest nonce in a signed URL, in characters. Those known have 16 to 64.
pub const URL_NONCE_MAX: usize = 128;

/// Longest signed token, in bytes: what the largest QR code holds (2,953) and a link has to carry, with room for base
/// 64.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// Longest footer of a PASETO, in bytes as decoded. It is read before anything is verified.
pub const TOKEN_FOOTER_MAX: usize = 512;

/// Deepest nesting of arrays, maps and tags in a CBOR token. Claims need two.
pub const CBOR_DEPTH_MAX: usize = 8;

/// Most entries of one CBOR map: each is compared with those before it.
pub const CBOR_ENTRIES_MAX: usize = 64;

/// Most that clocks may differ where a token's times are checked.
pub const TOKEN_LEEWAY_MAX: Duration = Duration::from_secs(5 * 60);

/// Longest period of a rotating code, in seconds. A code of an hour is good for two with its step of grace.
pub const OTP_PERIOD_MAX: u32 = 60 * 60;

/// Most counters that a device may have skipped (RFC 4226 §7.4): each is one more number that a guess may hit.
pub const HOTP_WINDOW_MAX: u32 = 100;

/// How far ahead a device is looked for by two codes in a row.
pub const HOTP_RESYNC_MAX: u32 = 1_000;

/// Most application identifiers of a GS1 Digital Link: a key, three qualifiers and more than anybody adds.
pub const GS1_ELEMENTS_MAX: usize = 32;

/// Longest value of any GS1 application identifier, in characters (91 to 99, company internal).
pub const GS1_VALUE_MAX: usize = 90;

/// Longest Bluetooth advertisement, in bytes (Core Specification 5.0, volume 2, part E, §7.8.54).
pub const ADVERTISEMENT_MAX: usize = 1650;

/// Most identifiers of one beacon that a window holds. With a day of lost power that is enough for a rotation every 32
/// seconds; beacons that rotate faster are found again within a shorter time.
pub const EID_WINDOW_MAX: usize = 4_096;

/// Most identifiers in one table, at 24 bytes each.
pub const EID_TABLE_MAX: usize = 1 << 20;

/// Most beacons in one table.
pub const BEACONS_MAX: usize = 1 << 16;

pub use crate::contactless::ndef::NDEF_MESSAGE_MAX;
