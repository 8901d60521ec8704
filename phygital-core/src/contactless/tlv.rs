//! BER-TLV objects, as cards and phones send them (ISO/IEC 7816-4 §5.2.2).
//!
//! Tags have up to three bytes, lengths are definite, in their shortest form, and up to 65,535. Nothing is copied and
//! nothing is read past what a length says; how deep objects nest is up to the caller, who opens them one by one.

use std::fmt;

/// Most objects side by side. The fullest answer of a phone has ten.
pub const TLV_OBJECTS_MAX: usize = 64;

/// Longest value, in bytes: what a length of three bytes can say.
pub const TLV_VALUE_MAX: usize = 65_535;

/// The tag of an object, as the number that its bytes make, such as `Tag(0x9F27)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number, by standard")]
pub struct Tag(pub u32);

impl Tag {
    /// Whether its value is made of objects: bit 6 of the first byte.
    #[must_use]
    pub fn is_constructed(self) -> bool {
        self.bytes().first().is_some_and(|byte| byte & 0x20 != 0)
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({:X})", self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}", self.0)
    }
}

/// An object: its tag and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tag and value, by standard")]
pub struct Tlv<'a> {
    /// What it is.
    pub tag: Tag,
    /// Its value; objects again where [`Tag::is_constructed`].
    pub value: &'a [u8],
}

/// Bytes that are no objects, or objects that are not those that were expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlvError {
    /// The bytes end within an object.
    #[error("an object that ends where its length says")]
    Truncated,
    /// No tag of one to three bytes.
    #[error("a tag of one to three bytes")]
    Tag,
    /// A length that is indefinite, not the shortest, or longer than three bytes.
    #[error("a definite length in its shortest form, of at most {TLV_VALUE_MAX}")]
    Length,
    /// More objects than [`TLV_OBJECTS_MAX`].
    #[error("more than {TLV_OBJECTS_MAX} objects side by side")]
    TooMany,
    /// An object that has to be there is not.
    #[error("no object {tag}")]
    Missing {
        /// Its tag.
        tag: Tag,
    },
    /// An object that may be there once is there twice.
    #[error("the object {tag} is there twice")]
    Duplicate {
        /// Its tag.
        tag: Tag,
    },
}

/// Objects side by side.
///
/// ```
/// use phygital_core::contactless::tlv::{Tag, Tlvs};
/// let answer = Tlvs::parse(&[0x6F, 0x07, 0x50, 0x02, b'h', b'i', 0x9F, 0x21, 0x00])?;
/// let inside = answer.only(Tag(0x6F))?;
/// let inside = Tlvs::parse(inside)?;
/// assert_eq!(inside.only(Tag(0x50))?, b"hi");
/// assert_eq!(inside.find(Tag(0x9F23))?, None);
/// # Ok::<(), phygital_core::contactless::tlv::TlvError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tlvs<'a>(Vec<Tlv<'a>>);

impl<'a> Tlvs<'a> {
    /// Reads objects until the bytes end.
    ///
    /// # Errors
    /// [`TlvError`] for anything but whole objects.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TlvError> {
        let mut objects = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            if objects.len() == TLV_OBJECTS_MAX {
                return Err(TlvError::TooMany);
            }
            let (object, after) = read(rest)?;
            objects.push(object);
            rest = after;
        }
        Ok(Self(objects))
    }

    /// The value of the object with this tag, if it is there.
    ///
    /// # Errors
    /// [`TlvError::Duplicate`] if it is there twice.
    pub fn find(&self, tag: Tag) -> Result<Option<&'a [u8]>, TlvError> {
        let mut found = self.0.iter().filter(|object| object.tag == tag);
        match (found.next(), found.next()) {
            (object, None) => Ok(object.map(|object| object.value)),
            (_, Some(_)) => Err(TlvError::Duplicate { tag }),
        }
    }

    /// The value of the object with this tag, which has to be there.
    ///
    /// # Errors
    /// [`TlvError::Missing`] and [`TlvError::Duplicate`].
    pub fn only(&self, tag: Tag) -> Result<&'a [u8], TlvError> {
        self.find(tag)?.ok_or(TlvError::Missing { tag })
    }

    /// The objects, in order.
    #[must_use]
    pub fn objects(&self) -> &[Tlv<'a>] {
        &self.0
    }
}

/// The first object, and the bytes after it.
fn read(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), TlvError> {
    let (tag, rest) = read_tag(bytes)?;
    let (length, rest) = read_length(rest)?;
    let (value, rest) = rest.split_at_checked(length).ok_or(TlvError::Truncated)?;
    Ok((Tlv { tag, value }, rest))
}

fn read_tag(bytes: &[u8]) -> Result<(Tag, &[u8]), TlvError> {
    let (first, mut rest) = bytes.split_first().ok_or(TlvError::Truncated)?;
    let mut tag = u32::from(*first);
    if *first == 0 {
        return Err(TlvError::Tag); // padding, which no phone sends
    }
    if first & 0x1F != 0x1F {
        return Ok((Tag(tag), rest));
    }
    // EMV numbers from 9F01, so a second byte below 1F, which X.690 would not write, is usual.
    for position in 1..3 {
        let (byte, after) = rest.split_first().ok_or(TlvError::Truncated)?;
        if position == 1 && *byte == 0x80 {
            return Err(TlvError::Tag);
        }
        tag = tag << 8 | u32::from(*byte);
        rest = after;
        if byte & 0x80 == 0 {
            return Ok((Tag(tag), rest));
        }
    }
    Err(TlvError::Tag)
}

fn read_length(bytes: &[u8]) -> Result<(usize, &[u8]), TlvError> {
    let (first, rest) = bytes.split_first().ok_or(TlvError::Truncated)?;
    let (length, rest, least) = match (first, rest) {
        (0x81, [length, rest @ ..]) => (usize::from(*length), rest, 0x80),
        (0x82, [high, low, rest @ ..]) => (usize::from(*high) << 8 | usize::from(*low), rest, 0x100),
        (0x81 | 0x82, _) => return Err(TlvError::Truncated),
        (0x80.., _) => return Err(TlvError::Length),
        (length, rest) => (usize::from(*length), rest, 0),
    };
    if length < least {
        return Err(TlvError::Length);
    }
    Ok((length, rest))
}

/// Appends an object.
///
/// # Errors
/// [`TlvError::Length`] for a value of more than [`TLV_VALUE_MAX`] bytes, [`TlvError::Tag`] for a number that is none.
pub fn push(out: &mut Vec<u8>, tag: Tag, value: &[u8]) -> Result<(), TlvError> {
    let bytes = tag.bytes();
    match read_tag(&bytes) {
        Ok((_, [])) => {}
        _ => return Err(TlvError::Tag),
    }
    let length = u16::try_from(value.len()).map_err(|_| TlvError::Length)?;
    out.extend_from_slice(&bytes);
    match length.to_be_bytes() {
        [0, low] if low < 0x80 => out.push(low),
        [0, low] => out.extend([0x81, low]),
        [high, low] => out.extend([0x82, high, low]),
    }
    out.extend_from_slice(value);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tags() -> impl Strategy<Value = Tag> {
        prop::sample::select(vec![0x50, 0x6F, 0x9F27, 0xBF0C, 0x005F_8101, 0xDF6D, 0x01]).prop_map(Tag)
    }

    fn written(objects: &[(Tag, Vec<u8>)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (tag, value) in objects {
            push(&mut out, *tag, value).unwrap();
        }
        out
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            objects in prop::collection::vec((tags(), prop::collection::vec(any::<u8>(), 0..300)), 0..6),
        ) {
            let bytes = written(&objects);
            let read = Tlvs::parse(&bytes).unwrap();
            let read: Vec<_> = read.objects().iter().map(|object| (object.tag, object.value.to_vec())).collect();
            prop_assert_eq!(read, objects);
        }

        /// Whatever is accepted has one spelling.
        #[test]
        fn what_is_read_writes_back(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0..4u8], 0..40)) {
            if let Ok(read) = Tlvs::parse(&bytes) {
                let objects: Vec<_> = read.objects().iter().map(|object| (object.tag, object.value.to_vec())).collect();
                prop_assert_eq!(written(&objects), bytes);
            }
        }
    }

    #[test]
    fn lengths_have_one_form() {
        for (bytes, error) in [
            (&[0x50][..], TlvError::Truncated),
            (&[0x50, 1], TlvError::Truncated),
            (&[0x50, 0x80, 0, 0], TlvError::Length),
            (&[0x50, 0x81, 0x7F], TlvError::Length),
            (&[0x50, 0x81], TlvError::Truncated),
            (&[0x50, 0x82, 0x00, 0xFF], TlvError::Length),
            (&[0x50, 0x82, 0x01], TlvError::Truncated),
            (&[0x50, 0x83, 1, 0, 0], TlvError::Length),
            (&[0x50, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], TlvError::Length),
            (&[0x00, 0x00], TlvError::Tag),
            (&[0x9F], TlvError::Truncated),
            (&[0x9F, 0x80, 0x01, 0], TlvError::Tag),
            (&[0x9F, 0x81, 0x82, 0x01, 0], TlvError::Tag),
        ] {
            assert_eq!(Tlvs::parse(bytes), Err(error), "{bytes:02X?}");
        }
        for length in [0, 0x7F, 0x80, 0xFF, 0x100, TLV_VALUE_MAX] {
            let bytes = written(&[(Tag(0x50), vec![7; length])]);
            assert_eq!(Tlvs::parse(&bytes).unwrap().only(Tag(0x50)).unwrap().len(), length);
        }
        let mut out = Vec::new();
        assert_eq!(push(&mut out, Tag(0x50), &vec![0; TLV_VALUE_MAX + 1]), Err(TlvError::Length));
        for tag in [0, 0x1F, 0x5050, 0x9F_8001, 0x9F81_8201] {
            assert_eq!(push(&mut out, Tag(tag), &[]), Err(TlvError::Tag), "{tag:X}");
        }
        assert!(out.is_empty());
    }

    #[test]
    fn objects_are_counted_and_told_apart() {
        let many = [0x50, 0].repeat(TLV_OBJECTS_MAX);
        assert_eq!(Tlvs::parse(&many).unwrap().objects().len(), TLV_OBJECTS_MAX);
        assert_eq!(Tlvs::parse(&[&many[..], &[0x50, 0]].concat()), Err(TlvError::TooMany));
        let two = Tlvs::parse(&[0x50, 0, 0x51, 0, 0x50, 0]).unwrap();
        assert_eq!(two.find(Tag(0x50)), Err(TlvError::Duplicate { tag: Tag(0x50) }));
        assert_eq!(two.only(Tag(0x51)), Ok(&[][..]));
        assert_eq!(two.only(Tag(0x52)), Err(TlvError::Missing { tag: Tag(0x52) }));
        assert!(Tag(0x6F).is_constructed() && Tag(0xBF0C).is_constructed() && !Tag(0x9F27).is_constructed());
    }
}
