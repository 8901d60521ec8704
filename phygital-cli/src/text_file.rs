//! Text files of bounded length.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::settings::name;

/// The text of a file of at most `most` bytes; `bad` makes the failure of one that is longer or no UTF-8.
///
/// It is wiped when dropped, since it may hold keys.
pub(crate) fn read(
    path: &Path,
    most: u64,
    bad: impl Fn(&str) -> Failure,
) -> Result<Zeroizing<String>, Failure> {
    let file = File::open(path).map_err(|error| Failure::io(&name(path), &error))?;
    read_open(&file, path, most, bad)
}

/// As [`read`], from where an open file stands.
pub(crate) fn read_open(
    file: &File,
    path: &Path,
    most: u64,
    bad: impl Fn(&str) -> Failure,
) -> Result<Zeroizing<String>, Failure> {
    // The text has its length from the start, so that growing leaves no copies.
    let length = file.metadata().map_or(0, |metadata| metadata.len()).min(most);
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(length).unwrap_or_default() + 1));
    file.take(most + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => bad("expected UTF-8"),
        _ => Failure::io(&name(path), &error),
    })?;
    match text.len() as u64 > most {
        true => Err(bad(&format!("expected at most {most} bytes"))),
        false => Ok(text),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_limit_and_is_utf_8() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        let bad = |what: &str| Failure::misuse("bad", what);
        for (bytes, told) in [
            (&b"12345678"[..], Ok("12345678")),
            (b"123456789", Err("expected at most 8 bytes")),
            (b"\xff", Err("expected UTF-8")),
            (b"", Ok("")),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let read = read(&path, 8, bad);
            let read = read.as_ref().map(|text| text.as_str()).map_err(|failure| failure.message.as_str());
            assert_eq!(read, told);
        }
        assert_eq!(read(&folder.path().join("none"), 8, bad).unwrap_err().kind, "io");
    }
}
