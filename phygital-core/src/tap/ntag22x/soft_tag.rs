//! An NTAG 22x in software: true links without a tag.

use std::fmt;

use aes::Aes128Enc;

use super::message::{Message22x, StatusDetect};
use crate::crypto::{CmacKey, Secret, aes128_cmac, truncate_mac};
use crate::vocab::tag::{ReadCounter, TagUid};

/// An NTAG 223 or 224 DNA in software, with StatusDetect once [`SoftNtag22x::set_status`] was called.
///
/// ```
/// use phygital_core::tap::ntag22x::{self, SoftNtag22x, SuncmacKeys};
/// use phygital_core::vocab::tag::KeyEpoch;
/// let mut tag = SoftNtag22x::from_seed(&[7; 16], "https://tap.example/?m=");
/// let mut keys = SuncmacKeys::new();
/// keys.insert(tag.uid(), KeyEpoch::FIRST, tag.key().duplicate())?;
/// let url = tag.tap().expect("a fresh tag");
/// assert_eq!(ntag22x::verify(&url, &keys)?.uid(), tag.uid());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SoftNtag22x {
    uid: TagUid,
    prefix: String,
    key: Secret<16>,
    counter: ReadCounter,
    status: Option<StatusDetect>,
}

impl SoftNtag22x {
    /// A tag that writes its text behind `prefix`, with the counter at 0.
    #[must_use]
    pub fn new(uid: TagUid, prefix: &str, key: Secret<16>) -> Self {
        Self { uid, prefix: prefix.to_owned(), key, counter: ReadCounter::ZERO, status: None }
    }

    /// A tag whose UID and key follow from a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 16], prefix: &str) -> Self {
        let seed = Secret::take(&mut { *seed });
        let mut uid = [0x04; TagUid::LENGTH];
        uid[1..].copy_from_slice(&aes128_cmac(&seed, b"ntag22x uid")[..6]);
        let key = Secret::take(&mut aes128_cmac(&seed, b"ntag22x suncmac key"));
        Self::new(TagUid::new(uid), prefix, key)
    }

    /// Which tag it is.
    #[must_use]
    pub fn uid(&self) -> TagUid {
        self.uid
    }

    /// Its SUNCMAC key.
    #[must_use]
    pub fn key(&self) -> &Secret<16> {
        &self.key
    }

    /// Sets the counter, as if the tag had been read so often.
    #[must_use]
    pub fn counted(mut self, counter: ReadCounter) -> Self {
        self.counter = counter;
        self
    }

    /// Sets what StatusDetect finds from now on.
    pub fn set_status(&mut self, status: StatusDetect) {
        self.status = Some(status);
    }

    /// Reads the tag: counts up and gives the URL; none once the counter stands at its last value.
    pub fn tap(&mut self) -> Option<String> {
        self.counter = ReadCounter::new(self.counter.get() + 1).ok()?;
        let message = Message22x { uid: self.uid, read_ctr: self.counter, status: self.status, mac: None };
        let (input, length) = message.mac_bytes();
        let mac = CmacKey::<Aes128Enc>::new(self.key.expose()).mac(&input[..length]);
        Some(format!("{}{}", self.prefix, message.to_text(truncate_mac(&mac))))
    }
}

impl fmt::Debug for SoftNtag22x {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftNtag22x({}, counter {}, key elided)", self.uid, self.counter)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_and_the_last_value() {
        // AN12998, with its all-zero key.
        let mut tag = SoftNtag22x::new("04AA2BD2335780".parse().unwrap(), "", Secret::zeros());
        assert_eq!(tag.tap().unwrap(), "04AA2BD2335780x000001xB188AC6F69140B92");
        let mut last = tag.counted(ReadCounter::new(0xFF_FFFE).unwrap());
        assert!(last.tap().is_some());
        assert_eq!(last.tap(), None);
    }

    #[test]
    fn a_seed_gives_the_same_tag_again() {
        let tap = |seed| SoftNtag22x::from_seed(&[seed; 16], "h/").tap().unwrap();
        assert_eq!(tap(1), tap(1));
        assert_ne!(tap(1), tap(2));
    }
}
