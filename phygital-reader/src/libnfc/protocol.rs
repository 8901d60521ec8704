//! What the till and the helper say to each other: frames over the helper's standard input and output.
//!
//! A frame is its length (2 bytes, big-endian, of all that follows), the number of the call (4 bytes), a byte that says
//! what it is, and its body. The till numbers its calls upwards; an answer bears the number of its call. Everything is
//! bounded, and both sides drop a peer that breaks a bound.

use crate::card::{Card, Technology, UID_BYTES_MAX, Uid};
use crate::link::LinkFault;
use crate::reader::{Capabilities, ReaderName};

/// The version of this protocol; till and helper have to be of one.
pub const VERSION: u8 = 1;

/// The longest frame, its length included: an answer that lists [`NAMES_MAX`] names.
pub const FRAME_BYTES_MAX: usize = 2 + HEAD_BYTES + 1 + NAMES_MAX * (1 + NAME_BYTES_MAX);

/// The longest name of a reader: paths of serial ports are shorter, and one byte tells its length.
pub const NAME_BYTES_MAX: usize = 255;

/// The most readers that are listed: more than a till has ports.
pub const NAMES_MAX: usize = 64;

/// The longest command or answer of a card that is carried: more than libnfc takes, so that it is the helper who refuses.
pub const CARD_BYTES_MAX: usize = 1024;

/// The longest word of the driver on a fault; more is cut.
pub const DETAIL_BYTES_MAX: usize = 255;

/// Number of the call and kind.
const HEAD_BYTES: usize = 5;

/// A request or an answer, with the number of its call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the frame is these two")]
pub struct Frame<T> {
    /// The number of the call.
    pub call: u32,
    /// What is said.
    pub body: T,
}

/// What the till asks for.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Who are you? Comes first.
    Hello {
        /// The till's [`VERSION`].
        version: u8,
    },
    /// Which readers are there?
    List,
    /// Open this one. The helper holds one at most.
    Open(ReaderName),
    /// Look for a card.
    Poll {
        /// For so long.
        within_ms: u32,
    },
    /// Say this to the card.
    Transceive {
        /// It has so long to answer.
        within_ms: u32,
        /// The command, up to [`CARD_BYTES_MAX`] bytes.
        command: Vec<u8>,
    },
    /// Is the card still there?
    Present,
    /// Let the card go and switch the field off.
    Release,
    /// Give a sign of life of the reader.
    Health,
    /// Close the reader.
    Close,
    /// End the call whose number this bears. It is that call that gets an answer.
    Abort,
}

/// What the helper answers.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// To [`Request::Hello`].
    Hello {
        /// The helper's [`VERSION`].
        version: u8,
        /// The version of libnfc; at most [`NAME_BYTES_MAX`] bytes.
        library: String,
    },
    /// To [`Request::List`]: at most [`NAMES_MAX`] names.
    Readers(Vec<ReaderName>),
    /// To [`Request::Open`].
    Opened(Capabilities),
    /// To [`Request::Poll`].
    Found(Option<Card>),
    /// To [`Request::Transceive`]: the card's answer.
    Response(Vec<u8>),
    /// To [`Request::Present`].
    Present(bool),
    /// To [`Request::Release`], [`Request::Health`] and [`Request::Close`].
    Done,
    /// To any of them.
    Fault {
        /// Which it is.
        fault: LinkFault,
        /// What the driver said.
        detail: Option<String>,
    },
}

/// Why a frame cannot be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Its length is out of bounds.
    #[error("a frame of {0} bytes")]
    Length(usize),
    /// No frame of this kind.
    #[error("a frame of the unknown kind {0:#04x}")]
    Kind(u8),
    /// A field does not hold what it should.
    #[error("the field `{0}` of a frame is not as it should be")]
    Field(&'static str),
    /// More than its kind has.
    #[error("{0} bytes too many in a frame")]
    Trailing(usize),
}

/// What a frame may carry: a [`Request`] or an [`Answer`].
pub trait Body: Sized {
    /// Writes the kind and the body.
    ///
    /// # Errors
    /// A field that is too long.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), FrameError>;

    /// Reads a body of this kind.
    ///
    /// # Errors
    /// Anything but exactly one body.
    fn read(kind: u8, body: &[u8]) -> Result<Self, FrameError>;
}

impl<T: Body> Frame<T> {
    /// The frame in bytes.
    ///
    /// # Errors
    /// A field that is too long.
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        let mut out = vec![0; 2];
        out.extend(self.call.to_be_bytes());
        self.body.write(&mut out)?;
        let long = FrameError::Length(out.len());
        if out.len() > FRAME_BYTES_MAX {
            return Err(long);
        }
        let length = u16::try_from(out.len() - 2).map_err(|_| long)?;
        out[..2].copy_from_slice(&length.to_be_bytes());
        Ok(out)
    }
}

/// Takes bytes as they come and gives frames.
#[derive(Default)]
pub struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame; `None` until all of it came. Whoever takes frames out before each next read keeps no more than one
    /// and what was read.
    ///
    /// # Errors
    /// No such frame; the stream is of no use from here on.
    pub fn next_frame<T: Body>(&mut self) -> Result<Option<Frame<T>>, FrameError> {
        let Some((length, rest)) = self.bytes.split_first_chunk::<2>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*length));
        if !(HEAD_BYTES..=FRAME_BYTES_MAX - 2).contains(&length) {
            return Err(FrameError::Length(length + 2));
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        let mut fields = Fields(frame);
        let call = u32::from_be_bytes(fields.array("call")?);
        let kind = fields.byte("kind")?;
        let body = T::read(kind, fields.0)?;
        self.bytes.drain(..2 + length);
        Ok(Some(Frame { call, body }))
    }
}

impl Body for Request {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        match self {
            Self::Hello { version } => out.extend([1, *version]),
            Self::List => out.push(2),
            Self::Open(name) => {
                out.push(3);
                put_text(out, "name", name.as_str())?;
            }
            Self::Poll { within_ms } => {
                out.push(4);
                out.extend(within_ms.to_be_bytes());
            }
            Self::Transceive { within_ms, command } => {
                out.push(5);
                out.extend(within_ms.to_be_bytes());
                put_card_bytes(out, "command", command)?;
            }
            Self::Present => out.push(6),
            Self::Release => out.push(7),
            Self::Health => out.push(8),
            Self::Close => out.push(9),
            Self::Abort => out.push(10),
        }
        Ok(())
    }

    fn read(kind: u8, body: &[u8]) -> Result<Self, FrameError> {
        let mut fields = Fields(body);
        let request = match kind {
            1 => Self::Hello { version: fields.byte("version")? },
            2 => Self::List,
            3 => Self::Open(ReaderName::new(fields.text("name")?)),
            4 => Self::Poll { within_ms: u32::from_be_bytes(fields.array("within")?) },
            5 => Self::Transceive {
                within_ms: u32::from_be_bytes(fields.array("within")?),
                command: fields.card_bytes("command")?,
            },
            6 => Self::Present,
            7 => Self::Release,
            8 => Self::Health,
            9 => Self::Close,
            10 => Self::Abort,
            other => return Err(FrameError::Kind(other)),
        };
        fields.end(request)
    }
}

impl Body for Answer {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        match self {
            Self::Hello { version, library } => {
                out.extend([0x81, *version]);
                put_text(out, "library", library)?;
            }
            Self::Readers(names) => {
                let count = u8::try_from(names.len()).ok().filter(|_| names.len() <= NAMES_MAX);
                out.extend([0x82, count.ok_or(FrameError::Field("readers"))?]);
                names.iter().try_for_each(|name| put_text(out, "name", name.as_str()))?;
            }
            Self::Opened(capabilities) => {
                out.push(0x83);
                for bytes in [capabilities.command_bytes_max, capabilities.answer_bytes_max] {
                    let bytes = u16::try_from(bytes).map_err(|_| FrameError::Field("capabilities"))?;
                    out.extend(bytes.to_be_bytes());
                }
                out.push(u8::from(capabilities.type2) | u8::from(capabilities.raw) << 1);
            }
            Self::Found(card) => {
                out.extend([0x84, card.as_ref().map_or(0, |card| technology_code(card.technology))]);
                if let Some(card) = card {
                    out.extend_from_slice(card.uid.as_bytes());
                }
            }
            Self::Response(bytes) => {
                out.push(0x85);
                put_card_bytes(out, "response", bytes)?;
            }
            Self::Present(there) => out.extend([0x86, u8::from(*there)]),
            Self::Done => out.push(0x87),
            Self::Fault { fault, detail } => {
                out.extend([0x88, fault_code(*fault)]);
                if let Some(detail) = detail {
                    out.extend_from_slice(cut(detail).as_bytes());
                }
            }
        }
        Ok(())
    }

    fn read(kind: u8, body: &[u8]) -> Result<Self, FrameError> {
        let mut fields = Fields(body);
        let answer = match kind {
            0x81 => {
                Self::Hello { version: fields.byte("version")?, library: fields.text("library")?.to_owned() }
            }
            0x82 => {
                let count = usize::from(fields.byte("readers")?);
                if count > NAMES_MAX {
                    return Err(FrameError::Field("readers"));
                }
                let names = (0..count).map(|_| fields.text("name").map(ReaderName::new));
                Self::Readers(names.collect::<Result<_, _>>()?)
            }
            0x83 => {
                let command = u16::from_be_bytes(fields.array("capabilities")?);
                let answer = u16::from_be_bytes(fields.array("capabilities")?);
                let mut capabilities = Capabilities::new(command.into(), answer.into());
                let flags = fields.byte("capabilities")?;
                if flags > 3 {
                    return Err(FrameError::Field("capabilities"));
                }
                capabilities.type2 = flags & 1 != 0;
                capabilities.raw = flags & 2 != 0;
                Self::Opened(capabilities)
            }
            0x84 => match fields.byte("technology")? {
                0 => Self::Found(None),
                code => {
                    let technology = technology_of(code).ok_or(FrameError::Field("technology"))?;
                    let uid = Uid::new(fields.rest("uid", UID_BYTES_MAX)?).ok_or(FrameError::Field("uid"))?;
                    Self::Found(Some(Card::new(technology, uid)))
                }
            },
            0x85 => Self::Response(fields.card_bytes("response")?),
            0x86 => match fields.byte("present")? {
                0 => Self::Present(false),
                1 => Self::Present(true),
                _ => return Err(FrameError::Field("present")),
            },
            0x87 => Self::Done,
            0x88 => {
                let fault = fault_of(fields.byte("fault")?).ok_or(FrameError::Field("fault"))?;
                let detail = fields.rest("detail", DETAIL_BYTES_MAX)?;
                let detail = std::str::from_utf8(detail).map_err(|_| FrameError::Field("detail"))?;
                Self::Fault { fault, detail: (!detail.is_empty()).then(|| detail.to_owned()) }
            }
            other => return Err(FrameError::Kind(other)),
        };
        fields.end(answer)
    }
}

/// What is left of a body.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], FrameError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(FrameError::Field(field))?;
        self.0 = rest;
        Ok(*array)
    }

    fn byte(&mut self, field: &'static str) -> Result<u8, FrameError> {
        self.array(field).map(|[byte]| byte)
    }

    /// All that is left, if it is not too much.
    fn rest(&mut self, field: &'static str, most: usize) -> Result<&'a [u8], FrameError> {
        let rest = std::mem::take(&mut self.0);
        if rest.len() <= most { Ok(rest) } else { Err(FrameError::Field(field)) }
    }

    fn text(&mut self, field: &'static str) -> Result<&'a str, FrameError> {
        let length = usize::from(self.byte(field)?);
        let (text, rest) = self.0.split_at_checked(length).ok_or(FrameError::Field(field))?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| FrameError::Field(field))
    }

    fn card_bytes(&mut self, field: &'static str) -> Result<Vec<u8>, FrameError> {
        self.rest(field, CARD_BYTES_MAX).map(<[u8]>::to_vec)
    }

    fn end<T>(self, value: T) -> Result<T, FrameError> {
        if self.0.is_empty() { Ok(value) } else { Err(FrameError::Trailing(self.0.len())) }
    }
}

fn put_text(out: &mut Vec<u8>, field: &'static str, text: &str) -> Result<(), FrameError> {
    out.push(u8::try_from(text.len()).map_err(|_| FrameError::Field(field))?);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn put_card_bytes(out: &mut Vec<u8>, field: &'static str, bytes: &[u8]) -> Result<(), FrameError> {
    if bytes.len() > CARD_BYTES_MAX {
        return Err(FrameError::Field(field));
    }
    out.extend_from_slice(bytes);
    Ok(())
}

/// As much of a text as a fault carries.
fn cut(detail: &str) -> &str {
    let mut end = detail.len().min(DETAIL_BYTES_MAX);
    while !detail.is_char_boundary(end) {
        end -= 1;
    }
    &detail[..end]
}

fn technology_code(technology: Technology) -> u8 {
    match technology {
        Technology::IsoDep => 1,
        Technology::Type2 => 2,
        Technology::Other => 3,
    }
}

fn technology_of(code: u8) -> Option<Technology> {
    [Technology::IsoDep, Technology::Type2, Technology::Other]
        .into_iter()
        .find(|technology| technology_code(*technology) == code)
}

/// Every fault; its number on the wire is its place, from 1.
const FAULTS: [LinkFault; 11] = [
    LinkFault::CardGone,
    LinkFault::Card,
    LinkFault::Timeout,
    LinkFault::Reader,
    LinkFault::ReaderGone,
    LinkFault::Busy,
    LinkFault::Permission,
    LinkFault::NoSuchReader,
    LinkFault::Cancelled,
    LinkFault::Unsupported,
    LinkFault::Io,
];

fn fault_code(fault: LinkFault) -> u8 {
    match fault {
        LinkFault::CardGone => 1,
        LinkFault::Card => 2,
        LinkFault::Timeout => 3,
        LinkFault::Reader => 4,
        LinkFault::ReaderGone => 5,
        LinkFault::Busy => 6,
        LinkFault::Permission => 7,
        LinkFault::NoSuchReader => 8,
        LinkFault::Cancelled => 9,
        LinkFault::Unsupported => 10,
        LinkFault::Io => 11,
    }
}

fn fault_of(code: u8) -> Option<LinkFault> {
    FAULTS.into_iter().find(|fault| fault_code(*fault) == code)
}

/// What goes to a card and back stays out of logs.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hello { version } => write!(f, "Hello({version})"),
            Self::List => f.write_str("List"),
            Self::Open(name) => write!(f, "Open({name})"),
            Self::Poll { within_ms } => write!(f, "Poll({within_ms} ms)"),
            Self::Transceive { within_ms, command } => {
                write!(f, "Transceive({within_ms} ms, {} bytes)", command.len())
            }
            Self::Present => f.write_str("Present"),
            Self::Release => f.write_str("Release"),
            Self::Health => f.write_str("Health"),
            Self::Close => f.write_str("Close"),
            Self::Abort => f.write_str("Abort"),
        }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hello { version, library } => write!(f, "Hello({version}, {library})"),
            Self::Readers(names) => f.debug_tuple("Readers").field(names).finish(),
            Self::Opened(capabilities) => f.debug_tuple("Opened").field(capabilities).finish(),
            Self::Found(card) => f.debug_tuple("Found").field(card).finish(),
            Self::Response(bytes) => write!(f, "Response({} bytes)", bytes.len()),
            Self::Present(there) => write!(f, "Present({there})"),
            Self::Done => f.write_str("Done"),
            Self::Fault { fault, detail } => write!(f, "Fault({fault:?}, {detail:?})"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn requests() -> impl Strategy<Value = Request> {
        let card_bytes = || prop::collection::vec(any::<u8>(), 0..=CARD_BYTES_MAX);
        prop_oneof![
            any::<u8>().prop_map(|version| Request::Hello { version }),
            Just(Request::List),
            names().prop_map(Request::Open),
            any::<u32>().prop_map(|within_ms| Request::Poll { within_ms }),
            (any::<u32>(), card_bytes())
                .prop_map(|(within_ms, command)| Request::Transceive { within_ms, command }),
            Just(Request::Present),
            Just(Request::Release),
            Just(Request::Health),
            Just(Request::Close),
            Just(Request::Abort),
        ]
    }

    fn answers() -> impl Strategy<Value = Answer> {
        let opened = (any::<u16>(), any::<u16>(), any::<bool>(), any::<bool>());
        let technology = prop::sample::select(vec![Technology::IsoDep, Technology::Type2, Technology::Other]);
        let uid = prop::collection::vec(any::<u8>(), 0..=UID_BYTES_MAX);
        prop_oneof![
            (any::<u8>(), ".{0,40}").prop_map(|(version, library)| Answer::Hello { version, library }),
            prop::collection::vec(names(), 0..=NAMES_MAX).prop_map(Answer::Readers),
            opened.prop_map(|(command, answer, type2, raw)| {
                let mut capabilities = Capabilities::new(command.into(), answer.into());
                capabilities.type2 = type2;
                capabilities.raw = raw;
                Answer::Opened(capabilities)
            }),
            Just(Answer::Found(None)),
            (technology, uid).prop_map(|(technology, uid)| {
                Answer::Found(Some(Card::new(technology, Uid::new(&uid).unwrap())))
            }),
            prop::collection::vec(any::<u8>(), 0..=CARD_BYTES_MAX).prop_map(Answer::Response),
            any::<bool>().prop_map(Answer::Present),
            Just(Answer::Done),
            (prop::sample::select(FAULTS.to_vec()), prop::option::of(".{1,60}"))
                .prop_map(|(fault, detail)| Answer::Fault { fault, detail }),
        ]
    }

    fn names() -> impl Strategy<Value = ReaderName> {
        "[ -~]{0,255}".prop_map(ReaderName::new)
    }

    /// Encodes both, feeds them in pieces of this many bytes, and gives what came out.
    fn through<T: Body>(frames: &[Frame<T>], piece: usize) -> Vec<Frame<T>> {
        let bytes = frames.iter().flat_map(|frame| frame.encode().unwrap()).collect::<Vec<_>>();
        let mut decoder = Decoder::new();
        let mut out = Vec::new();
        for piece in bytes.chunks(piece) {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame().unwrap() {
                out.push(frame);
            }
        }
        assert!(decoder.bytes.is_empty());
        out
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            calls in prop::collection::vec((any::<u32>(), requests(), answers()), 1..4),
            piece in 1_usize..2000,
        ) {
            let requests = calls.iter().map(|(call, body, _)| Frame { call: *call, body: body.clone() });
            let requests = requests.collect::<Vec<_>>();
            prop_assert_eq!(through(&requests, piece), requests);
            let answers = calls.iter().map(|(call, _, body)| Frame { call: *call, body: body.clone() });
            let answers = answers.collect::<Vec<_>>();
            prop_assert_eq!(through(&answers, piece), answers);
        }

        #[test]
        fn what_is_read_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut framed = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
            framed.extend(&bytes);
            let mut decoder = Decoder::new();
            decoder.push(&framed);
            if let Ok(Some(frame)) = decoder.next_frame::<Answer>() {
                prop_assert_eq!(frame.encode().unwrap(), framed);
            }
        }
    }

    #[test]
    fn the_longest_list_fits_and_one_more_does_not() {
        let name = ReaderName::new("n".repeat(NAME_BYTES_MAX));
        let frame = |count| Frame { call: 0, body: Answer::Readers(vec![name.clone(); count]) };
        assert_eq!(frame(NAMES_MAX).encode().unwrap().len(), FRAME_BYTES_MAX);
        assert_eq!(frame(NAMES_MAX + 1).encode(), Err(FrameError::Field("readers")));
        let long = ReaderName::new("n".repeat(NAME_BYTES_MAX + 1));
        assert_eq!(Frame { call: 0, body: Request::Open(long) }.encode(), Err(FrameError::Field("name")));
    }

    #[test]
    fn a_frame_longer_than_the_bound_is_refused_before_it_came() {
        let length = |bytes: usize| {
            let mut decoder = Decoder::new();
            decoder.push(&u16::try_from(bytes - 2).unwrap().to_be_bytes());
            decoder.next_frame::<Answer>()
        };
        assert_eq!(length(FRAME_BYTES_MAX), Ok(None));
        assert_eq!(length(FRAME_BYTES_MAX + 1), Err(FrameError::Length(FRAME_BYTES_MAX + 1)));
        assert_eq!(length(2 + HEAD_BYTES), Ok(None));
        assert_eq!(length(1 + HEAD_BYTES), Err(FrameError::Length(1 + HEAD_BYTES)));
    }

    #[test]
    fn card_bytes_and_details_are_bounded() {
        let response = |bytes| Frame { call: 0, body: Answer::Response(vec![0; bytes]) }.encode();
        assert!(response(CARD_BYTES_MAX).is_ok());
        assert_eq!(response(CARD_BYTES_MAX + 1), Err(FrameError::Field("response")));
        let mut long = vec![0, 0, 0, 0, 0, 0, 0x85];
        long.resize(7 + CARD_BYTES_MAX + 1, 0);
        let length = u16::try_from(long.len() - 2).unwrap();
        long[..2].copy_from_slice(&length.to_be_bytes());
        let mut decoder = Decoder::new();
        decoder.push(&long);
        assert_eq!(decoder.next_frame::<Answer>(), Err(FrameError::Field("response")));

        let detail = Some("\u{e4}".repeat(DETAIL_BYTES_MAX));
        let fault = Frame { call: 0, body: Answer::Fault { fault: LinkFault::Io, detail } };
        let [Frame { body: Answer::Fault { detail: Some(cut), .. }, .. }] = &through(&[fault], 9)[..] else {
            panic!("no fault came out");
        };
        assert_eq!(cut.len(), DETAIL_BYTES_MAX - 1);
    }

    #[test]
    fn debug_shows_no_byte_of_a_card() {
        let request = Request::Transceive { within_ms: 1, command: vec![0xAB; 3] };
        assert_eq!(format!("{request:?}"), "Transceive(1 ms, 3 bytes)");
        assert_eq!(format!("{:?}", Answer::Response(vec![0xAB; 3])), "Response(3 bytes)");
    }
}
