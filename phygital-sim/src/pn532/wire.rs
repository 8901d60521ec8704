//! What passed between host and chip, and the time that it takes on a wire and on the air.

use std::time::Duration;

use super::frame::{Frame, FrameReader};

/// Bits on a serial line for a byte: a start and a stop bit around eight.
const BITS_A_BYTE: u64 = 10;

/// Whether the chip takes its time. [`WireTime`] is the same for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "none, what a host can tell, or all")]
pub enum Pace {
    /// It answers at once, also that a card did not. Only what a host asked it to wait for is waited for: a card for
    /// as long as it takes, and the periods of an automatic poll.
    AtOnce,
    /// As that, but the timeouts of cards pass.
    #[default]
    Timeouts,
    /// All of it: bytes on the line, frames on the air, timeouts.
    Real,
}

/// A command and what the chip sent after it, as bytes on the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// When the command was there.
    pub at: Duration,
    /// From the host: whatever came since the last command, this one at the end.
    pub host: Vec<u8>,
    /// From the chip: its acknowledgement and answer.
    pub chip: Vec<u8>,
    /// What passed on the air for it.
    pub air: Duration,
}

/// Bytes and time, summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WireTime {
    /// Commands that the chip was given.
    pub exchanges: u64,
    /// Bytes from the host, acknowledgements included.
    pub host_bytes: u64,
    /// Bytes from the chip, acknowledgements included.
    pub chip_bytes: u64,
    /// On the air: activations, exchanges, timeouts. What was waited for a card to come is not in it.
    pub air: Duration,
}

impl Exchange {
    /// The body of the command: direction, code, data. Empty where the host sent an acknowledgement alone.
    #[must_use]
    pub fn command(&self) -> Vec<u8> {
        last_body(&self.host)
    }

    /// The body of the answer; empty where there was none, or none that is right.
    #[must_use]
    pub fn answer(&self) -> Vec<u8> {
        last_body(&self.chip)
    }
}

impl WireTime {
    /// What came since an earlier sum.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            exchanges: self.exchanges.saturating_sub(earlier.exchanges),
            host_bytes: self.host_bytes.saturating_sub(earlier.host_bytes),
            chip_bytes: self.chip_bytes.saturating_sub(earlier.chip_bytes),
            air: self.air.saturating_sub(earlier.air),
        }
    }

    /// The bytes of both ways on a serial line of so many bits a second, 8N1.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use phygital_sim::pn532::line_time;
    /// assert_eq!(line_time(1, 115_200), Duration::from_nanos(86_805));
    /// ```
    #[must_use]
    pub fn line(&self, baud: u32) -> Duration {
        line_time(self.host_bytes.saturating_add(self.chip_bytes), baud)
    }
}

/// The time of so many bytes on a serial line of so many bits a second, 8N1.
#[must_use]
pub fn line_time(bytes: u64, baud: u32) -> Duration {
    let nanos = u128::from(bytes) * u128::from(BITS_A_BYTE) * 1_000_000_000 / u128::from(baud.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn last_body(bytes: &[u8]) -> Vec<u8> {
    let mut reader = FrameReader::default();
    reader.push(bytes);
    let mut last = Vec::new();
    while let Some(frame) = reader.next_frame() {
        if let Frame::Body(body) = frame {
            last = body;
        }
    }
    last
}
