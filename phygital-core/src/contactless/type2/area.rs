//! The data area: objects side by side, with holes where lock bits and reserved bytes lie (Type 2 Tag 1.2 §2.3, §2.4).

use std::ops::Range;

use super::{PAGE, Type2Error};
use crate::contactless::ndef::NDEF_MESSAGE_MAX;

/// Most reserved areas that objects may tell of. Tags have one or two.
pub const TYPE2_RESERVED_MAX: usize = 8;

/// Where the data area begins: after the UID, the lock bytes and the capability container.
pub(super) const AREA_START: usize = 4 * PAGE;

/// The capability container, page 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the page")]
pub struct Type2Capability {
    /// The mapping version: major in the upper four bits, 1; minor in the lower.
    pub version: u8,
    /// Bytes of the data area, up to 2,040.
    pub size: usize,
    /// 0 in the upper four bits if the tag may be read; 0 in the lower if it may be written.
    pub access: u8,
}

impl Type2Capability {
    /// Reads page 3.
    ///
    /// # Errors
    /// [`Type2Error::Container`], or [`Type2Error::AccessDenied`] if the tag may not be read.
    pub fn parse(page: [u8; PAGE]) -> Result<Self, Type2Error> {
        let [0xE1, version, size, access] = page else { return Err(Type2Error::Container) };
        if version >> 4 != 1 {
            return Err(Type2Error::Container);
        }
        if access >> 4 != 0 {
            return Err(Type2Error::AccessDenied);
        }
        Ok(Self { version, size: usize::from(size) * 8, access })
    }
}

/// What the memory as far as it is known says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It goes on: the memory is needed up to here, which is more than is known.
    More(usize),
    /// The message.
    Message(Vec<u8>),
}

const NULL: u8 = 0x00;
const LOCK_CONTROL: u8 = 0x01;
const MEMORY_CONTROL: u8 = 0x02;
const NDEF: u8 = 0x03;
const TERMINATOR: u8 = 0xFE;

/// Looks for the first message in the memory, from page 0 as far as it is known.
pub(super) fn find(memory: &[u8], capability: Type2Capability) -> Result<Found, Type2Error> {
    let end = AREA_START + capability.size;
    let mut area = Area { memory, at: AREA_START, end, reserved: Vec::new() };
    match area.message() {
        Ok(message) => Ok(Found::Message(message)),
        Err(Stop::Unknown(up_to)) => Ok(Found::More(up_to)),
        Err(Stop::Fault(error)) => Err(error),
    }
}

/// Why the bytes do not go on.
enum Stop {
    Unknown(usize),
    Fault(Type2Error),
}

impl From<Type2Error> for Stop {
    fn from(error: Type2Error) -> Self {
        Self::Fault(error)
    }
}

struct Area<'m> {
    memory: &'m [u8],
    /// The address of the next byte.
    at: usize,
    end: usize,
    /// Addresses that are skipped.
    reserved: Vec<Range<usize>>,
}

impl Area<'_> {
    fn message(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            // The end of the area ends the objects, as a terminator does.
            self.skip_reserved();
            if self.at >= self.end {
                return Err(Type2Error::NoMessage.into());
            }
            match self.byte()? {
                NULL => {}
                TERMINATOR => return Err(Type2Error::NoMessage.into()),
                kind @ (LOCK_CONTROL | MEMORY_CONTROL) => self.control(kind)?,
                NDEF => {
                    return match self.length()? {
                        0 => Err(Type2Error::Empty.into()),
                        length if length > NDEF_MESSAGE_MAX => Err(Type2Error::TooLong.into()),
                        length => self.bytes(length),
                    };
                }
                _ => {
                    let length = self.length()?;
                    self.skip(length)?;
                }
            }
        }
    }

    /// An object that tells of bytes that are no data. They are counted in pages of a size that it tells.
    fn control(&mut self, kind: u8) -> Result<(), Stop> {
        if self.length()? != 3 {
            return Err(Type2Error::Area { expected: "three bytes in a control object" }.into());
        }
        let value = self.bytes(3)?;
        let [position, size, page] = [value[0], value[1], value[2]].map(usize::from);
        let from = (position >> 4) * (1 << (page & 0x0F)) + (position & 0x0F);
        let size = if size == 0 { 256 } else { size };
        let length = if kind == LOCK_CONTROL { size.div_ceil(8) } else { size };
        if self.reserved.len() == TYPE2_RESERVED_MAX {
            return Err(Type2Error::TooMany.into());
        }
        self.reserved.push(from..from + length);
        Ok(())
    }

    fn length(&mut self) -> Result<usize, Stop> {
        match self.byte()? {
            0xFF => match u16::from_be_bytes([self.byte()?, self.byte()?]) {
                length @ 0xFF..=0xFFFE => Ok(usize::from(length)),
                _ => Err(Type2Error::Area { expected: "a length of 255 to 65534 in its long form" }.into()),
            },
            length => Ok(usize::from(length)),
        }
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Stop> {
        let mut ahead = Area { reserved: self.reserved.clone(), ..*self };
        ahead.skip(length)?;
        // All of it is there, so far as the area goes; how much more has to be read is known at once.
        if ahead.at > self.memory.len() {
            return Err(Stop::Unknown(ahead.at));
        }
        (0..length).map(|_| self.byte()).collect()
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        self.step()?;
        self.memory.get(self.at - 1).copied().ok_or(Stop::Unknown(self.at))
    }

    fn skip(&mut self, length: usize) -> Result<(), Stop> {
        (0..length).try_for_each(|_| self.step())
    }

    /// Goes past one byte that is not reserved.
    fn step(&mut self) -> Result<(), Stop> {
        self.skip_reserved();
        if self.at >= self.end {
            return Err(Type2Error::Area { expected: "objects that end within it" }.into());
        }
        self.at += 1;
        Ok(())
    }

    fn skip_reserved(&mut self) {
        while let Some(range) = self.reserved.iter().find(|range| range.contains(&self.at)) {
            self.at = range.end;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Slow and obvious: one byte after the other, in a list of the addresses that are data.
    pub(in super::super) fn oracle(memory: &[u8], size: usize) -> Result<Vec<u8>, &'static str> {
        let mut reserved = BTreeSet::new();
        let mut areas = 0;
        let mut at = AREA_START;
        let next = |at: &mut usize, reserved: &BTreeSet<usize>| -> Option<u8> {
            while reserved.contains(at) {
                *at += 1;
            }
            *at += 1;
            if *at > AREA_START + size { None } else { Some(memory[*at - 1]) }
        };
        loop {
            let kind = next(&mut at, &reserved).ok_or("no_message")?;
            match kind {
                0 => continue,
                0xFE => return Err("no_message"),
                _ => {}
            }
            let mut length = usize::from(next(&mut at, &reserved).ok_or("bad_area")?);
            if length == 0xFF {
                let high = next(&mut at, &reserved).ok_or("bad_area")?;
                let low = next(&mut at, &reserved).ok_or("bad_area")?;
                length = usize::from(high) * 256 + usize::from(low);
                if !(255..65535).contains(&length) {
                    return Err("bad_area");
                }
            }
            if kind == 3 && length == 0 {
                return Err("empty");
            }
            if kind == 3 && length > NDEF_MESSAGE_MAX {
                return Err("too_long");
            }
            if kind < 3 && length != 3 {
                return Err("bad_area");
            }
            let mut value = Vec::new();
            for _ in 0..length {
                value.push(next(&mut at, &reserved).ok_or("bad_area")?);
            }
            if kind == 3 {
                return Ok(value);
            }
            if kind < 3 {
                areas += 1;
                if areas > TYPE2_RESERVED_MAX {
                    return Err("too_many");
                }
                let from = usize::from(value[0] / 16) * 2usize.pow(u32::from(value[2] % 16))
                    + usize::from(value[0] % 16);
                let size = if value[1] == 0 { 256 } else { usize::from(value[1]) };
                let bytes = if kind == 1 { size.div_ceil(8) } else { size };
                reserved.extend(from..from + bytes);
            }
        }
    }

    pub(in super::super) fn memories() -> impl Strategy<Value = (Vec<u8>, u8)> {
        let object = prop_oneof![
            3 => Just(vec![0u8]),
            3 => (1..3u8, any::<u8>(), 0..40u8, 0..6u8).prop_map(|(kind, position, size, page)| vec![kind, 3, position, size, page]),
            2 => (prop_oneof![Just(3u8), Just(0xFD)], prop::collection::vec(any::<u8>(), 0..60))
                .prop_map(|(kind, value)| [vec![kind, u8::try_from(value.len()).unwrap()], value].concat()),
            1 => prop::collection::vec(any::<u8>(), 200..600)
                .prop_map(|value| [vec![3, 0xFF], u16::try_from(value.len()).unwrap().to_be_bytes().to_vec(), value].concat()),
            1 => prop::collection::vec(any::<u8>(), 1..5),
            1 => Just(vec![0xFE]),
        ];
        let objects = prop::collection::vec(object, 0..12);
        (objects, any::<u8>()).prop_map(|(objects, size)| {
            let mut memory = vec![4; AREA_START];
            memory[12..].copy_from_slice(&[0xE1, 0x10, size, 0]);
            memory.extend(objects.concat());
            memory.resize(AREA_START + 2_040 + 16, 0);
            (memory, size)
        })
    }

    proptest! {
        #[test]
        fn areas_are_read_as_the_oracle_does((memory, size) in memories()) {
            let capability = Type2Capability::parse([0xE1, 0x10, size, 0]).unwrap();
            let expected = oracle(&memory, capability.size);
            let found = find(&memory, capability).map_err(Type2Error::code);
            prop_assert_eq!(found.clone(), expected.map(Found::Message));
            // Read bit by bit it asks for no byte past its area, and comes to the same.
            let mut known = AREA_START;
            let step_by_step = loop {
                match find(&memory[..known], capability) {
                    Ok(Found::More(up_to)) => {
                        prop_assert!(up_to > known && up_to <= AREA_START + capability.size);
                        known = up_to;
                    }
                    Ok(message) => break Ok(message),
                    Err(error) => break Err(error.code()),
                }
            };
            prop_assert_eq!(step_by_step, found);
        }
    }

    fn message(objects: &[u8], size: usize) -> Result<Vec<u8>, &'static str> {
        let mut memory = [&[4; AREA_START][..], objects].concat();
        memory.resize(AREA_START + size.max(objects.len()), 0);
        match find(&memory, Type2Capability { version: 0x10, size, access: 0 }) {
            Ok(Found::Message(message)) => Ok(message),
            Ok(Found::More(_)) => unreachable!("all of it is known"),
            Err(error) => Err(error.code()),
        }
    }

    #[test]
    fn messages_of_common_tags_are_found() {
        // NTAG 203 as it leaves the factory: lock bits behind the area.
        assert_eq!(message(&[1, 3, 0xA0, 0x10, 0x44, 3, 0, 0xFE], 144), Err("empty"));
        assert_eq!(message(&[1, 3, 0xA0, 0x0C, 0x34, 3, 3, 0xD0, 0, 0, 0xFE], 144), Ok(vec![0xD0, 0, 0]));
        // Four bytes at address 24 are no data.
        let holed = [2, 3, 0x18, 4, 0x04, 3, 3, 0xD0, 9, 9, 9, 9, 0, 0];
        assert_eq!(message(&holed, 144), Ok(vec![0xD0, 0, 0]));
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        assert_eq!(message(&[0; 16], 16), Err("no_message"));
        assert_eq!(message(&[0xFE, 3, 1, 7], 16), Err("no_message"));
        assert_eq!(message(&[0xFD, 1, 7, 0xFE], 16), Err("no_message"));
        assert_eq!(message(&[3, 15, 7], 16), Err("bad_area"));
        assert_eq!(message(&[3, 14, 7], 16).map(|message| message.len()), Ok(14));
        assert_eq!(message(&[3, 0xFF, 0, 0xFE], 400), Err("bad_area"));
        assert_eq!(message(&[3, 0xFF, 0xFF, 0xFF], 400), Err("bad_area"));
        assert_eq!(message(&[1, 2, 0, 0], 16), Err("bad_area"));
        assert_eq!(message(&[], 0), Err("no_message"));
        let [high, low] = u16::try_from(NDEF_MESSAGE_MAX).unwrap().to_be_bytes();
        assert_eq!(message(&[3, 0xFF, high, low], 16), Err("bad_area"));
        assert_eq!(message(&[3, 0xFF, high, low + 1], 16), Err("too_long"));
    }

    #[test]
    fn reserved_areas_are_counted() {
        let control = [2, 3, 0xF0, 1, 0x08];
        let full = [control.repeat(TYPE2_RESERVED_MAX), vec![3, 1, 7]].concat();
        assert_eq!(message(&full, 144), Ok(vec![7]));
        assert_eq!(message(&control.repeat(TYPE2_RESERVED_MAX + 1), 144), Err("too_many"));
    }

    #[test]
    fn containers_are_told_apart() {
        for (page, code) in [
            ([0xE1, 0x10, 0x12, 0x00], None),
            ([0xE1, 0x11, 0x12, 0x0F], None),
            ([0xE2, 0x10, 0x12, 0x00], Some("bad_container")),
            ([0xE1, 0x20, 0x12, 0x00], Some("bad_container")),
            ([0x00; 4], Some("bad_container")),
            ([0xE1, 0x10, 0x12, 0xF0], Some("access_denied")),
        ] {
            assert_eq!(Type2Capability::parse(page).err().map(Type2Error::code), code, "{page:02X?}");
        }
    }
}
