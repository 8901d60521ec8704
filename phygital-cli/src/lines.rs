//! Lines of bounded length from anyone's input.

use std::io::{self, BufRead};

/// Longest line of events, in bytes: a batch of Segment's HTTP API has at most 500 KB, and escapes may double it.
pub(crate) const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Reads lines and counts them. A line that is too long is passed over, not held in memory.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    most: usize,
    number: u64,
    bytes: u64,
}

/// A line that holds something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Which, from 1, blank ones counted.
    pub(crate) number: u64,
    /// Its bytes, without the end of line and outer white space; the first of one that is too long.
    pub(crate) bytes: Vec<u8>,
    /// Whether there was more of it.
    pub(crate) cut: bool,
}

impl<R: BufRead> Lines<R> {
    /// Lines of at most [`LINE_BYTES_MAX`].
    pub(crate) fn new(reader: R) -> Lines<R> {
        Lines::of_at_most(LINE_BYTES_MAX, reader)
    }

    /// Lines of at most so many bytes.
    pub(crate) fn of_at_most(most: usize, reader: R) -> Lines<R> {
        Lines { reader, most, number: 0, bytes: 0 }
    }

    /// How many bytes were read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line that is not blank.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        while let Some(mut line) = self.any()? {
            if line.number == 1 && line.bytes.starts_with(b"\xef\xbb\xbf") {
                line.bytes.drain(..3); // the byte order mark of some editors
            }
            let trimmed = line.bytes.trim_ascii();
            if !trimmed.is_empty() || line.cut {
                line.bytes = trimmed.to_vec();
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    fn any(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line { number: self.number + 1, bytes: Vec::new(), cut: false };
        let mut started = false;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            started = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            let room = self.most - line.bytes.len();
            line.bytes.extend_from_slice(&part[..part.len().min(room)]);
            line.cut |= part.len() > room;
            let used = end.map_or(available.len(), |end| end + 1);
            self.reader.consume(used);
            self.bytes += used as u64;
            if end.is_some() {
                break;
            }
        }
        self.number += u64::from(started);
        Ok(started.then_some(line))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Line> {
        // A small buffer, so that lines come in pieces.
        let mut lines = Lines::new(io::BufReader::with_capacity(3, bytes));
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(line);
        }
        assert_eq!(lines.bytes(), bytes.len() as u64);
        found
    }

    #[test]
    fn blank_lines_count_and_are_passed_over() {
        let found = read(b"\xef\xbb\xbfone\r\n\n  \ntwo \nlast");
        let found: Vec<_> = found.iter().map(|line| (line.number, line.bytes.as_slice())).collect();
        assert_eq!(found, [(1, &b"one"[..]), (4, b"two"), (5, b"last")]);
        assert!(read(b"").is_empty());
    }

    #[test]
    fn a_line_has_a_limit() {
        let mut text = vec![b'x'; LINE_BYTES_MAX];
        text.extend(b"\nnext\n");
        let found = read(&text);
        assert_eq!((found[0].bytes.len(), found[0].cut), (LINE_BYTES_MAX, false));
        text.insert(0, b'x');
        let found = read(&text);
        assert_eq!((found[0].bytes.len(), found[0].cut), (LINE_BYTES_MAX, true));
        assert_eq!(found[1].bytes, b"next");
    }
}
