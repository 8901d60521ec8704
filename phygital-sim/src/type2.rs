//! NFC Forum Type 2 tags: NTAG 213, 215 and 216, and the 22x DNA.

mod chip;
mod locks;

use std::fmt;

use phygital_core::crypto::{Secret, aes128_cmac, truncate_mac};
use phygital_core::vocab::tag::{ReadCounter, TagUid};

use crate::card::{Activation, Answer, SoftCard};
use crate::dice::Dice;
pub use chip::Type2TagChip;

/// Bytes of a page.
const PAGE: usize = 4;
/// It did it.
const ACK: u8 = 0x0A;
/// It refuses: an argument, or what is locked or protected.
const NAK: u8 = 0x00;
/// The fixed byte of the UID's check (ISO/IEC 14443-3: the cascade tag).
const CASCADE_TAG: u8 = 0x88;

/// What a tag writes into its memory while it is read, as ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mirrored {
    /// The UID: 14 characters.
    Uid,
    /// The counter: 6 characters.
    Counter,
    /// Both, with an `x` between: 21 characters.
    UidAndCounter,
    /// Both and the MAC over them: 38 characters. NTAG 22x only.
    Suncmac,
}

/// A Type 2 tag in software: memory, locks, counter, mirrors and signature of its chip (NTAG213/215/216 data sheet;
/// NTAG 223/224 DNA, AN12998). Passwords and authentication are not part of it: all is as open as its locks.
///
/// After a refusal it is silent until it is selected anew, as the chips are.
///
/// ```
/// use phygital_core::contactless::Step;
/// use phygital_core::contactless::type2::Type2Reader;
/// use phygital_sim::{Answer, Mirrored, SoftCard, Type2Tag, Type2TagChip};
/// let text = b"\xD1\x01\x22U\x04t.example?m=00000000000000x000000";
/// let mut tag = Type2Tag::new(Type2TagChip::Ntag215, "04a1b2c3d4e5f6".parse()?, 7)
///     .ndef(text)?
///     .mirror(Mirrored::UidAndCounter, b"00000000000000x000000")?;
/// tag.activate();
/// let (mut reader, mut command) = Type2Reader::new();
/// let read = loop {
///     let Answer::Bytes(answer) = tag.answer(&command) else { panic!("it is readable") };
///     match reader.next(&answer)? {
///         Step::Send(next) => command = next,
///         Step::Done(read) => break read,
///     }
/// };
/// assert!(read.message.ends_with(b"?m=04A1B2C3D4E5F6x000001"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Type2Tag {
    chip: Type2TagChip,
    uid: TagUid,
    pages: Vec<[u8; PAGE]>,
    signature: Vec<u8>,
    mirror: Option<(Mirrored, usize)>,
    counter: ReadCounter,
    counts: bool,
    key: Option<Secret<16>>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not selected, or gone after a refusal.
    Idle,
    /// Selected; whether it was read since.
    Active { was_read: bool },
}

/// What does not fit on a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Type2TagError {
    /// A message longer than the memory.
    #[error("a message of {found} bytes, at most {most} fit")]
    TooLong {
        /// Bytes found.
        found: usize,
        /// Bytes that fit.
        most: usize,
    },
    /// A mirror without its placeholder, or one that the chip does not have.
    #[error("the mirror needs a placeholder of {expected} characters in the message, on a chip that has it")]
    Mirror {
        /// Characters that it needs.
        expected: usize,
    },
}

impl Type2Tag {
    /// A tag as the factory delivers it: an empty message, nothing locked. Its signature is none that anybody would
    /// accept.
    #[must_use]
    pub fn new(chip: Type2TagChip, uid: TagUid, seed: u64) -> Self {
        let mut pages = vec![[0; PAGE]; chip.pages()];
        let [a, b, c, d, e, f, g] = *uid.as_bytes();
        pages[0] = [a, b, c, CASCADE_TAG ^ a ^ b ^ c];
        pages[1] = [d, e, f, g];
        pages[2] = [d ^ e ^ f ^ g, 0x48, 0x00, 0x00];
        pages[3] = [0xE1, 0x10, chip.capability(), 0x00];
        pages[4] = [0x03, 0x00, 0xFE, 0x00];
        pages[chip.dynamic_locks()] = [0x00, 0x00, 0x00, 0xBD];
        let signature = Dice::new(seed).vec(chip.signature_bytes());
        Self {
            chip,
            uid,
            pages,
            signature,
            mirror: None,
            counter: ReadCounter::ZERO,
            counts: false,
            key: None,
            state: State::Idle,
        }
    }

    /// With this NDEF message, in its TLV and ended by a terminator.
    ///
    /// # Errors
    /// [`Type2TagError::TooLong`].
    pub fn ndef(mut self, message: &[u8]) -> Result<Self, Type2TagError> {
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
        let head: &[u8] =
            if message.len() < 0xFF { &[0x03, length[1]] } else { &[0x03, 0xFF, length[0], length[1]] };
        let tlv = [head, message, &[0xFE]].concat();
        let user = self.chip.user_pages();
        // Less than there is, on the larger chips: readers go by the container.
        let most = usize::from(self.chip.capability()) * 8;
        if tlv.len() > most {
            return Err(Type2TagError::TooLong { found: message.len(), most: most - head.len() - 1 });
        }
        for (page, bytes) in self.pages[user].iter_mut().zip(tlv.chunks(PAGE)) {
            *page = [0; PAGE];
            page[..bytes.len()].copy_from_slice(bytes);
        }
        Ok(self)
    }

    /// Mirrors this over the first place in the memory that has the placeholder. It counts from now on.
    ///
    /// # Errors
    /// [`Type2TagError::Mirror`] without such a place, for a placeholder of another length, or for a MAC on a chip
    /// without a key.
    pub fn mirror(mut self, what: Mirrored, placeholder: &[u8]) -> Result<Self, Type2TagError> {
        let expected = what.chars();
        let memory = self.pages[self.chip.user_pages()].concat();
        let place = memory.windows(placeholder.len().max(1)).position(|window| window == placeholder);
        let fits = placeholder.len() == expected && (what != Mirrored::Suncmac || self.key.is_some());
        let place = place.filter(|_| fits).ok_or(Type2TagError::Mirror { expected })?;
        self.mirror = Some((what, self.chip.user_pages().start * PAGE + place));
        self.counts = what != Mirrored::Uid;
        Ok(self)
    }

    /// With this SUNCMAC key, on a chip that has one.
    #[must_use]
    pub fn suncmac_key(self, key: Secret<16>) -> Self {
        Self { key: self.chip.has_key().then_some(key), ..self }
    }

    /// With this signature of the factory: 32 bytes on NTAG 21x, 48 on NTAG 22x.
    #[must_use]
    pub fn signature(self, signature: &[u8]) -> Self {
        Self { signature: signature.to_vec(), ..self }
    }

    /// Counts each reading, also where it mirrors no counter.
    #[must_use]
    pub fn counting(self) -> Self {
        Self { counts: true, ..self }
    }

    /// As if it had been read so often.
    #[must_use]
    pub fn counted(self, counter: ReadCounter) -> Self {
        Self { counter, ..self }
    }

    /// Which tag it is.
    #[must_use]
    pub fn uid(&self) -> TagUid {
        self.uid
    }

    /// How often it was read.
    #[must_use]
    pub fn counter(&self) -> ReadCounter {
        self.counter
    }

    /// The memory as it is written, without mirrors, all pages.
    #[must_use]
    pub fn memory(&self) -> Vec<u8> {
        self.pages.concat()
    }

    /// The memory as a reader sees it.
    fn seen(&self) -> Vec<u8> {
        let mut memory = self.memory();
        for page in self.chip.secret_pages() {
            memory[page * PAGE..(page + 1) * PAGE].fill(0);
        }
        if let Some((what, at)) = self.mirror {
            let text = self.text(what);
            // A placeholder was found there; whoever wrote over it since gets the mirror all the same.
            memory[at..at + text.len()].copy_from_slice(text.as_bytes());
        }
        memory
    }

    fn text(&self, what: Mirrored) -> String {
        let uid = self.uid.to_string().to_uppercase();
        let counter = format!("{:06X}", self.counter.get());
        match what {
            Mirrored::Uid => uid,
            Mirrored::Counter => counter,
            Mirrored::UidAndCounter => format!("{uid}x{counter}"),
            Mirrored::Suncmac => {
                let [low, middle, high] = self.counter.to_lsb();
                let input = [&self.uid.as_bytes()[..], &[high, middle, low]].concat();
                let mac = self.key.as_ref().map_or([0; 16], |key| aes128_cmac(key, &input));
                let mac: String = truncate_mac(&mac).iter().map(|byte| format!("{byte:02X}")).collect();
                format!("{uid}x{counter}x{mac}")
            }
        }
    }

    /// The first read after the selection counts, but for a counter at its last value.
    fn count(&mut self) {
        if self.state == (State::Active { was_read: false }) {
            self.state = State::Active { was_read: true };
            if self.counts {
                self.counter = ReadCounter::new(self.counter.get() + 1).unwrap_or(self.counter);
            }
        }
    }

    fn run(&mut self, command: &[u8]) -> Result<Answer, u8> {
        let pages = self.pages.len();
        match *command {
            [0x60] => Ok(Answer::Bytes(self.chip.version().to_vec())),
            [0x30, page] if usize::from(page) < pages => {
                self.count();
                let seen = self.seen();
                let from = usize::from(page) * PAGE;
                // It rolls over to the first page.
                Ok(Answer::Bytes((from..from + 4 * PAGE).map(|at| seen[at % seen.len()]).collect()))
            }
            [0x3A, first, last] if first <= last && usize::from(last) < pages => {
                self.count();
                let seen = self.seen();
                Ok(Answer::Bytes(seen[usize::from(first) * PAGE..(usize::from(last) + 1) * PAGE].to_vec()))
            }
            [0xA2, page, a, b, c, d] if usize::from(page) < pages => {
                self.write(usize::from(page), [a, b, c, d])?;
                Ok(Answer::Nibble(ACK))
            }
            [0x39, 0x02] if self.counts => Ok(Answer::Bytes(self.counter.to_lsb().to_vec())),
            [0x3C, 0x00] => Ok(Answer::Bytes(self.signature.clone())),
            // HALT is answered by nothing.
            [0x50, 0x00] => {
                self.state = State::Idle;
                Ok(Answer::Silence)
            }
            _ => Err(NAK),
        }
    }

    fn write(&mut self, page: usize, data: [u8; PAGE]) -> Result<(), u8> {
        let locks = locks::Locks::of(&self.pages, self.chip);
        match page {
            0 | 1 => return Err(NAK),
            // The bits of locks and of the container only ever go on.
            2 => {
                let [.., low, high] = data;
                let allowed = locks.static_bits();
                self.pages[2][2] |= low & allowed[0];
                self.pages[2][3] |= high & allowed[1];
            }
            3 if locks.is_locked(3) => return Err(NAK),
            3 => self.pages[3].iter_mut().zip(data).for_each(|(byte, bits)| *byte |= bits),
            page if page == self.chip.dynamic_locks() => {
                let allowed = locks.dynamic_bits();
                let bits = data.iter().zip(allowed).map(|(bits, allowed)| bits & allowed);
                self.pages[page].iter_mut().zip(bits).for_each(|(byte, bits)| *byte |= bits);
            }
            page if locks.is_locked(page) => return Err(NAK),
            page => {
                self.pages[page] = data;
                if self.chip.key_pages().contains(&page) {
                    let bytes = self.pages[self.chip.key_pages()].concat();
                    // The last byte comes first (NTAG 223/224 DNA).
                    self.key = Some(Secret::take(&mut std::array::from_fn(|i| bytes[15 - i])));
                }
            }
        }
        Ok(())
    }
}

impl Mirrored {
    /// How many characters it takes.
    #[must_use]
    pub const fn chars(self) -> usize {
        match self {
            Self::Uid => 14,
            Self::Counter => 6,
            Self::UidAndCounter => 21,
            Self::Suncmac => 38,
        }
    }
}

impl SoftCard for Type2Tag {
    fn activate(&mut self) -> Activation {
        self.state = State::Active { was_read: false };
        Activation { atqa: [0x44, 0x00], sak: 0x00, uid: self.uid.as_bytes().to_vec(), ats: None }
    }

    fn lose_power(&mut self) {
        self.state = State::Idle;
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        if self.state == State::Idle {
            return Answer::Silence;
        }
        self.run(command).unwrap_or_else(|refusal| {
            self.state = State::Idle;
            Answer::Nibble(refusal)
        })
    }
}

impl fmt::Debug for Type2Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Type2Tag({:?}, {}, counter {}, key elided)", self.chip, self.uid, self.counter)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use phygital_core::contactless::Step;
    use phygital_core::contactless::type2::{Type2Reader, Type2Version};
    use phygital_core::tap::ntag22x::{self, SuncmacKeys};
    use phygital_core::vocab::tag::KeyEpoch;

    use super::*;

    const UID: TagUid = TagUid::new([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6]);

    fn tag(chip: Type2TagChip) -> Type2Tag {
        let mut tag = Type2Tag::new(chip, UID, 1);
        tag.activate();
        tag
    }

    fn bytes(tag: &mut Type2Tag, command: &[u8]) -> Vec<u8> {
        match tag.answer(command) {
            Answer::Bytes(bytes) => bytes,
            other => panic!("{command:02X?}: {other:?}"),
        }
    }

    fn message(tag: &mut Type2Tag) -> Vec<u8> {
        tag.activate();
        let (mut reader, mut command) = Type2Reader::new();
        loop {
            match reader.next(&bytes(tag, &command)).unwrap() {
                Step::Send(next) => command = next,
                Step::Done(read) => return read.message,
            }
        }
    }

    #[test]
    fn each_chip_says_which_it_is_and_holds_what_fits() {
        for chip in Type2TagChip::EACH {
            let mut blank = tag(chip);
            let version = Type2Version::parse(&bytes(&mut blank, &[0x60])).unwrap();
            assert_eq!(version.chip(), Some(chip.known()));
            assert_eq!(bytes(&mut blank, &[0x3C, 0x00]).len(), chip.signature_bytes());
            let first = bytes(&mut blank, &[0x30, 0]);
            assert_eq!(first[..12], [4, 0xA1, 0xB2, 0x9F, 0xC3, 0xD4, 0xE5, 0xF6, 0x04, 0x48, 0, 0]);
            let most = usize::from(chip.capability()) * 8;
            assert!(most <= chip.user_pages().len() * PAGE);
            let head = if most - 3 < 0xFF { 2 } else { 4 };
            let full = vec![7; most - head - 1];
            let mut written = Type2Tag::new(chip, UID, 1).ndef(&full).unwrap();
            assert_eq!(message(&mut written), full);
            let more = vec![7; most - head];
            let error = Type2Tag::new(chip, UID, 1).ndef(&more).unwrap_err();
            assert_eq!(error, Type2TagError::TooLong { found: more.len(), most: full.len() });
        }
    }

    #[test]
    fn a_refusal_silences_it_until_it_is_selected_anew() {
        for refused in [
            &[0x30, 45][..],
            &[0x3A, 3, 2],
            &[0x3A, 0, 45],
            &[0xA2, 0, 1, 2, 3, 4],
            &[0xA2, 45, 1, 2, 3, 4],
            &[0x39, 0x02],
            &[0x3C, 0x01],
            &[0x1B, 0, 0, 0, 0],
            &[],
        ] {
            let mut tag = tag(Type2TagChip::Ntag213);
            assert_eq!(tag.answer(refused), Answer::Nibble(NAK), "{refused:02X?}");
            assert_eq!(tag.answer(&[0x30, 0]), Answer::Silence);
            tag.activate();
            assert_eq!(bytes(&mut tag, &[0x30, 0]).len(), 16);
            assert_eq!(tag.answer(&[0x50, 0x00]), Answer::Silence);
            assert_eq!(tag.answer(&[0x30, 0]), Answer::Silence);
        }
    }

    #[test]
    fn reads_roll_over_and_ranges_do_not() {
        let mut tag = tag(Type2TagChip::Ntag213);
        let last = bytes(&mut tag, &[0x30, 44]);
        assert_eq!(last[4..8], [4, 0xA1, 0xB2, 0x9F]);
        assert_eq!(bytes(&mut tag, &[0x3A, 0, 44]).len(), 45 * PAGE);
        assert_eq!(bytes(&mut tag, &[0x3A, 4, 4]), [0x03, 0x00, 0xFE, 0x00]);
    }

    #[test]
    fn locks_only_ever_close() {
        let write = |tag: &mut Type2Tag, page: u8, data: [u8; 4]| {
            tag.activate();
            let [a, b, c, d] = data;
            tag.answer(&[0xA2, page, a, b, c, d])
        };
        let (done, refused) = (Answer::Nibble(ACK), Answer::Nibble(NAK));
        let mut tag = tag(Type2TagChip::Ntag213);
        assert_eq!(write(&mut tag, 4, [1, 2, 3, 4]), done);
        // Pages 4 and 8, then the lock bits of 4 to 9 themselves.
        assert_eq!(write(&mut tag, 2, [9, 9, 0x12, 0x01]), done);
        assert_eq!(write(&mut tag, 4, [5, 5, 5, 5]), refused);
        assert_eq!(write(&mut tag, 5, [5, 5, 5, 5]), done);
        assert_eq!(write(&mut tag, 8, [5, 5, 5, 5]), refused);
        assert_eq!(write(&mut tag, 2, [0, 0, 0xFF, 0x00]), done);
        // The page of bit 5 cannot be locked any more, that of the container can.
        assert_eq!(write(&mut tag, 5, [6, 6, 6, 6]), done);
        assert_eq!(write(&mut tag, 3, [0, 0, 0, 0x0F]), refused);
        // Beyond page 15: two pages a bit.
        assert_eq!(write(&mut tag, 40, [0x02, 0, 0, 0]), done);
        assert_eq!(write(&mut tag, 17, [1; 4]), done);
        assert_eq!(write(&mut tag, 18, [1; 4]), refused);
        assert_eq!(write(&mut tag, 19, [1; 4]), refused);
        assert_eq!(write(&mut tag, 20, [1; 4]), done);
        assert_eq!(write(&mut tag, 40, [0, 0, 0x01, 0]), done);
        assert_eq!(write(&mut tag, 40, [0x05, 0, 0, 0]), done);
        assert_eq!(write(&mut tag, 16, [1; 4]), done);
        assert_eq!(write(&mut tag, 20, [1; 4]), refused);
        assert_eq!(tag.memory()[4 * PAGE..5 * PAGE], [1, 2, 3, 4]);
    }

    #[test]
    fn bits_of_the_container_only_go_on() {
        let mut tag = tag(Type2TagChip::Ntag216);
        assert_eq!(tag.answer(&[0xA2, 3, 0, 0, 0, 0x0F]), Answer::Nibble(ACK));
        assert_eq!(tag.answer(&[0xA2, 3, 0, 0, 0, 0]), Answer::Nibble(ACK));
        assert_eq!(tag.memory()[12..16], [0xE1, 0x10, 0x6D, 0x0F]);
    }

    #[test]
    fn a_reading_counts_once_and_mirrors() {
        let text = b"\xD1\x01\x19U\x04h/?00000000000000x000000";
        let mut tag = Type2Tag::new(Type2TagChip::Ntag213, UID, 1)
            .ndef(text)
            .unwrap()
            .mirror(Mirrored::UidAndCounter, b"00000000000000x000000")
            .unwrap();
        for count in 1..4 {
            let read = message(&mut tag);
            assert_eq!(read[8..], *format!("04A1B2C3D4E5F6x{count:06X}").as_bytes());
            assert_eq!(bytes(&mut tag, &[0x39, 0x02]), [count, 0, 0]);
        }
        assert_eq!(tag.counter().get(), 3);
        let none = Type2Tag::new(Type2TagChip::Ntag213, UID, 1).mirror(Mirrored::Uid, b"00000000000000");
        assert_eq!(none.unwrap_err(), Type2TagError::Mirror { expected: 14 });
    }

    #[test]
    fn a_22x_mirrors_a_mac_that_verifies() {
        let place = [b'0'; 38];
        let text = [b"\xD1\x01\x3CU\x00https://t.example/?m=".as_slice(), &place].concat();
        let key = || Secret::take(&mut std::array::from_fn(|i| u8::try_from(i).unwrap()));
        for chip in [Type2TagChip::Ntag223, Type2TagChip::Ntag224] {
            let blank = Type2Tag::new(chip, UID, 1).ndef(&text).unwrap();
            // The key is written in reverse, four bytes a page, and not read back.
            let mut tag = blank.suncmac_key(Secret::zeros()).mirror(Mirrored::Suncmac, &place).unwrap();
            tag.activate();
            for (number, page) in chip.key_pages().enumerate() {
                let first = u8::try_from(15 - 4 * number).unwrap();
                let write = [0xA2, u8::try_from(page).unwrap(), first, first - 1, first - 2, first - 3];
                assert_eq!(tag.answer(&write), Answer::Nibble(ACK));
            }
            let start = u8::try_from(chip.key_pages().start).unwrap();
            assert_eq!(bytes(&mut tag, &[0x30, start]), [0; 16]);
            let mut keys = SuncmacKeys::new();
            keys.insert(UID, KeyEpoch::FIRST, key()).unwrap();
            let read = message(&mut tag);
            let url = std::str::from_utf8(&read[5..]).unwrap();
            let tap = ntag22x::verify(url, &keys).unwrap();
            assert_eq!((tap.uid(), tap.read_ctr().get()), (UID, 2));
        }
        let no_key = Type2Tag::new(Type2TagChip::Ntag213, UID, 1).ndef(&text).unwrap();
        let no_key = no_key.suncmac_key(Secret::zeros()).mirror(Mirrored::Suncmac, &place);
        assert_eq!(no_key.unwrap_err(), Type2TagError::Mirror { expected: 38 });
    }
}
