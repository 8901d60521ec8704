//! The phrases that tell a wish from everyday talk: read once from `phrases.txt`, matched against words.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::words::{Pause, Word};
use crate::optin::text;

/// The phrases that come with the library.
pub(super) static STANDARD: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::read(include_str!("phrases.txt")).expect("a file that the tests read"));

/// Most words that a star or a gap takes in.
const STAR_MAX: u8 = 6;

/// What a word means, as far as the phrases know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sense {
    /// Its number; 0 for a word that no phrase knows.
    word: u16,
    /// The classes that it is of, a bit for each.
    classes: u64,
    /// Whether it was written in another way.
    pub(super) mended: bool,
}

impl Sense {
    const UNKNOWN: Sense = Sense { word: 0, classes: 0, mended: false };

    pub(super) fn mended(self) -> Sense {
        Sense { mended: true, ..self }
    }
}

/// What a phrase says of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Everyday talk: what it covers is no wish.
    Everyday,
    /// A wish that no everyday phrase covers up.
    Sure,
    /// A wish to be left alone.
    Wish,
    /// A wish, unless a question waits or an order is talked of.
    Weak,
    /// The number was given to somebody else.
    Wrong,
    /// A call for help.
    Help,
    /// Yes, and nothing else.
    Yes,
    /// No, and nothing else.
    No,
}

/// Words that a place in a phrase takes.
#[derive(Debug, Clone, Default)]
struct Set {
    words: Vec<u16>,
    classes: u64,
}

impl Set {
    fn has(&self, sense: Sense) -> bool {
        self.classes & sense.classes != 0 || self.words.contains(&sense.word)
    }
}

/// A place in a phrase.
#[derive(Debug, Clone)]
enum Part {
    /// So many words of a set.
    Words { set: Set, least: u8, most: u8 },
    /// Up to so many words, whatever they are.
    Gap(u8),
    /// No word of the set comes next.
    NotNext(Set),
    /// No word of the set stands before.
    NotBefore(Set),
    /// From here on there may be a short pause.
    Across,
    /// Nothing but courtesies since a pause, or since the beginning of the text.
    Begins { text: bool },
    /// Nothing but courtesies until a pause, or until the end of the text.
    Ends { text: bool },
}

#[derive(Debug)]
struct Phrase {
    kind: Kind,
    percent: u8,
    parts: Vec<Part>,
}

/// The phrases, and the words that they know.
#[derive(Debug)]
pub(super) struct Lexicon {
    /// In order, so that a word is found by halving.
    words: Vec<(Box<str>, Sense)>,
    /// What a word means that begins so, where it is not known itself.
    stems: Vec<(Box<str>, Sense)>,
    together: BTreeMap<(u16, u16), Sense>,
    phrases: Vec<Phrase>,
    /// Which phrases may begin with a word, by its number.
    beginning: Vec<Vec<u16>>,
    /// Phrases of scripts without spaces.
    inside: Vec<(Kind, u8, Box<str>)>,
    courtesy_before: u64,
    courtesy_behind: u64,
    number: u64,
    other_doing: u64,
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Find {
    pub(super) kind: Kind,
    pub(super) percent: u8,
    /// Whether a word of it was written in another way.
    pub(super) mended: bool,
}

/// Which line of the phrases does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    line: usize,
    expected: &'static str,
}

impl Lexicon {
    /// What a word of a plain text means, mended where it was written in another way.
    pub(super) fn sense(&self, word: &str) -> Sense {
        if let Some(sense) = self.known(word) {
            return sense;
        }
        let bytes = word.as_bytes();
        if bytes.iter().all(u8::is_ascii_digit) {
            return Sense { classes: self.number, ..Sense::UNKNOWN };
        }
        if let Some((_, sense)) = self.stems.iter().find(|(stem, _)| word.starts_with(&**stem)) {
            return *sense;
        }
        if let Some(sense) = self.mend(word) {
            return sense.mended();
        }
        let doing = bytes.len() > 4 && word.ends_with("ING");
        Sense { classes: if doing { self.other_doing } else { 0 }, ..Sense::UNKNOWN }
    }

    /// What a word means that stands among the phrases as it is.
    pub(super) fn known(&self, word: &str) -> Option<Sense> {
        let at = self.words.binary_search_by(|(known, _)| (**known).cmp(word)).ok()?;
        Some(self.words[at].1)
    }

    /// What two words mean together.
    pub(super) fn together(&self, one: Sense, two: Sense) -> Option<Sense> {
        if one.word == 0 || two.word == 0 {
            return None;
        }
        self.together.get(&(one.word, two.word)).copied()
    }

    /// Whether a sign is a word of the phrases.
    pub(super) fn is_sign(&self, c: char) -> bool {
        self.known(c.encode_utf8(&mut [0; 4])).is_some()
    }

    /// A word that was drawn out, written with digits or letters that look like its own, or mistyped.
    fn mend(&self, word: &str) -> Option<Sense> {
        let once = squeezed(word, 2);
        // A single letter is no word that was drawn out.
        let known = |word: &str| if word.len() > 1 { self.known(word) } else { None };
        if once != word
            && let Some(sense) = known(&once).or_else(|| known(&squeezed(word, 1)))
        {
            return Some(sense);
        }
        let latin: Option<String> = word.chars().map(latin_twin).collect();
        let latin = latin?;
        if latin != word
            && let Some(sense) = known(&latin).or_else(|| known(&squeezed(&latin, 1)))
        {
            return Some(sense);
        }
        const LONGEST: &str = "UNSUBSCRIBE";
        let near = (8..=14).contains(&latin.len()) && latin.starts_with("UN");
        if near && strsim::damerau_levenshtein(&latin, LONGEST) <= 3 {
            return known(LONGEST);
        }
        let drawn_out = squeezed(word, 1);
        (drawn_out.len() + 2 <= word.len()).then(|| known(&drawn_out)).flatten()
    }

    /// What was said, without courtesies before and behind.
    pub(super) fn without_courtesies(&self, said: &str) -> String {
        let is = |word: &&str, class: u64| self.known(word).is_some_and(|sense| sense.classes & class != 0);
        let mut words: Vec<&str> =
            said.split(' ').skip_while(|word| is(word, self.courtesy_before)).collect();
        while words.last().is_some_and(|word| is(word, self.courtesy_behind)) {
            words.pop();
        }
        words.join(" ")
    }

    /// Phrases of scripts without spaces that stand in a plain text.
    pub(super) fn find_inside(&self, plain: &str) -> Option<Find> {
        if !plain
            .chars()
            .any(|c| matches!(c, '\u{e00}'..='\u{e7f}' | '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{9fff}'))
        {
            return None;
        }
        let mut bare: String = plain.chars().filter(|c| c.is_alphanumeric()).collect();
        for (_, _, talk) in self.inside.iter().filter(|(kind, ..)| *kind == Kind::Everyday) {
            bare = bare.replace(&**talk, " ");
        }
        let stands = |(kind, _, phrase): &&(Kind, u8, Box<str>)| match kind {
            Kind::Everyday => false,
            Kind::Weak => bare == **phrase,
            _ => bare.contains(&**phrase),
        };
        let found = self.inside.iter().filter(stands).max_by_key(|(_, percent, _)| *percent);
        found.map(|(kind, percent, _)| Find { kind: *kind, percent: *percent, mended: false })
    }
}

/// With each letter once where it stands more than `most` times in a row.
fn squeezed(word: &str, most: usize) -> String {
    let mut out = String::with_capacity(word.len());
    let letters: Vec<char> = word.chars().collect();
    for same in letters.chunk_by(|one, two| one == two) {
        let keep = if same.len() > most { 1 } else { same.len() };
        out.extend(&same[..keep]);
    }
    out
}

/// The letter of ours that a digit, or a letter of another alphabet, looks like.
fn latin_twin(c: char) -> Option<char> {
    Some(match c {
        'A'..='Z' => c,
        '0' | '\u{41e}' | '\u{39f}' => 'O',
        '1' | '\u{406}' | '\u{399}' => 'I',
        '3' | '\u{415}' | '\u{395}' => 'E',
        '4' | '\u{410}' | '\u{391}' => 'A',
        '5' | '\u{405}' => 'S',
        '7' | '\u{422}' | '\u{3a4}' => 'T',
        '\u{412}' | '\u{392}' => 'B',
        '\u{421}' | '\u{3f9}' => 'C',
        '\u{41d}' | '\u{397}' => 'H',
        '\u{408}' => 'J',
        '\u{41a}' | '\u{39a}' => 'K',
        '\u{41c}' | '\u{39c}' => 'M',
        '\u{39d}' => 'N',
        '\u{420}' | '\u{3a1}' => 'P',
        '\u{51a}' => 'Q',
        '\u{423}' | '\u{3a5}' => 'Y',
        '\u{425}' | '\u{3a7}' => 'X',
        _ => return None,
    })
}

// --- matching ------------------------------------------------------------------------------------

/// A text that phrases are held against.
pub(super) struct Text<'t> {
    lexicon: &'t Lexicon,
    words: &'t [Word],
    /// Whether nothing but courtesies stands before a word, since a pause and since the beginning.
    begins: Vec<(bool, bool)>,
    /// Whether nothing but courtesies stands from a word on, until a pause and until the end.
    ends: Vec<(bool, bool)>,
    /// The words that everyday phrases cover, once somebody asks.
    covered: OnceCell<Vec<bool>>,
}

impl<'t> Text<'t> {
    pub(super) fn new(lexicon: &'t Lexicon, words: &'t [Word]) -> Text<'t> {
        let many = words.len();
        let mut begins = vec![(true, true); many + 1];
        for at in 1..many {
            let courtesy = words[at - 1].sense.classes & lexicon.courtesy_before != 0;
            let (since_pause, since_start) = begins[at - 1];
            let pause = words[at].pause > Pause::None;
            begins[at] = (pause || courtesy && since_pause, courtesy && since_start);
        }
        let mut ends = vec![(true, true); many + 1];
        for at in (0..many).rev() {
            let courtesy = words[at].sense.classes & lexicon.courtesy_behind != 0;
            let (until_pause, until_end) = ends[at + 1];
            let pause = words[at].pause > Pause::None && at > 0;
            ends[at] = (pause || courtesy && until_pause, courtesy && until_end);
        }
        Text { lexicon, words, begins, ends, covered: OnceCell::new() }
    }

    /// The phrase of some kinds that says most.
    pub(super) fn find(&self, kinds: &[Kind]) -> Option<Find> {
        self.best(kinds, &[])
    }

    /// As [`Text::find`], after what everyday phrases cover was taken out.
    pub(super) fn find_uncovered(&self, kinds: &[Kind]) -> Option<Find> {
        self.best(kinds, self.covered())
    }

    /// Whether everyday phrases cover anything.
    pub(super) fn is_covered(&self) -> bool {
        self.covered().contains(&true)
    }

    fn covered(&self) -> &[bool] {
        self.covered.get_or_init(|| self.everyday())
    }

    fn everyday(&self) -> Vec<bool> {
        let mut covered = vec![false; self.words.len()];
        for (start, phrase) in self.beginnings(&[Kind::Everyday]) {
            if let Some(end) = self.matches(&phrase.parts, start, start, Pause::None, &[]) {
                covered[start..end].fill(true);
            }
        }
        covered
    }

    fn best(&self, kinds: &[Kind], covered: &[bool]) -> Option<Find> {
        let mut best: Option<Find> = None;
        for (start, phrase) in self.beginnings(kinds) {
            if best.is_some_and(|best| best.percent >= phrase.percent) {
                continue;
            }
            if let Some(end) = self.matches(&phrase.parts, start, start, Pause::Short, covered) {
                let mended = self.words[start..end].iter().any(|word| word.sense.mended);
                best = Some(Find { kind: phrase.kind, percent: phrase.percent, mended });
            }
        }
        best
    }

    /// Each phrase of some kinds at each word that it may begin with.
    fn beginnings(&self, kinds: &[Kind]) -> impl Iterator<Item = (usize, &'t Phrase)> {
        let lexicon = self.lexicon;
        self.words
            .iter()
            .enumerate()
            .flat_map(move |(at, word)| {
                let phrases =
                    lexicon.beginning.get(usize::from(word.sense.word)).map_or(&[][..], Vec::as_slice);
                phrases.iter().map(move |phrase| (at, &lexicon.phrases[usize::from(*phrase)]))
            })
            .filter(move |(_, phrase)| kinds.contains(&phrase.kind))
    }

    /// Where a match of `parts` that began at `start` ends, `at` being as far as it has come. No word of it is covered, and no
    /// pause within is longer than `pause`.
    fn matches(
        &self,
        parts: &[Part],
        start: usize,
        at: usize,
        pause: Pause,
        covered: &[bool],
    ) -> Option<usize> {
        let Some((part, rest)) = parts.split_first() else { return Some(at) };
        let free = |at: usize| {
            self.words.get(at).filter(|word| {
                (at == start || word.pause <= pause) && !covered.get(at).copied().unwrap_or(false)
            })
        };
        let go_on = |at: usize| self.matches(rest, start, at, pause, covered);
        match part {
            Part::Across => self.matches(rest, start, at, pause.max(Pause::Short), covered),
            Part::Begins { text } => {
                let (since_pause, since_start) = self.begins[at];
                (if *text { since_start } else { since_pause }).then(|| go_on(at)).flatten()
            }
            Part::Ends { text } => {
                let (until_pause, until_end) = self.ends[at];
                (if *text { until_end } else { until_pause }).then(|| go_on(at)).flatten()
            }
            Part::NotNext(set) => {
                let next = self.words.get(at).filter(|word| word.pause == Pause::None || at == start);
                if next.is_some_and(|word| set.has(word.sense)) { None } else { go_on(at) }
            }
            Part::NotBefore(set) => {
                let before = at.checked_sub(1).map(|before| self.words[before].sense);
                let tied = self.words.get(at).is_some_and(|word| word.pause == Pause::None);
                if tied && before.is_some_and(|sense| set.has(sense)) { None } else { go_on(at) }
            }
            Part::Words { set, least, most } => {
                let taken = |many: u8| {
                    (0..usize::from(many)).all(|n| free(at + n).is_some_and(|word| set.has(word.sense)))
                };
                (*least..=*most)
                    .rev()
                    .filter(|many| taken(*many))
                    .find_map(|many| go_on(at + usize::from(many)))
            }
            Part::Gap(most) => {
                let taken = |many: u8| (0..usize::from(many)).all(|n| free(at + n).is_some());
                (0..=*most).take_while(|many| taken(*many)).find_map(|many| go_on(at + usize::from(many)))
            }
        }
    }
}

// --- reading the phrases -------------------------------------------------------------------------

/// The phrases while they are read.
#[derive(Default)]
struct Reading {
    numbers: BTreeMap<String, u16>,
    classes: Vec<String>,
    of_word: BTreeMap<u16, u64>,
    aliases: Vec<(String, String, bool)>,
    stems: Vec<(String, String)>,
    together: Vec<(String, String, String)>,
    phrases: Vec<Phrase>,
    inside: Vec<(Kind, u8, Box<str>)>,
}

impl Lexicon {
    /// Reads phrases: a line each, `#` begins a remark. See the head of `phrases.txt`.
    pub(super) fn read(text: &str) -> Result<Lexicon, Fault> {
        let mut reading = Reading::default();
        for (line, content) in (1..).zip(text.lines()) {
            let content = text::plain(content.split('#').next().unwrap_or_default());
            if !content.trim().is_empty() {
                reading.line(&content).map_err(|expected| Fault { line, expected })?;
            }
        }
        reading.settle()
    }
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        let mut parts = line.split_whitespace();
        let head = parts.next().unwrap_or_default();
        match head {
            "CLASS" => {
                let class = 1 << self.class(parts.next().ok_or("a name of a class")?)?;
                for word in parts {
                    let number = self.number(word);
                    *self.of_word.entry(number).or_default() |= class;
                }
            }
            "SAME" | "TYPO" => {
                let means = parts.next().ok_or("a word")?.to_owned();
                self.aliases.extend(parts.map(|word| (word.to_owned(), means.clone(), head == "TYPO")));
            }
            "STEM" => {
                let means = parts.next().ok_or("a word")?.to_owned();
                self.stems.extend(parts.map(|stem| (stem.to_owned(), means.clone())));
            }
            "PAIR" => {
                let (words, means) = line.split_once('=').ok_or("two words = one")?;
                let mut words = words.split_whitespace().skip(1);
                let (one, two) = (words.next().ok_or("a word")?, words.next().ok_or("a second word")?);
                self.together.push((one.to_owned(), two.to_owned(), means.trim().to_owned()));
            }
            "INSIDE" => {
                let kind = kind(parts.next().unwrap_or_default())?;
                let percent = parts.next().and_then(|text| text.parse().ok()).ok_or("a percentage")?;
                for phrase in parts {
                    self.inside.push((kind, percent, phrase.into()));
                }
            }
            head => {
                let kind = kind(head)?;
                let percent = parts.next().and_then(|text| text.parse().ok()).ok_or("a percentage")?;
                let parts = parts.map(|part| self.part(part)).collect::<Result<Vec<_>, _>>()?;
                self.phrases.push(Phrase { kind, percent, parts });
            }
        }
        Ok(())
    }

    /// The number of a word; the same for the same word.
    fn number(&mut self, word: &str) -> u16 {
        let next = u16::try_from(self.numbers.len() + 1).unwrap_or(u16::MAX);
        *self.numbers.entry(word.to_owned()).or_insert(next)
    }

    /// The bit of a class.
    fn class(&mut self, name: &str) -> Result<u32, &'static str> {
        let at = match self.classes.iter().position(|known| known == name) {
            Some(at) => at,
            None => {
                self.classes.push(name.to_owned());
                self.classes.len() - 1
            }
        };
        if at < 64 { Ok(at as u32) } else { Err("at most 64 classes") }
    }

    fn set(&mut self, text: &str) -> Result<Set, &'static str> {
        let mut set = Set::default();
        for one in text.split('|') {
            match one.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
                Some(name) => set.classes |= 1 << self.class(name)?,
                None if one.is_empty() => return Err("a word"),
                None => set.words.push(self.number(one)),
            }
        }
        Ok(set)
    }

    fn part(&mut self, text: &str) -> Result<Part, &'static str> {
        Ok(match text {
            "^" => Part::Begins { text: false },
            "^^" => Part::Begins { text: true },
            "," => Part::Across,
            "$" => Part::Ends { text: false },
            "$$" => Part::Ends { text: true },
            _ => {
                if let Some(most) = text.strip_prefix("..") {
                    Part::Gap(most.parse().ok().filter(|most| *most <= STAR_MAX).ok_or("a gap of at most 6")?)
                } else if let Some(set) = text.strip_prefix('!') {
                    Part::NotNext(self.set(set)?)
                } else if let Some(set) = text.strip_prefix('~') {
                    Part::NotBefore(self.set(set)?)
                } else if let Some(set) = text.strip_suffix('?') {
                    Part::Words { set: self.set(set)?, least: 0, most: 1 }
                } else if let Some(set) = text.strip_suffix('*') {
                    Part::Words { set: self.set(set)?, least: 0, most: STAR_MAX }
                } else {
                    Part::Words { set: self.set(text)?, least: 1, most: 1 }
                }
            }
        })
    }

    fn settle(mut self) -> Result<Lexicon, Fault> {
        let broken = |expected| Fault { line: 0, expected };
        let mut classes = [0; 4];
        for (bit, name) in classes.iter_mut().zip(["LEAD", "TAIL", "NUMBER", "DOING"]) {
            *bit = 1 << self.class(name).map_err(broken)?;
        }
        for (one, two, means) in &self.together.clone() {
            for word in [one, two, means] {
                self.number(word);
            }
        }
        let sense = |reading: &Reading, number: u16| Sense {
            word: number,
            classes: reading.of_word.get(&number).copied().unwrap_or_default(),
            mended: false,
        };
        let mut words: BTreeMap<String, Sense> =
            self.numbers.iter().map(|(word, number)| (word.clone(), sense(&self, *number))).collect();
        for (word, means, mended) in &self.aliases {
            let meant = *words.get(means).ok_or(broken("another word for one that a phrase knows"))?;
            words.insert(word.clone(), Sense { mended: *mended, ..meant });
        }
        let mut stems = Vec::new();
        for (stem, means) in &self.stems {
            let meant = *words.get(means).ok_or(broken("another word for one that a phrase knows"))?;
            stems.push((stem.as_str().into(), meant));
        }
        let mut together = BTreeMap::new();
        for (one, two, means) in &self.together {
            together.insert((words[one].word, words[two].word), words[means]);
        }
        let mut of_class = vec![Vec::new(); self.classes.len()];
        for (number, classes) in &self.of_word {
            for (_, words) in of_class.iter_mut().enumerate().filter(|(bit, _)| classes >> bit & 1 == 1) {
                words.push(*number);
            }
        }
        let mut beginning = vec![Vec::new(); self.numbers.len() + 1];
        for (at, phrase) in self.phrases.iter().enumerate() {
            let at = u16::try_from(at).map_err(|_| broken("at most 65,535 phrases"))?;
            for set in first(&phrase.parts) {
                let classes = of_class.iter().enumerate().filter(|(bit, _)| set.classes >> bit & 1 == 1);
                for word in set.words.iter().chain(classes.flat_map(|(_, words)| words)) {
                    let list: &mut Vec<u16> = &mut beginning[usize::from(*word)];
                    if list.last() != Some(&at) {
                        list.push(at);
                    }
                }
            }
        }
        let [courtesy_before, courtesy_behind, number, other_doing] = classes;
        let words = words.into_iter().map(|(word, sense)| (word.into_boxed_str(), sense)).collect();
        let (phrases, inside) = (self.phrases, self.inside);
        Ok(Lexicon {
            words,
            stems,
            together,
            phrases,
            beginning,
            inside,
            courtesy_before,
            courtesy_behind,
            number,
            other_doing,
        })
    }
}

fn kind(name: &str) -> Result<Kind, &'static str> {
    Ok(match name {
        "EVERYDAY" => Kind::Everyday,
        "SURE" => Kind::Sure,
        "WISH" => Kind::Wish,
        "WEAK" => Kind::Weak,
        "WRONG" => Kind::Wrong,
        "HELP" => Kind::Help,
        "YES" => Kind::Yes,
        "NO" => Kind::No,
        _ => return Err("a kind of line"),
    })
}

/// What the first word of a phrase may be: none for one that begins with a gap.
fn first(parts: &[Part]) -> Vec<&Set> {
    let mut sets = Vec::new();
    for part in parts {
        match part {
            Part::Words { set, least, .. } => {
                sets.push(set);
                if *least > 0 {
                    break;
                }
            }
            Part::Gap(_) => break,
            _ => {}
        }
    }
    sets
}
