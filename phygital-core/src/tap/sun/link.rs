//! The link that a phone opened: split, not yet understood.

use super::reading::Span;
use crate::tap::limits::URL_LENGTH_MAX;
use crate::tap::refusal::TapRefusal;

/// A tap URL within limits, split into host, path, query and fragment.
///
/// Nothing is decoded or changed: a tag's mirrors are plain ASCII and its MAC covers the text as it was
/// written, so `%41` is not `A` here. The scheme is free (`https`, `lnurlw`, or none, as some readers
/// hand it over).
#[derive(Clone, Copy, Debug)]
pub struct TapLink<'a> {
    /// What follows the scheme.
    rest: &'a str,
    /// Ends of the parts in `rest`: the host ends at `path`, the path at `query`, and so on.
    path: u16,
    query: u16,
    fragment: u16,
}

impl<'a> TapLink<'a> {
    /// Splits `url`.
    ///
    /// # Errors
    /// [`TapRefusal::TooLong`] beyond [`URL_LENGTH_MAX`] bytes, [`TapRefusal::NotAscii`] for anything but
    /// printable ASCII without spaces.
    pub fn parse(url: &'a str) -> Result<Self, TapRefusal> {
        if url.len() > URL_LENGTH_MAX {
            return Err(TapRefusal::TooLong { found: url.len() });
        }
        let rest = &url[scheme_length(url.as_bytes())..];
        let end = rest.len();
        let (mut path, mut query, mut fragment) = (end, end, end);
        let mut printable = url.len() - rest.len() == 0 || url.as_bytes()[0].is_ascii_alphabetic();
        for (at, &byte) in rest.as_bytes().iter().enumerate() {
            printable &= byte.wrapping_sub(b'!') <= b'~' - b'!';
            match byte {
                b'/' if path == end && query == end && fragment == end => path = at,
                b'?' if query == end && fragment == end => query = at,
                b'#' if fragment == end => fragment = at,
                _ => {}
            }
        }
        if !printable {
            return Err(TapRefusal::NotAscii);
        }
        let query = query.min(fragment);
        let short = |at: usize| u16::try_from(at).expect("URL_LENGTH_MAX fits in 16 bits");
        Ok(Self { rest, path: short(path.min(query)), query: short(query), fragment: short(fragment) })
    }

    /// What follows the scheme; every [`Span`] counts in it.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest.as_bytes()
    }

    /// The text of a span of [`TapLink::rest`].
    pub(crate) fn text(&self, span: Span) -> &'a [u8] {
        span.of(self.rest())
    }

    pub(crate) fn host(&self) -> Span {
        Span::between(0, self.path)
    }

    /// With its leading slash, if there is any path.
    pub(crate) fn path(&self) -> Span {
        Span::between(self.path, self.query)
    }

    /// Without the question mark.
    pub(crate) fn query(&self) -> Span {
        Span::between((self.query + 1).min(self.fragment), self.fragment)
    }

    /// Without the number sign.
    pub(crate) fn fragment(&self) -> Span {
        let end = self.rest.len() as u16;
        Span::between((self.fragment + 1).min(end), end)
    }

    /// Parameters of a query or fragment.
    pub(crate) fn params(&self, part: Span) -> impl Iterator<Item = Param> + use<'a> {
        let rest = self.rest();
        pieces(rest, part, b'&').map(move |cell| match cell.of(rest).iter().position(|&byte| byte == b'=') {
            Some(at) => {
                let equals = cell.start() + at as u16;
                Param {
                    name: Some(Span::between(cell.start(), equals)),
                    value: Span::between(equals + 1, cell.end()),
                }
            }
            None => Param { name: None, value: cell },
        })
    }

    /// The segments of the path, without slashes.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Span> + use<'a> {
        pieces(self.rest(), self.path(), b'/')
    }
}

/// One `name=value` of a query or fragment, or a value without a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: Option<Span>,
    pub(crate) value: Span,
}

/// The non-empty pieces of `part` between separators.
pub(crate) fn pieces(rest: &[u8], part: Span, separator: u8) -> impl Iterator<Item = Span> + use<'_> {
    let mut at = part.start();
    std::iter::from_fn(move || {
        while at < part.end() {
            let open = Span::between(at, part.end());
            let length = open.of(rest).iter().position(|&byte| byte == separator);
            let end = length.map_or(part.end(), |length| at + length as u16);
            let piece = Span::between(at, end);
            at = end + 1;
            if !piece.is_empty() {
                return Some(piece);
            }
        }
        None
    })
}

/// Bytes of `scheme://` (RFC 3986 §3.1), 0 if there is none.
fn scheme_length(url: &[u8]) -> usize {
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    match url.iter().position(|byte| !is_scheme(byte)) {
        Some(at) if at > 0 && url[at..].starts_with(b"://") => at + 3,
        _ => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(url: &str) -> [String; 4] {
        let link = TapLink::parse(url).unwrap();
        [link.host(), link.path(), link.query(), link.fragment()]
            .map(|span| String::from_utf8(link.text(span).to_vec()).unwrap())
    }

    #[test]
    fn the_parts_of_a_link() {
        assert_eq!(parts("https://tap.example/a/b?p=1&c=2#f?/#"), ["tap.example", "/a/b", "p=1&c=2", "f?/#"]);
        assert_eq!(parts("lnurlw://card.example?p=1/2"), ["card.example", "", "p=1/2", ""]);
        assert_eq!(parts("tap.example#p=1?x"), ["tap.example", "", "", "p=1?x"]);
        assert_eq!(parts("tap.example/?u=http://x"), ["tap.example", "/", "u=http://x", ""]);
        assert_eq!(parts(""), ["", "", "", ""]);
        assert_eq!(parts("?#"), ["", "", "", ""]);
    }

    #[test]
    fn length_and_alphabet_come_first() {
        assert!(TapLink::parse(&"a".repeat(URL_LENGTH_MAX)).is_ok());
        let long = "é".repeat(URL_LENGTH_MAX / 2) + "a";
        assert_eq!(TapLink::parse(&long).err(), Some(TapRefusal::TooLong { found: URL_LENGTH_MAX + 1 }));
        for bad in
            ["tap.example/é", "tap.example/ ", "tap.example/\n", "tap.example/\u{7f}", "tap.example/１"]
        {
            assert_eq!(TapLink::parse(bad).err(), Some(TapRefusal::NotAscii), "{bad:?}");
        }
    }

    #[test]
    fn parameters_and_segments() {
        let link = TapLink::parse("h//a/b/?x=1&&y&=2&z==").unwrap();
        let text = |span| std::str::from_utf8(link.text(span)).unwrap();
        assert_eq!(link.segments().map(text).collect::<Vec<_>>(), ["a", "b"]);
        let params: Vec<_> =
            link.params(link.query()).map(|param| (param.name.map(text), text(param.value))).collect();
        assert_eq!(params, [(Some("x"), "1"), (None, "y"), (Some(""), "2"), (Some("z"), "=")]);
    }

    proptest! {
        #[test]
        fn the_parts_lie_in_order_and_cover_the_link(url in "[ -~]{0,80}") {
            if let Ok(link) = TapLink::parse(&url) {
                let (host, path, query, fragment) = (link.host(), link.path(), link.query(), link.fragment());
                prop_assert_eq!(host.end(), path.start());
                prop_assert!(path.end() <= query.start() && query.end() <= fragment.start());
                prop_assert_eq!(usize::from(fragment.end()), link.rest().len());
            }
        }
    }
}
