//! What stands in a text that is to go out: what it lacks, and what must not be in it.

use serde::Serialize;

use super::segments::{NonGsm7, segments, septets};
use crate::vocab::limits::TEXT_BYTES_MAX;

/// What a brand's texts may hold.
///
/// By default a text has at most three parts and no link at all: name the brand's own domains to let links through.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// The brand, as texts name it.
    pub brand: String,
    /// Domains that links may lead to, and to what lies under them: `shop.example`.
    pub domains: Vec<String>,
    /// Most parts of a text. Longer ones are better as a picture message, and dearer.
    pub segments_max: usize,
    /// Contact points of the brand itself, which a text may name: an address for questions, a number to call.
    pub contacts: Vec<String>,
}

/// What a text is due to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a question with all that matters to its answer")]
pub struct Occasion {
    /// It has to name the brand.
    pub brand_due: bool,
    /// It has to say how to opt out.
    pub opt_out_due: bool,
}

/// Something about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What.
    pub fault: Fault,
    /// Where, in bytes from the start; 0 for the text as a whole. The text itself is not repeated: it may be personal.
    pub at: usize,
}

/// What may be wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// Nothing to read.
    Empty,
    /// Longer than [`TEXT_BYTES_MAX`].
    TooLong,
    /// More parts than the style allows.
    TooManySegments,
    /// The brand is due and is not named.
    BrandMissing,
    /// How to opt out is due and is not said.
    OptOutMissing,
    /// An e-mail address that is not the brand's.
    EmailAddress,
    /// A phone number that is not the brand's.
    PhoneNumber,
    /// The number of a payment card (ISO/IEC 7812, with its check digit).
    CardNumber,
    /// An international bank account number (ISO 13616, with its check digits).
    BankAccount,
    /// A link to a domain that is not the brand's.
    ForeignLink,
    /// A link that does not say where it leads: carriers block shorteners that anybody may use.
    ShortLink,
    /// A link that is not encrypted, or one with a name and password in it.
    UnsafeLink,
    /// A field of a template that was not filled in.
    Placeholder,
    /// A character that is not seen, or that turns the direction of reading.
    HiddenCharacter,
    /// Advice: one character makes the whole text UCS-2, and it costs more parts for it.
    CostlyCharacter,
}

impl Fault {
    /// The code in JSON and on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Fault::Empty => "empty",
            Fault::TooLong => "too_long",
            Fault::TooManySegments => "too_many_segments",
            Fault::BrandMissing => "brand_missing",
            Fault::OptOutMissing => "opt_out_missing",
            Fault::EmailAddress => "email_address",
            Fault::PhoneNumber => "phone_number",
            Fault::CardNumber => "card_number",
            Fault::BankAccount => "bank_account",
            Fault::ForeignLink => "foreign_link",
            Fault::ShortLink => "short_link",
            Fault::UnsafeLink => "unsafe_link",
            Fault::Placeholder => "placeholder",
            Fault::HiddenCharacter => "hidden_character",
            Fault::CostlyCharacter => "costly_character",
        }
    }

    /// Whether a text with it must not go out; otherwise it is advice.
    pub fn refuses(self) -> bool {
        self != Fault::CostlyCharacter
    }
}

impl Style {
    /// The style of a brand.
    pub fn new(brand: impl Into<String>) -> Style {
        Style { brand: brand.into(), domains: Vec::new(), segments_max: 3, contacts: Vec::new() }
    }

    /// With a domain that links may lead to.
    pub fn with_domain(mut self, domain: impl Into<String>) -> Style {
        self.domains.push(domain.into().to_ascii_lowercase());
        self
    }

    /// With a contact point of the brand itself.
    pub fn with_contact(mut self, contact: impl Into<String>) -> Style {
        self.contacts.push(contact.into());
        self
    }

    /// With another count of parts.
    pub fn with_segments_max(self, segments_max: usize) -> Style {
        Style { segments_max, ..self }
    }

    /// What is wrong with a text, in order of place and fault; nothing where it may go out as it is.
    ///
    /// ```
    /// use phygital_core::conversation::lint::{Fault, Occasion, Style};
    /// let style = Style::new("Maison Ada").with_domain("ada.example");
    /// let first = Occasion { brand_due: true, opt_out_due: true };
    /// assert!(style.lint("Maison Ada: new shoes, https://ada.example/x Reply STOP to opt out", first).is_empty());
    /// let found = style.lint("New shoes at bit.ly/3xY", first);
    /// let faults: Vec<Fault> = found.iter().map(|one| one.fault).collect();
    /// assert_eq!(faults, [Fault::BrandMissing, Fault::OptOutMissing, Fault::ShortLink]);
    /// ```
    pub fn lint(&self, text: &str, occasion: Occasion) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut add = |fault, at| found.push(Finding { fault, at });
        if text.len() > TEXT_BYTES_MAX {
            add(Fault::TooLong, TEXT_BYTES_MAX);
            return found;
        }
        if text.trim().is_empty() {
            add(Fault::Empty, 0);
            return found;
        }
        let told = segments(text);
        if told.segments() > self.segments_max {
            add(Fault::TooManySegments, 0);
        }
        if occasion.brand_due && !says_brand(text, &self.brand) {
            add(Fault::BrandMissing, 0);
        }
        if occasion.opt_out_due && !says_how_to_opt_out(text) {
            add(Fault::OptOutMissing, 0);
        }
        for (at, c) in text.char_indices() {
            if is_hidden(c) {
                add(Fault::HiddenCharacter, at);
            } else if c == '{' || (c == '}' && !text.contains('{')) {
                add(Fault::Placeholder, at);
            }
        }
        for (at, token) in tokens(text) {
            if let Some(fault) = self.fault_of(token, &text[at..]) {
                add(fault, at);
            }
        }
        for (at, digits) in digit_runs(text) {
            // One number in ten of a phone would have the check digit.
            if is_card(&digits) && !text[..at].ends_with('+') {
                add(Fault::CardNumber, at);
            }
        }
        if let Some(NonGsm7 { index, .. }) = told.first_non_gsm7 {
            // What it would cost without the strangers: each as one septet.
            let plain = text.chars().map(|c| if septets(c).is_none() { '?' } else { c });
            if segments(&plain.collect::<String>()).segments() < told.segments() {
                add(Fault::CostlyCharacter, text.char_indices().nth(index).map_or(0, |(at, _)| at));
            }
        }
        found.sort_unstable_by_key(|finding| (finding.at, finding.fault));
        // The groups of one number may each look like one.
        let goes_on = |c: char| c == '+' || is_spelling(c) || is_gap(c);
        found.dedup_by(|later, first| {
            later.fault == first.fault
                && (later.at == first.at
                    || later.fault == Fault::PhoneNumber && text[first.at..later.at].chars().all(goes_on))
        });
        found
    }

    /// What is wrong with a word of a text; `rest` begins with it, since numbers are written in several words.
    fn fault_of(&self, token: &str, rest: &str) -> Option<Fault> {
        if ["undefined", "null", "nan"].iter().any(|word| token.eq_ignore_ascii_case(word)) {
            return Some(Fault::Placeholder);
        }
        // Nearly every word is letters alone, and nothing else that is looked for.
        if token.chars().all(char::is_alphabetic) {
            return None;
        }
        let lower = token.to_lowercase();
        if self.contacts.iter().any(|own| squeezed(own) == squeezed(token)) {
            return None;
        }
        if let Some(link) = link(&lower) {
            return self.fault_of_link(link);
        }
        if lower.split_once('@').is_some_and(|(name, host)| !name.is_empty() && looks_like_host(host)) {
            return Some(Fault::EmailAddress);
        }
        if begins_with_iban(rest) {
            return Some(Fault::BankAccount);
        }
        phone_number(token, rest).filter(|number| !self.is_own(number)).map(|_| Fault::PhoneNumber)
    }

    /// Whether the digits of a phone number are the brand's, with its country or without.
    fn is_own(&self, number: &str) -> bool {
        let local = number.trim_start_matches('0');
        self.contacts.iter().map(|own| dialled(own)).any(|own| {
            let whole = own.len() >= LOCAL_DIGITS_MIN && number.starts_with(&own);
            whole || (local.len() >= LOCAL_DIGITS_MIN && own.ends_with(local))
        })
    }

    fn fault_of_link(&self, link: Link<'_>) -> Option<Fault> {
        let Link { scheme, host, has_user } = link;
        let under = |domain: &str| {
            host == domain || host.strip_suffix(domain).is_some_and(|left| left.ends_with('.'))
        };
        if SHORTENERS.iter().any(|shortener| under(shortener)) && !self.domains.iter().any(|own| under(own)) {
            return Some(Fault::ShortLink);
        }
        if !self.domains.iter().any(|own| under(own)) {
            return Some(Fault::ForeignLink);
        }
        (has_user || scheme.is_some_and(|scheme| scheme != "https")).then_some(Fault::UnsafeLink)
    }
}

/// Link shorteners that anybody may use; carriers filter them (CTIA Messaging Principles, 5.3.2).
const SHORTENERS: [&str; 16] = [
    "bit.ly",
    "buff.ly",
    "cutt.ly",
    "goo.gl",
    "is.gd",
    "lnkd.in",
    "ow.ly",
    "rb.gy",
    "rebrand.ly",
    "s.id",
    "shorturl.at",
    "t.co",
    "t.ly",
    "tiny.cc",
    "tinyurl.com",
    "v.gd",
];

/// Endings by which a word with dots is taken for a host even without a path.
const ENDINGS: [&str; 30] = [
    "app", "be", "biz", "ca", "ch", "co", "com", "de", "dev", "es", "eu", "example", "fr", "info", "io",
    "it", "link", "ly", "me", "mobi", "net", "nl", "online", "org", "pl", "shop", "store", "uk", "us", "xyz",
];

/// A link, in lower case.
struct Link<'t> {
    scheme: Option<&'t str>,
    host: &'t str,
    has_user: bool,
}

/// Reads a word as a link: with a scheme, or a host with a path or a usual ending.
fn link(token: &str) -> Option<Link<'_>> {
    let (scheme, rest) = match token.split_once("://") {
        Some((scheme, rest)) => {
            (Some(scheme.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or(scheme)), rest)
        }
        None => (None, token),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let host = host.split_once(':').map_or(host, |(host, _)| host).trim_end_matches('.');
    let ending = host.rsplit('.').next().unwrap_or_default();
    let known = host.starts_with("www.") || ENDINGS.contains(&ending) || end < rest.len();
    let is_link = scheme.is_some() || (user.is_none() && looks_like_host(host) && known);
    (is_link && !host.is_empty()).then_some(Link { scheme, host, has_user: user.is_some() })
}

/// Labels of letters, digits and hyphens with dots between, the last one of letters.
fn looks_like_host(host: &str) -> bool {
    let host = host.trim_end_matches(['.', ',', ')', '!', '?']);
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && host.split('.').all(label)
        && last.chars().count() >= 2
        && last.chars().all(char::is_alphabetic)
}

/// Words and what is written like one, without what stands around them.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split_whitespace().filter_map(move |word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && !"+(".contains(c));
        (!word.is_empty()).then(|| (word.as_ptr() as usize - start, word))
    })
}

/// Digits that follow each other with single spaces, dots or hyphens between, and where they begin.
fn digit_runs(text: &str) -> Vec<(usize, Vec<u8>)> {
    let mut runs: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut gap = 2;
    for (at, c) in text.char_indices() {
        match c.to_digit(10) {
            Some(digit) => {
                let digit = digit as u8;
                match runs.last_mut().filter(|_| gap < 2) {
                    Some((_, run)) => run.push(digit),
                    None => runs.push((at, vec![digit])),
                }
                gap = 0;
            }
            None if " .-".contains(c) => gap += 1,
            None => gap = 2,
        }
    }
    runs
}

/// Whether digits are the number of a payment card: 13 to 19 of them with the check digit of ISO/IEC 7812-1, annex B.
fn is_card(digits: &[u8]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(at, digit)| match at % 2 {
        0 => u32::from(*digit),
        _ => u32::from(*digit * 2 / 10 + *digit * 2 % 10),
    });
    (13..=19).contains(&digits.len()) && digits.first() != Some(&0) && weighed.sum::<u32>() % 10 == 0
}

/// Whether a text begins with an account number: in one word or, as it is printed, in groups of four.
fn begins_with_iban(text: &str) -> bool {
    let mut number = String::new();
    for group in text.split(is_gap) {
        let end = group.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(group.len());
        number.push_str(&group[..end]);
        if is_iban(&number) {
            return true;
        }
        if end != 4 || group.len() != 4 || number.len() >= IBAN_MAX {
            break;
        }
    }
    false
}

/// Most characters of an account number (ISO 13616-1, 6).
const IBAN_MAX: usize = 34;

/// Whether letters and digits are an account number of ISO 13616, by its check digits (ISO/IEC 7064, MOD 97-10).
fn is_iban(number: &str) -> bool {
    let bytes = number.as_bytes();
    if !(15..=IBAN_MAX).contains(&bytes.len()) {
        return false;
    }
    let form = bytes[..2].iter().all(u8::is_ascii_uppercase) && bytes[2..4].iter().all(u8::is_ascii_digit);
    let turned = bytes[4..].iter().chain(&bytes[..4]);
    let rest = turned.fold(0_u32, |rest, byte| match char::from(*byte).to_digit(36) {
        Some(value) if value >= 10 => (rest * 100 + value) % 97,
        value => (rest * 10 + value.unwrap_or(0)) % 97,
    });
    form && rest == 1
}

/// Fewest digits of a phone number without its country.
const LOCAL_DIGITS_MIN: usize = 7;

/// Fewest digits of a phone number with its country, or with what is dialled before it within the country.
const NUMBER_DIGITS_MIN: usize = 8;

/// The digits of a phone number that begins with a word, where something marks it as one: a plus, a zero or three digits in
/// brackets, two zeros, or three groups and more. `rest` is the text from that word on.
fn phone_number(token: &str, rest: &str) -> Option<String> {
    if let Some((before, _)) = token.split_once('+')
        && !before.ends_with(char::is_alphanumeric)
    {
        let number = dialled(&rest[before.len() + 1..]);
        return (number.len() >= NUMBER_DIGITS_MIN).then_some(number);
    }
    let number = in_brackets(rest);
    if number.is_some() {
        return number;
    }
    let marked = token.starts_with('(') || token.starts_with("00") || separated(token);
    let number: String = token.chars().filter(char::is_ascii_digit).collect();
    (marked && (NUMBER_DIGITS_MIN..=15).contains(&number.len()) && token.chars().all(is_spelling))
        .then_some(number)
}

/// What stands between the digits of a phone number, and they themselves.
fn is_spelling(c: char) -> bool {
    c.is_ascii_digit() || "-.()/".contains(c)
}

/// Spaces within a number, those that do not break a line among them.
fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}')
}

/// The digits that a text begins with, a `+` before them or not, in groups as ITU-T E.123 and habit write them; up to a date.
/// The zero of `+44 (0)20` is not dialled. What stands behind a number, such as the hours to call, may run into it.
fn dialled(text: &str) -> String {
    let mut digits = String::new();
    for word in text.strip_prefix('+').unwrap_or(text).split(is_gap) {
        let end = word.find(|c| !is_spelling(c)).unwrap_or(word.len());
        if end == 0 || is_day(&word[..end]) {
            break;
        }
        digits.extend(word[..end].replace("(0)", "").chars().filter(char::is_ascii_digit));
        if end < word.len() || digits.len() > 15 {
            break;
        }
    }
    digits
}

/// The digits of `(510) 555-0199`, as North America writes them, or of `(020) 7946 0958`, with the zero that is dialled within
/// a country.
fn in_brackets(text: &str) -> Option<String> {
    let inside = text.strip_prefix('(')?;
    let (area, behind) = inside.split_at(inside.bytes().take_while(u8::is_ascii_digit).count());
    let behind = behind.strip_prefix(')').filter(|_| (3..=5).contains(&area.len()))?;
    let behind = behind.strip_prefix(is_gap).unwrap_or(behind);
    let form: String = behind.chars().take(9).map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let north_american = area.len() == 3
        && ["9999999", "999-9999", "999.9999", "999 9999"]
            .iter()
            .any(|one| form.strip_prefix(one).is_some_and(|more| !more.starts_with('9')));
    let number = area.to_owned() + &dialled(behind);
    let national = area.starts_with('0') && number.len() > NUMBER_DIGITS_MIN;
    (north_american || national).then_some(number)
}

/// Whether digits stand in three groups or more with one sign between, as those of a phone number do, and not as those of a
/// date, a span of time or two prices.
fn separated(token: &str) -> bool {
    ['-', '.'].iter().any(|sign| {
        let groups: Vec<&str> = token.split(*sign).collect();
        let of_phone =
            |group: &&str| (2..=4).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit());
        groups.len() >= 3 && groups.iter().all(of_phone) && token.len() >= 11
    })
}

/// Whether a word is a day: `24.12.2026`, `24/12/26`, `2026-12-24`.
fn is_day(word: &str) -> bool {
    let groups: Vec<&str> = word.trim_end_matches('.').split(['.', '-', '/']).collect();
    let digits = word.bytes().all(|byte| byte.is_ascii_digit() || b".-/".contains(&byte));
    digits
        && matches!(
            groups.iter().map(|group| group.len()).collect::<Vec<_>>()[..],
            [1..=2, 1..=2, 2 | 4] | [4, 1..=2, 1..=2]
        )
}

fn squeezed(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| !" -.()".contains(*c)).collect()
}

/// Characters that nobody sees, or that change how what follows is read. Joiners within emoji are left alone.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Whether a text names the brand: its letters and digits in a row, whatever their case.
pub fn says_brand(text: &str, brand: &str) -> bool {
    let plain = |text: &str| {
        let mut plain = String::from(" ");
        for c in text.chars().flat_map(char::to_lowercase) {
            match c.is_alphanumeric() {
                true => plain.push(c),
                false if !plain.ends_with(' ') => plain.push(' '),
                false => {}
            }
        }
        if !plain.ends_with(' ') {
            plain.push(' ');
        }
        plain
    };
    let brand = plain(brand);
    brand.trim().is_empty() || plain(text).contains(&brand)
}

/// Whether a text says how to opt out: a keyword such as `STOP` beside a word for answering (`reply`, `text`, `répondez`) or
/// before what it leads to (`STOP to end`), or a link or sentence that says unsubscribe.
pub fn says_how_to_opt_out(text: &str) -> bool {
    const KEYWORDS: [&str; 10] =
        ["stop", "stopp", "stopall", "unsubscribe", "quit", "end", "cancel", "arret", "arr\u{ea}t", "baja"];
    const ANSWERING: [&str; 24] = [
        "reply",
        "text",
        "txt",
        "send",
        "r\u{e9}pondez",
        "repondez",
        "r\u{e9}pondre",
        "repondre",
        "envoyez",
        "envoyer",
        "antworte",
        "antworten",
        "sende",
        "senden",
        "mit",
        "responde",
        "responda",
        "env\u{ed}a",
        "envia",
        "env\u{ed}e",
        "rispondi",
        "invia",
        "stuur",
        "msg",
    ];
    const LEADING: [&str; 16] = [
        "to",
        "2",
        "pour",
        "zum",
        "para",
        "per",
        "om",
        "opt",
        "optout",
        "ends",
        "quits",
        "cancels",
        "unsubscribes",
        "beendet",
        "abmelden",
        "end",
    ];
    const SAYING: [&str; 8] = [
        "unsubscribe",
        "optout",
        "d\u{e9}sabonner",
        "desabonner",
        "d\u{e9}sinscrire",
        "abmelden",
        "abbestellen",
        "disiscriverti",
    ];
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is = |at: Option<usize>, list: &[&str]| {
        at.and_then(|at| words.get(at)).is_some_and(|word| list.contains(word))
    };
    words.iter().enumerate().any(|(at, word)| {
        if SAYING.contains(word) || (*word == "opt" && is(Some(at + 1), &["out"])) {
            return true;
        }
        KEYWORDS.contains(word)
            && ((1..=2).any(|back| is(at.checked_sub(back), &ANSWERING)) || is(Some(at + 1), &LEADING))
    })
}

/// Whether a text names a price or a share: a number beside the sign of a currency or of percent. Words of selling tell
/// nothing: who leaves may be told that there will be no more offers.
pub fn names_a_price(text: &str) -> bool {
    let visible = || text.chars().filter(|c| !c.is_whitespace());
    let is_sign = |c: char| "%$\u{20ac}\u{a3}\u{a5}".contains(c);
    visible()
        .zip(visible().skip(1))
        .any(|(one, next)| (one.is_numeric() && is_sign(next)) || (is_sign(one) && next.is_numeric()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn style() -> Style {
        Style::new("Maison Ada")
            .with_domain("ada.example")
            .with_contact("+33 1 23 45 67 89")
            .with_contact("+1 (510) 555-0101")
            .with_contact("hi@ada.example")
    }

    fn faults(text: &str) -> Vec<Fault> {
        style().lint(text, Occasion::default()).into_iter().map(|finding| finding.fault).collect()
    }

    #[test]
    fn what_a_text_must_not_hold_is_found() {
        for (text, fault) in [
            ("See https://ada.example/x, shop.ada.example/y or www.ada.example.", None),
            ("See https://ada.example.evil.com/x", Some(Fault::ForeignLink)),
            ("See notada.example/x", Some(Fault::ForeignLink)),
            ("See (https://other.com)", Some(Fault::ForeignLink)),
            ("See tinyurl.com/abc", Some(Fault::ShortLink)),
            ("See http://ada.example/x", Some(Fault::UnsafeLink)),
            ("See https://ada.example@evil.com/", Some(Fault::ForeignLink)),
            ("See https://evil@ada.example/", Some(Fault::UnsafeLink)),
            ("Your mail bob@mail.com is on file", Some(Fault::EmailAddress)),
            ("Write to hi@ada.example or call +33 123456789", None),
            ("Call +4915112345678", Some(Fault::PhoneNumber)),
            ("Call 510-555-0199 now", Some(Fault::PhoneNumber)),
            ("Card 4111 1111 1111 1111 was charged", Some(Fault::CardNumber)),
            ("Order 4111111111111112 is ready", None),
            ("Paid from GB82WEST12345698765432", Some(Fault::BankAccount)),
            ("Hello {name}", Some(Fault::Placeholder)),
            ("Hello undefined, come by", Some(Fault::Placeholder)),
            ("abc\u{202e}def", Some(Fault::HiddenCharacter)),
            ("a\u{200b}b", Some(Fault::HiddenCharacter)),
            ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} hi", None),
            ("Open 9 a.m. to 6.30 p.m., 24.12.2026, 12.50 euros, size 38-40", None),
            ("   ", Some(Fault::Empty)),
        ] {
            assert_eq!(faults(text), fault.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn due_words_are_looked_for() {
        for yes in [
            "Reply STOP to end",
            "Text STOP to opt out",
            "STOP to opt-out.",
            "Txt STOP2end: send STOP",
            "R\u{e9}pondez STOP",
            "STOP pour vous d\u{e9}sinscrire",
            "Antworte STOP",
            "To unsubscribe visit us",
            "Reply with STOP",
            "opt out: reply quit",
        ] {
            assert!(says_how_to_opt_out(yes), "{yes}");
        }
        for no in
            ["Don't stop dancing", "The sale will end Sunday", "Nonstop fun", "Cancel your plans", "optional"]
        {
            assert!(!says_how_to_opt_out(no), "{no}");
        }
        assert!(
            says_brand("MAISON-ADA: hi", "Maison Ada") && says_brand("hi from maison ada!", "Maison Ada")
        );
        assert!(!says_brand("Maison Adam: hi", "Maison Ada") && !says_brand("hi", "Maison Ada"));
        assert!(says_brand("anything", ""));
    }

    #[test]
    fn prices_and_shares_are_told_from_words() {
        for text in ["20% to come back", "Save 20 %", "$5 for you", "5\u{a0}\u{20ac}", "\u{a3}10", "%20"] {
            assert!(names_a_price(text), "{text}");
        }
        for text in [
            "You will get no more offers, sales and deals",
            "Feel free to call 24/7",
            "100 of us",
            "$",
            "us$ and 5",
            "",
        ] {
            assert!(!names_a_price(text), "{text}");
        }
    }

    #[test]
    fn numbers_in_their_usual_spelling_are_found() {
        for text in [
            "Call +1 510 555 0199",
            "Call +1 (510) 555-0199.",
            "Call me:+49 151 12345678",
            "Call (510) 555-0199",
            "Call (510)555-0199",
            "(510) 555 0199 or by mail",
            "Call (020) 7946 0958",
            "+44 (0)20 7946 0958",
            "+33\u{a0}1\u{a0}98\u{a0}76\u{a0}54\u{a0}32, 9-18h",
            "+49 151 12345678 9-18 Uhr",
            "Call 01.98.76.54.32",
            "Call 0049 15112345678 or 004915112345678",
        ] {
            assert_eq!(faults(text), [Fault::PhoneNumber], "{text}");
        }
        for text in [
            "GB82 WEST 1234 5698 7654 32",
            "to GB82\u{a0}WEST\u{a0}1234\u{a0}5698\u{a0}7654\u{a0}32.",
            "DE89 3704 0044 0532 0130 00 by Friday",
            "NO93 8601 1117 947",
        ] {
            assert_eq!(faults(text), [Fault::BankAccount], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_let_pass() {
        for text in [
            // The brand's own, however it is written.
            "Call +33 1 23 45 67 89",
            "Call +33 (0)1 23 45 67 89, 9-18h",
            "Call +33 1 23 45 67 89 9-18h",
            "Call 01.23.45.67.89 or 0033123456789",
            "Call (510) 555-0101, 510-555-0101 or +1 510.555.0101",
            // Prices and points.
            "From 1.250.000 to 2.500.000",
            "12.50-18.00 euros",
            "125.00-180.00",
            "You have +250 points",
            "+5 000 points, 1 000 000 in all",
            "Size 38 + 40, 2+2=4",
            // Dates and hours.
            "Open 10.00-18.00",
            "24.12-31.12.2026",
            "+1 24.12.2026, +2 2026-12-24",
            "(510) 24.12.2026",
            "(2026) 24/12",
            // Orders and parcels.
            "Order 510 555 0199",
            "Order 1234 5678 9012",
            "Invoice (2026) 001234",
            "Parcel (00)340123450000000018",
            "Style A+12345678",
            // No check digits, or not in groups of four.
            "GB82 WEST 1234 5698 7654 33",
            "GB82 WE ST12 3456 9876 5432",
            "AB12 shoes",
        ] {
            assert_eq!(faults(text), [], "{text}");
        }
    }

    #[test]
    fn parts_are_counted_and_dear_characters_named() {
        let long = "a".repeat(460);
        assert_eq!(faults(&long), [Fault::TooManySegments]);
        assert_eq!(faults(&long[..459]), []);
        let curly = format!("{}\u{2019}", "a".repeat(100));
        let found = style().lint(&curly, Occasion::default());
        assert_eq!(
            found.iter().map(|one| (one.fault, one.at)).collect::<Vec<_>>(),
            [(Fault::CostlyCharacter, 100)]
        );
        assert!(!found[0].fault.refuses() && Fault::Empty.refuses());
        let wide = style().with_segments_max(99);
        let most = "a".repeat(TEXT_BYTES_MAX);
        assert!(wide.lint(&most, Occasion::default()).is_empty());
        let over = wide.lint(&format!("{most}a"), Occasion::default());
        assert_eq!(over[0].fault, Fault::TooLong);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(\\PC|[@.:/+0-9 {}]){0,300}") {
            let found = style().lint(&text, Occasion { brand_due: true, opt_out_due: true });
            for finding in &found {
                prop_assert!(finding.at <= text.len() && text.is_char_boundary(finding.at));
                prop_assert!(!finding.fault.code().is_empty());
            }
        }
    }
}
