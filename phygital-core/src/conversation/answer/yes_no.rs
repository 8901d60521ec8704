//! Yes or no.

use super::words::{Lexicon, Text};
use super::{Reading, Unclear, confidence, understood};

/// What says yes or no without a word.
const YES_SIGNS: [char; 4] = ['\u{1f44d}', '\u{1f44c}', '\u{2705}', '\u{2714}'];
const NO_SIGNS: [char; 3] = ['\u{1f44e}', '\u{274c}', '\u{2716}'];

pub(super) fn read(said: &Text, words: &Lexicon) -> Reading {
    let (mut yes, mut no, mut taken, mut at) = (false, false, 0, 0);
    while at < said.pieces.len() {
        // The longest phrase counts: `no problem` is no `no`, and `no idea` neither.
        let lists = [&words.yes, &words.no, &words.decline];
        let [agrees, refuses, declines] = lists.map(|list| list.at(&said.pieces, at).unwrap_or(0));
        let longest = agrees.max(refuses).max(declines);
        if longest == 0 {
            at += 1;
            continue;
        }
        yes |= agrees == longest;
        no |= refuses == longest;
        taken += longest;
        at += longest;
    }
    if said.pieces.is_empty() {
        yes = said.signs.iter().any(|sign| YES_SIGNS.contains(sign));
        no = said.signs.iter().any(|sign| NO_SIGNS.contains(sign));
    }
    match (yes, no) {
        (true, false) => understood("yes", None, confidence(&said.pieces, taken)),
        (false, true) => understood("no", None, confidence(&said.pieces, taken)),
        (true, true) => Reading::Unclear(Unclear::Several),
        (false, false) => Reading::Unclear(Unclear::Nothing),
    }
}
