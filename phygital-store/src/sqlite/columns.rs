//! A row's columns, one after the other, as the values that the port speaks of.

use std::str::FromStr;

use phygital_core::event::{FoldKey, Origin};
use phygital_core::log::{LogEntry, Sealed};
use phygital_core::vocab::{DeviceId, Digest, EventKey, Hlc, Timestamp};
use rusqlite::types::{FromSql, Type};
use rusqlite::{Error, Result, Row};

/// Reads the columns of a row from left to right.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r Row<'r>) -> Columns<'r> {
        Columns { row, next: 0 }
    }

    /// The next column, as SQLite has it.
    pub(super) fn take<T: FromSql>(&mut self) -> Result<T> {
        let value = self.row.get(self.next);
        self.next += 1;
        value
    }

    /// The next column, a text that a type of ours is read from.
    pub(super) fn parse<T: FromStr>(&mut self) -> Result<T> {
        let column = self.next;
        self.next += 1;
        let text = self.row.get_ref(column)?.as_str()?;
        text.parse().map_err(|_| unexpected(column, Type::Text))
    }

    /// The next column, a number from 0 that another type of integers holds.
    pub(super) fn number<T: TryFrom<i64>>(&mut self) -> Result<T> {
        let column = self.next;
        let number = self.take::<i64>()?;
        T::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
    }

    /// The next column, a time.
    pub(super) fn time(&mut self) -> Result<Timestamp> {
        let column = self.next;
        Timestamp::from_micros(self.take()?).map_err(|_| unexpected(column, Type::Integer))
    }

    /// The next column, a time or none.
    pub(super) fn maybe_time(&mut self) -> Result<Option<Timestamp>> {
        let column = self.next;
        let micros: Option<i64> = self.take()?;
        micros.map(Timestamp::from_micros).transpose().map_err(|_| unexpected(column, Type::Integer))
    }

    /// The next two columns, a place in the fold.
    pub(super) fn fold(&mut self) -> Result<FoldKey> {
        Ok(FoldKey { at: self.time()?, key: EventKey::from_bytes(self.take()?) })
    }

    /// The next two columns, a reading of the clock.
    pub(super) fn clock(&mut self) -> Result<Hlc> {
        let column = self.next;
        let (millis, count): (u64, u16) = (self.number()?, self.number()?);
        if millis >> 48 != 0 {
            return Err(unexpected(column, Type::Integer));
        }
        Ok(Hlc::from_raw(millis << 16 | u64::from(count)))
    }

    /// The next columns, an entry of the log: [`ENTRY`] names them.
    pub(super) fn entry(&mut self) -> Result<LogEntry> {
        let key = EventKey::from_bytes(self.take()?);
        let origin =
            Origin { device: DeviceId::from_bytes(self.take()?), epoch: self.number()?, seq: self.number()? };
        let hlc = self.clock()?;
        let fold = FoldKey { at: self.time()?, key };
        let received_at = self.time()?;
        let column = self.next;
        let sent_at = self.take::<Option<i64>>()?.map(Timestamp::from_micros).transpose();
        let sent_at = sent_at.map_err(|_| unexpected(column, Type::Integer))?;
        let payload_digest = Digest::from_bytes(self.take()?);
        let link = Digest::from_bytes(self.take()?);
        let (salt, content): (Option<[u8; 16]>, Option<String>) = (self.take()?, self.take()?);
        let payload = salt.zip(content).map(|(salt, content)| Sealed { salt, content });
        let struck = self.take::<Option<_>>()?.map(Digest::from_bytes);
        Ok(LogEntry { origin, hlc, fold, received_at, sent_at, payload_digest, link, payload, struck })
    }
}

/// The columns of an entry, as [`Columns::entry`] reads them.
macro_rules! entry_columns {
    () => {
        "event, device, epoch, seq, clock_ms, clock_count, at, received_at, sent_at, payload_digest, link, \
         salt, payload, struck"
    };
}
pub(super) use entry_columns;

/// A value that we never write. Its content is not told.
fn unexpected(column: usize, kind: Type) -> Error {
    Error::FromSqlConversionFailure(column, kind, "not what was written".into())
}
