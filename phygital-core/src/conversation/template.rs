//! Texts with fields, as topic files write them: a small part of Jinja.
//!
//! A template has text, fields (`{{ size }}`), the filter `default` (`{{ first_name | default("there") }}`), and conditions
//! (`{% if first_name is defined %}...{% elif %}...{% else %}...{% endif %}`) with `==`, `!=`, `<`, `<=`, `>`, `>=`, `and`,
//! `or`, `not`, `is defined` and parentheses. It has nothing else: no loop, no call, no arithmetic, no other template. So it
//! ends, and is as long as its parts. [`Template::parse`] refuses the rest, `minijinja` renders what is left, with strict
//! fields, an allowance of steps and a bound on what comes out.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};

/// Longest template, in bytes: ten parts of a text message, with its conditions.
pub const TEMPLATE_BYTES_MAX: usize = 4_096;

/// Longest text that may come out, in bytes: what one event holds.
pub const RENDERED_BYTES_MAX: usize = crate::vocab::limits::TEXT_BYTES_MAX;

/// Most fields that one template names.
pub const TEMPLATE_FIELDS_MAX: usize = 6;

/// Steps that rendering may take. A template of the longest kind takes about a fifth.
const STEPS_MAX: u64 = 20_000;

/// Deepest nesting of parentheses and conditions.
const DEPTH_MAX: usize = 16;

/// A template that was found to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    fields: BTreeSet<String>,
}

/// Why a text is no template, or could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Longer than [`TEMPLATE_BYTES_MAX`].
    #[error("expected a template of at most {TEMPLATE_BYTES_MAX} bytes")]
    TooLong,
    /// What comes out is longer than [`RENDERED_BYTES_MAX`], or takes too many steps.
    #[error("expected a text of at most {RENDERED_BYTES_MAX} bytes")]
    TooMuch,
    /// A statement that templates do not have: a loop, another template.
    #[error("line {line}: expected if, elif, else or endif, not `{word}`")]
    Statement {
        /// From 1.
        line: usize,
        /// What stands there, cut short.
        word: String,
    },
    /// Something in a tag that templates do not have: a call, a filter, arithmetic.
    #[error("line {line}: expected fields, texts, comparisons and `default`, not `{word}`")]
    Expression {
        /// From 1.
        line: usize,
        /// What stands there, cut short.
        word: String,
    },
    /// It does not hold together: a tag without end, a missing parenthesis.
    #[error("line {line}: expected a template whose tags are whole")]
    Form {
        /// From 1; 0 where no line can be named.
        line: usize,
    },
    /// More than [`TEMPLATE_FIELDS_MAX`] fields.
    #[error("expected at most {TEMPLATE_FIELDS_MAX} fields")]
    Fields,
    /// A field that is not known where it is to be filled in.
    #[error("expected the field `{0}` to be known, or a default for it")]
    Unknown(String),
}

impl Template {
    /// Takes a text as a template.
    ///
    /// ```
    /// use phygital_core::conversation::template::{Template, TemplateError};
    /// let template = Template::parse("Hi {{ first_name | default('there') }}!")?;
    /// assert_eq!(template.render(&[("first_name", "Ada")].into())?, "Hi Ada!");
    /// assert_eq!(template.render(&[].into())?, "Hi there!");
    /// let error = Template::parse("{% for x in y %}{% endfor %}").unwrap_err();
    /// assert_eq!(error.to_string(), "line 1: expected if, elif, else or endif, not `for`");
    /// # Ok::<(), TemplateError>(())
    /// ```
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(source: &str) -> Result<Template, TemplateError> {
        if source.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::TooLong);
        }
        let fields = check(source)?;
        if fields.len() > TEMPLATE_FIELDS_MAX {
            return Err(TemplateError::Fields);
        }
        let template = Template { source: source.to_owned(), fields };
        let environment = environment();
        environment
            .template_from_str(source)
            .map_err(|error| TemplateError::Form { line: error.line().unwrap_or(0) })?;
        Ok(template)
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The fields that it names.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }

    /// The text with the fields filled in.
    ///
    /// # Errors
    /// [`TemplateError::Unknown`] for a field that is not among them and has no default, [`TemplateError::TooMuch`].
    pub fn render(&self, fields: &BTreeMap<&str, &str>) -> Result<String, TemplateError> {
        let environment = environment();
        let template =
            environment.template_from_str(&self.source).map_err(|_| TemplateError::Form { line: 0 })?;
        let known: BTreeMap<String, Value> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let text = template.render(Value::from(known)).map_err(|error| match error.kind() {
            ErrorKind::UndefinedError => {
                let missing = self.fields().find(|field| !fields.contains_key(field));
                TemplateError::Unknown(missing.unwrap_or_default().to_owned())
            }
            ErrorKind::OutOfFuel => TemplateError::TooMuch,
            _ => TemplateError::Form { line: error.line().unwrap_or(0) },
        })?;
        if text.len() > RENDERED_BYTES_MAX {
            return Err(TemplateError::TooMuch);
        }
        Ok(text)
    }
}

/// What templates are rendered in: strict, bounded, with nothing to call.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(STEPS_MAX));
    environment.add_filter(
        "default",
        |value: &Value, other: &str| {
            if value.is_undefined() { Value::from(other) } else { value.clone() }
        },
    );
    environment.add_test("defined", |value: &Value| !value.is_undefined());
    environment
}

/// Words of expressions that are no fields.
const WORDS: [&str; 8] = ["and", "or", "not", "is", "defined", "default", "true", "false"];

/// Statements.
const STATEMENTS: [&str; 4] = ["if", "elif", "else", "endif"];

/// Looks at every tag, and gives the fields that are named.
///
/// Every `{%` and `{{` of the text counts, wherever it stands, so that no reader of Jinja finds a tag that was not looked at.
fn check(source: &str) -> Result<BTreeSet<String>, TemplateError> {
    let mut fields = BTreeSet::new();
    let mut at = 0;
    let mut depth = 0_usize;
    let (mut line, mut counted) = (1, 0);
    while let Some(open) = source[at..].find('{').map(|found| at + found) {
        line += source[counted..open].matches('\n').count();
        counted = open;
        let Some(kind) = source[open + 1..].chars().next().filter(|kind| "{%#".contains(*kind)) else {
            at = open + 1;
            continue;
        };
        let close = match kind {
            '{' => "}}",
            '%' => "%}",
            _ => return Err(TemplateError::Statement { line, word: "{#".to_owned() }),
        };
        let inside = &source[open + 2..];
        // A text in a tag may not hold what ends a tag, so that both readers see the same end.
        let end = inside.find(close).ok_or(TemplateError::Form { line })?;
        let inside = inside[..end].trim_start_matches(['-', '+']).trim_end_matches(['-', '+']);
        let expression = if kind == '%' {
            let inside = inside.trim_start();
            let word: String = inside.chars().take_while(|c| is_name(*c)).collect();
            if !STATEMENTS.contains(&word.as_str()) {
                let word = if word.is_empty() { inside.chars().take(1).collect() } else { word };
                return Err(TemplateError::Statement { line, word: shortened(&word) });
            }
            depth = match word.as_str() {
                "if" => depth + 1,
                "endif" => depth.saturating_sub(1),
                _ => depth,
            };
            if depth > DEPTH_MAX {
                return Err(TemplateError::Form { line });
            }
            &inside[word.len()..]
        } else {
            inside
        };
        check_expression(expression, line, &mut fields)?;
        at = open + 2 + end + 2;
    }
    Ok(fields)
}

fn check_expression(text: &str, line: usize, fields: &mut BTreeSet<String>) -> Result<(), TemplateError> {
    let wrong = |word: &str| Err(TemplateError::Expression { line, word: shortened(word) });
    let mut rest = text.trim_start();
    let mut depth = 0_usize;
    // What stands before: a parenthesis is a call behind a name, and a group elsewhere.
    let mut before = "";
    // Behind `is`, or `is not`.
    let mut tested = false;
    while let Some(c) = rest.chars().next() {
        let len = if is_name(c) {
            rest.find(|c| !is_name(c)).unwrap_or(rest.len())
        } else if c == '"' || c == '\'' {
            let inside = &rest[1..];
            let len = inside.find(c).ok_or(TemplateError::Form { line })?;
            if inside[..len].contains(['\\', '{', '}', '%', '#']) {
                return wrong(&rest[..len + 2]);
            }
            len + 2
        } else if ["==", "!=", "<=", ">="].iter().any(|sign| rest.starts_with(sign)) {
            2
        } else if "<>|()".contains(c) {
            1
        } else {
            return wrong(c.encode_utf8(&mut [0; 4]));
        };
        let token = &rest[..len];
        let is_word = WORDS.contains(&token);
        let is_group = matches!(before, "" | "(" | "and" | "or" | "not");
        let compared = matches!(before, "==" | "!=" | "<" | "<=" | ">" | ">=");
        match token {
            _ if tested && token != "defined" && !(token == "not" && before == "is") => return wrong(token),
            // Where a value is to stand, minijinja takes these for names of fields.
            "and" | "or" | "is" if is_group || compared => return wrong(token),
            "not" if compared => return wrong(token),
            "(" => {
                if !is_group && before != "default" {
                    return wrong("(");
                }
                depth += 1;
            }
            ")" => depth = depth.saturating_sub(1),
            "default" if before != "|" => return wrong(token),
            _ if before == "|" && token != "default" => return wrong(token),
            "defined" if !tested => return wrong(token),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(TemplateError::Form { line });
        }
        if token.starts_with(is_name) && !is_word {
            if !token.starts_with(|c: char| c.is_ascii_digit()) {
                if !is_field(token) {
                    return wrong(token);
                }
                fields.insert(token.to_owned());
            } else if !token.bytes().all(|byte| byte.is_ascii_digit()) || len > 9 {
                return wrong(token);
            }
        }
        tested = token == "is" || tested && token == "not";
        before = token;
        rest = rest[len..].trim_start();
    }
    Ok(())
}

/// Whether a text can be the name of a field: small letters, digits and low lines, and no word of the language.
pub(super) fn is_field(name: &str) -> bool {
    /// Words that mean something in Jinja, whether templates have it or not.
    const TAKEN: [&str; 14] = [
        "in", "if", "elif", "else", "endif", "for", "none", "loop", "self", "set", "with", "block", "macro",
        "do",
    ];
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 40
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !WORDS.contains(&name)
        && !TAKEN.contains(&name)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn shortened(word: &str) -> String {
    word.chars().take(20).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rendered(source: &str, fields: &[(&str, &str)]) -> Result<String, TemplateError> {
        Template::parse(source)?.render(&fields.iter().copied().collect())
    }

    #[test]
    fn fields_and_conditions() {
        for (source, expected) in [
            ("Hi {{name}}, {{ name }}{{-size}}.", "Hi Ada, Ada42."),
            ("{% if size == \"42\" %}yes{% else %}no{% endif %}", "yes"),
            ("{% if size != '42' %}a{% elif name is defined and not (gone is defined) %}b{% endif %}", "b"),
            ("{% if gone is not defined %}{{ gone | default(\"none\") }}{% endif %}", "none"),
            ("{{ gone|default('Mme d Or, \u{e9}') }} { } 100% {a}", "Mme d Or, \u{e9} { } 100% {a}"),
            ("a\n{%- if gone is defined -%} b {%- endif %}\nc", "a\nc"),
            ("<b>{{ name }}</b> & co", "<b>Ada</b> & co"),
        ] {
            assert_eq!(
                rendered(source, &[("name", "Ada"), ("size", "42")]).as_deref(),
                Ok(expected),
                "{source}"
            );
        }
        // What a customer says is text, never a template.
        assert_eq!(rendered("{{ name }}", &[("name", "{{ size }}")]).as_deref(), Ok("{{ size }}"));
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let missing = |name: &str| Err(TemplateError::Unknown(name.to_owned()));
        assert_eq!(rendered("Hi {{ name }}", &[]), missing("name"));
        assert_eq!(rendered("{% if name == 'a' %}b{% endif %}", &[]), missing("name"));
        assert_eq!(rendered("{% if name %}b{% endif %}", &[]), missing("name"));
        let template = Template::parse("{{ a }}{% if b is defined %}{{ c|default('') }}{% endif %}").unwrap();
        assert_eq!(template.fields().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn what_templates_have_not_is_refused_when_they_are_read() {
        for source in [
            "{% for a in b %}{{ a }}{% endfor %}",
            "{%-for a in b%}{% endfor %}",
            "{% set a = 1 %}",
            "{% include \"other\" %}",
            "{% extends 'other' %}",
            "{% macro a() %}{% endmacro %}",
            "{% raw %}{{ x }}{% endraw %}",
            "{% %}",
            "{# a note #}",
        ] {
            assert!(
                matches!(Template::parse(source), Err(TemplateError::Statement { line: 1, .. })),
                "{source}"
            );
        }
        for source in [
            "{{ range(9) }}",
            "{{ a() }}",
            "{{ a.b }}",
            "{{ a[0] }}",
            "{{ [1] }}",
            "{{ 'a' * 9 }}",
            "{{ a ~ b }}",
            "{{ a + 1 }}",
            "{{ a | upper }}",
            "{{ a | default('x', true) }}",
            "{{ a is odd }}",
            "{{ a is not odd }}",
            "{{ a is not not defined }}",
            "{{ and }}",
            "{{ a == or }}",
            "{{ a == not }}",
            "{{ not is }}",
            "{{ (is) }}",
            "{{ not defined }}",
            "{{ a if b else c }}",
            "{{ a in b }}",
            "{{ none }}",
            "{{ loop }}",
            "{{ A }}",
            "{{ 'a\\n' }}",
            "{{ '{% for' }}",
            "{{ default('a') }}",
            "{{ \u{e9} }}",
            "{{ 1e9 }}",
        ] {
            assert!(
                matches!(Template::parse(source), Err(TemplateError::Expression { line: 1, .. })),
                "{source}"
            );
        }
        for source in [
            "{{ a",
            "{% if a",
            "{% if a %}",
            "{% endif %}",
            "{{ }}",
            "{{ (a }}",
            "{{ a b }}",
            "{{ 'a }}",
            "{{ a)) }}",
        ] {
            assert!(matches!(Template::parse(source), Err(TemplateError::Form { .. })), "{source}");
        }
        assert_eq!(
            Template::parse("a\nb {% for").unwrap_err(),
            TemplateError::Form { line: 2 },
            "a tag without an end"
        );
    }

    proptest! {
        /// Of any words and signs: what is taken as a template renders, or names a field of its own that is not known.
        #[test]
        fn a_template_asks_for_its_own_fields_alone(
            tags in prop::collection::vec((prop::sample::select(&TAGS[..]), prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..6)), 1..4),
        ) {
            let source: String = tags.iter().map(|(tag, tokens)| tag.replace('*', &tokens.join(" "))).collect();
            let Ok(template) = Template::parse(&source) else { return Ok(()) };
            let all: BTreeMap<&str, &str> = template.fields().map(|field| (field, "x")).collect();
            for known in [all, BTreeMap::new()] {
                match template.render(&known) {
                    Ok(_) | Err(TemplateError::Form { .. }) => {}
                    Err(TemplateError::Unknown(field)) => {
                        prop_assert!(!known.contains_key(&*field) && template.fields().any(|one| one == field), "{source}");
                    }
                    Err(error) => prop_assert!(false, "{source}: {error}"),
                }
            }
        }
    }

    const TAGS: [&str; 4] = [
        "{{ * }}",
        "{% if * %}a{% endif %}",
        "{% if * %}a{% else %}b{% endif %}",
        "{%- if a %}{{ * }}{% endif -%}",
    ];
    const TOKENS: [&str; 24] = [
        "a",
        "b",
        "and",
        "or",
        "not",
        "is",
        "defined",
        "default",
        "|",
        "(",
        ")",
        "==",
        "!=",
        "<",
        ">=",
        "'x'",
        "7",
        "true",
        "false",
        "| default('y')",
        "is defined",
        "is not defined",
        "none",
        "in",
    ];

    #[test]
    fn limits_hold() {
        assert!(Template::parse(&"x".repeat(TEMPLATE_BYTES_MAX)).is_ok());
        assert_eq!(Template::parse(&"x".repeat(TEMPLATE_BYTES_MAX + 1)), Err(TemplateError::TooLong));
        let fields = |count: usize| (0..count).map(|n| format!("{{{{ f{n} }}}}")).collect::<String>();
        assert!(Template::parse(&fields(TEMPLATE_FIELDS_MAX)).is_ok());
        assert_eq!(Template::parse(&fields(TEMPLATE_FIELDS_MAX + 1)), Err(TemplateError::Fields));
        let long = "y".repeat(RENDERED_BYTES_MAX - 1);
        assert!(rendered("{{ a }}x", &[("a", &long)]).is_ok());
        assert_eq!(rendered("{{ a }}xy", &[("a", &long)]), Err(TemplateError::TooMuch));
        let deep = |count: usize| format!("{{{{ {}a{} }}}}", "(".repeat(count), ")".repeat(count));
        assert!(Template::parse(&deep(DEPTH_MAX)).is_ok());
        assert_eq!(Template::parse(&deep(DEPTH_MAX + 1)), Err(TemplateError::Form { line: 1 }));
        // The longest templates are within their steps.
        let most = "{% if a==a %}{{a}}{% endif %}".repeat(TEMPLATE_BYTES_MAX / 29);
        assert!(rendered(&most, &[("a", "b")]).is_ok());
    }
}
