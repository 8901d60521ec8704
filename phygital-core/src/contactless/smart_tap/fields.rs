//! Records by their names.

use crate::contactless::ndef::{Message, Record, Tnf, encode};

use super::error::SmartTapError;

/// The version that is spoken here, before the messages of requests.
pub(super) const VERSION: [u8; 2] = [0, 1];

/// The format of a value that is bytes.
pub(super) const BINARY: u8 = 4;

/// The payload of the one record of a message that has only this one.
pub(super) fn envelope<'a>(bytes: &'a [u8], name: &'static str) -> Result<&'a [u8], SmartTapError> {
    let message = Message::parse(bytes)?;
    match message.records() {
        [record] if record.is_named(name.as_bytes()) => Ok(record.payload),
        _ => Err(SmartTapError::Missing { record: name }),
    }
}

/// The record of that name, if it is there.
pub(super) fn find<'a>(
    message: &Message<'a>,
    name: &'static str,
) -> Result<Option<Record<'a>>, SmartTapError> {
    let mut found = message.records().iter().filter(|record| record.is_named(name.as_bytes()));
    match (found.next(), found.next()) {
        (record, None) => Ok(record.copied()),
        (_, Some(_)) => Err(SmartTapError::Duplicate { record: name }),
    }
}

/// The payload of the record of that name.
pub(super) fn payload<'a>(message: &Message<'a>, name: &'static str) -> Result<&'a [u8], SmartTapError> {
    Ok(find(message, name)?.ok_or(SmartTapError::Missing { record: name })?.payload)
}

/// The payload of the record of that name, of exactly `N` bytes.
pub(super) fn fixed<const N: usize>(
    message: &Message<'_>,
    name: &'static str,
) -> Result<[u8; N], SmartTapError> {
    payload(message, name)?.try_into().map_err(|_| SmartTapError::Field { record: name })
}

/// The message behind the version of a request.
pub(super) fn versioned<'a>(payload: &'a [u8], name: &'static str) -> Result<Message<'a>, SmartTapError> {
    let (version, message) = payload.split_first_chunk().ok_or(SmartTapError::Field { record: name })?;
    if *version != VERSION {
        return Err(SmartTapError::Version);
    }
    Ok(Message::parse(message)?)
}

/// The bytes of a message of external records with these names.
pub(super) fn message(records: &[(&str, &[u8])]) -> Vec<u8> {
    let records: Vec<_> = records
        .iter()
        .map(|(name, payload)| Record { tnf: Tnf::External, kind: name.as_bytes(), id: &[], payload })
        .collect();
    encode(&records).expect("a few records with short names")
}
