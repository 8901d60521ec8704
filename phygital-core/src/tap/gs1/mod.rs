//! GS1 Digital Link: a URL whose path names a product, a place or a parcel (GS1 Digital Link standard, URI syntax).
//!
//! Anybody can write such a link, so by itself it proves nothing. A tag that has it under its MAC does prove it:
//! [`DigitalLink::authenticated`] reads the link out of what a [`VerifiedTap`] authenticates, and
//! [`DigitalLink::is_authenticated_by`] says whether a link that was read from the URL is that one.

mod table;

use std::fmt;

use super::limits::{GS1_ELEMENTS_MAX, GS1_VALUE_MAX};
use super::refusal::TapRefusal;
use super::sun::{MacStart, Span, TapLink, VerifiedTap};
use crate::vocab::{Gln, Gtin, Sscc};
use table::{Role, Rule, rule};

/// A link taken apart into application identifiers and their values, each checked.
///
/// ```
/// use phygital_core::tap::gs1::DigitalLink;
/// let link = DigitalLink::parse("https://brand.example/shoes/01/9506000134352/10/A%2FB/21/S42?17=271231&utm=x")?;
/// assert_eq!(link.gtin().map(|gtin| gtin.to_string()).as_deref(), Some("09506000134352"));
/// assert_eq!(link.lot(), Some("A/B"));
/// assert_eq!(link.to_string(), "https://id.gs1.org/01/09506000134352/10/A%2FB/21/S42?17=271231");
/// # Ok::<(), phygital_core::tap::TapRefusal>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigitalLink {
    /// The key, its qualifiers in order, then attributes in the order of their numbers.
    elements: Vec<Element>,
    /// How many of them are key and qualifiers.
    path: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Element {
    ai: Box<str>,
    value: Box<str>,
}

impl DigitalLink {
    /// Reads a link of any resolver and with any path before the key.
    ///
    /// Numbers and the older names in letters (`gtin`, `lot`) both count. Attributes stand in the query, or in the path
    /// behind the qualifiers. Other parameters are left alone.
    ///
    /// # Errors
    /// [`TapRefusal::TooLong`], [`TapRefusal::NotAscii`] as for every URL; [`TapRefusal::NotDigitalLink`] if no key
    /// stands in the path; [`TapRefusal::BadCheckDigit`], [`TapRefusal::WrongLength`], [`TapRefusal::Malformed`] if a
    /// value is not of its form, qualifiers are out of order, or something stands twice.
    pub fn parse(url: &str) -> Result<Self, TapRefusal> {
        let link = TapLink::parse(url)?;
        let path = text_of(&link, link.path()).trim_end_matches('/');
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        // Pairs end with the path, so the last key that an even number of segments starts with is the one.
        let at = (0..segments.len())
            .rev()
            .filter(|at| (segments.len() - at).is_multiple_of(2))
            .find(|at| key_rule(segments[*at]).is_some())
            .ok_or(TapRefusal::NotDigitalLink)?;
        let has_other = (0..at).rev().filter(|other| (at - other).is_multiple_of(2)).any(|other| {
            let value = decode(segments[other + 1]).ok();
            key_rule(segments[other]).is_some_and(|rule| value.is_some_and(|value| rule.read(value).is_ok()))
        });
        if has_other {
            return Err(TapRefusal::malformed("one GS1 key in the path"));
        }
        let mut found = Self { elements: Vec::new(), path: 0 };
        let mut attributes = Vec::new();
        let mut order = Order::of(key_rule(segments[at]).ok_or(TapRefusal::NotDigitalLink)?);
        for (position, pair) in segments[at..].chunks_exact(2).enumerate() {
            let rule = rule(pair[0]).ok_or(TapRefusal::malformed("qualifiers of the GS1 key"))?;
            let is_attribute = position > 0 && rule.role == Role::Attribute;
            if !is_attribute && (!attributes.is_empty() || position > 0 && !order.admits(rule.ai)) {
                return Err(TapRefusal::malformed("qualifiers of the GS1 key, in order"));
            }
            let element = Element { ai: rule.ai.into(), value: rule.read(decode(pair[1])?)?.into() };
            if is_attribute { attributes.push(element) } else { found.elements.push(element) }
        }
        found.path = found.elements.len();
        for param in link.params(link.query()) {
            let Some(name) = param.name.map(|name| text_of(&link, name)) else { continue };
            let value = || decode(text_of(&link, param.value));
            if let Some(rule) = rule(name) {
                attributes.push(Element { ai: rule.ai.into(), value: rule.read(value()?)?.into() });
            } else if (2..=4).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit()) {
                attributes.push(Element { ai: name.into(), value: unknown(value()?)?.into() });
            }
        }
        attributes.sort();
        found.elements.extend(attributes);
        if found.elements.len() > GS1_ELEMENTS_MAX {
            return Err(TapRefusal::malformed("at most 32 application identifiers"));
        }
        let repeats = |(at, element): (usize, &Element)| {
            found.elements[..at].iter().any(|earlier| earlier.ai == element.ai)
        };
        if found.elements.iter().enumerate().any(repeats) {
            return Err(TapRefusal::malformed("each application identifier once"));
        }
        Ok(found)
    }

    /// The link that stands in the text under a tap's MAC, with all of its path: what the tag itself says it is on. None
    /// if the MAC does not cover the path, or there is no such link in it.
    #[must_use]
    pub fn authenticated(tap: &VerifiedTap) -> Option<Self> {
        let text = tap.authenticated_text();
        // A path that the MAC itself stands in has no end that is covered.
        if !tap.authenticates_path() || !text.contains(['?', '#']) {
            return None;
        }
        match tap.mac_start() {
            MacStart::Path => Self::parse(&format!("/{text}")),
            _ => Self::parse(text),
        }
        .ok()
    }

    /// Whether key and qualifiers of this link, wherever it was read, are what the tap's MAC proves. Attributes are
    /// proven where [`DigitalLink::authenticated`] has them.
    #[must_use]
    pub fn is_authenticated_by(&self, tap: &VerifiedTap) -> bool {
        Self::authenticated(tap)
            .is_some_and(|proven| proven.elements[..proven.path] == self.elements[..self.path])
    }

    /// The application identifier of the key, such as `01`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.elements[0].ai
    }

    /// The value of an application identifier, by its number.
    #[must_use]
    pub fn value(&self, ai: &str) -> Option<&str> {
        self.elements.iter().find(|element| *element.ai == *ai).map(|element| &*element.value)
    }

    /// All of it: the key, its qualifiers in order, attributes in the order of their numbers.
    pub fn elements(&self) -> impl Iterator<Item = (&str, &str)> {
        self.elements.iter().map(|element| (&*element.ai, &*element.value))
    }

    /// The product (01).
    #[must_use]
    pub fn gtin(&self) -> Option<Gtin> {
        self.value("01")?.parse().ok()
    }

    /// The variant for consumers (22).
    #[must_use]
    pub fn variant(&self) -> Option<&str> {
        self.value("22")
    }

    /// The batch or lot (10).
    #[must_use]
    pub fn lot(&self) -> Option<&str> {
        self.value("10")
    }

    /// The serial number (21).
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.value("21")
    }

    /// The expiry (17), `YYMMDD`.
    #[must_use]
    pub fn expiry(&self) -> Option<&str> {
        self.value("17")
    }

    /// The place (414).
    #[must_use]
    pub fn gln(&self) -> Option<Gln> {
        self.value("414")?.parse().ok()
    }

    /// A place within the place (254), such as a till.
    #[must_use]
    pub fn gln_extension(&self) -> Option<&str> {
        self.value("254")
    }

    /// The parcel or pallet (00).
    #[must_use]
    pub fn sscc(&self) -> Option<Sscc> {
        self.value("00")?.parse().ok()
    }
}

impl fmt::Display for DigitalLink {
    /// The canonical link (URI syntax, §4.11): numbers, at GS1's own resolver.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("https://id.gs1.org")?;
        for (at, Element { ai, value }) in self.elements.iter().enumerate() {
            match at {
                at if at < self.path => write!(f, "/{ai}/")?,
                at if at == self.path => write!(f, "?{ai}=")?,
                _ => write!(f, "&{ai}=")?,
            }
            for byte in value.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    write!(f, "{}", char::from(byte))?;
                } else {
                    write!(f, "%{byte:02X}")?;
                }
            }
        }
        Ok(())
    }
}

/// Where in one group of its qualifiers a key has got to.
struct Order {
    groups: &'static [&'static [&'static str]],
    group: Option<usize>,
    next: usize,
}

impl Order {
    fn of(key: &'static Rule) -> Self {
        Self { groups: key.qualifiers, group: None, next: 0 }
    }

    fn admits(&mut self, ai: &str) -> bool {
        for (index, group) in self.groups.iter().enumerate() {
            if self.group.is_some_and(|chosen| chosen != index) {
                continue;
            }
            if let Some(at) = group[self.next..].iter().position(|qualifier| *qualifier == ai) {
                self.group = Some(index);
                self.next += at + 1;
                return true;
            }
        }
        false
    }
}

fn text_of<'a>(link: &TapLink<'a>, span: Span) -> &'a str {
    std::str::from_utf8(link.text(span)).unwrap_or_default()
}

fn key_rule(segment: &str) -> Option<&'static Rule> {
    rule(segment).filter(|rule| rule.is_key())
}

/// Undoes percent-encoding (RFC 3986 §2.1). A plus sign is a plus sign. What is decoded is ASCII, as all values are.
fn decode(text: &str) -> Result<String, TapRefusal> {
    let mut bytes = text.bytes();
    let mut decoded = String::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
            match (digit(), digit()) {
                (Some(high), Some(low)) => (high << 4 | low) as u8,
                _ => return Err(TapRefusal::malformed("two hexadecimal digits after a percent sign")),
            }
        } else {
            byte
        };
        if !byte.is_ascii() {
            return Err(TapRefusal::malformed("values of ASCII"));
        }
        decoded.push(char::from(byte));
    }
    Ok(decoded)
}

/// The value of an application identifier that is not known here.
fn unknown(value: String) -> Result<String, TapRefusal> {
    if !(1..=GS1_VALUE_MAX).contains(&value.len()) {
        return Err(TapRefusal::WrongLength { found: value.len(), expected: "1 to 90 characters" });
    }
    if !value.bytes().all(table::is_in_set_82) {
        return Err(TapRefusal::malformed("characters of its application identifier"));
    }
    Ok(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
