//! What may lie on a reader.

use std::sync::{Arc, Mutex, PoisonError};

/// A tag or a phone in software, as a reader sees it past the anticollision.
pub trait SoftCard: Send {
    /// It comes into a field: what it says in the anticollision. A phone draws a new UID each time.
    fn activate(&mut self) -> Activation;

    /// The field is gone: sessions and selections are forgotten.
    fn lose_power(&mut self);

    /// Takes a command, without CRC, and answers: an APDU where the activation has an ATS, a command of a Type 2 tag
    /// else.
    fn answer(&mut self, command: &[u8]) -> Answer;

    /// Hears a frame that was sent to nobody, such as a polling frame, CRC included.
    fn overhear(&mut self, _frame: &[u8]) {}

    /// Whether it answers a poll now; a reader asks this before [`SoftCard::activate`]. A phone may wait for a polling
    /// frame.
    fn answers_polls(&self) -> bool {
        true
    }
}

/// What a card says of itself when it is selected (ISO/IEC 14443-3 and -4, type A).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// ATQA, as it goes over the air: least significant byte first.
    pub atqa: [u8; 2],
    /// SAK of the last cascade level.
    pub sak: u8,
    /// 4, 7 or 10 bytes.
    pub uid: Vec<u8>,
    /// The answer to select with its length byte first; `None` where the card does not speak ISO/IEC 14443-4.
    pub ats: Option<Vec<u8>>,
}

/// How a card takes a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it answers, refuses in four bits, or does not")]
pub enum Answer {
    /// It says this.
    Bytes(Vec<u8>),
    /// A Type 2 tag's four bits: 0xA acknowledges, others refuse.
    Nibble(u8),
    /// Nothing. A Type 2 tag that says nothing has gone back to the state before its selection.
    Silence,
}

/// When a card lost power in the middle of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "before or after")]
pub enum Tear {
    /// Before it did what it was told.
    BeforeEffect,
    /// After it did, and before it could say so.
    AfterEffect,
}

/// A card that a test holds on to while it lies in a field. Clones are the same card.
///
/// ```
/// use phygital_sim::{Field, SharedCard, Type4Tag};
/// let tag = SharedCard::new(Type4Tag::new(b""));
/// Field::new().put(tag.clone());
/// assert_eq!(tag.with(|tag| tag.ndef().to_vec()), b"");
/// ```
#[derive(Debug, Default)]
pub struct SharedCard<C>(Arc<Mutex<C>>);

impl<C> SharedCard<C> {
    /// Shares a card.
    #[must_use]
    pub fn new(card: C) -> Self {
        Self(Arc::new(Mutex::new(card)))
    }

    /// Looks at the card, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut C) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<C> Clone for SharedCard<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: SoftCard> SoftCard for SharedCard<C> {
    fn activate(&mut self) -> Activation {
        self.with(C::activate)
    }

    fn lose_power(&mut self) {
        self.with(C::lose_power);
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        self.with(|card| card.answer(command))
    }

    fn overhear(&mut self, frame: &[u8]) {
        self.with(|card| card.overhear(frame));
    }

    fn answers_polls(&self) -> bool {
        self.with(|card| card.answers_polls())
    }
}
