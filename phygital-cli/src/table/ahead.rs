//! Bytes that a thread of their own reads ahead: unpacking and hashing go on beside what is made of them.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Bytes in a block, and blocks that may wait: a megabyte in all.
const BLOCK_BYTES: usize = 64 * 1024;
const BLOCKS: usize = 16;

/// The bytes of a source, in their order. An error is given where it happened, after all that came before it.
pub(super) struct Ahead {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
}

impl Ahead {
    /// Begins to read. Whoever drops this ends the reading at the next block.
    pub(super) fn of(mut source: Box<dyn BufRead + Send>) -> Ahead {
        let (sender, blocks) = sync_channel(BLOCKS);
        thread::spawn(move || {
            loop {
                let mut block = Vec::with_capacity(BLOCK_BYTES);
                let read = source.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block);
                let last = read.is_err() || block.is_empty();
                if !block.is_empty() && sender.send(Ok(block)).is_err() {
                    return;
                }
                if let Err(error) = read {
                    let _ = sender.send(Err(error));
                }
                if last {
                    return;
                }
            }
        });
        Ahead { blocks, block: Vec::new(), at: 0 }
    }
}

impl BufRead for Ahead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.block.len() {
            // A thread that has ended has sent all there was.
            (self.block, self.at) = (self.blocks.recv().unwrap_or(Ok(Vec::new()))?, 0);
        }
        Ok(&self.block[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Gives so many bytes, then an error.
    struct Faulty(usize);

    impl Read for Faulty {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(self.0);
            buffer[..count].fill(b'x');
            self.0 -= count;
            if count > 0 { Ok(count) } else { Err(io::Error::other("broken")) }
        }
    }

    #[test]
    fn all_bytes_come_in_their_order() {
        let bytes = (0..3 * BLOCK_BYTES + 7).map(|at| (at % 251) as u8).collect::<Vec<_>>();
        let mut read = Vec::new();
        Ahead::of(Box::new(io::Cursor::new(bytes.clone()))).read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        assert_eq!(Ahead::of(Box::new(io::empty())).read_to_end(&mut read).unwrap(), 0);
    }

    #[test]
    fn an_error_comes_after_what_was_read() {
        let mut read = Vec::new();
        let error = Ahead::of(Box::new(BufReader::new(Faulty(BLOCK_BYTES + 5)))).read_to_end(&mut read);
        assert_eq!((read.len(), error.unwrap_err().to_string()), (BLOCK_BYTES + 5, "broken".to_owned()));
    }

    #[test]
    fn who_stops_early_waits_for_nobody() {
        let mut endless = Ahead::of(Box::new(BufReader::new(io::repeat(b'x'))));
        assert_eq!(endless.fill_buf().unwrap().len(), BLOCK_BYTES);
    }
}
