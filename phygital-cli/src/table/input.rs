//! A file of records as it lies on a disk or comes through a pipe: plain or compressed, CSV, JSON Lines or columns.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use super::ahead::Ahead;
#[cfg(feature = "arrow")]
use super::column_rows::Columns;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::name;

/// How the records stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// RFC 4180, with a header.
    Csv,
    /// An object on each line.
    JsonLines,
    /// Parquet or Arrow.
    #[cfg(feature = "arrow")]
    Columns(Columns),
    #[cfg(not(feature = "arrow"))]
    Columns,
}

/// An open file. What it is, its first bytes say and not its name.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) form: Form,
    pub(super) reader: Ahead,
    /// Shows how far it is read.
    pub(super) bar: ProgressBar,
}

/// How many bytes tell CSV from JSON Lines: a mark of order, white space, a sign.
const HEAD: u64 = 64;

/// What `gzip` writes first (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

impl Input {
    /// Opens a file, or standard input where it is called `-`.
    pub(super) fn open(file: &Path, output: &Output) -> Result<Self, Failure> {
        Self::open_through(file, output, |bytes| bytes)
    }

    /// As [`Input::open`], with all bytes of the file going through what `through` gives.
    pub(super) fn open_through(
        file: &Path,
        output: &Output,
        through: impl FnOnce(Box<dyn Read + Send>) -> Box<dyn Read + Send>,
    ) -> Result<Self, Failure> {
        if file == Path::new("-") {
            let bytes = through(Box::new(io::stdin()));
            return Self::of("standard input".to_owned(), bytes, ProgressBar::hidden());
        }
        let name = name(file);
        let failed = |error: io::Error| Failure::io(&name, &error);
        let opened = File::open(file).map_err(failed)?;
        let bar = output.progress(opened.metadata().map_err(failed)?.len(), "bytes");
        let bytes = through(Box::new(bar.wrap_read(opened)));
        Self::of(name, bytes, bar)
    }

    pub(super) fn of(name: String, bytes: Box<dyn Read + Send>, bar: ProgressBar) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::io(&name, &error);
        let (head, bytes) =
            peek(BufReader::with_capacity(64 * 1024, bytes), GZIP.len() as u64).map_err(failed)?;
        let bytes: Box<dyn BufRead + Send> = match head == GZIP {
            true => Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(bytes))),
            false => Box::new(bytes),
        };
        let (head, reader) = peek(bytes, HEAD).map_err(failed)?;
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
        let form = match (columns(&head), text.first()) {
            (Some(form), _) => form,
            (None, Some(b'{')) => Form::JsonLines,
            (None, Some(b'[')) => {
                let message =
                    format!("{name}: expected CSV or JSON Lines, an object on each line; found a JSON array");
                return Err(Failure::misuse("malformed", message));
            }
            _ => Form::Csv,
        };
        Ok(Self { name, form, reader: Ahead::of(Box::new(reader)), bar })
    }
}

/// The form of columns that begins so, if one does.
fn columns(head: &[u8]) -> Option<Form> {
    const PARQUET: &[u8] = b"PAR1";
    const ARROW_FILE: &[u8] = b"ARROW1\0\0";
    // A message that goes on: a text in UTF-8 does not begin so.
    const ARROW_STREAM: &[u8] = &[0xFF; 4];
    #[cfg(feature = "arrow")]
    return [
        (PARQUET, Columns::Parquet),
        (ARROW_FILE, Columns::ArrowFile),
        (ARROW_STREAM, Columns::ArrowStream),
    ]
    .into_iter()
    .find(|(magic, _)| head.starts_with(magic))
    .map(|(_, columns)| Form::Columns(columns));
    #[cfg(not(feature = "arrow"))]
    return [PARQUET, ARROW_FILE, ARROW_STREAM]
        .iter()
        .any(|magic| head.starts_with(magic))
        .then_some(Form::Columns);
}

/// The first bytes, and all of them again.
fn peek<R: BufRead + Send>(mut bytes: R, most: u64) -> io::Result<(Vec<u8>, impl BufRead + Send)> {
    let mut head = Vec::new();
    bytes.by_ref().take(most).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(bytes)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(bytes: &[u8]) -> Result<(Form, String), Failure> {
        let bytes: Box<dyn Read + Send> = Box::new(Cursor::new(bytes.to_vec()));
        let mut input = Input::of("x".to_owned(), bytes, ProgressBar::hidden())?;
        let mut text = String::new();
        input.reader.read_to_string(&mut text).map_err(|error| Failure::io("x", &error))?;
        Ok((input.form, text))
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn the_first_bytes_say_what_it_is() {
        for (text, form) in [
            ("id,name\n1,Ada\n", Form::Csv),
            ("\u{feff} \n{\"id\": 1}\n", Form::JsonLines),
            ("", Form::Csv),
            ("x", Form::Csv),
        ] {
            assert_eq!(read(text.as_bytes()), Ok((form, text.to_owned())));
            assert_eq!(read(&packed(text.as_bytes())), Ok((form, text.to_owned())));
        }
        // Two archives in a row are one file (RFC 1952, section 2.2).
        let two = [packed(b"id\n"), packed(b"1\n")].concat();
        assert_eq!(read(&two), Ok((Form::Csv, "id\n1\n".to_owned())));
        assert_eq!(read(b"[{\"id\": 1}]").unwrap_err().kind, "malformed");
    }

    #[test]
    #[cfg(not(feature = "arrow"))]
    fn columns_are_known_where_they_are_not_read() {
        for head in [&b"PAR1..."[..], b"ARROW1\0\0", &[0xFF; 4]] {
            let bytes = Box::new(Cursor::new(head.to_vec()));
            let input = Input::of("x".to_owned(), bytes, ProgressBar::hidden()).unwrap();
            assert_eq!(input.form, Form::Columns);
        }
    }

    #[test]
    fn a_damaged_archive_is_a_failure_to_read() {
        let mut cut = packed("id,name\n1,Ada\n".repeat(100).as_bytes());
        cut.truncate(cut.len() / 2);
        assert_eq!(read(&cut).unwrap_err().kind, "io");
        assert_eq!(read(GZIP).unwrap_err().kind, "io");
    }
}
