//! The bytes of grouped customers.
//!
//! A head of four letters, a byte for what it is, one for the version, the number of groups; then the groups in rising
//! order. Whole numbers stand as seven bits a byte, low bits first (LEB128) and without needless bytes, others as the eight
//! bytes of IEEE 754, low byte first. What is not written exactly so is refused.

use thiserror::Error;

use super::summary::SummaryError;
use crate::vocab::leb128;

const HEAD: &[u8; 4] = b"PHCV";
const VERSION: u8 = 1;

/// Why bytes are no grouped customers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// Other bytes, groups of another kind, or a later version.
    #[error("not groups of this kind and version")]
    Kind,
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Short,
    /// Bytes follow the end.
    #[error("bytes follow the end")]
    Long,
    /// Not written as this version writes it.
    #[error("not in the form that this version writes")]
    Form,
    /// A group that cannot be.
    #[error(transparent)]
    Summary(#[from] SummaryError),
}

impl From<leb128::Fault> for EncodingError {
    fn from(fault: leb128::Fault) -> EncodingError {
        match fault {
            leb128::Fault::Short => EncodingError::Short,
            leb128::Fault::Form => EncodingError::Form,
        }
    }
}

/// What the groups are of.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Customers = 1,
    Spending = 2,
}

pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(form: Form, groups: usize) -> Writer {
        let mut writer = Writer(HEAD.to_vec());
        writer.0.extend([form as u8, VERSION]);
        writer.number(groups as u64);
        writer
    }

    pub(super) fn number(&mut self, number: u64) {
        leb128::write(&mut self.0, number.into());
    }

    pub(super) fn float(&mut self, number: f64) {
        self.0.extend(number.to_bits().to_le_bytes());
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads the head; what follows it, and how many groups.
    pub(super) fn new(bytes: &'a [u8], form: Form) -> Result<(Reader<'a>, u64), EncodingError> {
        let rest = bytes.strip_prefix(HEAD).ok_or(EncodingError::Kind)?;
        let mut reader = Reader(rest.strip_prefix(&[form as u8, VERSION]).ok_or(EncodingError::Kind)?);
        let groups = reader.number()?;
        Ok((reader, groups))
    }

    pub(super) fn number(&mut self) -> Result<u64, EncodingError> {
        u64::try_from(leb128::read(&mut self.0)?).map_err(|_| EncodingError::Form)
    }

    /// A number not below zero; a negative zero is another way to write 0, so it is refused.
    pub(super) fn float(&mut self) -> Result<f64, EncodingError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(EncodingError::Short)?;
        self.0 = rest;
        let number = f64::from_bits(u64::from_le_bytes(*bytes));
        if number.is_sign_positive() { Ok(number) } else { Err(EncodingError::Form) }
    }

    pub(super) fn finish(self) -> Result<(), EncodingError> {
        if self.0.is_empty() { Ok(()) } else { Err(EncodingError::Long) }
    }
}
