//! What is said of people, kept in the store so that those who are alike find each other: each description once, who has
//! it, its blocking keys, and the others that are like it.
//!
//! All of it is a function of the identifiers' rows: whoever changes a row calls [`update`]. It holds the pairs that
//! [`Index`] gives of the same descriptions, and finds them by the same keys and weights.

use std::collections::BTreeSet;

use crate::identity::matching::{BLOCK_MAX, Index, Millibits, Model};
use crate::identity::resolver::{compared, weighs_details, worth};
use crate::identity::{Details, Rules};
use crate::store::{Alike, Node, Read, StorageError, StorageFault, Stored, Write};
use crate::vocab::limits::DESCRIBED_MAX;
use crate::vocab::{DescriptionKey, Digest, IdentifierKey, TenantKey};

use super::Error;
use super::customers::Lens;

/// A model that weighs descriptions.
#[derive(Debug)]
pub(crate) struct Matching {
    /// Of nobody: the store has the rows.
    index: Index<()>,
    json: String,
}

impl Matching {
    pub(super) fn new(model: Model) -> Matching {
        let json = model.to_json();
        Matching { index: Index::new(model), json }
    }

    /// A model of the host's.
    pub(super) fn of(model: Model) -> Result<Matching, Error> {
        if !weighs_details(&model) {
            return Err(Error::Misuse("a model with a field of the name of one of `Details`"));
        }
        Ok(Matching::new(model))
    }

    pub(super) fn model(&self) -> &Model {
        self.index.model()
    }

    /// The model as a store keeps it.
    pub(super) fn json(&self) -> &str {
        &self.json
    }

    /// What two descriptions weigh as a pair.
    fn weigh(&self, rules: &Rules, one: &Details, two: &Details) -> Millibits {
        let [one, two] = [one, two].map(|details| compared(self.model(), rules, details));
        self.index.weigh(&one, &two).expect("as many values as fields")
    }

    /// What it is worth that two people are described so.
    pub(super) fn worth(&self, rules: &Rules, details: &Details) -> Millibits {
        worth(&self.index, rules, details)
    }
}

/// What tells rules and a model from all others: of rules alone their own digest.
pub(super) fn digest(rules: &Rules, matching: Option<&Matching>) -> Digest {
    let own = rules.digest();
    let Some(matching) = matching else { return own };
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    hash.update(own.as_bytes());
    hash.update(matching.json().as_bytes());
    let hash = hash.finish();
    Digest::from_bytes(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// Under which key a store keeps a description.
pub(super) fn key_of(tenant: &TenantKey, details: &Details) -> DescriptionKey {
    // A control character begins no kind of identifier, and a byte of 255 is in no text.
    let mut name = b"\0description\0".to_vec();
    let Details { given_name, surname, birthday, street, city, postcode, country } = details;
    for value in [given_name, surname, birthday, street, city, postcode, country] {
        name.extend(value.as_deref().unwrap_or_default().as_bytes());
        name.push(255);
    }
    DescriptionKey::from_bytes(tenant.digest(&name).as_bytes()[..16].try_into().expect("32 bytes"))
}

/// The identifiers of which a description was said, where they are few enough for it to tell anything.
pub(super) fn holders(tx: &impl Read, key: &DescriptionKey) -> Stored<Vec<IdentifierKey>> {
    let holders = tx.described(key, DESCRIBED_MAX + 1)?;
    Ok(if holders.len() > DESCRIBED_MAX { Vec::new() } else { holders })
}

/// What a description says that has to be there.
pub(super) fn details_of_key(tx: &impl Read, key: &DescriptionKey) -> Stored<Details> {
    tx.description(key)?.ok_or_else(|| {
        StorageError::new(StorageFault::Corrupt, "reading a description", format!("{key} is not there"))
    })
}

/// The descriptions in a store that one more would be compared with and that it would be like.
pub(super) fn like(tx: &impl Read, lens: Lens<'_>, details: &Details) -> Stored<Vec<Alike>> {
    let Some(matching) = lens.matching else { return Ok(Vec::new()) };
    let mut met = BTreeSet::new();
    for block in blocks(matching, lens, details) {
        let others = tx.block(block, BLOCK_MAX)?;
        if others.len() < BLOCK_MAX {
            met.extend(others);
        }
    }
    weighed(tx, matching, lens.rules, details, met)
}

/// Those of some descriptions that are like one.
fn weighed(
    tx: &impl Read,
    matching: &Matching,
    rules: &Rules,
    details: &Details,
    others: impl IntoIterator<Item = DescriptionKey>,
) -> Stored<Vec<Alike>> {
    let mut alike = Vec::new();
    for with in others {
        let weight = matching.weigh(rules, details, &details_of_key(tx, &with)?);
        if weight >= matching.model().review_at {
            alike.push(Alike { with, weight });
        }
    }
    Ok(alike)
}

/// The blocking keys of a description, each once, so that they tell nothing to who has not the tenant's secret.
fn blocks(matching: &Matching, lens: Lens<'_>, details: &Details) -> BTreeSet<u64> {
    let values = compared(matching.model(), lens.rules, details);
    let keys = matching.index.keys_of(&values).expect("as many values as fields");
    let keyed = |key: u64| {
        let digest = lens.tenant.digest(&[b"\0block\0", &key.to_be_bytes()[..]].concat());
        u64::from_be_bytes(digest.as_bytes()[..8].try_into().expect("32 bytes"))
    };
    keys.into_iter().map(keyed).collect()
}

/// Brings what is said of people in step with the row of an identifier, which was `before` and is `after`; none where it is
/// not there. Gathers in `touched` the identifiers whose component may be another by it.
///
/// A new description costs a look at each of its keys, and at most [`BLOCK_MAX`] comparisons for each: what more share is
/// not searched.
pub(super) fn update<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    key: &IdentifierKey,
    before: Option<&Node>,
    after: Option<&Node>,
    touched: &mut BTreeSet<IdentifierKey>,
) -> Stored<()> {
    let Some(matching) = lens.matching else { return Ok(()) };
    let telling = |node: Option<&Node>| -> BTreeSet<Details> {
        // Who is shared tells nothing, and who took linking back is not looked for.
        let node = node.filter(|node| !node.shared && !node.withdrawn);
        let details = node.map_or(&[][..], |node| &node.details);
        // What says too little for a match by itself is not held against others.
        let enough = |one: &&Details| matching.worth(lens.rules, one) >= matching.model().match_at;
        details.iter().filter(enough).cloned().collect()
    };
    let same = |one: &Node, two: &Node| {
        (one.shared, one.withdrawn, &one.details) == (two.shared, two.withdrawn, &two.details)
    };
    if before.zip(after).is_some_and(|(before, after)| same(before, after)) {
        return Ok(());
    }
    let (was, is) = (telling(before), telling(after));
    let mut rows = Rows { tx, lens, matching, touched };
    for details in was.difference(&is) {
        rows.leave(key, details)?;
    }
    for details in is.difference(&was) {
        rows.join(key, details)?;
    }
    Ok(())
}

/// The rows of descriptions, on their way from one state to the next.
struct Rows<'r, W> {
    tx: &'r mut W,
    lens: Lens<'r>,
    matching: &'r Matching,
    touched: &'r mut BTreeSet<IdentifierKey>,
}

impl<W: Write> Rows<'_, W> {
    /// A description is said of an identifier.
    fn join(&mut self, identifier: &IdentifierKey, details: &Details) -> Stored<()> {
        let key = key_of(self.lens.tenant, details);
        let others = self.tx.described(&key, DESCRIBED_MAX + 1)?;
        self.touched.insert(*identifier);
        if others.len() == DESCRIBED_MAX {
            // So many have it from now on that it ties nobody.
            self.touch(&key)?;
        }
        self.tx.put_described(&key, identifier)?;
        if others.is_empty() { self.add(&key, details) } else { Ok(()) }
    }

    /// A description is said of an identifier no more.
    fn leave(&mut self, identifier: &IdentifierKey, details: &Details) -> Stored<()> {
        let key = key_of(self.lens.tenant, details);
        self.touched.insert(*identifier);
        self.tx.remove_described(&key, identifier)?;
        self.touch(&key)?;
        if self.tx.described(&key, 1)?.is_empty() { self.remove(&key, details) } else { Ok(()) }
    }

    /// Whoever has a description, or one that matches it, may be cut otherwise.
    fn touch(&mut self, key: &DescriptionKey) -> Stored<()> {
        self.touched.extend(holders(self.tx, key)?);
        for alike in self.tx.alike(key)? {
            if !self.is_match(alike.weight) {
                continue;
            }
            self.touched.extend(holders(self.tx, &alike.with)?);
        }
        Ok(())
    }

    fn is_match(&self, weight: Millibits) -> bool {
        weight >= self.matching.model().match_at
    }

    /// A description is new.
    fn add(&mut self, key: &DescriptionKey, details: &Details) -> Stored<()> {
        self.tx.put_description(key, details)?;
        let (mut met, mut crowded) = (BTreeSet::new(), Vec::new());
        for block in blocks(self.matching, self.lens, details) {
            let others = self.tx.block(block, BLOCK_MAX + 1)?;
            self.tx.put_in_block(block, key)?;
            match others.len() {
                few if few < BLOCK_MAX => met.extend(others),
                BLOCK_MAX => crowded.push(others),
                _ => {}
            }
        }
        for others in crowded {
            self.part(&others)?;
        }
        for alike in weighed(self.tx, self.matching, self.lens.rules, details, met)? {
            self.pair(key, &alike)?;
        }
        Ok(())
    }

    /// Nobody has a description any more.
    fn remove(&mut self, key: &DescriptionKey, details: &Details) -> Stored<()> {
        for alike in self.tx.alike(key)? {
            self.tx.remove_alike(key, &alike.with)?;
            self.tx.remove_alike(&alike.with, key)?;
        }
        let mut free = Vec::new();
        for block in blocks(self.matching, self.lens, details) {
            self.tx.remove_from_block(block, key)?;
            let others = self.tx.block(block, BLOCK_MAX + 1)?;
            if others.len() == BLOCK_MAX {
                free.push(others);
            }
        }
        self.tx.remove_description(key)?;
        free.iter().try_for_each(|others| self.meet(others))
    }

    /// A key has become too common to tell anything of these: those of them that share no other are a pair no more.
    fn part(&mut self, others: &[DescriptionKey]) -> Stored<()> {
        for one in others {
            let alike = self.tx.alike(one)?;
            let mut own = None;
            for alike in alike.iter().filter(|alike| *one < alike.with && others.contains(&alike.with)) {
                if own.is_none() {
                    own = Some(self.blocks_of(one)?);
                }
                let its = self.blocks_of(&alike.with)?;
                let mut together = false;
                for block in own.iter().flatten().filter(|block| its.contains(block)) {
                    together |= self.tx.block(*block, BLOCK_MAX + 1)?.len() <= BLOCK_MAX;
                }
                if !together {
                    self.tx.remove_alike(one, &alike.with)?;
                    self.tx.remove_alike(&alike.with, one)?;
                    if self.is_match(alike.weight) {
                        self.touched.extend(holders(self.tx, one)?);
                        self.touched.extend(holders(self.tx, &alike.with)?);
                    }
                }
            }
        }
        Ok(())
    }

    /// A key is rare enough again: those that share it are compared.
    fn meet(&mut self, others: &[DescriptionKey]) -> Stored<()> {
        for (at, one) in others.iter().enumerate() {
            let known: BTreeSet<DescriptionKey> =
                self.tx.alike(one)?.iter().map(|alike| alike.with).collect();
            let new = others[at + 1..].iter().copied().filter(|other| !known.contains(other));
            let details = details_of_key(self.tx, one)?;
            for alike in weighed(self.tx, self.matching, self.lens.rules, &details, new)? {
                self.pair(one, &alike)?;
                if self.is_match(alike.weight) {
                    self.touched.extend(holders(self.tx, one)?);
                }
            }
        }
        Ok(())
    }

    fn pair(&mut self, one: &DescriptionKey, alike: &Alike) -> Stored<()> {
        self.tx.put_alike(one, alike)?;
        self.tx.put_alike(&alike.with, &Alike { with: *one, weight: alike.weight })
    }

    fn blocks_of(&self, key: &DescriptionKey) -> Stored<BTreeSet<u64>> {
        Ok(blocks(self.matching, self.lens, &details_of_key(self.tx, key)?))
    }
}
