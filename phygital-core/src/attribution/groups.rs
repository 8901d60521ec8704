//! Channel groups: a hierarchy of channels, and which side of the shop's door each is on.

use std::collections::BTreeMap;

use super::channels::Channels;
use super::csv_line::{CellError, CellFault, Header};

/// Channels in groups, and groups in groups.
///
/// Read from CSV with the columns `name`, `parent` (empty at the top) and `side` (`physical`, `visit`, `digital`, `direct`;
/// empty for that of the parent). A channel that the file does not name stands at the top. A name may be a group and have
/// touches of its own.
///
/// A side that nobody states follows from the name: a store, tap, visit or till is physical (`store_visit` and `visit` are
/// visits), `direct` and `(direct)` are direct, all others digital.
///
/// ```
/// use phygital_core::attribution::{Groups, Side};
/// let groups = Groups::parse("name,parent,side\nPaid,,\nsearch,Paid,\nmeta,Paid,\nwindow screen,,physical\n")?;
/// assert_eq!(groups.ways("meta").collect::<Vec<_>>(), ["Paid"]);
/// assert_eq!(groups.side("window screen"), Side::Physical);
/// assert_eq!(groups.side("store_tap"), Side::Physical);
/// # Ok::<(), phygital_core::attribution::CellError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    names: BTreeMap<Box<str>, Stated>,
}

/// What a line says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stated {
    parent: Option<Box<str>>,
    side: Option<Side>,
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
    /// Reads the file.
    ///
    /// # Errors
    /// [`CellError`] for a name that stands twice, a group within itself, a side that is none.
    pub fn parse(text: &str) -> Result<Groups, CellError> {
        let mut lines = text.lines().enumerate().map(|(at, line)| (at as u64 + 1, line));
        let header = Header::read(lines.next().map_or("", |(_, line)| line))?;
        let name = header.need("name")?;
        let (parent, side) = (header.find("parent"), header.find("side"));
        let mut groups = Groups::default();
        let mut rows = Vec::new();
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let row = header.row(number, line)?;
            let under = parent.map(|column| row.text(column)).filter(|parent| !parent.is_empty());
            let stated = match side.map_or("", |column| row.text(column)) {
                "" => None,
                "physical" => Some(Side::Physical),
                "visit" => Some(Side::Visit),
                "digital" => Some(Side::Digital),
                "direct" => Some(Side::Direct),
                _ => return Err(row.fault(side.expect("its text is not empty"), CellFault::Side)),
            };
            let own = row.some(name)?;
            let stated = Stated { parent: under.map(Box::from), side: stated };
            if groups.names.insert(own.into(), stated).is_some() {
                return Err(row.fault(name, CellFault::Twice));
            }
            rows.push(row);
        }
        // A ring is reported at the first line that is part of one.
        for row in &rows {
            let own = row.text(name);
            if groups.climb(own).any(|above| above == own) {
                return Err(row.fault(parent.expect("it has a parent"), CellFault::Ring));
            }
        }
        Ok(groups)
    }

    /// The groups that a channel or group is in, the innermost first.
    pub fn ways<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.climb(name)
    }

    /// The same, where there may be a ring: it ends after as many steps as there are names.
    fn climb<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let up = |name: &str| self.names.get(name).and_then(|stated| stated.parent.as_deref());
        std::iter::successors(up(name), move |name| up(name)).take(self.names.len())
    }

    /// Which side a channel is on: what is stated for it, or for the innermost group that states one, or what its name says.
    pub fn side(&self, name: &str) -> Side {
        let stated = |name: &str| self.names.get(name).and_then(|stated| stated.side);
        stated(name).or_else(|| self.ways(name).find_map(stated)).unwrap_or_else(|| Side::of_name(name))
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
    use super::*;

    const FILE: &str = "name,parent,side\nOwned,,\nIn store,Owned,physical\nstore_tap,In store,\nstore_visit,In store,visit\n\
                        email,Owned,digital\nsearch,Paid,\n";

    #[test]
    fn groups_are_within_groups() {
        let groups = Groups::parse(FILE).unwrap();
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
    fn a_file_at_fault_is_refused() {
        let told = |text: &str| Groups::parse(text).unwrap_err().to_string();
        assert_eq!(told("name,parent\na,b\nb,a\n"), "line 2, column parent: the group is within itself");
        assert_eq!(told("name,parent\nx,a\na,a\n"), "line 3, column parent: the group is within itself");
        assert_eq!(told("name\na\na\n"), "line 3, column name: the name stands in a line before");
        assert_eq!(
            told("name,side\na,left\n"),
            "line 2, column side: expected physical, visit, digital or direct"
        );
        assert_eq!(told(""), "line 1, column name: the header has no such column");
    }

    #[test]
    fn a_long_chain_is_climbed() {
        let mut text = "name,parent\n".to_owned();
        for at in 0..2_000 {
            text += &format!("g{at},g{}\n", at + 1);
        }
        assert_eq!(Groups::parse(&text).unwrap().ways("g0").count(), 2_000);
    }
}
