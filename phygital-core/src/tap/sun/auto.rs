//! Reading a link whose template is not known, by the names of its parameters and the shapes of its runs.
//!
//! A tag mirrors runs of hexadecimal digits whose lengths tell them apart: 6 a counter, 14 a UID, 16 a MAC,
//! 32 PICCData, or 48 of a tag in LRP mode, a multiple of 32 file data, 48 and more PICCData to MAC in one piece.
//! They stand as values of parameters (`p=…&c=…`), in path segments, or in either joined by a letter
//! (`m={picc}x{mac}`). What is guessed wrong here cannot verify, so a guess costs a refusal at worst; the MAC
//! alone decides.
//!
//! Where two runs could be the same field, a parameter with a usual name wins over other parameters, these
//! over path segments, and then the first. Two that both have a usual name, or one name twice, are refused.

use super::link::{Param, TapLink, pieces};
use super::mode::SdmMode;
use super::reading::{ComplaintAbout, Reading, Slots, Span};
use crate::tap::refusal::{Field, TapRefusal};
use crate::vocab::hex;

/// How many long runs are kept: PICCData, file data and two that a campaign may have appended.
const LONG_RUNS_MAX: usize = 4;

/// Reads a link of unknown layout. With `second`, decides the other way where it found two ways: the tamper
/// status in a bulk value stands before the MAC instead of after it, a doubtful plain UID or counter is taken
/// instead of left out, and of two runs that may be PICCData, one of each mode, the other is.
///
/// # Errors
/// [`TapRefusal`] if no tap, or only part of one, is found, or if a field stands there twice.
pub(crate) fn read<'a>(link: TapLink<'a>, second: bool) -> Result<Found<'a>, TapRefusal> {
    let mut finder = Finder::new(link);
    let path_rank = 2;
    for segment in link.segments() {
        finder.cell(None, segment, path_rank);
    }
    for part in [link.query(), link.fragment()] {
        for Param { name, value } in link.params(part) {
            finder.cell(name, value, 1);
        }
    }
    finder.finish(second)
}

/// A reading, and whether there is a second one.
pub(crate) struct Found<'a> {
    pub(crate) reading: Reading<'a>,
    pub(crate) ambiguous: bool,
}

/// Digits of PICCData in LRP mode.
const LRP_WIDTH: usize = SdmMode::Lrp.picc_data_width();

/// How sure we are that a run is this field: less is surer.
type Rank = u8;

/// The parameter has a usual name for this very field.
const NAMED: Rank = 0;
/// The value holds other text as well, or its name speaks against it.
const DOUBTFUL: Rank = 3;

#[derive(Clone, Copy)]
struct Run {
    span: Span,
    rank: Rank,
    name: Option<Span>,
    /// Which cell it stands in.
    cell: u16,
    /// The field its name speaks of.
    hint: Option<Field>,
}

struct Finder<'a> {
    link: TapLink<'a>,
    cells: u16,
    /// Runs whose length tells their field.
    short: [Option<Run>; Field::COUNT],
    /// Runs of a multiple of 32 digits, or of 48, in order.
    long: [Option<Run>; LONG_RUNS_MAX],
    /// PICCData to MAC in one piece, of a tag in AES mode.
    bulk: Option<Run>,
    /// The same in LRP mode, which may as well be file data.
    bulk_lrp: Option<Run>,
    complaints: [Option<ComplaintAbout>; Field::COUNT],
    /// The first complaint about a parameter whose name leaves no doubt.
    plain_complaint: Option<ComplaintAbout>,
    twice: Option<Field>,
}

impl<'a> Finder<'a> {
    fn new(link: TapLink<'a>) -> Self {
        Self {
            link,
            cells: 0,
            short: [None; Field::COUNT],
            long: [None; LONG_RUNS_MAX],
            bulk: None,
            bulk_lrp: None,
            complaints: [None; Field::COUNT],
            plain_complaint: None,
            twice: None,
        }
    }

    /// Looks at one parameter value or path segment.
    fn cell(&mut self, name: Option<Span>, value: Span, rank: Rank) {
        self.cells += 1;
        let text = self.link.text(value);
        let name_text = name.map_or(&b""[..], |name| self.link.text(name));
        let hint = hint(name_text);
        let run = Run { span: value, rank, name, cell: self.cells, hint };
        let known = if text.iter().copied().all(hex::is_digit) || is_tamper(text) {
            self.run(run)
        } else if self.is_bulk(run) {
            true
        } else {
            self.joined(run)
        };
        if let (false, Some(field)) = (known, hint) {
            let length = match field.width() {
                Some(_) if SdmMode::ALL.iter().any(|mode| mode.width(field) == Some(text.len())) => None,
                None if text.len().is_multiple_of(32) && !text.is_empty() => None,
                _ => Some(text.len() as u16),
            };
            let complaint = ComplaintAbout { field, length };
            self.complaints[field as usize].get_or_insert(complaint);
            if name_text.len() > 1 {
                self.plain_complaint.get_or_insert(complaint);
            }
        }
    }

    /// Looks at one run of digits (or tamper letters); tells whether it is what its name says, if it says
    /// anything.
    fn run(&mut self, mut run: Run) -> bool {
        let text = self.link.text(run.span);
        let field = match text.len() {
            6 => Field::ReadCounter,
            14 => Field::Uid,
            16 => Field::Mac,
            2 if is_tamper(text) => Field::TagTamper,
            length if length == LRP_WIDTH || length >= 32 && length.is_multiple_of(32) => {
                self.is_bulk(run);
                // A lone `e` or `enc` of 32 digits is PICCData as well.
                let long = [Field::PiccData, Field::FileData];
                if run.hint.is_some_and(|hint| long.contains(&hint)) {
                    run.rank = NAMED;
                }
                if let Some(free) = self.long.iter_mut().find(|slot| slot.is_none()) {
                    *free = Some(run);
                }
                return run.hint.is_none_or(|hint| long.contains(&hint));
            }
            _ => return self.is_bulk(run),
        };
        let agrees = run.hint.is_none_or(|hint| hint == field);
        if run.hint == Some(field) {
            run.rank = NAMED;
        } else if !agrees && run.name.is_some_and(|name| name.len() > 1) {
            run.rank = DOUBTFUL;
        }
        let slot = &mut self.short[field as usize];
        match slot {
            Some(found) if found.rank == NAMED && run.rank == NAMED => self.twice = Some(field),
            Some(found) if found.rank <= run.rank => {}
            _ => *slot = Some(run),
        }
        agrees
    }

    /// Notes a run that may be everything from PICCData to MAC in one piece.
    fn is_bulk(&mut self, run: Run) -> bool {
        let Some(bulk) = Bulk::of(self.link.text(run.span)) else { return false };
        let slot = match bulk.mode {
            SdmMode::Aes => &mut self.bulk,
            SdmMode::Lrp => &mut self.bulk_lrp,
        };
        slot.get_or_insert(run);
        true
    }

    /// Looks at runs that are joined by other characters, such as `{picc}x{mac}`.
    fn joined(&mut self, whole: Run) -> bool {
        let text = self.link.text(whole.span);
        let is_joint =
            |byte: u8| matches!(byte, b'x' | b'X' | b'-' | b'_' | b'.' | b'~' | b':' | b',' | b';');
        let Some(joint) = text.iter().copied().find(|&byte| is_joint(byte)) else { return false };
        let rest = self.link.rest();
        let is_run = |span: Span| {
            let text = span.of(rest);
            let shaped = matches!(text.len(), 6 | 14 | 16) || text.len() >= 32;
            is_tamper(text) || (shaped && text.iter().copied().all(hex::is_digit))
        };
        let runs = || pieces(rest, whole.span, joint);
        let rank = if runs().all(is_run) { whole.rank } else { DOUBTFUL };
        if !runs().any(|span| span.len() >= 14 && is_run(span)) {
            return false;
        }
        for span in runs().filter(|span| is_run(*span)) {
            self.run(Run { span, rank, hint: None, ..whole });
        }
        true
    }

    fn finish(mut self, second: bool) -> Result<Found<'a>, TapRefusal> {
        let mut slots = Slots::default();
        let mut ambiguous = false;
        let mut bulk = None;
        let one_piece = self.bulk.or(self.bulk_lrp);
        let mac = self.short[Field::Mac as usize].filter(|mac| one_piece.is_none() || mac.rank < DOUBTFUL);
        match (mac, one_piece) {
            (Some(mac), _) => {
                slots.set(Field::Mac, mac.span);
                ambiguous = self.set_long(&mut slots, mac, second);
            }
            (None, Some(run)) => {
                ambiguous = self.set_bulk(&mut slots, run.span, second);
                bulk = Some(run);
            }
            (None, None) => {}
        }
        ambiguous |= self.set_plain(&mut slots, second);
        if let Some(tamper) = self.short[Field::TagTamper as usize].filter(|_| bulk.is_none()) {
            slots.set(Field::TagTamper, tamper.span);
        }
        if let Some(field) = self.twice.take().filter(|field| slots.get(*field).is_some()) {
            return Err(TapRefusal::Duplicate { field });
        }
        self.refuse_incomplete(&slots)?;
        self.refuse_repeated_names(&slots)?;
        let reading = Reading { link: self.link, slots, template: None, complaint: self.plain_complaint };
        Ok(Found { reading, ambiguous })
    }

    /// Chooses PICCData and file data among the long runs; tells whether other PICCData is possible, of the other
    /// mode.
    fn set_long(&self, slots: &mut Slots, mac: Run, second: bool) -> bool {
        let long = || self.long.iter().flatten();
        let picc_of = |mode: SdmMode| {
            let is_picc = |run: &&Run| run.span.len() == mode.picc_data_width();
            long()
                .filter(is_picc)
                .find(|run| run.hint == Some(Field::PiccData))
                .or_else(|| {
                    long().filter(is_picc).filter(|run| run.hint.is_none()).min_by_key(|run| run.rank)
                })
                .or_else(|| long().find(is_picc))
        };
        let named = |run: &Run| run.hint == Some(Field::PiccData);
        let (picc, ambiguous) = match (picc_of(SdmMode::Aes), picc_of(SdmMode::Lrp)) {
            (None, None) => return false,
            (Some(only), None) | (None, Some(only)) => (only, false),
            (Some(aes), Some(lrp)) => {
                let key = |run: &Run| (!named(run), run.hint.is_some(), run.rank, run.span.start());
                let (likelier, other) = if key(aes) < key(lrp) { (aes, lrp) } else { (lrp, aes) };
                (if second { other } else { likelier }, !named(likelier) || named(other))
            }
        };
        slots.set(Field::PiccData, picc.span);
        // The MAC comes after the file data (NT4H2421Gx §9.3.8).
        let data = || {
            let blocks = |run: &&Run| run.span.len().is_multiple_of(32);
            long().filter(|run| run.span != picc.span && run.span.end() <= mac.span.start()).filter(blocks)
        };
        let data = data()
            .find(|run| run.hint == Some(Field::FileData))
            .or_else(|| data().find(|run| run.cell == picc.cell && run.span.start() > picc.span.start()))
            .or_else(|| data().find(|run| run.hint.is_none() && run.rank <= picc.rank.max(1)));
        if let Some(data) = data {
            slots.set(Field::FileData, data.span);
        }
        ambiguous
    }

    /// Cuts `{picc}[{enc}]{mac}`, `{picc}[{enc}]{mac}{tt}` or `{picc}[{enc}]{tt}{mac}`; tells whether both of
    /// the latter are possible.
    fn set_bulk(&self, slots: &mut Slots, span: Span, second: bool) -> bool {
        let text = self.link.text(span);
        let Some(bulk) = Bulk::of(text) else { return false };
        let length = text.len() as u16;
        let picc = bulk.mode.picc_data_width() as u16;
        let (mac, tamper) = match bulk.tail {
            Tail::Mac => (length - 16, None),
            Tail::MacTamper => (length - 18, Some(length - 2)),
            Tail::TamperMac => (length - 16, Some(length - 18)),
            Tail::Either if second => (length - 16, Some(length - 18)),
            Tail::Either => (length - 18, Some(length - 2)),
        };
        let data = mac.min(tamper.unwrap_or(mac)) - picc;
        slots.set(Field::PiccData, span.part(0, picc));
        if data > 0 {
            slots.set(Field::FileData, span.part(picc, data));
        }
        slots.set(Field::Mac, span.part(mac, 16));
        if let Some(tamper) = tamper {
            slots.set(Field::TagTamper, span.part(tamper, 2));
        }
        bulk.tail == Tail::Either
    }

    /// Takes plain UID and counter unless the tag sends them encrypted. Of two found in unlike places, the
    /// doubtful one is probably somebody else's number; tells whether that is so.
    fn set_plain(&self, slots: &mut Slots, second: bool) -> bool {
        if slots.get(Field::PiccData).is_some() {
            return false;
        }
        let [uid, ctr] = [Field::Uid, Field::ReadCounter].map(|field| self.short[field as usize]);
        let unlike = |uid: Run, ctr: Run| uid.cell != ctr.cell && uid.rank != ctr.rank;
        let doubt = uid.zip(ctr).is_some_and(|(uid, ctr)| unlike(uid, ctr));
        let taken = |run: &Run, other: Option<Run>| {
            !doubt || second || other.is_none_or(|other| run.rank < other.rank)
        };
        if let Some(uid) = uid.filter(|uid| taken(uid, ctr)) {
            slots.set(Field::Uid, uid.span);
        }
        if let Some(ctr) = ctr.filter(|ctr| taken(ctr, uid)) {
            slots.set(Field::ReadCounter, ctr.span);
        }
        doubt
    }

    fn refuse_incomplete(&self, slots: &Slots) -> Result<(), TapRefusal> {
        let complaint = |fields: &[Field]| {
            let mut complaints = fields.iter().filter_map(|field| self.complaints[*field as usize]);
            complaints.next().map(ComplaintAbout::refusal)
        };
        const IDENTITY: [Field; 3] = [Field::PiccData, Field::Uid, Field::ReadCounter];
        let plain = IDENTITY.into_iter().any(|field| slots.get(field).is_some());
        let identified = plain || (slots.get(Field::Mac).is_none() && self.long[0].is_some());
        match (identified, slots.get(Field::Mac)) {
            (true, Some(_)) => Ok(()),
            (true, None) => {
                Err(complaint(&[Field::Mac]).unwrap_or(TapRefusal::Missing { field: Field::Mac }))
            }
            (false, Some(_)) => {
                Err(complaint(&IDENTITY).unwrap_or(TapRefusal::Missing { field: Field::PiccData }))
            }
            // Parameters of one letter mean other things elsewhere; together they speak of a tap.
            (false, None) => {
                let both = complaint(&[Field::Mac]).and(complaint(&IDENTITY));
                let plain = self.plain_complaint.map(ComplaintAbout::refusal);
                Err(plain.or(both).unwrap_or(TapRefusal::NoTap))
            }
        }
    }

    /// A name that carries a field may not stand in the link again.
    fn refuse_repeated_names(&self, slots: &Slots) -> Result<(), TapRefusal> {
        let runs = || self.short.iter().chain(&self.long).flatten().chain(&self.bulk).chain(&self.bulk_lrp);
        for field in Field::ALL {
            let Some(span) = slots.get(field) else { continue };
            let carrier = runs().find(|run| run.span.start() <= span.start() && span.end() <= run.span.end());
            let Some(name) = carrier.and_then(|run| run.name) else { continue };
            let name = self.link.text(name);
            let params = [self.link.query(), self.link.fragment()].map(|part| self.link.params(part));
            let same = params
                .into_iter()
                .flatten()
                .filter(|param| param.name.is_some_and(|other| self.link.text(other) == name));
            if same.count() > 1 {
                return Err(TapRefusal::Duplicate { field });
            }
        }
        Ok(())
    }
}

/// The field that a parameter of this name usually carries.
fn hint(name: &[u8]) -> Option<Field> {
    Some(match name {
        b"p" | b"picc" | b"picc_data" | b"piccdata" => Field::PiccData,
        b"e" | b"enc" | b"enc_data" | b"enc_file_data" | b"file" => Field::FileData,
        b"c" | b"cmac" | b"mac" | b"sdmmac" => Field::Mac,
        b"u" | b"uid" => Field::Uid,
        b"n" | b"ctr" | b"cnt" | b"counter" | b"read_ctr" => Field::ReadCounter,
        b"tt" | b"tt_status" | b"ttstatus" | b"tamper" => Field::TagTamper,
        _ => return None,
    })
}

fn is_tamper(text: &[u8]) -> bool {
    text.len() == 2 && text.iter().all(|letter| matches!(letter, b'C' | b'O' | b'I'))
}

/// How a bulk value ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    Mac,
    MacTamper,
    TamperMac,
    /// Tamper letters that are digits too stand at both places.
    Either,
}

/// PICCData, perhaps file data, a MAC and perhaps a tamper status in one piece.
#[derive(Clone, Copy)]
struct Bulk {
    mode: SdmMode,
    tail: Tail,
}

impl Bulk {
    /// What a text is if it is such a piece. File data has whole blocks, so the length tells the mode.
    fn of(text: &[u8]) -> Option<Self> {
        let all_digits = |text: &[u8]| text.iter().copied().all(hex::is_digit);
        let mode = match text.len() % 32 {
            16 | 18 => SdmMode::Aes,
            0 | 2 => SdmMode::Lrp,
            _ => return None,
        };
        let behind = text.len().checked_sub(mode.picc_data_width())?;
        let tail = match behind % 32 {
            16 => all_digits(text).then_some(Tail::Mac)?,
            18 => {
                let (head, after) = text.split_at(text.len() - 18);
                let last = is_tamper(&after[16..]) && all_digits(&after[..16]);
                let first = is_tamper(&after[..2]) && all_digits(&after[2..]);
                match (all_digits(head), last, first) {
                    (true, true, true) => Tail::Either,
                    (true, true, false) => Tail::MacTamper,
                    (true, false, true) => Tail::TamperMac,
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Self { mode, tail })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const UID: &str = "04DE5F1EACC040";
    const CTR: &str = "00003D";
    const PICC: &str = "EF963FF7828658A599F3041510671E88";
    const ENC: &str = "94592FDE69FA06E8E3B6CA686A22842B";
    const MAC: &str = "94EED9EE65337086";

    fn fill(url: &str) -> String {
        [("{uid}", UID), ("{ctr}", CTR), ("{picc}", PICC), ("{enc}", ENC), ("{mac}", MAC)]
            .iter()
            .fold(url.to_owned(), |url, (name, value)| url.replace(name, value))
    }

    fn try_read(url: &str, second: bool) -> Result<Vec<(Field, String)>, TapRefusal> {
        let url = fill(url);
        let found = read(TapLink::parse(&url).unwrap(), second)?;
        let text = |field| found.reading.text(field).map(|text| String::from_utf8(text.to_vec()).unwrap());
        Ok(Field::ALL.into_iter().filter_map(|field| Some((field, text(field)?))).collect())
    }

    fn expect(url: &str, fields: &[(Field, &str)]) {
        let fields: Vec<_> = fields.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
        assert_eq!(try_read(url, false), Ok(fields), "{url}");
    }

    #[test]
    fn the_usual_shapes() {
        let encrypted = [(Field::PiccData, PICC), (Field::Mac, MAC)];
        for url in [
            "https://h/t?p={picc}&c={mac}",
            "https://h/t?c={mac}&p={picc}",
            "https://h/424?e={picc}&c={mac}",
            "https://h/t?m={picc}x{mac}",
            "https://h/t?e={picc}{mac}",
            "https://h/{picc}/{mac}",
            "https://h/t/{picc}-{mac}",
            "https://h/#p={picc}&c={mac}",
            "https://h/#{picc}x{mac}",
            "lnurlw://h?p={picc}&c={mac}",
            "https://h/01/09506000134352/21/DEADBEEFDEADBEEF?p={picc}&c={mac}",
            "https://h/t?p={picc}&c={mac}&utm_campaign=202401&sid=00112233445566",
            "https://h/t?p={picc}&c={mac}&page=2&cid=0011223344556677",
        ] {
            expect(url, &encrypted);
        }
        let with_data = [(Field::PiccData, PICC), (Field::FileData, ENC), (Field::Mac, MAC)];
        for url in [
            "https://h/?picc_data={picc}&enc={enc}&cmac={mac}",
            "https://h/?e={picc}{enc}{mac}",
            "https://h/t/{picc}x{enc}x{mac}",
            "https://h/?a={picc}&b={enc}&z={mac}",
            "https://h/?p={picc}&e={enc}&c={mac}",
            "https://h/?e={enc}&p={picc}&c={mac}",
        ] {
            expect(url, &with_data);
        }
        let plain = [(Field::Uid, UID), (Field::ReadCounter, CTR), (Field::Mac, MAC)];
        for url in [
            "https://h/t?uid={uid}&ctr={ctr}&c={mac}",
            "https://h/t?m={uid}x{ctr}x{mac}",
            "https://h/t?u={uid}&n={ctr}&m={mac}",
            "https://h/01/09506000134352?uid={uid}&ctr={ctr}&c={mac}",
        ] {
            expect(url, &plain);
        }
        expect("https://h/202401/t?uid={uid}&c={mac}", &[(Field::Uid, UID), (Field::Mac, MAC)]);
        let odd = "https://h/t?u={uid}&c={ctr}&m={mac}";
        expect(odd, &[(Field::Uid, UID), (Field::Mac, MAC)]);
        assert_eq!(try_read(odd, true).unwrap().len(), 3);
        expect("https://h/t?ctr={ctr}&c={mac}", &[(Field::ReadCounter, CTR), (Field::Mac, MAC)]);
    }

    #[test]
    fn tamper_letters() {
        let picc = (Field::PiccData, PICC);
        let mac = (Field::Mac, MAC);
        for url in [
            "https://h/t?p={picc}&tt=OC&c={mac}",
            "https://h/t?m={picc}xOCx{mac}",
            "https://h/?e={picc}OC{mac}",
            "https://h/?e={picc}{mac}OC",
        ] {
            expect(url, &[picc, (Field::TagTamper, "OC"), mac]);
        }
        // Letters that are digits too: both ways are offered.
        let url = format!("https://h/?e={PICC}CC{}CC", &MAC[2..]);
        let after = format!("CC{}", &MAC[2..]);
        let before = format!("{}CC", &MAC[2..]);
        assert_eq!(try_read(&url, false).unwrap()[2], (Field::Mac, after));
        assert_eq!(try_read(&url, true).unwrap()[2], (Field::Mac, before));
    }

    #[test]
    fn what_is_not_a_tap_says_why() {
        for (url, code) in [
            ("https://h/", "no_tap"),
            ("https://h/blog/2024?page=2&c=blue", "no_tap"),
            ("https://h/?p=EF963FF7828658A599F3041510671E8&c=94EED9EE6533708", "bad_length"),
            ("https://h/?p={picc}", "missing_field"),
            ("https://h/?p={picc}&c=", "bad_length"),
            ("https://h/?p={picc}&c=94EED9EE6533708", "bad_length"),
            ("https://h/?p={picc}&c=94EED9EE6533708G", "bad_hex"),
            ("https://h/?p={picc}&c=94EED9EE+5337086", "bad_hex"),
            ("https://h/?p={picc}&c=94EED9EE%3637086", "bad_hex"),
            ("https://h/?p=ZZ963FF7828658A599F3041510671E88&c={mac}", "bad_hex"),
            ("https://h/?p={picc}00&c={mac}", "bad_length"),
            ("https://h/?c={mac}", "missing_field"),
            ("https://h/?p={picc}&c={mac}&c={mac}", "duplicate_parameter"),
            ("https://h/?p={picc}&c={mac}&c=1", "duplicate_parameter"),
            ("https://h/?p={picc}&p={picc}&c={mac}", "duplicate_parameter"),
            ("https://h/?p={picc}&c={mac}&mac={mac}", "duplicate_parameter"),
            ("https://h/?p={picc}&c={mac}#c={mac}", "duplicate_parameter"),
            ("https://h/?tamper=CC&p={picc}&tt=OO&c={mac}", "duplicate_parameter"),
            ("https://h/?p=ZEED5D97131E60E6EA7C99DCC98FED49344896F16257DC6B&c={mac}", "bad_hex"),
            ("https://h/?p=4EED5D97131E60E6EA7C99DCC98FED49344896F16257DC&c={mac}", "bad_length"),
        ] {
            assert_eq!(try_read(url, false).unwrap_err().code(), code, "{url}");
        }
    }

    #[test]
    fn lrp_mode_is_told_by_its_length() {
        const LRP: &str = "4EED5D97131E60E6EA7C99DCC98FED49344896F16257DC6B";
        let lrp = |url: &str| url.replace("{lrp}", LRP);
        for url in [
            "https://h/t?p={lrp}&c={mac}",
            "https://h/424?e={lrp}&c={mac}",
            "https://h/t?m={lrp}x{mac}",
            "https://h/t?e={lrp}{mac}",
            "https://h/{lrp}/{mac}",
            "https://h/t?p={lrp}&c={mac}&sid={picc}",
        ] {
            expect(&lrp(url), &[(Field::PiccData, LRP), (Field::Mac, MAC)]);
        }
        for url in [
            "https://h/?picc_data={lrp}&enc={enc}&cmac={mac}",
            "https://h/?e={lrp}{enc}{mac}",
            "https://h/{lrp}x{enc}x{mac}",
            "https://h/?enc={enc}&picc_data={lrp}&cmac={mac}",
        ] {
            expect(&lrp(url), &[(Field::PiccData, LRP), (Field::FileData, ENC), (Field::Mac, MAC)]);
        }
        let tamper = try_read(&lrp("https://h/?e={lrp}OC{mac}"), false).unwrap();
        assert_eq!(tamper[1], (Field::TagTamper, "OC".to_owned()));
        // A number of somebody else's that has the length of the other mode.
        for (url, first, other) in [
            ("https://h/{picc}/{mac}?gclid={lrp}", LRP, PICC),
            ("https://h/{lrp}/{mac}?gclid={picc}", PICC, LRP),
        ] {
            for (second, picc) in [(false, first), (true, other)] {
                assert_eq!(
                    try_read(&lrp(url), second).unwrap()[0],
                    (Field::PiccData, picc.to_owned()),
                    "{url}"
                );
            }
        }
        expect(
            &lrp("https://h/?p={picc}&c={mac}&gclid={lrp}"),
            &[(Field::PiccData, PICC), (Field::Mac, MAC)],
        );
    }
}
