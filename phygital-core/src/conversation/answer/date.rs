//! A day of the calendar.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::numbers::{Found, UNIT, number_at, numbers};
use super::words::{Lexicon, Phrases, Piece, Text};
use super::{Asking, CONFIDENCE_DOUBT, Reading, Unclear, confidence, understood};

/// How far ahead of today a day may lie, in years: nobody plans further.
const YEARS_AHEAD: i32 = 10;

/// How long ago a day may be, in years: nobody is older.
const YEARS_BACK: i32 = 130;

/// Most words between a day and its month: `24th of December`.
const FILLERS_MAX: usize = 2;

/// Words that may stand there.
const FILLERS: [&str; 16] =
    ["TH", "ST", "ND", "RD", "OF", "THE", "ER", "ERE", "DE", "DEL", "DU", "DER", "DEN", "VAN", "DI", "E"];

/// What marks a number as a day of the month.
const ORDINALS: [&str; 6] = ["TH", "ST", "ND", "RD", "ER", "E"];

/// A day, and which ones make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DateAnswer {
    /// On which side of today it lies.
    pub range: DateRange,
    /// Whether month and day are enough, as of a birthday: kept as `--12-24` (ISO 8601:2000, vCard).
    pub year_optional: bool,
}

/// On which side of today a day lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateRange {
    /// On either.
    Any,
    /// Today or later.
    Future,
    /// Today or earlier.
    Past,
}

/// A day as it was said: with or without its year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Day(NaiveDate),
    /// Month and day.
    Yearly(u32, u32),
}

impl DateAnswer {
    /// A day within a range, whose year has to be known.
    pub fn new(range: DateRange) -> DateAnswer {
        DateAnswer { range, year_optional: false }
    }

    pub(super) fn read(&self, said: &Text, words: &Lexicon, asking: &Asking<'_>) -> Reading {
        let pieces = split(&said.pieces);
        let reader = Reader { pieces: &pieces, words, asking, range: self.range };
        let mut found = reader.explicit();
        if found.days.is_empty() && !found.impossible && !found.ambiguous {
            found = reader.relative();
        }
        if found.ambiguous {
            return Reading::Unclear(Unclear::Several);
        }
        let judged: BTreeSet<Option<String>> =
            found.days.iter().map(|day| self.judged(*day, asking.today)).collect();
        let mut judged = judged.into_iter();
        match (judged.next(), judged.next()) {
            (None, _) if found.impossible => Reading::Unclear(Unclear::OutOfRange),
            (None, _) => Reading::Unclear(Unclear::Nothing),
            (Some(_), Some(_)) => Reading::Unclear(Unclear::Several),
            (Some(None), None) => Reading::Unclear(Unclear::OutOfRange),
            (Some(Some(value)), None) => {
                let sure = confidence(&pieces, found.taken);
                let sure = if found.guessed { sure.saturating_sub(CONFIDENCE_DOUBT) } else { sure };
                understood(value, None, sure)
            }
        }
    }

    /// The day in the form that is kept; `None` where it cannot be meant.
    fn judged(&self, said: Said, today: NaiveDate) -> Option<String> {
        let day = match said {
            Said::Yearly(month, day) if self.year_optional => {
                return Some(format!("--{month:02}-{day:02}"));
            }
            Said::Yearly(month, day) => nearest(month, day, today, self.range)?,
            Said::Day(day) => day,
        };
        let ahead = day.year() - today.year();
        let fits = match self.range {
            DateRange::Any => true,
            DateRange::Future => day >= today,
            DateRange::Past => day <= today,
        };
        (fits && (-YEARS_BACK..=YEARS_AHEAD).contains(&ahead)).then(|| day.format("%Y-%m-%d").to_string())
    }
}

/// The next such day, or the last where the past is asked for; `None` where no year near has it.
fn nearest(month: u32, day: u32, today: NaiveDate, range: DateRange) -> Option<NaiveDate> {
    let of = |year: i32| NaiveDate::from_ymd_opt(year, month, day);
    // A leap day may be eight years away.
    let years = 0..=8;
    match range {
        DateRange::Past => years.filter_map(|back| of(today.year() - back)).find(|day| *day <= today),
        DateRange::Any | DateRange::Future => {
            years.filter_map(|ahead| of(today.year() + ahead)).find(|day| *day >= today)
        }
    }
}

/// Numbers with points taken apart: `24.12.2026` is three.
fn split(pieces: &[Piece]) -> Vec<Piece> {
    let mut out = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if !piece.is_number {
            out.push(piece.clone());
            continue;
        }
        for (place, part) in piece.text.split('.').enumerate() {
            let before = if place == 0 { piece.before } else { '.' };
            out.push(Piece { text: part.to_owned(), is_number: true, before });
        }
    }
    out
}

/// What was found in a text.
#[derive(Default)]
struct FoundDays {
    days: BTreeSet<Said>,
    taken: usize,
    /// A day that the calendar has not.
    impossible: bool,
    /// Month and day can be read either way.
    ambiguous: bool,
    /// The month was not said.
    guessed: bool,
}

struct Reader<'r> {
    pieces: &'r [Piece],
    words: &'r Lexicon,
    asking: &'r Asking<'r>,
    range: DateRange,
}

impl Reader<'_> {
    /// Days that are said by number or by month and day.
    fn explicit(&self) -> FoundDays {
        let mut found = FoundDays::default();
        let mut at = 0;
        while at < self.pieces.len() {
            match self.in_figures(at, &mut found).or_else(|| self.with_month(at, &mut found)) {
                Some(len) => {
                    found.taken += len;
                    at += len;
                }
                None => at += 1,
            }
        }
        found
    }

    /// `2026-12-24`, `24.12.2026`, `24/12`, `12/24/26`.
    fn in_figures(&self, at: usize, found: &mut FoundDays) -> Option<usize> {
        let first = self.figure(at)?;
        let sign = self.pieces.get(at + 1)?.before;
        if !matches!(sign, '-' | '/' | '.') {
            return None;
        }
        let second = self.figure(at + 1)?;
        let third = self.figure(at + 2).filter(|_| self.pieces[at + 2].before == sign);
        if self.pieces[at].text.len() == 4 {
            let day = third?;
            found.add(NaiveDate::from_ymd_opt(i32::try_from(first).ok()?, second, day).map(Said::Day));
            return Some(3);
        }
        let len = 2 + usize::from(third.is_some());
        let month_first = match (first > 12, second > 12) {
            (true, true) => {
                found.impossible = true;
                return Some(len);
            }
            (true, false) => false,
            (false, true) => true,
            (false, false) if first == second => false,
            (false, false) => match self.month_first() {
                Some(month_first) => month_first,
                None => {
                    found.ambiguous = true;
                    return Some(len);
                }
            },
        };
        let (month, day) = if month_first { (first, second) } else { (second, first) };
        match third {
            Some(year) => found.add(
                self.year(year, at + 2)
                    .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
                    .map(Said::Day),
            ),
            None => found.add(yearly(month, day)),
        }
        Some(len)
    }

    /// `24 December`, `the 24th of December 2026`, `December 24`, `1er mars`.
    fn with_month(&self, at: usize, found: &mut FoundDays) -> Option<usize> {
        let filled = |from: usize| {
            let fillers = self.pieces[from.min(self.pieces.len())..].iter().take(FILLERS_MAX);
            fillers.take_while(|piece| FILLERS.contains(&piece.text.as_str())).count()
        };
        let (month, day, mut end) = match self.figure(at) {
            Some(day) => {
                let month_at = at + 1 + filled(at + 1);
                let (month, len) = place_of(&self.words.months, self.pieces, month_at)?;
                (month, day, month_at + len)
            }
            None => {
                let (month, len) = place_of(&self.words.months, self.pieces, at)?;
                let day_at = at + len + filled(at + len);
                let day = self.figure(day_at).filter(|_| self.pieces[day_at].text.len() <= 2)?;
                (month, day, day_at + 1)
            }
        };
        let month = u32::try_from(month).ok()? + 1;
        let year_at = end + filled(end);
        let year = self.figure(year_at).filter(|_| self.pieces[year_at].text.len() == 4);
        match year.and_then(|year| self.year(year, year_at)) {
            Some(year) => {
                found.add(NaiveDate::from_ymd_opt(year, month, day).map(Said::Day));
                end = year_at + 1;
            }
            None => found.add(yearly(month, day)),
        }
        Some(end - at)
    }

    /// Days that are said from today on: `tomorrow`, `next Friday`, `in two weeks`, `the 24th`.
    fn relative(&self) -> FoundDays {
        let (pieces, words, today) = (self.pieces, self.words, self.asking.today);
        let numbers = numbers(pieces, words);
        let mut found = FoundDays::default();
        let mut at = 0;
        while at < pieces.len() {
            let hit = if let Some((ahead, len)) = place_of(&words.days, pieces, at) {
                Some((today.checked_add_days(Days::new(ahead as u64)), len))
            } else if let Some(len) = words.yesterday.at(pieces, at) {
                Some((today.checked_sub_days(Days::new(1)), len))
            } else if let Some((weekday, len)) = self.weekday(at) {
                Some((weekday, len))
            } else {
                self.after_span(at, &numbers)
            };
            match hit {
                Some((day, len)) => {
                    found.add(day.map(Said::Day));
                    found.taken += len;
                    at += len;
                }
                None => at += 1,
            }
        }
        if found.days.is_empty()
            && let Some((day, len)) = self.of_month()
        {
            found.add(day.map(Said::Day));
            (found.taken, found.guessed) = (len, true);
        }
        found
    }

    /// A day of the week: the next one, or the last where the past is asked for.
    fn weekday(&self, at: usize) -> Option<(Option<NaiveDate>, usize)> {
        let next = self.words.next.at(self.pieces, at).unwrap_or(0);
        let (place, len) = place_of(&self.words.weekdays, self.pieces, at + next)?;
        // Two letters are a word in most languages: *so*, *do*, *ma*.
        if self.pieces[at + next].text.len() <= 3 && self.pieces.len() > 2 {
            return None;
        }
        let behind = self.words.next.at(self.pieces, at + next + len).unwrap_or(0);
        let weekday = Weekday::try_from(u8::try_from(place).ok()?).ok()?;
        let today = self.asking.today;
        let ahead = (7 + i64::from(weekday.num_days_from_monday())
            - i64::from(today.weekday().num_days_from_monday()))
            % 7;
        let day = match (self.range, ahead) {
            (DateRange::Past, ahead) => today.checked_sub_days(Days::new(((7 - ahead) % 7) as u64)),
            (_, 0) => today.checked_add_days(Days::new(7)),
            (_, ahead) => today.checked_add_days(Days::new(ahead as u64)),
        };
        Some((day, next + len + behind))
    }

    /// `in two weeks`, `in a month`.
    fn after_span(&self, at: usize, numbers: &[Found]) -> Option<(Option<NaiveDate>, usize)> {
        let (pieces, words, today) = (self.pieces, self.words, self.asking.today);
        let count_at = at + words.within.at(pieces, at)?;
        let (count, len) = match number_at(numbers, count_at) {
            Some(number) if number.value % UNIT == 0 => {
                (u64::try_from(number.value / UNIT).ok()?, number.len)
            }
            Some(_) => return None,
            // An article counts one.
            None => (1, 1),
        };
        let span_at = count_at + len;
        let (span, span_len) = place_of(&words.spans, pieces, span_at)?;
        let day = match span {
            0 => today.checked_add_days(Days::new(count)),
            1 => count.checked_mul(7).and_then(|days| today.checked_add_days(Days::new(days))),
            _ => u32::try_from(count).ok().and_then(|count| today.checked_add_months(Months::new(count))),
        };
        Some((day, span_at + span_len - at))
    }

    /// `the 24th`, or nothing but `24`: of this month or the nearest that fits.
    fn of_month(&self) -> Option<(Option<NaiveDate>, usize)> {
        let mut figures = (0..self.pieces.len()).filter(|at| self.pieces[*at].is_number);
        let (at, None) = (figures.next()?, figures.next()) else { return None };
        let ordinal = self.pieces.get(at + 1).is_some_and(|next| ORDINALS.contains(&next.text.as_str()));
        let day = self.figure(at).filter(|_| ordinal || self.pieces.len() == 1)?;
        let today = self.asking.today;
        let first = today.with_day(1)?;
        let months = (0..=2).filter_map(|step| match self.range {
            DateRange::Past => first.checked_sub_months(Months::new(step)),
            _ => first.checked_add_months(Months::new(step)),
        });
        let mut days = months.filter_map(|month| month.with_day(day));
        let day = days.find(|day| if self.range == DateRange::Past { *day <= today } else { *day >= today });
        Some((day, 1 + usize::from(ordinal)))
    }

    fn figure(&self, at: usize) -> Option<u32> {
        let piece = self.pieces.get(at).filter(|piece| piece.is_number && piece.text.len() <= 4)?;
        piece.text.parse().ok()
    }

    /// A year of four digits, or of two in the century that the range makes likely.
    fn year(&self, year: u32, at: usize) -> Option<i32> {
        let year = i32::try_from(year).ok()?;
        match self.pieces[at].text.len() {
            4 => Some(year),
            2 => {
                let now = self.asking.today.year();
                let this = now - now.rem_euclid(100) + year;
                Some(if self.range == DateRange::Future || this <= now { this } else { this - 100 })
            }
            _ => None,
        }
    }

    /// Whether the month is written before the day; `None` where the language does not say, as plain English.
    fn month_first(&self) -> Option<bool> {
        let region = self.asking.language.split('-').skip(1).find(|part| part.len() == 2);
        let region = region.map(str::to_ascii_uppercase);
        match region.as_deref() {
            Some("US") => Some(true),
            Some("CA" | "PH") | None if self.asking.language.to_ascii_lowercase().starts_with("en") => None,
            _ => Some(!self.words.day_first),
        }
    }
}

impl FoundDays {
    fn add(&mut self, day: Option<Said>) {
        match day {
            Some(day) => drop(self.days.insert(day)),
            None => self.impossible = true,
        }
    }
}

/// A day of every year; the leap day is one.
fn yearly(month: u32, day: u32) -> Option<Said> {
    NaiveDate::from_ymd_opt(2024, month, day).map(|_| Said::Yearly(month, day))
}

/// Which of several meanings stands at `at`, and how many pieces it takes up.
fn place_of(lists: &[Phrases], pieces: &[Piece], at: usize) -> Option<(usize, usize)> {
    let hits = lists.iter().enumerate().filter_map(|(place, names)| Some((place, names.at(pieces, at)?)));
    hits.max_by_key(|(_, len)| *len)
}
