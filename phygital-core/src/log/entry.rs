//! One entry of the log, and the chain that ties it to the one before.

use ring::digest::{Context, SHA256};

use crate::event::{CodecOptions, Event, EventError, FoldKey, Origin, Recorded};
use crate::vocab::{Digest, EventKey, Hlc, Timestamp};

/// Version 1 of the chain; a later one has another text, so that no link can be read as both.
const CHAIN: &[u8] = b"phygital.log.1";

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the format's own fields; another one is another version")]
pub struct LogEntry {
    /// Who wrote it, and as which one.
    pub origin: Origin,
    /// The log's clock when it was written.
    pub hlc: Hlc,
    /// Its event, and where that stands in the fold.
    pub fold: FoldKey,
    /// When the host received it.
    pub received_at: Timestamp,
    /// When its source sent it, where it said so.
    pub sent_at: Option<Timestamp>,
    /// Digest of salt and payload.
    pub payload_digest: Digest,
    /// Digest over the link before, the fields above and the payload's digest.
    pub link: Digest,
    /// The payload with its salt; `None` after it was erased.
    pub payload: Option<Sealed>,
    /// The digest of what is left of the payload, where something was struck from it: a later entry of the log says so. The
    /// payload's own digest stays what it was, and with it the link.
    pub struck: Option<Digest>,
}

/// A payload with the salt that its digest was taken with.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a payload is these two")]
pub struct Sealed {
    /// Random; erased with the payload, so that nobody can try payloads against the digest.
    pub salt: [u8; 16],
    /// The event without its time of sending, as canonical JSON.
    pub content: String,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.content.len())
    }
}

impl Sealed {
    /// SHA-256 over salt and payload.
    #[must_use]
    pub fn digest(&self) -> Digest {
        payload_digest(&self.salt, &self.content)
    }
}

/// The end of a device's log: what the next entry follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an end is these three")]
pub struct Head {
    /// The last entry; `seq` is 0 before the first of an epoch.
    pub origin: Origin,
    /// The greatest reading of the clock.
    pub hlc: Hlc,
    /// The last link; all zero before the first of an epoch.
    pub link: Digest,
}

/// A place where the log is not what was once written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("log entry {origin}: {what}")]
#[non_exhaustive]
pub struct ChainFault {
    /// The entry.
    pub origin: Origin,
    /// What is wrong with it.
    pub what: &'static str,
}

/// Writes an event down behind `head`, received at `now`; gives the entry and the new head.
///
/// `None` when the clock has run out (see [`Hlc::tick`]).
pub fn seal(head: &Head, event: &Event, salt: [u8; 16], now: Timestamp) -> Option<(LogEntry, Head)> {
    seal_written(head, event, event.content(), salt, now)
}

/// As [`seal`], with the event's content already written.
pub(crate) fn seal_written(
    head: &Head,
    event: &Event,
    content: String,
    salt: [u8; 16],
    now: Timestamp,
) -> Option<(LogEntry, Head)> {
    let hlc = head.hlc.tick(now)?;
    let origin = Origin { seq: head.origin.seq + 1, ..head.origin };
    let mut entry = LogEntry {
        origin,
        hlc,
        fold: FoldKey::of(event, hlc),
        received_at: now,
        sent_at: event.sent_at,
        payload_digest: payload_digest(&salt, &content),
        link: Digest::from_bytes([0; 32]),
        payload: Some(Sealed { salt, content }),
        struck: None,
    };
    entry.link = link(&head.link, &entry);
    let head = Head { origin, hlc, link: entry.link };
    Some((entry, head))
}

/// Reads the event of an entry back. `Ok(None)` where its payload was erased.
///
/// # Errors
/// The payload is no event: the store was written by something else, or is damaged.
pub fn open(entry: &LogEntry) -> Result<Option<Recorded>, EventError> {
    let Some(sealed) = &entry.payload else { return Ok(None) };
    let mut event = Event::from_json(&sealed.content, &CodecOptions::default())?;
    event.sent_at = entry.sent_at;
    Ok(Some(Recorded {
        event,
        fold: entry.fold,
        origin: entry.origin,
        hlc: entry.hlc,
        received_at: entry.received_at,
    }))
}

impl Head {
    /// The head before the first entry of an epoch, whose clock goes on from `hlc`.
    pub fn start(device: crate::vocab::DeviceId, epoch: u32, hlc: Hlc) -> Head {
        Head { origin: Origin { device, epoch, seq: 0 }, hlc, link: Digest::from_bytes([0; 32]) }
    }
}

impl LogEntry {
    /// The key of its event.
    pub fn key(&self) -> EventKey {
        self.fold.key
    }

    /// Checks that the entry follows `head` and that its payload, where it is still there, is the
    /// one written; gives the head behind it.
    pub fn check(&self, head: &Head) -> Result<Head, ChainFault> {
        let fault = |what| ChainFault { origin: self.origin, what };
        let expected = Origin { seq: head.origin.seq + 1, ..head.origin };
        if self.origin != expected {
            return Err(fault("expected the next sequence number of its device and epoch"));
        }
        if self.hlc <= head.hlc {
            return Err(fault("expected a clock that only grows"));
        }
        self.check_payload()?;
        if link(&head.link, self) != self.link {
            return Err(fault("expected the link that follows from the entry before it"));
        }
        Ok(Head { origin: self.origin, hlc: self.hlc, link: self.link })
    }

    /// Checks that the payload, where it is still there, is the one that the digest was taken of.
    pub fn check_payload(&self) -> Result<(), ChainFault> {
        let expected = self.struck.unwrap_or(self.payload_digest);
        match &self.payload {
            Some(sealed) if sealed.digest() != expected => {
                let what = "expected the payload that its digest was taken of";
                Err(ChainFault { origin: self.origin, what })
            }
            _ => Ok(()),
        }
    }

    /// Whether an event has the content of this entry; `None` where the payload was erased or struck.
    pub fn is_same(&self, event: &Event) -> Option<bool> {
        self.has_content(&event.content())
    }

    /// Whether this is the content of this entry; `None` where the payload was erased or struck.
    pub(crate) fn has_content(&self, content: &str) -> Option<bool> {
        let known = self.payload.as_ref()?.content == content;
        (known || self.struck.is_none()).then_some(known)
    }

    /// The entry with its payload erased; the chain still checks.
    #[must_use]
    pub fn erased(self) -> LogEntry {
        self.struck(None)
    }

    /// The entry with what is left of its payload, or nothing; the chain still checks.
    #[must_use]
    pub fn struck(mut self, left: Option<Sealed>) -> LogEntry {
        self.struck = left.as_ref().map(Sealed::digest);
        self.payload = left;
        self
    }
}

fn payload_digest(salt: &[u8; 16], content: &str) -> Digest {
    let mut hash = Context::new(&SHA256);
    hash.update(salt);
    hash.update(content.as_bytes());
    finish(hash)
}

fn link(before: &Digest, entry: &LogEntry) -> Digest {
    let mut hash = Context::new(&SHA256);
    hash.update(CHAIN);
    hash.update(before.as_bytes());
    hash.update(entry.origin.device.as_bytes());
    hash.update(&entry.origin.epoch.to_be_bytes());
    hash.update(&entry.origin.seq.to_be_bytes());
    hash.update(&entry.hlc.as_raw().to_be_bytes());
    hash.update(entry.fold.key.as_bytes());
    hash.update(&entry.fold.at.as_micros().to_be_bytes());
    hash.update(&entry.received_at.as_micros().to_be_bytes());
    // -1 stands for no time: no time of sending lies before 1970.
    hash.update(&entry.sent_at.map_or(-1, Timestamp::as_micros).to_be_bytes());
    hash.update(entry.payload_digest.as_bytes());
    finish(hash)
}

fn finish(hash: Context) -> Digest {
    Digest::from_bytes(hash.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::event::Body;
    use crate::vocab::DeviceId;

    fn head() -> Head {
        Head::start(DeviceId::from_bytes([7; 16]), 1, Hlc::ZERO)
    }

    fn event(id: &str) -> Event {
        Event::new(
            "//till/1".parse().unwrap(),
            id.parse().unwrap(),
            Timestamp::MIN,
            Body::custom("Door Opened").unwrap(),
        )
    }

    fn chain(count: u8) -> Vec<LogEntry> {
        let mut head = head();
        let mut entries = Vec::new();
        for n in 0..count {
            let now = Timestamp::from_millis(1_000 - i64::from(n)).unwrap();
            let (entry, next) = seal(&head, &event(&format!("e{n}")), [n; 16], now).unwrap();
            entries.push(entry);
            head = next;
        }
        entries
    }

    fn check(entries: &[LogEntry]) -> Result<Head, ChainFault> {
        entries.iter().try_fold(head(), |head, entry| entry.check(&head))
    }

    #[test]
    fn chain_checks_and_events_come_back() {
        let entries = chain(5);
        assert_eq!(check(&entries).unwrap().origin.seq, 5);
        let back = open(&entries[2]).unwrap().unwrap();
        assert_eq!(back.event, event("e2"));
        assert_eq!(entries[2].is_same(&event("e2")), Some(true));
        assert_eq!(entries[2].is_same(&event("e3")), Some(false));
    }

    #[test]
    fn an_erased_payload_leaves_the_chain_whole() {
        let mut entries = chain(3);
        entries[1] = entries[1].clone().erased();
        assert!(check(&entries).is_ok());
        assert_eq!(open(&entries[1]), Ok(None));
        assert_eq!(entries[1].is_same(&event("e1")), None);
    }

    #[test]
    fn what_is_left_of_a_payload_is_what_its_own_digest_says() {
        let mut entries = chain(3);
        let left = Sealed { salt: [9; 16], content: event("e1").content() + " " };
        entries[1] = entries[1].clone().struck(Some(left));
        assert!(check(&entries).is_ok());
        assert_eq!(entries[1].is_same(&event("e1")), None, "nobody can tell any more");
        entries[1].payload.as_mut().unwrap().content.push(' ');
        assert!(check(&entries).is_err());
    }

    #[test]
    fn every_field_is_under_the_chain() {
        type Change = fn(&mut LogEntry);
        let changes: [Change; 8] = [
            |entry| entry.hlc = Hlc::from_raw(entry.hlc.as_raw() + 1),
            |entry| entry.origin.device = DeviceId::from_bytes([8; 16]),
            |entry| entry.origin.epoch += 1,
            |entry| entry.fold.at = Timestamp::MAX,
            |entry| entry.fold.key = EventKey::from_bytes([0; 16]),
            |entry| entry.received_at = Timestamp::MAX,
            |entry| entry.sent_at = Some(Timestamp::MIN),
            |entry| entry.payload.as_mut().unwrap().content.push(' '),
        ];
        for change in changes {
            let mut entries = chain(3);
            change(&mut entries[1]);
            assert!(check(&entries).is_err());
        }
        let mut entries = chain(3);
        entries.remove(1);
        assert!(check(&entries).is_err());
        entries = chain(3);
        entries.swap(0, 1);
        assert!(check(&entries).is_err());
    }
}
