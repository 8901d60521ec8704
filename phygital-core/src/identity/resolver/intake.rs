//! What comes and goes, written into the graph; what it touches is left to be settled.

use super::Resolver;
use super::bounds::{NAMED_MAX, NAMES_MAX, SEEN_MAX};
use super::described::{compared, worth};
use super::graph::{DESCRIPTION, FADING, RECORD, TOUCHED, WATCHED};
use super::hashes::{Given, is_hashed};
use super::key_of_record;
use super::side::{count_in, count_out};
use super::table::NONE;
use crate::identity::{Details, Named, Ruling, Sighting, Subject};
use crate::vocab::{RecordKey, Timestamp};

/// So many sightings at a time are looked at before they are taken in.
const TOGETHER: usize = 16;

/// The identifiers of a sighting that may be used.
fn usable(sighting: &Sighting) -> impl Iterator<Item = &Named> {
    sighting.named.iter().filter(|one| !one.junk).take(NAMED_MAX)
}

impl Resolver {
    /// Sightings come.
    pub(super) fn take_all_in(&mut self, come: &[Sighting]) {
        for some in come.chunks(TOGETHER) {
            self.warm(some);
            some.iter().for_each(|sighting| self.take_in(sighting));
        }
    }

    /// Looks at what sightings will ask for, all of one sort before any of the next: a look that has to wait for memory
    /// does not keep the others waiting. It changes nothing.
    fn warm(&mut self, some: &[Sighting]) {
        let mut guesses = std::mem::take(&mut self.work.guesses);
        guesses.clear();
        let mut sum = 0;
        for sighting in some {
            sum ^= self.graph.warm_record(&sighting.record);
            for named in usable(sighting) {
                sum ^= self.graph.warm_key(&named.key) ^ self.hashes.warm(named);
            }
        }
        for named in some.iter().flat_map(usable) {
            let row = self.graph.guess(&named.key);
            guesses.push(row);
            sum ^=
                self.graph.rows.get(row as usize).map_or(0, |row| row.seen) ^ self.hashes.warm_forms(named);
        }
        guesses.retain(|row| *row != NONE);
        for row in &mut guesses {
            let (profile, touched) = self.graph.warm_row(*row);
            (*row, sum) = (profile, sum ^ touched);
        }
        for row in &guesses {
            let anchor = self.wholes.get(*row as usize).map_or(NONE, |whole| whole.anchor);
            sum ^= self.graph.rows.get(anchor as usize).map_or(0, |row| row.first);
        }
        self.work.guesses = guesses;
        std::hint::black_box(sum);
    }

    /// A sighting comes.
    fn take_in(&mut self, sighting: &Sighting) {
        if self.graph.sighting(&sighting.record).is_some() {
            return;
        }
        if !sighting.linking {
            let at = self.graph.add_sighting(sighting.record, sighting.time, NONE, &[]);
            self.unsettle(at);
            return;
        }
        for named in usable(sighting).filter(|named| !named.forms.is_empty()) {
            let changed = self.hashes.learn(named);
            self.reread(changed, named);
        }
        let at = self.add(sighting.record, sighting.time, usable(sighting).map(Given::of), &sighting.details);
        if usable(sighting).any(is_hashed) {
            self.hashes.keep(at, usable(sighting).map(Given::of).collect());
        }
        if self.rules.repairs() {
            usable(sighting).for_each(|named| self.spell(named));
        }
    }

    /// A sighting goes, if it is there.
    pub(super) fn take_out(&mut self, sighting: &Sighting) {
        let Some(at) = self.graph.sighting(&sighting.record) else { return };
        self.hashes.drop(at);
        self.remove(at);
        if !sighting.linking {
            return;
        }
        for named in usable(sighting) {
            if self.rules.repairs() {
                self.unspell(named);
            }
            let changed = self.hashes.forget(named);
            self.reread(changed, named);
        }
    }

    /// What hashes stand for has changed: sightings that name them are read again.
    fn reread(&mut self, sightings: Vec<u32>, named: &Named) {
        for at in sightings {
            let Some(given) = self.hashes.drop(at) else { continue };
            let seen = &self.graph.seen[at as usize];
            let (record, time) = (seen.record, seen.time);
            let details = self.said.details(seen.details).cloned().unwrap_or_default();
            let was = self.profile_told(at);
            self.remove(at);
            let at = self.add(record, time, given.iter().copied(), &details);
            self.hashes.keep(at, given);
            self.goes_on(at, was);
        }
        if !self.rulings.is_empty() {
            for form in &named.forms {
                self.rulings_changed(Subject::Identifier(named.kind, *form));
            }
        }
    }

    /// A person rules.
    pub(super) fn rule(&mut self, ruling: &Ruling) {
        self.rulings.insert(ruling);
        self.rulings_changed(ruling.ends.0);
        self.rulings_changed(ruling.ends.1);
    }

    /// A ruling is taken back.
    pub(super) fn unrule(&mut self, ruling: &Ruling) {
        self.rulings.remove(ruling);
        self.rulings_changed(ruling.ends.0);
        self.rulings_changed(ruling.ends.1);
    }

    /// What is ruled about something has changed. A record that a ruling is about is named by itself.
    fn rulings_changed(&mut self, subject: Subject) {
        self.work.reruled.insert(subject);
        // The other ends of what is in force are tied or parted by it.
        let others: Vec<Subject> = self.rulings.about(&subject).map(|(other, _)| other).collect();
        self.work.reruled.extend(others);
        let record = match subject {
            Subject::Record(record) => record,
            Subject::Identifier(kind, key) => {
                self.hashes.set_ruled(kind, key, self.rulings.is_about(&subject));
                return;
            }
        };
        let Some(at) = self.graph.sighting(&record) else { return };
        let named =
            self.ruled.get(&record).is_some_and(|row| self.graph.named(at).any(|other| other == *row));
        if named != self.rulings.is_about(&subject) && self.graph.seen[at as usize].linking {
            self.name_again(at);
        }
    }

    /// Takes a sighting out and in again.
    fn name_again(&mut self, at: u32) {
        let given = self.hashes.drop(at);
        let seen = &self.graph.seen[at as usize];
        let (record, time) = (seen.record, seen.time);
        let details = self.said.details(seen.details).cloned().unwrap_or_default();
        let hashed = given.is_some();
        let given = given.unwrap_or_else(|| {
            let rows = self.graph.named(at).map(|row| self.graph.row(row));
            rows.filter_map(|row| Some(Given::clear(row.identifier_kind()?, row.key))).collect()
        });
        let was = self.profile_told(at);
        self.remove(at);
        let at = self.add(record, time, given.iter().copied(), &details);
        self.goes_on(at, was);
        if hashed {
            self.hashes.keep(at, given);
        }
    }

    /// Writes a sighting that may link into the graph.
    fn add(
        &mut self,
        record: RecordKey,
        time: Timestamp,
        given: impl Iterator<Item = Given>,
        details: &Details,
    ) -> u32 {
        let mut rows = std::mem::take(&mut self.work.rows);
        rows.clear();
        if self.rulings.is_about(&Subject::Record(record)) {
            let row = self.ruled.get(&record).copied();
            rows.push(row.unwrap_or_else(|| self.graph.new_row(RECORD, key_of_record(record))));
            self.ruled.insert(record, rows[0]);
        }
        let mut meant = std::mem::take(&mut self.work.meant);
        self.hashes.read(given, &mut meant);
        rows.extend(meant.iter().map(|(kind, key)| self.graph.identifier(*kind, *key)));
        self.work.meant = meant;
        let mut number = NONE;
        if let Some((taken, is_new)) = self.said.take(details, &self.rules) {
            number = taken;
            if is_new {
                self.describe(number);
            }
            let row = self.said.each[number as usize].row;
            rows.extend((row != NONE).then_some(row));
        }
        let at = match self.growth((record, time), &rows, number) {
            Some(growth) => self.grow(&growth, (record, time), number, &rows),
            None => self.add_and_settle(record, time, number, &rows),
        };
        self.work.rows = rows;
        at
    }

    /// Writes a sighting of these rows into the graph, which may change more than it adds.
    fn add_and_settle(&mut self, record: RecordKey, time: Timestamp, number: u32, rows: &[u32]) -> u32 {
        let at = self.graph.add_sighting(record, time, number, rows);
        self.graph.seen[at as usize].linking = true;
        for (n, &one) in rows.iter().enumerate() {
            for &two in &rows[n + 1..] {
                let support = self.graph.tie(one, two);
                self.tied(one, two, support, support);
            }
        }
        let (name, birth) = self.said.labels(number);
        for &row in rows {
            self.seen_again(row, at);
            if name != NONE || birth != NONE {
                self.label(row, name, birth);
            }
        }
        self.unsettle(at);
        at
    }

    /// Takes a sighting out of the graph.
    fn remove(&mut self, at: u32) {
        self.leave(at);
        let number = self.graph.seen[at as usize].details;
        let (name, birth) = self.said.labels(number);
        let rows: Vec<u32> = self.graph.named(at).collect();
        for (n, &one) in rows.iter().enumerate() {
            for &two in &rows[n + 1..] {
                let support = self.graph.untie(one, two);
                self.tied(one, two, support, support + 1);
            }
        }
        self.graph.remove_sighting(at);
        for &row in &rows {
            self.seen_less(row, at);
            if name != NONE || birth != NONE {
                self.unlabel(row, name, birth);
            }
        }
        let described = self.said.each.get(number as usize).map_or(NONE, |one| one.row);
        if number != NONE && self.said.give(number) && described != NONE {
            self.undescribe(number, described);
        }
    }

    /// How many sightings name two rows has changed. It matters where it is the first or the last, or counts twice as much.
    fn tied(&mut self, one: u32, two: u32, support: u32, greater: u32) {
        if support == 0 || greater == 1 {
            self.touch(one);
            self.touch(two);
        } else if greater.is_power_of_two() {
            self.soil(one);
            self.soil(two);
        }
    }

    fn seen_again(&mut self, row: u32, at: u32) {
        let found = self.graph.row(row);
        let (seen, first) = (found.seen, found.first);
        if seen == 1 {
            self.graph.row_mut(row).first = at;
            self.graph.row_mut(row).flags &= !FADING;
            self.rulings_of_row_changed(row);
            self.touch(row);
        } else if first != NONE && self.graph.when(at) < self.graph.when(first) {
            self.graph.row_mut(row).first = at;
            self.soil(row);
        }
        if self.graph.row(row).is(WATCHED) || seen as usize == SEEN_MAX + 1 {
            self.touch(row);
        }
        if seen == 2 || seen.is_power_of_two() {
            self.soil_alike(row);
        }
    }

    fn seen_less(&mut self, row: u32, at: u32) {
        let found = self.graph.row(row);
        let seen = found.seen;
        if found.first == at {
            self.graph.lose_first(row);
            self.soil(row);
        }
        if seen == 0 {
            self.graph.row_mut(row).flags |= FADING;
            self.work.fading.push(row);
            self.rulings_of_row_changed(row);
            self.touch(row);
        }
        if self.graph.row(row).is(WATCHED) || seen as usize == SEEN_MAX {
            self.touch(row);
        }
        if seen == 1 || (seen + 1).is_power_of_two() {
            self.soil_alike(row);
        }
    }

    /// A sighting of a row says a name and a date of birth.
    fn label(&mut self, row: u32, name: u32, birth: u32) {
        let side = self.side_mut(row);
        let new_birth = birth != NONE && count_in(&mut side.births, birth);
        if name != NONE && count_in(&mut side.names, name) {
            self.look_at_names(row);
            self.touch(row);
            self.soil(row);
        }
        if new_birth {
            self.soil(row);
        }
    }

    fn unlabel(&mut self, row: u32, name: u32, birth: u32) {
        let side = self.side_mut(row);
        let old_birth = birth != NONE && count_out(&mut side.births, birth);
        if name != NONE && count_out(&mut side.names, name) {
            self.look_at_names(row);
            self.touch(row);
            self.soil(row);
        }
        if old_birth {
            self.soil(row);
        }
    }

    /// Finds whether the names of a row are at odds, as long as they are few enough.
    fn look_at_names(&mut self, row: u32) {
        let Some(side) = self.side(row) else { return };
        let names: Vec<u32> = side.names.keys().copied().take(NAMES_MAX + 1).collect();
        let pairs =
            names.iter().enumerate().flat_map(|(n, one)| names[n + 1..].iter().map(move |two| (*one, *two)));
        let at_odds = names.len() <= NAMES_MAX && {
            let mut pairs = pairs;
            pairs.any(|(one, two)| !self.said.names_agree(one, two))
        };
        self.side_mut(row).at_odds = at_odds;
    }

    /// A description is new: where it is worth a match by itself, it gets a row, and its matches.
    fn describe(&mut self, number: u32) {
        let Some(index) = &mut self.index else { return };
        let details = std::sync::Arc::clone(&self.said.each[number as usize].details);
        let worth = worth(index, &self.rules, &details);
        if worth < index.model().match_at {
            return;
        }
        let values = compared(index.model(), &self.rules, &details);
        let changed = index.insert(number, &values).expect("as many values as fields, and fewer than 2^32");
        let row = self.graph.new_row(DESCRIPTION, key_of_record(RecordKey::from_bytes([0; 16])));
        self.said.each[number as usize].row = row;
        self.side_mut(row).worth = worth;
        self.match_again(number);
        changed.into_iter().for_each(|other| self.match_again(other));
    }

    /// A description is gone.
    fn undescribe(&mut self, number: u32, row: u32) {
        let Some(index) = &mut self.index else { return };
        let changed = index.remove(&number).unwrap_or_default();
        for (other, _) in std::mem::take(&mut self.side_mut(row).matches) {
            self.side_mut(other).matches.retain(|(with, _)| *with != row);
            self.soil(other);
        }
        changed.into_iter().for_each(|other| self.match_again(other));
    }

    /// Finds what a description matches.
    fn match_again(&mut self, number: u32) {
        let Some(index) = &self.index else { return };
        let row = self.said.each[number as usize].row;
        let found = index.matches_of(&number, index.model().match_at).unwrap_or_default();
        let mut found: Vec<(u32, i32)> = found
            .into_iter()
            .filter(|(other, _)| *other != number)
            .map(|(other, weight)| (self.said.each[other as usize].row, weight))
            .filter(|(other, _)| *other != NONE)
            .collect();
        found.sort_unstable();
        let known = std::mem::replace(&mut self.side_mut(row).matches, found.clone());
        for &(other, _) in known.iter().filter(|one| !found.contains(one)) {
            self.side_mut(other).matches.retain(|(with, _)| *with != row);
            self.soil(other);
        }
        for &(other, weight) in found.iter().filter(|one| !known.contains(one)) {
            let matches = &mut self.side_mut(other).matches;
            matches.retain(|(with, _)| *with != row);
            matches.push((row, weight));
            self.soil(other);
        }
        self.soil(row);
    }

    /// The holders and the class of a row are to be found again.
    pub(super) fn touch(&mut self, row: u32) {
        let found = self.graph.row_mut(row);
        if !found.is(TOUCHED) {
            found.flags |= TOUCHED;
            self.work.touched.push(row);
        }
        self.soil(row);
    }
}
