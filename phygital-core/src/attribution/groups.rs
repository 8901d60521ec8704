//! Channel groups: a hierarchy of channels, and which side of the shop's door each is on.

use std::collections::BTreeMap;
use std::str::FromStr;

use thiserror::Error;

use super::channels::Channels;

/// Channels in groups, and groups in groups. A channel of which nothing is stated stands at the top. A name may be a group and
/// have touches of its own.
///
/// A side that nobody states follows from the name: a store, tap, visit or till is physical (`store_visit` and `visit` are
/// visits), `direct` and `(direct)` are direct, all others digital.
///
/// ```
/// use phygital_core::attribution::{Groups, Side};
/// let mut groups = Groups::default();
/// groups.add("search", Some("Paid"), None)?;
/// groups.add("meta", Some("Paid"), None)?;
/// groups.add("window screen", None, Some("physical".parse()?))?;
/// assert_eq!(groups.ways("meta").collect::<Vec<_>>(), ["Paid"]);
/// assert_eq!(groups.side("window screen"), Side::Physical);
/// assert_eq!(groups.side("store_tap"), Side::Physical);
/// # Ok::<(), phygital_core::attribution::GroupError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    names: BTreeMap<Box<str>, Stated>,
}

/// What is stated of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stated {
    parent: Option<Box<str>>,
    side: Option<Side>,
}

/// Why a statement was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GroupError {
    /// Something was stated of this name before.
    #[error("something was stated of this name before")]
    Twice,
    /// The group would be within itself.
    #[error("the group is within itself")]
    Ring,
    /// A side that is none.
    #[error("expected physical, visit, digital or direct")]
    Side,
}

/// Which side of the shop's door a channel is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "in the shop, without or with being a visit; outside, known or not"
)]
pub enum Side {
    /// In a shop: a tap, a code on a shelf.
    Physical,
    /// A visit to a shop: physical, and an outcome of what was before.
    Visit,
    /// On a screen elsewhere.
    Digital,
    /// On a screen, but nothing led there: it does not count as research.
    Direct,
}

impl FromStr for Side {
    type Err = GroupError;

    /// Reads `physical`, `visit`, `digital` or `direct`.
    fn from_str(text: &str) -> Result<Side, GroupError> {
        match text {
            "physical" => Ok(Side::Physical),
            "visit" => Ok(Side::Visit),
            "digital" => Ok(Side::Digital),
            "direct" => Ok(Side::Direct),
            _ => Err(GroupError::Side),
        }
    }
}

impl Side {
    /// Whether it is in a shop.
    pub fn is_physical(self) -> bool {
        matches!(self, Side::Physical | Side::Visit)
    }

    fn of_name(name: &str) -> Side {
        let words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect::<Vec<_>>();
        let has = |one: &[&str]| words.iter().any(|word| one.contains(&word.as_str()));
        match () {
            () if has(&["visit"]) && !has(&["web", "site", "website", "app"]) => Side::Visit,
            () if has(&["store", "tap", "till", "shelf"]) && !has(&["app", "web", "online"]) => {
                Side::Physical
            }
            () if words.iter().filter(|word| !word.is_empty()).eq(["direct"]) => Side::Direct,
            () => Side::Digital,
        }
    }
}

impl Groups {
    /// States which group a channel or group is in (`None` at the top), and on which side it is (`None` for that of the group,
    /// or of its name). Groups may be stated in any order, or not at all. Costs O(d log n) for groups d deep.
    ///
    /// # Errors
    /// [`GroupError::Twice`], [`GroupError::Ring`]; nothing is changed then.
    pub fn add(&mut self, name: &str, parent: Option<&str>, side: Option<Side>) -> Result<(), GroupError> {
        if self.names.contains_key(name) {
            return Err(GroupError::Twice);
        }
        // Whatever is above the parent already is no ring: a new one would run through this name.
        if parent.is_some_and(|parent| parent == name || self.ways(parent).any(|above| above == name)) {
            return Err(GroupError::Ring);
        }
        self.names.insert(name.into(), Stated { parent: parent.map(Box::from), side });
        Ok(())
    }

    /// The groups that a channel or group is in, the innermost first.
    pub fn ways<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let up = |name: &str| self.names.get(name).and_then(|stated| stated.parent.as_deref());
        std::iter::successors(up(name), move |name| up(name))
    }

    /// Which side a channel is on: what is stated for it, or for the innermost group that states one, or what its name says.
    pub fn side(&self, name: &str) -> Side {
        self.stated_side(name).unwrap_or_else(|| Side::of_name(name))
    }

    /// The side that is stated for a channel, or for the innermost group that states one; none where only its name tells.
    pub fn stated_side(&self, name: &str) -> Option<Side> {
        let stated = |name: &str| self.names.get(name).and_then(|stated| stated.side);
        stated(name).or_else(|| self.ways(name).find_map(stated))
    }

    /// The side of each channel, by its number.
    pub fn sides(&self, channels: &Channels) -> Vec<Side> {
        channels.iter().map(|(_, name)| self.side(name)).collect()
    }

    /// The channels with the groups that hold any of them, as a tree: a row each, parents before children, those of one
    /// parent by name.
    pub fn tree(&self, channels: &Channels) -> Vec<Branch> {
        let mut children: BTreeMap<Option<&str>, BTreeMap<&str, ()>> = BTreeMap::new();
        for (_, name) in channels.iter() {
            let mut below = name;
            for above in self.ways(name) {
                children.entry(Some(above)).or_default().insert(below, ());
                below = above;
            }
            children.entry(None).or_default().insert(below, ());
        }
        let mut rows: Vec<Branch> = Vec::new();
        let mut open =
            children.get(&None).into_iter().flat_map(|tops| tops.keys()).rev().map(|top| (*top, None, 0));
        let mut open = open.by_ref().collect::<Vec<_>>();
        while let Some((name, parent, depth)) = open.pop() {
            let below = children.get(&Some(name));
            let at = rows.len();
            rows.push(Branch { name: name.into(), parent, depth, group: below.is_some() });
            // Touches of a group's own stand in a row under it, so that a group is the sum of its rows.
            if below.is_some() && channels.id(name).is_some() {
                rows.push(Branch { name: name.into(), parent: Some(at), depth: depth + 1, group: false });
            }
            let below = below.into_iter().flat_map(|below| below.keys()).rev();
            open.extend(below.map(|child| (*child, Some(at), depth + 1)));
        }
        rows
    }
}

/// A row of the tree of channels.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Branch {
    /// The channel or group.
    pub name: Box<str>,
    /// The row of the group that it is in.
    pub parent: Option<usize>,
    /// In how many groups it is.
    pub depth: usize,
    /// Whether it is a group, which is the sum of the rows in it.
    pub group: bool,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_are_within_groups() {
        let mut groups = Groups::default();
        for (name, parent, side) in [
            ("Owned", None, None),
            ("In store", Some("Owned"), Some(Side::Physical)),
            ("store_tap", Some("In store"), None),
            ("store_visit", Some("In store"), Some(Side::Visit)),
            ("email", Some("Owned"), Some(Side::Digital)),
            ("search", Some("Paid"), None),
        ] {
            groups.add(name, parent, side).unwrap();
        }
        let mut channels = Channels::new();
        for name in ["store_visit", "email", "search", "direct", "Owned"] {
            channels.intern(name).unwrap();
        }
        let rows = groups.tree(&channels);
        let told =
            rows.iter().map(|row| format!("{}{}", "-".repeat(row.depth), row.name)).collect::<Vec<_>>();
        assert_eq!(
            told,
            ["Owned", "-Owned", "-In store", "--store_visit", "-email", "Paid", "-search", "direct"]
        );
        for (at, row) in rows.iter().enumerate() {
            assert!(row.parent.is_none_or(|parent| parent < at && rows[parent].group));
        }
        assert_eq!(
            groups.sides(&channels),
            [Side::Visit, Side::Digital, Side::Digital, Side::Direct, Side::Digital]
        );
        assert_eq!(groups.side("store_tap"), Side::Physical);
    }

    #[test]
    fn names_tell_their_side() {
        let side = |name: &str| Groups::default().side(name);
        assert_eq!(["store_tap", "In-Store", "tap"].map(side), [Side::Physical; 3]);
        assert_eq!(["store_visit", "visit"].map(side), [Side::Visit; 2]);
        assert_eq!(["direct", "(direct)"].map(side), [Side::Direct; 2]);
        assert_eq!(
            ["direct mail", "web store", "app store", "website visit", "(null)", "-"].map(side),
            [Side::Digital; 6]
        );
    }

    #[test]
    fn a_statement_at_fault_is_refused() {
        let mut groups = Groups::default();
        assert_eq!(groups.add("a", Some("a"), None), Err(GroupError::Ring));
        groups.add("a", Some("b"), None).unwrap();
        groups.add("b", Some("c"), None).unwrap();
        let before = groups.clone();
        assert_eq!(groups.add("c", Some("a"), None), Err(GroupError::Ring));
        assert_eq!(groups.add("a", None, None), Err(GroupError::Twice));
        assert_eq!(groups, before);
        assert_eq!("left".parse::<Side>(), Err(GroupError::Side));
        assert_eq!("visit".parse(), Ok(Side::Visit));
    }

    #[test]
    fn a_long_chain_is_climbed() {
        let mut groups = Groups::default();
        for at in 0..2_000 {
            groups.add(&format!("g{at}"), Some(&format!("g{}", at + 1)), None).unwrap();
        }
        assert_eq!(groups.ways("g0").count(), 2_000);
    }

    proptest! {
        /// What is taken has no ring, and what is refused as a ring would have one.
        #[test]
        fn no_group_is_within_itself(links in prop::collection::vec((0_u8..7, 0_u8..7), 0..12)) {
            let mut groups = Groups::default();
            let mut up = BTreeMap::new();
            for (name, parent) in links {
                // Up from the parent as far as there are names: is the name there?
                let above = (0..7).scan(Some(parent), |at, _| {
                    let here = *at;
                    *at = here.and_then(|here| up.get(&here).copied());
                    here
                });
                let ring = above.clone().any(|above| above == name);
                let expected = match (up.contains_key(&name), ring) {
                    (true, _) => Err(GroupError::Twice),
                    (false, true) => Err(GroupError::Ring),
                    (false, false) => Ok(()),
                };
                prop_assert_eq!(groups.add(&name.to_string(), Some(&parent.to_string()), None), expected);
                if expected.is_ok() {
                    up.insert(name, parent);
                    prop_assert!(groups.ways(&name.to_string()).count() <= 7);
                }
            }
        }
    }
}
