//! A reader in software with one tag, which stays the same from command to command.
//!
//! Its file holds what the tag was made from and every command that it heard. A tag in software answers the same
//! commands alike, so hearing them again makes it what it was.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use phygital_core::vocab::TagUid;
use phygital_reader::Backend;
use phygital_sim::{Activation, Answer, MemoryBackend, Ntag424, SoftCard};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::hex::{bytes, hex};
use crate::settings::name;
use crate::text_file;

/// The name of the one reader.
pub(crate) const READER: &str = "sim";

/// Longest file, in bytes: some 30,000 commands, each of which is computed anew when the tag is next used.
const TAG_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What a tag was made from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    ntag424: TagUid,
    seed: u64,
    #[serde(default)]
    tagtamper: bool,
}

/// What happened to it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Happened {
    Activated,
    Heard(String),
}

/// A tag that writes down what it hears.
struct Remembering {
    tag: Ntag424,
    file: File,
}

/// Makes the backend, with the tag of this file above its reader.
pub(crate) fn backend(path: &Path) -> Result<Box<dyn Backend>, Failure> {
    let backend = MemoryBackend::new();
    backend.plug(READER).put(open(path)?);
    Ok(Box::new(backend))
}

fn open(path: &Path) -> Result<Remembering, Failure> {
    let failed = |error: io::Error| Failure::io(&name(path), &error);
    let malformed = |line: u64, what: &str| {
        Failure::misuse("bad_sim_tag", format!("{}: {what}", name(path))).at_line(line)
    };
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
    // One that is too long heard too much: another file begins another tag.
    let mut text = text_file::read_open(&file, path, TAG_BYTES_MAX, |what| malformed(1, what))?;
    if text.is_empty() {
        let made = Made {
            ntag424: TagUid::new([0x04, 0x51, 0x3A, 0x52, 0x5E, 0x5E, 0x80]),
            seed: 1,
            tagtamper: false,
        };
        *text = line(&made);
        file.write_all(text.as_bytes()).map_err(failed)?;
    }
    let mut lines = (1..).zip(text.lines());
    let made = lines.next().and_then(|(_, line)| serde_json::from_str::<Made>(line).ok());
    let made = made.ok_or_else(|| malformed(1, "expected ntag424 (its UID), seed and tagtamper"))?;
    let mut tag = Ntag424::new(made.ntag424, made.seed);
    if made.tagtamper {
        tag = tag.tag_tamper();
    }
    for (number, line) in lines {
        let expected = || malformed(number, "expected what the tag heard");
        match serde_json::from_str(line).map_err(|_| expected())? {
            Happened::Activated => drop(tag.activate()),
            Happened::Heard(digits) => drop(tag.answer(&bytes(&digits).ok_or_else(expected)?)),
        }
    }
    tag.lose_power();
    Ok(Remembering { tag, file })
}

impl Remembering {
    /// Writes down what happens, before it does.
    fn remember(&mut self, happened: &Happened) -> bool {
        self.file.write_all(line(happened).as_bytes()).is_ok()
    }
}

impl SoftCard for Remembering {
    fn activate(&mut self) -> Activation {
        self.remember(&Happened::Activated);
        self.tag.activate()
    }

    fn lose_power(&mut self) {
        self.tag.lose_power();
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        // What could not be kept did not happen.
        match self.remember(&Happened::Heard(hex(command))) {
            true => self.tag.answer(command),
            false => Answer::Silence,
        }
    }
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).expect("texts and small numbers always have a JSON form");
    line.push('\n');
    line
}
