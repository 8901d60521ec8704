//! NTAG 213, 215 and 216: UID and counter mirrored in plain, an identifier and never a proof.
//!
//! Such a tag writes its UID (14 digits), its counter (6 digits) or `UIDxCTR` into its text (NTAG213/215/216 §8.7
//! and §8.8). There is no cryptography: anybody can type such a URL, so it says which tag is meant and not that
//! it was tapped. As any run of digits would do, a URL is read only where a [`Template21x`] says where to look.

use std::fmt;
use std::str::FromStr;

use super::limits::TAG_TEXT_MAX;
use super::{Assurance, Field, Scheme, TapLink, TapRefusal};
use crate::vocab::hex::{self, HexFault};
use crate::vocab::tag::{ReadCounter, TagUid};

/// What a link claims of a tag. None of it is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim21x {
    uid: Option<TagUid>,
    read_ctr: Option<ReadCounter>,
}

impl Claim21x {
    /// The kind of token.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        Scheme::Ntag21x
    }

    /// What it proves: nothing.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        Assurance::Unauthenticated
    }

    /// The UID that the link claims; none if the tag mirrors its counter alone.
    #[must_use]
    pub fn claimed_uid(&self) -> Option<TagUid> {
        self.uid
    }

    /// The counter that the link claims, useless against replay; none if the tag mirrors its UID alone.
    #[must_use]
    pub fn claimed_read_ctr(&self) -> Option<ReadCounter> {
        self.read_ctr
    }
}

/// Which mirror a tag was set up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "MIRROR_CONF has two bits, one value of which is none")]
pub enum Mirror21x {
    /// 14 digits.
    Uid,
    /// 6 digits.
    Counter,
    /// 14 digits, `x`, 6 digits.
    UidAndCounter,
}

impl Mirror21x {
    const ALL: [Self; 3] = [Self::UidAndCounter, Self::Uid, Self::Counter];

    /// Its placeholder in a [`Template21x`].
    const fn placeholder(self) -> &'static str {
        match self {
            Self::Uid => "{uid}",
            Self::Counter => "{ctr}",
            Self::UidAndCounter => "{uid}x{ctr}",
        }
    }

    /// Decodes the mirror.
    fn read(self, text: &[u8]) -> Result<Claim21x, TapRefusal> {
        let uid = |text| decode(Field::Uid, text).map(|bytes| Some(TagUid::new(bytes)));
        let counter = |text| {
            decode(Field::ReadCounter, text)
                .map(|[high, middle, low]: [u8; 3]| Some(ReadCounter::from_lsb([low, middle, high])))
        };
        Ok(match self {
            Self::Uid => Claim21x { uid: uid(text)?, read_ctr: None },
            Self::Counter => Claim21x { uid: None, read_ctr: counter(text)? },
            Self::UidAndCounter => match text.iter().position(|&byte| byte == b'x') {
                Some(at) => Claim21x { uid: uid(&text[..at])?, read_ctr: counter(&text[at + 1..])? },
                None => return Err(TapRefusal::Missing { field: Field::ReadCounter }),
            },
        })
    }
}

fn decode<const N: usize>(field: Field, text: &[u8]) -> Result<[u8; N], TapRefusal> {
    hex::decode(text).map_err(|fault| match fault {
        HexFault::Length => TapRefusal::BadLength { field, found: text.len() },
        HexFault::Digit => TapRefusal::BadHex { field },
    })
}

/// Where in a URL the mirror stands, such as `tap.example/t?m={uid}x{ctr}` or `tap.example/{uid}`.
///
/// The mirror is the whole value of a parameter, or one segment of the path. Other parameters may come in any order
/// and number; host and path have to be as in the template.
///
/// ```
/// use phygital_core::tap::ntag21x::Template21x;
/// let template: Template21x = "tap.example/t?m={uid}x{ctr}".parse()?;
/// let claim = template.read("https://tap.example/t?utm_source=mail&m=04E1415A2B3C80x00001F")?;
/// assert_eq!(claim.claimed_read_ctr().map(|ctr| ctr.get()), Some(31));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template21x {
    /// None for any host and path.
    host_and_path: Option<(String, String)>,
    place: Place,
    mirror: Mirror21x,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Parameter(String),
    /// Between these ends of the path.
    Path {
        before: String,
        after: String,
    },
}

/// A text that is no [`Template21x`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Template21xError {
    /// Longer than what a tag holds.
    #[error("a template has at most {TAG_TEXT_MAX} characters")]
    TooLong,
    /// A character that may not stand in a URL.
    #[error("a template holds printable ASCII without spaces")]
    NotAscii,
    /// None, more than one, or one that is no whole segment or value.
    #[error(
        "one of {{uid}}, {{ctr}}, {{uid}}x{{ctr}} is one segment of the path or the value of one parameter"
    )]
    Placeholder,
}

impl Template21x {
    /// The value of the parameter with this name, whatever host and path are.
    ///
    /// # Errors
    /// [`Template21xError`] for a name that no parameter can have.
    pub fn parameter(name: &str, mirror: Mirror21x) -> Result<Self, Template21xError> {
        if name.len() > TAG_TEXT_MAX {
            return Err(Template21xError::TooLong);
        }
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"&=#?/{}".contains(&byte);
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(Template21xError::NotAscii);
        }
        Ok(Self { host_and_path: None, place: Place::Parameter(name.to_owned()), mirror })
    }

    /// Reads what a link claims.
    ///
    /// # Errors
    /// [`TapRefusal::TemplateMismatch`] for another host or path, [`TapRefusal::NoTap`] without the parameter,
    /// [`TapRefusal::Duplicate`] if it stands there twice, [`TapRefusal::BadLength`] and [`TapRefusal::BadHex`]
    /// for its value.
    pub fn read(&self, url: &str) -> Result<Claim21x, TapRefusal> {
        let link = TapLink::parse(url)?;
        let path = link.text(link.path());
        if let Some((host, _)) = &self.host_and_path
            && !link.text(link.host()).eq_ignore_ascii_case(host.as_bytes())
        {
            return Err(TapRefusal::TemplateMismatch);
        }
        match &self.place {
            Place::Path { before, after } => {
                let inner = path.strip_prefix(before.as_bytes());
                let inner = inner.and_then(|rest| rest.strip_suffix(after.as_bytes()));
                self.mirror.read(inner.ok_or(TapRefusal::TemplateMismatch)?)
            }
            Place::Parameter(name) => {
                let bare = |path: &[u8]| matches!(path, b"" | b"/");
                let differs = |expected: &str| {
                    path != expected.as_bytes() && !(bare(path) && bare(expected.as_bytes()))
                };
                if self.host_and_path.as_ref().is_some_and(|(_, expected)| differs(expected)) {
                    return Err(TapRefusal::TemplateMismatch);
                }
                let mut found = link
                    .params(link.query())
                    .filter(|param| param.name.is_some_and(|found| link.text(found) == name.as_bytes()));
                match (found.next(), found.next()) {
                    (Some(param), None) => self.mirror.read(link.text(param.value)),
                    (Some(_), Some(_)) => Err(TapRefusal::Duplicate {
                        field: if self.mirror == Mirror21x::Counter {
                            Field::ReadCounter
                        } else {
                            Field::Uid
                        },
                    }),
                    _ => Err(TapRefusal::NoTap),
                }
            }
        }
    }
}

impl FromStr for Template21x {
    type Err = Template21xError;

    fn from_str(text: &str) -> Result<Self, Template21xError> {
        if text.len() > TAG_TEXT_MAX {
            return Err(Template21xError::TooLong);
        }
        let link = TapLink::parse(text).map_err(|_| Template21xError::NotAscii)?;
        let mirror = Mirror21x::ALL.into_iter().find(|mirror| text.contains(mirror.placeholder()));
        let mirror = mirror.ok_or(Template21xError::Placeholder)?;
        let whole = mirror.placeholder();
        if text.matches(['{', '}']).count() != whole.matches(['{', '}']).count() {
            return Err(Template21xError::Placeholder);
        }
        let part = |span| std::str::from_utf8(link.text(span)).expect("a part of a text of ASCII");
        let (host, path) = (part(link.host()).to_owned(), part(link.path()));
        let place = if let Some((before, after)) = path.split_once(whole) {
            if !before.ends_with('/') || !(after.is_empty() || after.starts_with('/')) {
                return Err(Template21xError::Placeholder);
            }
            Place::Path { before: before.to_owned(), after: after.to_owned() }
        } else {
            let mut params = link.params(link.query()).filter(|param| part(param.value) == whole);
            let name = params.next().and_then(|param| param.name).ok_or(Template21xError::Placeholder)?;
            Place::Parameter(part(name).to_owned())
        };
        Ok(Self { host_and_path: Some((host, path.to_owned())), place, mirror })
    }
}

/// An NTAG 21x in software. It needs no key, and so does whoever forges one.
#[cfg(any(test, feature = "simulate"))]
#[derive(Clone, Debug)]
pub struct SoftNtag21x {
    uid: TagUid,
    counter: ReadCounter,
    text: String,
}

#[cfg(any(test, feature = "simulate"))]
impl SoftNtag21x {
    /// A tag with this URL, in which `{uid}` and `{ctr}` stand where it mirrors. The counter stands at 0.
    #[must_use]
    pub fn new(uid: TagUid, text: &str) -> Self {
        Self { uid, counter: ReadCounter::ZERO, text: text.to_owned() }
    }

    /// Reads the tag: counts up, but for a counter at its last value, and gives the URL.
    pub fn tap(&mut self) -> String {
        self.counter = ReadCounter::new(self.counter.get() + 1).unwrap_or(self.counter);
        let uid = self.uid.to_string().to_uppercase();
        self.text.replace("{uid}", &uid).replace("{ctr}", &format!("{:06X}", self.counter.get()))
    }
}

impl fmt::Display for Mirror21x {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.placeholder())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const UID: &str = "04E1415A2B3C80";

    fn read(template: &str, url: &str) -> Result<Claim21x, TapRefusal> {
        template.parse::<Template21x>().unwrap().read(url)
    }

    #[test]
    fn a_tag_is_read_by_its_template() {
        for text in [
            "https://tap.example/t?m={uid}x{ctr}",
            "tap.example/{uid}x{ctr}",
            "tap.example/t/{uid}x{ctr}/de?lang=de",
            "https://tap.example?k=1&m={uid}x{ctr}",
        ] {
            let mut tag = SoftNtag21x::new(UID.parse().unwrap(), text);
            tag.tap();
            let claim = read(text, &tag.tap()).unwrap();
            assert_eq!(claim.claimed_uid(), Some(UID.parse().unwrap()), "{text}");
            assert_eq!(claim.claimed_read_ctr().map(ReadCounter::get), Some(2), "{text}");
            assert_eq!(claim.assurance(), Assurance::Unauthenticated);
        }
        assert_eq!(read("h/{uid}", &format!("h/{UID}")).unwrap().claimed_read_ctr(), None);
        assert_eq!(read("h/{ctr}", "h/0000FF").unwrap().claimed_uid(), None);
    }

    #[test]
    fn a_run_of_digits_elsewhere_is_no_tap() {
        let template = Template21x::parameter("m", Mirror21x::Uid).unwrap();
        assert!(template.read(&format!("https://any.example/x/y?m={UID}&utm=1")).is_ok());
        for (url, code) in [
            (format!("https://any.example/{UID}"), "no_tap"),
            (format!("https://any.example/?n={UID}"), "no_tap"),
            (format!("https://any.example/?m={UID}&m={UID}"), "duplicate_parameter"),
            (format!("https://any.example/?m={UID}0"), "bad_length"),
            (format!("https://any.example/?m=G{}", &UID[1..]), "bad_hex"),
        ] {
            assert_eq!(template.read(&url).unwrap_err().code(), code, "{url}");
        }
        for (template, url, code) in [
            ("h/t?m={uid}", format!("g/t?m={UID}"), "template_mismatch"),
            ("h/t?m={uid}", format!("h/u?m={UID}"), "template_mismatch"),
            ("h/t/{uid}", format!("h/{UID}"), "template_mismatch"),
            ("h/{uid}x{ctr}", format!("h/{UID}"), "missing_field"),
            ("h/{uid}x{ctr}", format!("h/{UID}x00001"), "bad_length"),
        ] {
            assert_eq!(read(template, &url).unwrap_err().code(), code, "{url}");
        }
    }

    #[test]
    fn templates_have_one_placeholder_in_a_place_of_its_own() {
        for text in [
            "h/",
            "h/?m={uid}&c={ctr}",
            "h/a{uid}",
            "h/{uid}b",
            "h/?m=a{uid}",
            "h/?{uid}",
            "{uid}.h/",
            "h/?m={mac}",
            "h/#{uid}",
            "h/?m={uid}x{ctr}x{ctr}",
            "h/{uid}?m={uid}",
            "h/{uid}}",
        ] {
            assert_eq!(text.parse::<Template21x>(), Err(Template21xError::Placeholder), "{text}");
        }
        let long = format!("h/?m={{uid}}&a={}", "a".repeat(TAG_TEXT_MAX - 13));
        assert!(long.parse::<Template21x>().is_ok());
        assert_eq!((long + "a").parse::<Template21x>(), Err(Template21xError::TooLong));
        assert_eq!("h/ {uid}".parse::<Template21x>(), Err(Template21xError::NotAscii));
        for name in ["", "a b", "a=b", "a&b", "ä"] {
            assert_eq!(Template21x::parameter(name, Mirror21x::Uid), Err(Template21xError::NotAscii));
        }
        let name = "n".repeat(TAG_TEXT_MAX);
        assert!(Template21x::parameter(&name, Mirror21x::Uid).is_ok());
        assert_eq!(Template21x::parameter(&(name + "n"), Mirror21x::Uid), Err(Template21xError::TooLong));
    }
}
