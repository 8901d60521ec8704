//! What persons ruled, by what it is about.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::identity::{Ruling, Subject};
use crate::vocab::{RecordKey, Timestamp};

/// The rulings, found from either end.
#[derive(Clone, Debug, Default)]
pub(super) struct Rulings {
    /// For each subject what it was compared with, and what was said: the last is in force.
    of: BTreeMap<Subject, BTreeMap<Subject, BTreeSet<Word>>>,
}

/// Whether two are the same: in the order in which one takes the place of another.
pub(super) type Word = (Timestamp, Reverse<bool>, RecordKey);

impl Rulings {
    pub(super) fn insert(&mut self, ruling: &Ruling) {
        let (one, two) = ruling.ends;
        for (one, two) in [(one, two), (two, one)] {
            let words = self.of.entry(one).or_default().entry(two).or_default();
            words.insert((ruling.time, Reverse(ruling.same), ruling.record));
        }
    }

    pub(super) fn remove(&mut self, ruling: &Ruling) {
        let (one, two) = ruling.ends;
        for (one, two) in [(one, two), (two, one)] {
            let Some(with) = self.of.get_mut(&one) else { continue };
            if let Some(words) = with.get_mut(&two) {
                words.remove(&(ruling.time, Reverse(ruling.same), ruling.record));
                if words.is_empty() {
                    with.remove(&two);
                }
            }
            if with.is_empty() {
                self.of.remove(&one);
            }
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = Ruling> + '_ {
        let pairs =
            self.of.iter().flat_map(|(one, with)| with.iter().map(move |(two, words)| (*one, *two, words)));
        pairs.filter(|(one, two, _)| one <= two).flat_map(|(one, two, words)| {
            words.iter().map(move |&(time, Reverse(same), record)| Ruling {
                time,
                record,
                same,
                ends: (one, two),
            })
        })
    }

    /// Whether anything was ruled about it.
    pub(super) fn is_about(&self, subject: &Subject) -> bool {
        !self.of.is_empty() && self.of.contains_key(subject)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// What is in force about a subject, and the other that it is about.
    pub(super) fn about(&self, subject: &Subject) -> impl Iterator<Item = (Subject, Word)> + '_ {
        let with = self.of.get(subject).into_iter().flatten();
        with.filter_map(|(other, words)| Some((*other, *words.last()?)))
    }
}

/// The order in which one ruling takes the place of another on the same pair.
#[cfg(any(test, feature = "contract"))]
pub(super) fn precedence(ruling: &Ruling) -> Word {
    (ruling.time, Reverse(ruling.same), ruling.record)
}
