//! What may lie on a reader.

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
