//! The helper's side: takes requests, calls libnfc, answers.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use crate::link::{LinkError, LinkFault};
use crate::reader::{Backend, Reader};

use super::device::{LibnfcBackend, LibnfcReader};
use super::interrupt::Interrupt;
use super::protocol::{Answer, Decoder, Frame, Request, VERSION};

/// How long the reader has to be closed once the till is gone; then the process ends all the same.
const CLOSING: Duration = Duration::from_secs(2);

/// Serves one reader to the till at the other end of standard input and output, until standard input ends: the whole of
/// `phygital-nfcd`.
///
/// Call it from `main` before anything is opened or any thread is started: it closes every descriptor but the three
/// standard ones, since one that was inherited by mistake might hold a port, or push libnfc's over what it can wait for.
#[must_use]
pub fn serve() -> ExitCode {
    close_inherited();
    let interrupt = Arc::<Interrupt>::default();
    let (requests, queue) = mpsc::channel();
    let listener = Arc::clone(&interrupt);
    let listening =
        std::thread::Builder::new().spawn(move || listen(io::stdin().lock(), &requests, &listener));
    if listening.is_err() {
        return ExitCode::FAILURE;
    }
    match answer_all(&queue, &interrupt, io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Takes requests until there are no more. It has a thread of its own so that a call can be aborted, and so that the
/// process ends with its till even while libnfc does not return.
fn listen(mut stdin: impl Read, requests: &Sender<Frame<Request>>, interrupt: &Interrupt) {
    let mut decoder = Decoder::new();
    let mut bytes = [0; 4096];
    let mut last = 0;
    'stream: loop {
        match stdin.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => decoder.push(&bytes[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        loop {
            match decoder.next_frame::<Request>() {
                Ok(None) => break,
                Ok(Some(Frame { call, body: Request::Abort })) => interrupt.end(call),
                Ok(Some(frame)) => {
                    last = frame.call;
                    if requests.send(frame).is_err() {
                        break 'stream;
                    }
                }
                Err(_) => break 'stream,
            }
        }
    }
    // The main thread has no more to do than to close the reader, which it finds out when this end of the queue is gone:
    // after this function. Should it hang in libnfc:
    interrupt.end(last);
    let _ = std::thread::Builder::new().spawn(|| {
        std::thread::sleep(CLOSING);
        std::process::exit(1);
    });
}

fn answer_all(
    queue: &Receiver<Frame<Request>>,
    interrupt: &Arc<Interrupt>,
    mut stdout: impl Write,
) -> io::Result<()> {
    let mut reader = None;
    while let Ok(Frame { call, body }) = queue.recv() {
        interrupt.begin(call);
        let body = answer(body, &mut reader, interrupt)
            .unwrap_or_else(|error| Answer::Fault { fault: error.fault, detail: error.detail });
        let bytes = Frame { call, body }.encode().map_err(io::Error::other)?;
        stdout.write_all(&bytes)?;
        stdout.flush()?;
    }
    Ok(())
}

fn answer(
    request: Request,
    reader: &mut Option<LibnfcReader>,
    interrupt: &Arc<Interrupt>,
) -> Result<Answer, LinkError> {
    const DOING: &str = "asking the helper";
    match request {
        Request::Hello { .. } => {
            return Ok(Answer::Hello { version: VERSION, library: nfc1::version().to_owned() });
        }
        Request::List => return LibnfcBackend::new().list().map(Answer::Readers),
        Request::Open(name) => {
            *reader = None;
            let opened = reader.insert(LibnfcReader::open(&name, Arc::clone(interrupt))?);
            return Ok(Answer::Opened(opened.capabilities()));
        }
        Request::Close => {
            *reader = None;
            return Ok(Answer::Done);
        }
        _ => {}
    }
    let reader = reader.as_mut().ok_or(LinkError::new(LinkFault::NoSuchReader, DOING))?;
    let within = |ms: u32| Duration::from_millis(ms.into());
    match request {
        Request::Poll { within_ms } => reader.poll(within(within_ms)).map(Answer::Found),
        Request::Transceive { within_ms, command } => {
            reader.link().transceive(&command, within(within_ms)).map(Answer::Response)
        }
        Request::Present => reader.link().is_present().map(Answer::Present),
        Request::Release => reader.release().map(|()| Answer::Done),
        Request::Health => reader.health().map(|()| Answer::Done),
        Request::Hello { .. } | Request::List | Request::Open(_) | Request::Close | Request::Abort => {
            Err(LinkError::new(LinkFault::Unsupported, DOING))
        }
    }
}

/// Closes what this process got from its parent beyond the standard three.
fn close_inherited() {
    let Ok(entries) = fs::read_dir("/dev/fd") else { return };
    let open = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect::<Vec<_>>();
    for descriptor in open {
        // The one that the folder was read by is closed by now.
        if fs::metadata(format!("/dev/fd/{descriptor}")).is_ok() {
            // SAFETY: it is open, and nothing in this process owns it: `serve` runs before anything is opened.
            #[expect(unsafe_code, reason = "the only way to close a descriptor by its number")]
            drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
        }
    }
}
