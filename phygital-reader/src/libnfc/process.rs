//! The helper as a process: started, spoken to in bounded time, ended for certain.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::link::{LinkError, LinkFault};

use super::protocol::{Answer, Decoder, Frame, Request, VERSION};

/// How long a helper may take to start, on a machine that is busy.
const STARTING: Duration = Duration::from_secs(5);

/// How long it has to power the reader's field down and end by itself; then it is killed.
const ENDING: Duration = Duration::from_millis(1500);

/// What libnfc reads from the environment, and must not: a till names its reader, and no other is touched.
const LIBNFC_VARIABLES: [&str; 4] =
    ["LIBNFC_DEVICE", "LIBNFC_DEFAULT_DEVICE", "LIBNFC_AUTO_SCAN", "LIBNFC_INTRUSIVE_SCAN"];

/// A helper that runs. Dropping it ends it and leaves no zombie.
pub(super) struct Helper {
    child: Child,
    stream: UnixStream,
    decoder: Decoder,
    call: u32,
    /// Until then it may still be at a call that was cancelled.
    busy_until: Instant,
    patience: Duration,
}

/// Wakes the thread that waits for a helper.
pub(super) struct Wake {
    sender: UnixStream,
    receiver: UnixStream,
}

impl Helper {
    /// Starts this program and asks it who it is.
    pub(super) fn start(program: &Path, patience: Duration, wake: &Wake) -> Result<Self, LinkError> {
        const DOING: &str = "starting the helper";
        let mut helper = Self::spawn(program, patience).map_err(|error| {
            let detail = format!("{}: {error}", program.display());
            LinkError::new(LinkFault::ReaderGone, DOING).detail(detail)
        })?;
        match helper.call(&Request::Hello { version: VERSION }, STARTING, DOING, wake)? {
            Answer::Hello { version: VERSION, .. } => Ok(helper),
            Answer::Hello { version, .. } => {
                let detail = format!("the helper speaks version {version} and not {VERSION}");
                Err(LinkError::new(LinkFault::Unsupported, DOING).detail(detail))
            }
            _ => Err(helper.broke(DOING)),
        }
    }

    fn spawn(program: &Path, patience: Duration) -> io::Result<Self> {
        // A pair of sockets and no pipes: writing to one whose helper died raises no signal.
        let (stream, far) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        let far = OwnedFd::from(far);
        let mut command = Command::new(program);
        for variable in LIBNFC_VARIABLES {
            command.env_remove(variable);
        }
        let child = command
            .env("LIBNFC_LOG_LEVEL", "0")
            .stdin(Stdio::from(far.try_clone()?))
            .stdout(Stdio::from(far))
            .stderr(Stdio::null())
            // What the terminal sends to the till is not meant for it; it ends when the till does.
            .process_group(0)
            .spawn()?;
        Ok(Self { child, stream, decoder: Decoder::new(), call: 0, busy_until: Instant::now(), patience })
    }

    /// Asks for something that takes so long at most, and waits for the answer.
    ///
    /// When the helper ends or stays silent, the call ends in that fault, and the helper is of no use any more.
    pub(super) fn call(
        &mut self,
        request: &Request,
        takes: Duration,
        doing: &'static str,
        wake: &Wake,
    ) -> Result<Answer, LinkError> {
        if wake.take() {
            return Err(LinkError::new(LinkFault::Cancelled, doing));
        }
        self.call = self.call.wrapping_add(1);
        let until = self.busy_until.max(Instant::now()) + takes + self.patience;
        self.send(request, doing)?;
        loop {
            while let Some(Frame { call, body }) = self.decoder.next_frame().map_err(|_| self.broke(doing))? {
                match body {
                    // To a call that was cancelled.
                    _ if call.wrapping_sub(self.call) > u32::MAX / 2 => {}
                    _ if call != self.call => return Err(self.broke(doing)),
                    Answer::Fault { fault, detail } => {
                        return Err(LinkError { detail, ..LinkError::new(fault, doing) });
                    }
                    answer => return Ok(answer),
                }
            }
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                self.kill();
                let silent = "the helper fell silent and was killed";
                return Err(LinkError::new(LinkFault::Timeout, doing).detail(silent));
            };
            self.wait(Some(wake), left);
            if wake.take() {
                self.busy_until = until - self.patience;
                self.send(&Request::Abort, doing)?;
                return Err(LinkError::new(LinkFault::Cancelled, doing));
            }
            self.receive(doing)?;
        }
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn send(&mut self, request: &Request, doing: &'static str) -> Result<(), LinkError> {
        let frame = Frame { call: self.call, body: request.clone() };
        let bytes = frame
            .encode()
            .map_err(|error| LinkError::new(LinkFault::Unsupported, doing).detail(error.to_string()))?;
        // The buffer of a socket holds hundreds of requests, so one that does not take it all is not being read.
        match send_quietly(&self.stream, &bytes) {
            Ok(count) if count == bytes.len() => Ok(()),
            Ok(_) => Err(self.broke(doing)),
            Err(_) => Err(self.died(doing)),
        }
    }

    fn receive(&mut self, doing: &'static str) -> Result<(), LinkError> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(self.died(doing)),
            Ok(count) => {
                self.decoder.push(&bytes[..count]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(())
            }
            Err(_) => Err(self.died(doing)),
        }
    }

    /// Waits until there is something to read, or somebody wakes, or the time is over, or a signal comes.
    fn wait(&self, wake: Option<&Wake>, time: Duration) {
        let mut fds = vec![PollFd::new(&self.stream, PollFlags::IN)];
        fds.extend(wake.map(|wake| PollFd::new(&wake.receiver, PollFlags::IN)));
        let time = Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: time.subsec_nanos().into(),
        };
        let _ = poll(&mut fds, Some(&time));
    }

    fn broke(&mut self, doing: &'static str) -> LinkError {
        self.kill();
        LinkError::new(LinkFault::Reader, doing).detail("the helper broke its protocol and was killed")
    }

    /// It closed its side, which it does when it ends.
    fn died(&mut self, doing: &'static str) -> LinkError {
        let ended = self.ended_within(self.patience).map_or_else(
            || "the helper closed its side and was killed".to_owned(),
            |status| format!("the helper ended: {status}"),
        );
        self.kill();
        LinkError::new(LinkFault::ReaderGone, doing).detail(ended)
    }

    fn ended_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + time;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
                _ => return None,
            }
        }
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        // Both do nothing where it has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Helper {
    /// Lets it power the reader's field down, and kills it if that takes too long.
    fn drop(&mut self) {
        if self.is_alive() {
            let until = Instant::now() + ENDING;
            let _ = self.stream.shutdown(std::net::Shutdown::Write);
            let mut bytes = [0; 4096];
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                match self.stream.read(&mut bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(None, left),
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
            let _ = self.ended_within(until.saturating_duration_since(Instant::now()));
        }
        self.kill();
    }
}

impl Wake {
    pub(super) fn new() -> io::Result<Arc<Self>> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok(Arc::new(Self { sender, receiver }))
    }

    /// Wakes the call that waits, or the next one. One byte does; when the buffer is full there are enough.
    pub(super) fn wake(&self) {
        let _ = send_quietly(&self.sender, &[1]);
    }

    /// Whether it was woken since it was asked last.
    fn take(&self) -> bool {
        let mut bytes = [0; 64];
        let mut woken = false;
        while let Ok(1..) = (&self.receiver).read(&mut bytes) {
            woken = true;
        }
        woken
    }
}

/// Writes without the signal that a program which is not in Rust dies of when the other side is gone.
fn send_quietly(stream: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    #[cfg(target_vendor = "apple")]
    {
        rustix::net::sockopt::set_socket_nosigpipe(stream, true)?;
        Ok(rustix::net::send(stream, bytes, rustix::net::SendFlags::empty())?)
    }
    #[cfg(not(target_vendor = "apple"))]
    Ok(rustix::net::send(stream, bytes, rustix::net::SendFlags::NOSIGNAL)?)
}
