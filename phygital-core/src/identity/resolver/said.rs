//! What records say of people, each once and by number.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::table::NONE;
use crate::identity::names::agree;
use crate::identity::{Details, Rules, births_agree};

/// Descriptions, names and dates of birth.
#[derive(Clone, Default)]
pub(super) struct SaidOf {
    descriptions: BTreeMap<Arc<Details>, u32>,
    pub(super) each: Vec<Description>,
    free: Vec<u32>,
    names: Numbers,
    births: Numbers,
}

/// What some sightings say of a person.
#[derive(Clone, Debug, Default)]
pub(super) struct Description {
    pub(super) details: Arc<Details>,
    /// How many sightings say so.
    pub(super) seen: u32,
    pub(super) name: u32,
    pub(super) birth: u32,
    /// The row that stands for it among what links; `NONE` where it says too little for that.
    pub(super) row: u32,
}

/// Values with a number each, which lives as long as somebody uses it.
#[derive(Clone, Default)]
struct Numbers {
    of: BTreeMap<Arc<Details>, u32>,
    each: Vec<(Arc<Details>, u32)>,
    free: Vec<u32>,
}

impl Numbers {
    fn take(&mut self, value: Details) -> u32 {
        if let Some(&number) = self.of.get(&value) {
            self.each[number as usize].1 += 1;
            return number;
        }
        let value = Arc::new(value);
        let number = self.free.pop().unwrap_or(self.each.len() as u32);
        if number as usize == self.each.len() {
            self.each.push(Default::default());
        }
        self.each[number as usize] = (Arc::clone(&value), 1);
        self.of.insert(value, number);
        number
    }

    fn give(&mut self, number: u32) {
        let Some((value, users)) = self.each.get_mut(number as usize) else { return };
        *users -= 1;
        if *users == 0 {
            let value = std::mem::take(value);
            self.of.remove(&value);
            self.free.push(number);
        }
    }
}

impl SaidOf {
    /// The number of a description that one more sighting gives, and whether it is new; `None` where it says nothing.
    pub(super) fn take(&mut self, details: &Details, rules: &Rules) -> Option<(u32, bool)> {
        if *details == Details::default() {
            return None;
        }
        if let Some(&number) = self.descriptions.get(details) {
            self.each[number as usize].seen += 1;
            return Some((number, false));
        }
        let name = rules.name(details).map(|name| Details {
            given_name: Some(name.given().into()),
            surname: (!name.surname().is_empty()).then(|| name.surname().into()),
            ..Details::default()
        });
        let birth =
            rules.birth(details).map(|birth| Details { birthday: Some(birth.into()), ..Details::default() });
        let details = Arc::new(details.clone());
        let number = self.free.pop().unwrap_or(self.each.len() as u32);
        if number as usize == self.each.len() {
            self.each.push(Description::default());
        }
        let name = name.map_or(NONE, |name| self.names.take(name));
        let birth = birth.map_or(NONE, |birth| self.births.take(birth));
        self.each[number as usize] =
            Description { details: Arc::clone(&details), seen: 1, name, birth, row: NONE };
        self.descriptions.insert(details, number);
        Some((number, true))
    }

    /// One sighting less gives a description. Whether it was the last.
    pub(super) fn give(&mut self, number: u32) -> bool {
        let one = &mut self.each[number as usize];
        one.seen -= 1;
        if one.seen > 0 {
            return false;
        }
        let one = std::mem::take(one);
        self.descriptions.remove(&one.details);
        self.free.push(number);
        self.names.give(one.name);
        self.births.give(one.birth);
        true
    }

    /// What a sighting says; nothing where the number is `NONE`.
    pub(super) fn details(&self, number: u32) -> Option<&Details> {
        self.each.get(number as usize).map(|one| &*one.details)
    }

    /// The numbers of the name and of the date of birth in a description, `NONE` where there is none.
    pub(super) fn labels(&self, number: u32) -> (u32, u32) {
        self.each.get(number as usize).map_or((NONE, NONE), |one| (one.name, one.birth))
    }

    /// Whether two names may be one person's.
    pub(super) fn names_agree(&self, one: u32, two: u32) -> bool {
        one == two || agree(&self.names.each[one as usize].0, &self.names.each[two as usize].0) == Some(true)
    }

    /// Whether two dates of birth may be one person's.
    pub(super) fn births_agree(&self, one: u32, two: u32) -> bool {
        let birth = |number: u32| self.births.each[number as usize].0.birthday.as_deref().unwrap_or("");
        one == two || births_agree(birth(one), birth(two))
    }
}
