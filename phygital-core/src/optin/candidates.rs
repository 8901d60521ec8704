//! Finding one-time codes in what people text.

use std::cmp::Reverse;

use super::code::{Code, CodeLength};
use super::text::{self, Gap, Run};
use crate::vocab::limits::CODE_CANDIDATES_MAX;

/// The codes that a text may hold, likeliest first, each once, at most [`CODE_CANDIDATES_MAX`].
///
/// Read are: either case, O for 0, I and L for 1; full-width and other compatibility forms; invisible
/// characters and accents; spaces, hyphens, dots between the symbols; words, smart quotes, reactions and
/// signatures around; and one of the `keywords` before the code, glued to it or not.
///
/// | where | what is a candidate |
/// |---|---|
/// | anywhere | letters and digits that stand together; parts with hyphens, dots, low lines between |
/// | alone on its line or in quotes | parts with spaces between as well |
/// | behind a keyword on its line | parts with spaces between; a code with letters glued behind |
///
/// Every code has a letter and a digit from 2 to 9, so plain words and numbers are none. `size 38B`
/// among other words is none either.
///
/// ```
/// use phygital_core::optin::candidates;
/// let found = |text| candidates(text, &["JOIN"]).iter().map(ToString::to_string).collect::<Vec<_>>();
/// assert_eq!(found("Hi! Join k7q-m4x please"), ["K7QM4X"]);
/// assert!(found("See you on Thursday, 12 March 2026").is_empty());
/// ```
pub fn candidates(text: &str, keywords: &[&str]) -> Vec<Code> {
    find(&text::lines(&text::plain(text)), keywords).codes
}

/// What [`find`] found.
pub(crate) struct Finds {
    pub(crate) codes: Vec<Code>,
    /// Whether a keyword stands in the text as a word, or with a candidate behind it.
    pub(crate) keyword: bool,
}

/// As [`candidates`], in lines taken apart.
pub(crate) fn find(lines: &[Vec<Run>], keywords: &[&str]) -> Finds {
    let keywords: Vec<Vec<char>> = keywords.iter().map(|word| text::plain(word).chars().collect()).collect();
    let mut finds = Vec::new();
    let mut keyword = false;
    for line in lines {
        joined(line, &mut finds);
        for word in keywords.iter().filter(|word| !word.is_empty()) {
            keyword |= line.iter().any(|run| run.letters == *word);
            behind(line, word, &mut finds);
        }
    }
    keyword |= finds.iter().any(|find| find.behind_keyword);
    finds.sort_by_key(|find| {
        (find.torn, find.ragged, find.spaces, find.joints, !find.behind_keyword, Reverse(find.length))
    });
    let mut codes = Vec::new();
    for find in finds {
        if codes.len() < CODE_CANDIDATES_MAX && !codes.contains(&find.code) {
            codes.push(find.code);
        }
    }
    Finds { codes, keyword }
}

/// A candidate and what speaks for it.
struct Find {
    code: Code,
    length: usize,
    /// Whether it ends within a run.
    torn: bool,
    /// Whether a hyphen or dot ties it to what stands around.
    ragged: bool,
    /// How many gaps it has within, by kind.
    spaces: usize,
    joints: usize,
    behind_keyword: bool,
}

/// Candidates without regard to keywords.
fn joined(line: &[Run], finds: &mut Vec<Find>) {
    let whole: usize = line.iter().map(|run| run.letters.len()).sum();
    let alone = whole <= CodeLength::MOST && line[1..].iter().all(|run| run.gap != Gap::Hard);
    for start in 0..line.len() {
        let widest = if alone && start == 0 { Gap::Space } else { Gap::Joint };
        windows(&line[start..], widest, false, |find, end| {
            // With spaces between it has to be all there is.
            if !find.torn && (find.spaces == 0 || end == line.len()) {
                finds.push(find);
            }
        });
    }
}

/// Candidates behind a keyword.
fn behind(line: &[Run], word: &[char], finds: &mut Vec<Find>) {
    let mut rest: Vec<Run> = Vec::new();
    let mut starts = Vec::new();
    for run in line {
        let at = run.letters.windows(word.len()).position(|letters| letters == word);
        let Some(at) = at else {
            // Nothing before the first keyword counts.
            if !starts.is_empty() {
                rest.push(run.clone());
            }
            continue;
        };
        let mut letters = &run.letters[at..];
        while let Some(after) = letters.strip_prefix(word) {
            letters = after;
        }
        starts.push(rest.len());
        if !letters.is_empty() {
            rest.push(Run { gap: Gap::Hard, letters: letters.to_vec() });
        }
    }
    for start in 0..rest.len() {
        windows(&rest[start..], Gap::Space, starts.contains(&start), |find, _| finds.push(find));
    }
}

/// The codes that begin with the first of some runs, with no gap wider than `widest` within; each goes
/// to `take` with the number of runs it reaches into. Where one ends with its run, none ends within a
/// later run; none is torn at both ends.
fn windows(runs: &[Run], widest: Gap, behind_keyword: bool, mut take: impl FnMut(Find, usize)) {
    let mut letters: Vec<char> = Vec::new();
    let (mut whole, mut spaces, mut joints) = (false, 0, 0);
    for (at, run) in runs.iter().enumerate() {
        if at > 0 && run.gap > widest || letters.len() >= CodeLength::MOST {
            return;
        }
        if at > 0 {
            *(if run.gap == Gap::Joint { &mut joints } else { &mut spaces }) += 1;
        }
        let tied = |run: Option<&Run>| run.is_some_and(|run| run.gap == Gap::Joint);
        let begins_tied = tied(runs.first()) && !behind_keyword;
        let ragged = begins_tied || tied(runs.get(at + 1));
        let before = letters.len();
        let room = CodeLength::MOST - before;
        letters.extend(run.letters.iter().take(room));
        for length in (before + 1).max(CodeLength::LEAST)..=letters.len() {
            if let Ok(code) = Code::read(letters[..length].iter().copied()) {
                let torn = length < before + run.letters.len();
                if torn && (whole || begins_tied) {
                    continue;
                }
                whole |= !torn;
                take(Find { code, length, torn, ragged, spaces, joints, behind_keyword }, at + 1);
            }
        }
    }
}
