//! Reads the source tree and keeps what the compiler does not: the layers, the purity of the core, the heads
//! of files, and words that must not stand anywhere.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the core, each knowing only itself and those before it.
const LAYERS: [&str; 18] = [
    "vocab",
    "crypto",
    "contactless",
    "tap",
    "event",
    "log",
    "rules",
    "consent",
    "optin",
    "identity",
    "profile",
    "conversation",
    "journey",
    "attribution",
    "measure",
    "machine",
    "store",
    "engine",
];

/// What of `std` the core does without.
const STD_BANNED: [&str; 6] = ["env", "fs", "net", "os", "process", "thread"];

/// Other ways to a clock, chance, a database, or an order that changes from run to run.
const WORDS_BANNED: [&str; 10] = [
    "HashMap",
    "HashSet",
    "Instant",
    "OsRng",
    "RandomState",
    "SystemRandom",
    "SystemTime",
    "getrandom",
    "rusqlite",
    "thread_local",
];

/// Calls that ask for the time.
const CALLS_BANNED: [&str; 2] = ["Utc::now", "Local::now"];

/// Macros that stand nowhere, and those that do not stand in the core.
const MACROS_BANNED: [&str; 3] = ["dbg", "todo", "unimplemented"];
const MACROS_BANNED_IN_CORE: [&str; 5] = ["env", "eprint", "eprintln", "print", "println"];

const LINES_MAX: usize = 900;

#[test]
fn modules_know_only_those_before_them() {
    let mut faults = Vec::new();
    for file in core_sources() {
        let Some(module) = file.module.as_deref() else { continue }; // lib.rs knows all
        let Some(rank) = LAYERS.iter().position(|layer| *layer == module) else {
            faults.push(format!("{}: the module {module} has no place in LAYERS", file.name));
            continue;
        };
        for known in heads(&file.code, "crate") {
            match LAYERS.iter().position(|layer| *layer == known) {
                Some(other) if other <= rank => {}
                Some(_) => {
                    faults.push(format!("{}: {module} uses {known}, which stands after it", file.name))
                }
                None => faults.push(format!("{}: crate::{known} is no module; name its own", file.name)),
            }
        }
        if longest_super_chain(&file.code) >= file.depth {
            faults.push(format!("{}: reaches other modules by super; write crate::", file.name));
        }
    }
    none(faults);
}

#[test]
fn crates_know_only_those_before_them() {
    let manifest = |name: &str| fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
    let mut faults = Vec::new();
    for (name, banned) in [
        ("phygital-core", &["phygital-store", "phygital-cli", "rusqlite", "clap", "tokio"][..]),
        ("phygital-store", &["phygital-cli", "clap"][..]),
    ] {
        for line in manifest(name).lines() {
            if let Some(found) = banned.iter().find(|banned| line.starts_with(**banned)) {
                faults.push(format!("{name} depends on {found}"));
            }
        }
    }
    none(faults);
}

#[test]
fn the_core_is_pure() {
    let mut faults = Vec::new();
    for file in core_sources() {
        // Its unit tests neither: those that read files stand in `tests/`.
        for part in heads(&file.all_code, "std").iter().filter(|part| STD_BANNED.contains(&part.as_str())) {
            faults.push(format!("{}: std::{part}", file.name));
        }
        for word in words(&file.code).filter(|word| WORDS_BANNED.contains(word)) {
            faults.push(format!("{}: {word}", file.name));
        }
        for call in CALLS_BANNED.iter().filter(|call| file.code.contains(**call)) {
            faults.push(format!("{}: {call}", file.name));
        }
        for name in macros(&file.code).filter(|name| MACROS_BANNED_IN_CORE.contains(name)) {
            faults.push(format!("{}: {name}!", file.name));
        }
    }
    none(faults);
}

#[test]
fn files_are_of_one_form() {
    let mut faults = Vec::new();
    for file in sources() {
        if !file.text.starts_with("//! ") {
            faults.push(format!("{}: does not begin with a //! head", file.name));
        }
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{}: {lines} lines, more than {LINES_MAX}; it is two things", file.name));
        }
        for name in macros(&file.all_code).filter(|name| MACROS_BANNED.contains(name)) {
            faults.push(format!("{}: {name}!", file.name));
        }
        for word in words(&file.comments).filter(|word| ["TODO", "FIXME"].contains(word)) {
            faults.push(format!("{}: a comment says {word}", file.name));
        }
    }
    none(faults);
}

#[test]
fn no_character_looks_like_another() {
    let mut faults = Vec::new();
    for file in sources() {
        // The literals of tests may hold anything: they are what parsers are tried with.
        for text in [&file.all_code, &file.comments, &file.literals] {
            for c in text.chars().filter(|c| is_deceptive(*c)) {
                faults.push(format!("{}: U+{:04X}; write it as an escape", file.name, u32::from(c)));
            }
        }
    }
    none(faults);
}

#[test]
fn no_path_of_a_machine() {
    // Put together here, so that this file does not hold them.
    let banned = [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"], ["/wo", "rk/"], ["C:", "\\"]];
    let banned = banned.map(|halves| halves.concat());
    let mut faults = Vec::new();
    for path in tree() {
        let Ok(text) = fs::read_to_string(&path) else { continue }; // not text
        for (number, line) in text.lines().enumerate() {
            // A web address may have such a path, and a path in the project may end so.
            let starts = |path: &String| {
                line.match_indices(path.as_str())
                    .any(|(at, _)| !line[..at].ends_with(|c: char| is_word(c) || ".-/}".contains(c)))
            };
            if let Some(found) = banned.iter().find(|path| starts(path)) {
                faults.push(format!("{}:{}: {found}", name_of(&path), number + 1));
            }
        }
    }
    none(faults);
}

#[test]
fn every_limit_is_tested() {
    let files = sources();
    let (limits, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.name.ends_with("/limits.rs"));
    let tests = files.iter().map(|file| file.tests.as_str()).collect::<String>();
    let tested = words(&tests).collect::<BTreeSet<_>>();
    let enforced = others.iter().flat_map(|file| words(&file.code)).collect::<BTreeSet<_>>();
    let names = limits.iter().flat_map(|file| file.text.lines());
    let names = names.filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    let mut count = 0;
    let mut faults = Vec::new();
    for name in names.filter(|name| name.ends_with("_MAX") || name.contains("LIMIT")) {
        count += 1;
        if enforced.contains(name) && !tested.contains(name) {
            faults.push(format!("{name}: no test names it; try the limit and one past it"));
        }
    }
    assert!(count > 0, "found no limit in any limits.rs");
    none(faults);
}

/// Each threat's row ends with the names of tests that show its rule at work.
#[test]
fn every_threat_has_a_test_that_exists() {
    let page = fs::read_to_string(root().join("docs/threats.md")).unwrap();
    let tests = sources().iter().map(|file| file.tests.clone()).collect::<String>();
    let tests = words(&tests).map(str::to_owned).collect::<BTreeSet<_>>();
    let mut rows = 0;
    let mut faults = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| threat")) {
        rows += 1;
        let cell = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let named = cell.split('`').skip(1).step_by(2).collect::<Vec<_>>();
        if named.is_empty() {
            faults.push(format!("no test stands behind: {line}"));
        }
        faults.extend(
            named.iter().filter(|name| !tests.contains(**name)).map(|name| format!("no test {name}")),
        );
    }
    assert!(rows > 10, "found {rows} threats only");
    none(faults);
}

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

// --- reading the tree ----------------------------------------------------------------------------

/// A file of Rust, taken apart.
struct Source {
    /// Its path in the project.
    name: String,
    /// The module of the core that it belongs to; none for a crate's root.
    module: Option<String>,
    /// How many `super` lead from it to the crate's root.
    depth: usize,
    text: String,
    /// The code before the tests, without comments and literals.
    code: String,
    /// The same of the whole file.
    all_code: String,
    comments: String,
    /// What stands in quotes before the tests.
    literals: String,
    /// The code of the tests, which is the whole file where it stands in a folder `tests`.
    tests: String,
}

fn sources() -> Vec<Source> {
    let files = tree().into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let sources = files.map(|path| read(&path)).collect::<Vec<_>>();
    assert!(sources.len() > 10, "found {} files of Rust only", sources.len());
    sources
}

fn core_sources() -> impl Iterator<Item = Source> {
    sources().into_iter().filter(|file| file.name.starts_with("phygital-core/src/"))
}

fn read(path: &Path) -> Source {
    let name = name_of(path);
    let text = fs::read_to_string(path).unwrap();
    let parts = name.split('/').collect::<Vec<_>>();
    let in_tests = parts.contains(&"tests") || parts.contains(&"tests.rs");
    let [all_code, comments, _] = take_apart(&text);
    // The tests stand at the bottom: from `#[cfg(test)]`, where a module follows, to the end.
    let start = match in_tests {
        true => 0,
        false => test_module(&text),
    };
    let [code, _, literals] = take_apart(&text[..start]);
    let [tests, _, _] = take_apart(&text[start..]);
    let inside = parts.iter().skip_while(|part| **part != "src").skip(1).collect::<Vec<_>>();
    let module = match inside.as_slice() {
        [] | [_] => None,
        [module, ..] => Some((**module).to_owned()),
    };
    let is_mod = inside.last().is_some_and(|last| **last == "mod.rs");
    let depth = inside.len() - usize::from(is_mod);
    // `src/tap.rs` is a module too, `src/lib.rs` is not.
    let module = module.or_else(|| match inside.as_slice() {
        [file] if !["lib.rs", "main.rs"].contains(file) => file.strip_suffix(".rs").map(str::to_owned),
        _ => None,
    });
    Source { name, module, depth, text, code, all_code, comments, literals, tests }
}

/// Where the module of tests begins, or the end.
fn test_module(text: &str) -> usize {
    let is_module = |rest: &str| {
        let mut lines = rest.lines().map(str::trim).filter(|line| !line.starts_with("#["));
        lines.next().is_some_and(|line| line.starts_with("mod ") || line.starts_with("pub mod "))
    };
    text.match_indices("#[cfg(test)]")
        .map(|(at, _)| at)
        .find(|at| is_module(&text[*at..]))
        .unwrap_or(text.len())
}

/// All files of the project, in order.
fn tree() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // `.git` is a file in a second work tree. Fuzzing's finds are no source.
            if path.is_dir()
                && !["target", ".git", "corpus", "artifacts", "coverage"].contains(&name.as_str())
            {
                folders.push(path);
            } else if path.is_file() && name != ".git" {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn name_of(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

// --- reading Rust --------------------------------------------------------------------------------

/// Code, comments and the insides of literals. Each is left out of the others but for a space.
fn take_apart(text: &str) -> [String; 3] {
    let [mut code, mut comments, mut literals] = [const { String::new() }; 3];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (kind, len) = if rest.starts_with("//") {
            (&mut comments, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (&mut comments, block_comment(rest))
        } else if let Some(len) = literal(rest, code.chars().next_back()) {
            (&mut literals, len)
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        kind.push_str(&rest[..len]);
        kind.push(' ');
        code.push(' ');
        rest = &rest[len..];
    }
    [code, comments, literals]
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    for at in 0..text.len() {
        match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => depth += 1,
            Some(b"*/") => depth -= 1,
            _ => {}
        }
        if depth == 0 && at > 0 {
            return at + 2;
        }
    }
    text.len()
}

/// The length of a literal of text that begins here, after the code's last character.
fn literal(text: &str, before: Option<char>) -> Option<usize> {
    if let Some(inside) = text.strip_prefix('"') {
        return Some(1 + closing(inside, '"'));
    }
    if let Some(inside) = text.strip_prefix('\'') {
        // `'a'` is a literal, `'a` and `'static` are lifetimes.
        let mut chars = inside.chars();
        let quoted = chars.next()? == '\\' || chars.next()? == '\'';
        return quoted.then(|| 1 + closing(inside, '\''));
    }
    let hashes = text.strip_prefix('r')?.bytes().take_while(|byte| *byte == b'#').count();
    let inside = text.get(1 + hashes..)?.strip_prefix('"')?;
    // `br` is a prefix, the `r` of `for` is not.
    if before.is_some_and(|c| is_word(c) && c != 'b') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    Some(2 + hashes + inside.find(&end).map_or(inside.len(), |at| at + end.len()))
}

/// How far it is to the end of the closing quote, past what is escaped.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// The first names after `root::`, also those in braces: `std::{fs, io::Read}` has `fs` and `io`.
fn heads(code: &str, root: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, path) in code.match_indices(&format!("{root}::")) {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let rest = &code[at + path.len()..];
        let name = |text: &str| text.trim_start().chars().take_while(|c| is_word(*c)).collect::<String>();
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut item = 0;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.insert(name(&group[item..at]));
                    item = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

fn longest_super_chain(code: &str) -> usize {
    let mut longest = 0;
    for (at, _) in code.match_indices("super::") {
        let chain = code[at..].split("::").take_while(|part| *part == "super").count();
        longest = longest.max(chain);
    }
    longest
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c)).filter(|word| !word.is_empty())
}

/// The names before an exclamation mark.
fn macros(code: &str) -> impl Iterator<Item = &str> {
    code.match_indices('!').filter_map(|(at, _)| code[..at].rsplit(|c: char| !is_word(c)).next())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Invisible, or easily taken for ASCII: spaces, marks of direction, quotes, dashes, Cyrillic, full width, and the
/// Greek letters that are drawn as Latin ones (the others may stand in a formula).
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{2000}'..='\u{201f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
        | '\u{2212}' | '\u{2215}' | '\u{feff}' | '\u{ff01}'..='\u{ff5e}' | '\u{400}'..='\u{52f}'
        | '\u{391}' | '\u{392}' | '\u{395}'..='\u{397}' | '\u{399}' | '\u{39a}' | '\u{39c}' | '\u{39d}'
        | '\u{39f}' | '\u{3a1}' | '\u{3a4}' | '\u{3a5}' | '\u{3a7}' | '\u{3bd}' | '\u{3bf}')
}

// --- the reader itself ---------------------------------------------------------------------------

#[test]
fn the_reader_tells_code_from_words() {
    let text = r####"//! std::fs
use std::{collections::BTreeMap, fs::{self, File}, io};
/* crate::engine /* nested */ still */ use crate::{event::Event, vocab};
fn f<'a>(x: &'a str) -> char { let _ = ("crate::store \" //", b'"', '\'', r#"a "quote" todo!"#); 'x' }
fn for_real() {} // super::super::
"####;
    let [code, comments, literals] = take_apart(text);
    assert_eq!(heads(&code, "std").into_iter().collect::<Vec<_>>(), ["collections", "fs", "io"]);
    assert_eq!(heads(&code, "crate").into_iter().collect::<Vec<_>>(), ["event", "vocab"]);
    assert!(comments.contains("nested") && comments.contains("std::fs") && comments.contains("super::"));
    assert!(literals.contains("crate::store") && literals.contains("todo!") && literals.contains("'x'"));
    assert!(code.contains("fn for_real() {}") && code.contains("<'a>") && !code.contains("todo"));
    assert_eq!(longest_super_chain("use super::super::x; super::y"), 2);
    assert_eq!(test_module("a\n#[cfg(test)]\nuse x;\n#[cfg(test)]\n#[allow(y)]\nmod tests {}"), 22);
    assert!(
        is_deceptive('\u{430}') && is_deceptive('\u{200b}') && !is_deceptive('\u{3bb}') && !is_deceptive('a')
    );
}
