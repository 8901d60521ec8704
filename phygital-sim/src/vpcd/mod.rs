//! A card behind the virtual reader of the vsmartcard project, which pcscd runs as a driver.
//!
//! The card connects to the reader over TCP. Both sides send a length of two bytes, most significant first, and so many
//! bytes. That the card lies there is that it is connected.

mod slot;

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::card::{SoftCard, Tear};
use crate::faults::{Fault, Faults};
use crate::field::Field;
use slot::{Message, Slot};

/// The port of the virtual reader's first slot; its second is at the next one.
pub const VPCD_PORT: u16 = 0x8C7B;

/// How often it looks whether a card came or went.
const LOOK: Duration = Duration::from_millis(2);

/// How long it waits before it tries again to reach a reader that is not there.
const AGAIN: Duration = Duration::from_millis(20);

/// Longer than any program takes an answer.
const BROKEN: usize = 0xFFFF;

/// What lies in a [`Field`] lies on the virtual reader.
///
/// A card that is put there or taken away is connected or disconnected; a reader that ends and comes back finds what lies
/// there. [`Faults`] of exchanges are those of the reader in memory, as far as this reader can tell them: a card that is
/// silent, or whose answer is lost, is disconnected and comes back without its session; an answer that is broken is
/// longer than any may be; and [`Fault::Reader`] is a reader that does not answer until the card is taken away. What asks
/// for the UID is no exchange.
///
/// Dropping it takes the card off the reader; it stays in the field.
pub struct VpcdCard {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

/// A message between the virtual reader and its card.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are two sides")]
pub enum VpcdMessage {
    /// From the reader, without its length.
    ToCard(Vec<u8>),
    /// From the card, without its length.
    ToReader(Vec<u8>),
}

#[derive(Default)]
struct Shared {
    stop: bool,
    faults: Faults,
    lost: Vec<Box<dyn SoftCard>>,
    record: Option<Vec<VpcdMessage>>,
}

impl VpcdCard {
    /// Brings what lies in the field to the virtual reader at this port of this machine.
    #[must_use]
    pub fn new(field: Field, port: u16) -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let server = Server { field, port, shared: Arc::clone(&shared) };
        Self { shared, thread: Some(thread::spawn(move || server.run())) }
    }

    /// Sets what goes wrong from now on; counting begins anew.
    pub fn set_faults(&self, faults: Faults) {
        lock(&self.shared).faults = faults;
    }

    /// The cards that [`Fault::CardTaken`] took away, in their order; they are handed out once.
    #[must_use]
    pub fn lost(&self) -> Vec<Box<dyn SoftCard>> {
        std::mem::take(&mut lock(&self.shared).lost)
    }

    /// Begins to record messages, and gives those recorded so far.
    pub fn record(&self) -> Vec<VpcdMessage> {
        lock(&self.shared).record.replace(Vec::new()).unwrap_or_default()
    }
}

impl Drop for VpcdCard {
    fn drop(&mut self) {
        lock(&self.shared).stop = true;
        if let Some(thread) = self.thread.take() {
            // It panics only where a card does, whose test has failed then.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for VpcdCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VpcdCard")
    }
}

/// The thread that holds the connection.
struct Server {
    field: Field,
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

/// A connection with a card in it.
struct Connection {
    stream: TcpStream,
    slot: Slot,
    /// [`Field::changes`] as it was: another number is another card.
    changes: u64,
    /// What came and is not taken yet.
    received: Vec<u8>,
}

/// Why a connection ends, as far as it matters.
struct Over;

impl Server {
    fn run(&self) {
        while !lock(&self.shared).stop {
            match self.connect() {
                Some(mut connection) => {
                    while self.serve(&mut connection).is_ok() {}
                    self.field.with_same_card(connection.changes, |card| card.lose_power());
                }
                None => thread::sleep(LOOK),
            }
        }
    }

    /// Comes to the reader with the card that lies there, if it answers polls.
    fn connect(&self) -> Option<Connection> {
        let changes = self.field.changes();
        let answers = self.field.with_same_card(changes, |card| card.answers_polls());
        if answers != Some(true) {
            return None;
        }
        let reader = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let stream = TcpStream::connect_timeout(&reader, Duration::from_secs(1)).ok().or_else(|| {
            thread::sleep(AGAIN);
            None
        })?;
        stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(LOOK))).ok()?;
        let slot = self.field.with_same_card(changes, |card| Slot::new(card))?;
        Some(Connection { stream, slot, changes, received: Vec::new() })
    }

    /// Takes one message and answers it.
    fn serve(&self, connection: &mut Connection) -> Result<(), Over> {
        let bytes = self.receive(connection)?;
        self.record(|| VpcdMessage::ToCard(bytes.clone()));
        let changes = connection.changes;
        let answer = match Message::parse(&bytes) {
            Message::GetAtr => connection.slot.atr(),
            message @ Message::Apdu(apdu) => {
                let fault = match message.is_exchange() {
                    true => lock(&self.shared).faults.next_exchange(),
                    false => None,
                };
                self.exchange(connection, apdu, fault)?
            }
            message => {
                let power = |card: &mut dyn SoftCard| connection.slot.power(card, message);
                return self.field.with_same_card(changes, power).ok_or(Over);
            }
        };
        let length = u16::try_from(answer.len()).map_err(|_| Over)?;
        connection.stream.write_all(&[&length.to_be_bytes(), &answer[..]].concat()).map_err(|_| Over)?;
        self.record(|| VpcdMessage::ToReader(answer));
        Ok(())
    }

    /// Takes an APDU to the card, or to what goes wrong.
    fn exchange(
        &self,
        connection: &mut Connection,
        apdu: &[u8],
        fault: Option<Fault>,
    ) -> Result<Vec<u8>, Over> {
        let (slot, changes) = (&connection.slot, connection.changes);
        let speak = || {
            let answer = self.field.with_same_card(changes, |card| slot.answer(card, apdu));
            answer.flatten().ok_or(Over)
        };
        match fault {
            None => speak(),
            Some(Fault::CommandLost) => Err(Over),
            Some(Fault::AnswerLost) => speak().and(Err(Over)),
            Some(Fault::AnswerBroken) => speak().map(|_| vec![0; BROKEN]),
            Some(Fault::BitFlipped(bit)) => {
                let mut answer = speak()?;
                let at = bit % (answer.len() * 8).max(1);
                if let Some(byte) = answer.get_mut(at / 8) {
                    *byte ^= 0x80 >> (at % 8);
                }
                Ok(answer)
            }
            Some(Fault::Slow(duration)) => {
                let answer = speak()?;
                self.stall(changes, Some(duration))?;
                Ok(answer)
            }
            Some(Fault::Reader(_)) => self.stall(changes, None).map(|()| Vec::new()),
            Some(Fault::CardTaken(tear) | Fault::CardLifted(tear)) => {
                if tear == Tear::AfterEffect {
                    // What it answers is lost anyway.
                    let _ = speak();
                }
                let card = self.field.take();
                match fault {
                    Some(Fault::CardLifted(_)) => drop(card.map(|card| self.field.put_boxed(card))),
                    _ => lock(&self.shared).lost.extend(card),
                }
                Err(Over)
            }
        }
    }

    /// Does nothing for so long, or for ever, unless the card goes.
    fn stall(&self, changes: u64, duration: Option<Duration>) -> Result<(), Over> {
        let began = Instant::now();
        while duration.is_none_or(|duration| began.elapsed() < duration) {
            self.goes_on(changes)?;
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn receive(&self, connection: &mut Connection) -> Result<Vec<u8>, Over> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(message) = first_message(&mut connection.received) {
                return Ok(message);
            }
            self.goes_on(connection.changes)?;
            // The reader sends length and body apart; without this each costs a delayed acknowledgement of 40 ms.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            {
                use std::os::linux::net::TcpStreamExt as _;
                connection.stream.set_quickack(true).map_err(|_| Over)?;
            }
            match connection.stream.read(&mut buffer) {
                Ok(0) => return Err(Over),
                Ok(read) => connection.received.extend_from_slice(&buffer[..read]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => return Err(Over),
                },
            }
        }
    }

    fn goes_on(&self, changes: u64) -> Result<(), Over> {
        let same = self.field.changes() == changes;
        if same && !lock(&self.shared).stop { Ok(()) } else { Err(Over) }
    }

    fn record(&self, message: impl FnOnce() -> VpcdMessage) {
        if let Some(record) = &mut lock(&self.shared).record {
            record.push(message());
        }
    }
}

/// Takes the first message out of what came, if it is there as a whole.
fn first_message(received: &mut Vec<u8>) -> Option<Vec<u8>> {
    let (length, rest) = received.split_first_chunk()?;
    let message = rest.get(..usize::from(u16::from_be_bytes(*length)))?.to_vec();
    received.drain(..2 + message.len());
    Some(message)
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
