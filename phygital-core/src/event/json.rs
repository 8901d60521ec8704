//! JSON values as they stand in a text, read once, within limits, exactly.
//!
//! Numbers stay text until their type is known, so `0.1` never becomes a float. The names of an object
//! are put in order, and found to be unique, where the object is used: there an error can say where
//! it stands.

use std::borrow::Cow;

use super::error::{EventError, Expected};
use super::fields::Path;
use crate::vocab::limits::{EVENT_BYTES_MAX, EVENT_DEPTH_MAX, EVENT_LIST_MAX, EVENT_VALUES_MAX};

/// A value of JSON (RFC 8259), borrowed from its text where it can be.
#[derive(Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// The fields of an object in the order of the text, names perhaps more than once.
    Object(Vec<Named<'a>>),
}

/// A field of an object: its name and its value.
pub(crate) type Named<'a> = (Cow<'a, str>, Json<'a>);

/// Reads a whole text; gives the value and how deep its arrays and objects lie in one another.
///
/// # Errors
/// The text is no JSON, or beyond a limit on size, depth or count. The error names the byte.
pub(crate) fn parse(text: &str) -> Result<(Json<'_>, usize), EventError> {
    if text.len() > EVENT_BYTES_MAX {
        return Err(Path::Root.fail(Expected::AtMost { most: EVENT_BYTES_MAX, unit: "bytes" }));
    }
    let mut parser = Parser { text, at: 0, values: 0, deepest: 0 };
    let value = parser.value(0)?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.fail(Expected::Json));
    }
    Ok((value, parser.deepest))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    values: usize,
    deepest: usize,
}

impl<'a> Parser<'a> {
    fn fail(&self, expected: Expected) -> EventError {
        EventError::at_byte(self.at, expected)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes one byte that has to stand here.
    fn pass(&mut self, byte: u8) -> Result<(), EventError> {
        if self.peek() != Some(byte) {
            return Err(self.fail(Expected::Json));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads the value that stands `depth` deep. Recursion ends at [`EVENT_DEPTH_MAX`].
    fn value(&mut self, depth: usize) -> Result<Json<'a>, EventError> {
        self.space();
        self.values += 1;
        if self.values > EVENT_VALUES_MAX {
            return Err(self.fail(Expected::AtMost { most: EVENT_VALUES_MAX, unit: "values" }));
        }
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b'{') => {
                let mut fields = Vec::with_capacity(8);
                self.entries(depth, b'}', |parser, depth| {
                    parser.space();
                    let name = parser.string()?;
                    parser.space();
                    parser.pass(b':')?;
                    fields.push((name, parser.value(depth)?));
                    Ok(())
                })?;
                Ok(Json::Object(fields))
            }
            Some(b'[') => {
                let mut list = Vec::new();
                self.entries(depth, b']', |parser, depth| {
                    list.push(parser.value(depth)?);
                    Ok(())
                })?;
                Ok(Json::List(list))
            }
            _ => {
                for (word, value) in
                    [("true", Json::Bool(true)), ("false", Json::Bool(false)), ("null", Json::Null)]
                {
                    if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.fail(Expected::Json))
            }
        }
    }

    /// Reads what stands between brackets, with commas between.
    fn entries(
        &mut self,
        depth: usize,
        close: u8,
        mut entry: impl FnMut(&mut Parser<'a>, usize) -> Result<(), EventError>,
    ) -> Result<(), EventError> {
        let depth = depth + 1;
        if depth > EVENT_DEPTH_MAX {
            return Err(self.fail(Expected::AtMost { most: EVENT_DEPTH_MAX, unit: "levels of nesting" }));
        }
        self.deepest = self.deepest.max(depth);
        self.at += 1;
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            entry(self, depth)?;
            self.space();
            if self.peek() != Some(b',') {
                return self.pass(close);
            }
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<&'a str, EventError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<(), EventError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.fail(Expected::Json)) }
    }

    /// Passes the characters that stand for themselves, and gives them.
    fn plain(&mut self) -> &'a str {
        let start = self.at;
        // Each of the bytes that end it is a character of its own.
        self.at += plain_length(&self.text.as_bytes()[start..]);
        &self.text[start..self.at]
    }

    fn string(&mut self) -> Result<Cow<'a, str>, EventError> {
        self.pass(b'"')?;
        let plain = self.plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                _ => return Err(self.fail(Expected::Json)),
            }
            text.push_str(self.plain());
        }
    }

    fn escape(&mut self) -> Result<char, EventError> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut code = self.hex()?;
                if (0xd800..0xdc00).contains(&code) {
                    self.pass(b'\\')?;
                    self.pass(b'u')?;
                    let low = self.hex()?.wrapping_sub(0xdc00);
                    // Another than the low half of a pair gives no character below.
                    code = if low < 0x400 { 0x10000 + ((code - 0xd800) << 10) + low } else { code };
                }
                // Half of a surrogate pair is no character.
                char::from_u32(code).ok_or_else(|| self.fail(Expected::Json))?
            }
            _ => {
                self.at -= 1;
                return Err(self.fail(Expected::Json));
            }
        })
    }

    fn hex(&mut self) -> Result<u32, EventError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.fail(Expected::Json))?;
            self.at += 1;
        }
        Ok(code)
    }
}

impl<'a> Json<'a> {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    /// The entries of a list.
    pub(crate) fn list(self, at: &Path<'_>) -> Result<Vec<Json<'a>>, EventError> {
        match self {
            Json::List(list) if list.len() <= EVENT_LIST_MAX => Ok(list),
            Json::List(_) => Err(at.fail(Expected::AtMost { most: EVENT_LIST_MAX, unit: "entries" })),
            _ => Err(at.fail(Expected::Value("a list"))),
        }
    }

    /// Writes the value without white space and with the names of each object in order.
    pub(crate) fn canonical(self, at: &Path<'_>, out: &mut String) -> Result<(), EventError> {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Json::Number(text) => out.push_str(text),
            Json::Text(text) => push_text(&text, out),
            Json::List(_) => {
                out.push('[');
                for (index, entry) in self.list(at)?.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    entry.canonical(at, out)?;
                }
                out.push(']');
            }
            Json::Object(fields) => {
                out.push('{');
                for (index, (name, value)) in in_order(fields, at)?.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    push_text(&name, out);
                    out.push(':');
                    value.canonical(at, out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

/// Puts the fields of an object in order of their names; each name has to stand there once.
pub(crate) fn in_order<'a>(mut fields: Vec<Named<'a>>, at: &Path<'_>) -> Result<Vec<Named<'a>>, EventError> {
    fields.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
    if fields.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(at.fail(Expected::Once));
    }
    Ok(fields)
}

/// Writes a text as JSON, with no more escapes than RFC 8259 asks for.
pub(crate) fn push_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        let at = plain_length(rest.as_bytes());
        out.push_str(&rest[..at]);
        if at == rest.len() {
            break;
        }
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            8 => out.push_str("\\b"),
            12 => out.push_str("\\f"),
            byte => {
                out.push_str("\\u00");
                out.push(if byte < 16 { '0' } else { '1' });
                out.push(char::from(b"0123456789abcdef"[usize::from(byte % 16)]));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push('"');
}

/// How many bytes at the start stand for themselves in a JSON string.
fn plain_length(bytes: &[u8]) -> usize {
    let special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    // Sixteen at a time, without a branch for each, which the compiler makes one vector.
    let (chunks, _) = bytes.as_chunks::<16>();
    let plain =
        chunks.iter().take_while(|chunk| !chunk.iter().fold(false, |found, byte| found | special(byte)));
    let start = 16 * plain.count();
    start + bytes[start..].iter().position(special).unwrap_or(bytes.len() - start)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> String {
        parse(text).map(|_| ()).unwrap_err().to_string()
    }

    fn canonical(text: &str) -> Result<String, EventError> {
        let mut out = String::new();
        parse(text)?.0.canonical(&Path::Root, &mut out)?;
        Ok(out)
    }

    #[test]
    fn what_is_no_json_is_refused_at_its_byte() {
        for (text, byte) in [
            ("", 0),
            ("  ", 2),
            ("\u{feff}{}", 0),
            ("{} x", 3),
            ("{}{}", 2),
            ("{", 1),
            ("[1", 2),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{\"a\" 1}", 5),
            ("{a:1}", 1),
            ("{'a':1}", 1),
            ("{\"a\":1,}", 7),
            ("NaN", 0),
            ("Infinity", 0),
            ("-Infinity", 1),
            ("01", 1),
            ("+1", 0),
            (".5", 0),
            ("5.", 2),
            ("1e", 2),
            ("-", 1),
            ("0x1", 1),
            ("nul", 0),
            ("tru", 0),
            ("True", 0),
            ("\"a", 2),
            ("\"\\", 2),
            ("\"\\x\"", 2),
            ("\"a\nb\"", 2),
            ("\"\\u12g4\"", 5),
            ("\"\\ud800\"", 7),
            ("\"\\ud800\\u0041\"", 13),
            ("\"\\udc00\"", 7),
            ("// a", 0),
        ] {
            assert_eq!(fault(text), format!("event at byte {byte}: expected JSON in UTF-8"), "{text:?}");
        }
    }

    #[test]
    fn escapes_are_read_and_written_in_one_form() {
        let text = r#""\u0041\/\"\\\b\f\n\r\t\u0001\u001f\ud83d\ude00é""#;
        assert_eq!(canonical(text).unwrap(), "\"A/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f😀é\"");
    }

    #[test]
    fn names_stand_once_and_in_order() {
        assert_eq!(
            canonical(" { \"b\" : [ 1 , { } ] , \"a\" : -1.50e+3 } ").unwrap(),
            r#"{"a":-1.50e+3,"b":[1,{}]}"#
        );
        assert_eq!(canonical(r#"{"a":1,"\u0061":2}"#).unwrap_err().expected, Expected::Once);
    }

    #[test]
    fn size_depth_and_count_are_limited() {
        let sized = |length: usize| format!("{}1", " ".repeat(length - 1));
        assert!(parse(&sized(EVENT_BYTES_MAX)).is_ok());
        assert_eq!(fault(&sized(EVENT_BYTES_MAX + 1)), "event: expected at most 65536 bytes");

        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(parse(&deep(EVENT_DEPTH_MAX)).unwrap().1, EVENT_DEPTH_MAX);
        assert_eq!(
            fault(&deep(EVENT_DEPTH_MAX + 1)),
            "event at byte 16: expected at most 16 levels of nesting"
        );

        let many = |values: usize| format!("[{}1]", "1,".repeat(values - 2));
        assert!(parse(&many(EVENT_VALUES_MAX)).is_ok());
        let error = parse(&many(EVENT_VALUES_MAX + 1)).unwrap_err();
        assert_eq!(error.expected, Expected::AtMost { most: EVENT_VALUES_MAX, unit: "values" });

        let list = |entries: usize| format!("[{}1]", "1,".repeat(entries - 1));
        assert!(canonical(&list(EVENT_LIST_MAX)).is_ok());
        let error = canonical(&list(EVENT_LIST_MAX + 1)).unwrap_err();
        assert_eq!(error.expected, Expected::AtMost { most: EVENT_LIST_MAX, unit: "entries" });
    }

    #[test]
    fn bombs_are_refused_at_once() {
        for bomb in ["[", "{\"a\":", "[{\"a\":["] {
            assert!(parse(&bomb.repeat(EVENT_BYTES_MAX / bomb.len())).is_err());
        }
    }

    /// The same value as `serde_json` reads it, which is the oracle.
    fn oracle(json: &Json<'_>) -> serde_json::Value {
        match json {
            Json::Null => serde_json::Value::Null,
            Json::Bool(value) => (*value).into(),
            Json::Number(text) => serde_json::from_str(text).unwrap(),
            Json::Text(text) => text.as_ref().into(),
            Json::List(list) => list.iter().map(oracle).collect(),
            Json::Object(fields) => {
                fields.iter().map(|(name, value)| (name.to_string(), oracle(value))).collect()
            }
        }
    }

    /// Pieces of JSON, so that chance makes texts that are nearly right.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            8 => proptest::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"", "\"a\"", "\"b\":", "1", "-", "0", ".5", "e3", "E+", "true", "null",
                "false", " ", "\n", "\\u", "\\ud83d\\ude00", "\\ud800", "\\\"", "\\\\", "é", "\u{1}", "1e400",
            ]).prop_map(str::to_owned),
            1 => "\\PC{0,3}",
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn document() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-1e9..1e9_f64).prop_map(Into::into),
            "\\PC{0,8}|[\u{0}-\u{7f}]{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::btree_map("[a-c\"\\\\é]{0,3}", inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn agrees(text: &str) -> Result<(), TestCaseError> {
        match (parse(text), serde_json::from_str::<serde_json::Value>(text)) {
            (Ok((json, _)), Ok(theirs)) => {
                // The oracle takes the last of two fields of one name; so does collecting.
                prop_assert_eq!(oracle(&json), theirs);
            }
            // The oracle refuses numbers beyond a float; to us they are text.
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("number out of range")),
            (Err(error), Ok(_)) => prop_assert!(false, "{}", error),
            (Err(_), Err(_)) => {}
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn the_grammar_is_that_of_the_oracle(text in pieces()) {
            agrees(&text)?;
        }

        #[test]
        fn every_document_is_read_as_the_oracle_reads_it(value in document(), pretty: bool) {
            let text =
                if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            agrees(&text.unwrap())?;
        }

        #[test]
        fn canonical_form_is_a_fixed_point(value in document()) {
            let once = canonical(&value.to_string()).unwrap();
            prop_assert_eq!(canonical(&once).unwrap(), once);
        }

        #[test]
        fn texts_are_written_as_the_oracle_writes_them(text in "\\PC{0,20}|[\u{0}-\u{7f}]{0,20}") {
            let mut out = String::new();
            push_text(&text, &mut out);
            prop_assert_eq!(out, serde_json::to_string(&text).unwrap());
        }
    }
}
