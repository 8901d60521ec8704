//! The bytes of aggregates: small, and the same for the same aggregate on every machine.
//!
//! A head of four letters, a byte for what it is and one for the version; then integers of seven bits a byte, low bits
//! first (LEB128), signed ones folded so that small ones stay small (zigzag). Names and keys stand in rising order. What
//! is not written exactly so is refused: two different texts are never the same aggregate.

use thiserror::Error;

use super::channels::{ChannelError, ChannelId, Channels, Roster, id_at};
use super::outcome::{Count, Outcome};
use crate::vocab::leb128;

const HEAD: &[u8; 4] = b"PHAT";
const VERSION: u8 = 1;

/// Why bytes are no aggregate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AggregateError {
    /// Other bytes, another kind of aggregate, or a later version.
    #[error("not an aggregate of this kind and version")]
    Kind,
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Short,
    /// Bytes follow the end.
    #[error("bytes follow the end")]
    Long,
    /// Not written as this version writes it, or numbers that leave their range.
    #[error("not in the form that this version writes")]
    Form,
    /// A channel that cannot be one.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl From<leb128::Fault> for AggregateError {
    fn from(fault: leb128::Fault) -> AggregateError {
        match fault {
            leb128::Fault::Short => AggregateError::Short,
            leb128::Fault::Form => AggregateError::Form,
        }
    }
}

/// Why two aggregates do not go together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Values of different scales.
    #[error("values of {0} and of {1} decimals")]
    Scale(u8, u8),
    /// Models of different orders.
    #[error("transitions of order {0} and of order {1}")]
    Order(u8, u8),
    /// Other numbers of samples.
    #[error("{0} samples and {1}")]
    Samples(usize, usize),
    /// Sums that leave their range.
    #[error("the sums leave their range")]
    TooMuch,
    /// A path with shares of another length.
    #[error("the shares are those of another path")]
    Path,
    /// Too many channels together.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

/// What an aggregate is, in its bytes.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Credits = 1,
    Transitions = 2,
    Coalitions = 3,
    Ordered = 4,
    Samples = 5,
}

pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(form: Form, scale: u8, roster: &Roster) -> Writer {
        let mut writer = Writer(HEAD.to_vec());
        writer.0.extend([form as u8, VERSION, scale]);
        writer.length(roster.len());
        for name in &roster.names {
            writer.length(name.len());
            writer.0.extend(name.as_bytes());
        }
        writer
    }

    pub(super) fn number(&mut self, number: u128) {
        leb128::write(&mut self.0, number);
    }

    pub(super) fn signed(&mut self, number: i128) {
        self.number(((number << 1) ^ (number >> 127)).cast_unsigned());
    }

    pub(super) fn length(&mut self, length: usize) {
        self.number(length as u128);
    }

    pub(super) fn outcome(&mut self, outcome: &Outcome) {
        self.number(outcome.conversions.millionths().into());
        self.signed(outcome.value.into());
        self.number(outcome.nulls.millionths().into());
    }

    pub(super) fn key(&mut self, key: &[ChannelId]) {
        self.length(key.len());
        for id in key {
            self.number(id.0.into());
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

pub(super) struct Reader<'a> {
    rest: &'a [u8],
    channels: usize,
}

impl<'a> Reader<'a> {
    /// Reads the head: what follows it, the scale and the channels.
    pub(super) fn new(bytes: &'a [u8], form: Form) -> Result<(Reader<'a>, u8, Roster), AggregateError> {
        let rest = bytes.strip_prefix(HEAD).ok_or(AggregateError::Kind)?;
        let rest = rest.strip_prefix(&[form as u8, VERSION]).ok_or(AggregateError::Kind)?;
        let mut reader = Reader { rest, channels: 0 };
        let scale = reader.bytes(1)?[0];
        if scale > 18 {
            return Err(AggregateError::Form);
        }
        let mut channels = Channels::new();
        for at in 0..reader.length()? {
            let length = reader.length()?;
            let name = std::str::from_utf8(reader.bytes(length)?).map_err(|_| AggregateError::Form)?;
            if channels.intern(name)?.index() != at {
                return Err(AggregateError::Form);
            }
        }
        let (roster, map) = channels.roster();
        if !map.is_sorted() {
            return Err(AggregateError::Form);
        }
        reader.channels = roster.len();
        Ok((reader, scale, roster))
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], AggregateError> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(AggregateError::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn number(&mut self) -> Result<u128, AggregateError> {
        Ok(leb128::read(&mut self.rest)?)
    }

    pub(super) fn signed(&mut self) -> Result<i128, AggregateError> {
        let folded = self.number()?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    pub(super) fn narrow<T: TryFrom<u128>>(&mut self) -> Result<T, AggregateError> {
        T::try_from(self.number()?).map_err(|_| AggregateError::Form)
    }

    /// A number of things that follow, each of at least one byte.
    pub(super) fn length(&mut self) -> Result<usize, AggregateError> {
        let length = self.narrow::<usize>()?;
        if length > self.rest.len() { Err(AggregateError::Short) } else { Ok(length) }
    }

    pub(super) fn outcome(&mut self) -> Result<Outcome, AggregateError> {
        let conversions = Count::from_millionths(self.narrow()?);
        let value = i64::try_from(self.signed()?).map_err(|_| AggregateError::Form)?;
        Ok(Outcome { conversions, value, nulls: Count::from_millionths(self.narrow()?) })
    }

    pub(super) fn channel(&mut self) -> Result<ChannelId, AggregateError> {
        let at = self.narrow::<usize>()?;
        id_at(at).filter(|_| at < self.channels).ok_or(AggregateError::Form)
    }

    pub(super) fn key(&mut self) -> Result<Box<[ChannelId]>, AggregateError> {
        (0..self.length()?).map(|_| self.channel()).collect()
    }

    pub(super) fn finish(self) -> Result<(), AggregateError> {
        if self.rest.is_empty() { Ok(()) } else { Err(AggregateError::Long) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<i128>(), shift in 0..127_u32) {
            let number = number >> shift;
            let mut writer = Writer::new(Form::Credits, 2, &Roster::default());
            writer.signed(number);
            let bytes = writer.finish();
            let (mut reader, scale, _) = Reader::new(&bytes, Form::Credits).unwrap();
            prop_assert_eq!((reader.signed().unwrap(), scale), (number, 2));
            reader.finish().unwrap();
        }
    }
}
