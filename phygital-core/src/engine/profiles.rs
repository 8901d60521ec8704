//! Profiles on their way into the store: within a transaction each is read, folded further and written once.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{FoldKey, Recorded};
use crate::profile::{Profile, SpendBucket};
use crate::store::{CustomerRow, Read, StorageError, StorageFault, Stored, Write};
use crate::vocab::{Currency, CustomerId};

use super::changes::Moves;
use super::customers::{Lens, owner_of, read_entry};

/// How many profiles are kept in memory before they are written: a profile has a few kilobytes.
const AHEAD_MAX: usize = 1_024;

/// The profiles that a transaction changes. What the store says of them is old until
/// [`Profiles::write`], which has to come before the commit and before anybody reads profiles.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    /// Folded further in memory.
    ahead: BTreeMap<CustomerId, Ahead>,
    /// To be folded again from an event that came late; from the first where none is said, since identifiers came or went.
    stale: BTreeMap<CustomerId, Option<FoldKey>>,
    /// Whose identifiers were before.
    pub(super) moves: Moves,
}

/// A profile ahead of its row in the store.
#[derive(Debug)]
struct Ahead {
    /// The buckets that the store counts her in.
    counted: Buckets,
    profile: Profile,
    last: FoldKey,
}

type Buckets = BTreeSet<(Currency, u16)>;

impl Profiles {
    /// Folds an event into the profile of its customer. One that comes late makes it stale.
    pub(super) fn advance<W: Write>(
        &mut self,
        tx: &mut W,
        id: CustomerId,
        recorded: &Recorded,
    ) -> Stored<()> {
        let last = recorded.fold;
        if let Some(from) = self.stale.get_mut(&id) {
            *from = from.map(|from| from.min(last));
            return Ok(());
        }
        if let Some(ahead) = self.ahead.get_mut(&id) {
            if ahead.last < last {
                ahead.profile.apply(recorded);
                ahead.last = last;
            } else {
                self.late(id, last);
            }
            return Ok(());
        }
        let (mut profile, counted) = match tx.customer(&id)? {
            Some(row) if row.last >= last => {
                self.late(id, last);
                return Ok(());
            }
            Some(row) => {
                let profile = read_profile(&row)?;
                let counted = buckets(&profile);
                (profile, counted)
            }
            None => (Profile::default(), Buckets::new()),
        };
        if self.ahead.len() >= AHEAD_MAX {
            self.write_ahead(tx)?;
        }
        profile.apply(recorded);
        self.ahead.insert(id, Ahead { counted, profile, last });
        Ok(())
    }

    /// Has the profile folded from the first event when it is written.
    pub(super) fn make_anew(&mut self, id: CustomerId) {
        self.ahead.remove(&id);
        self.stale.insert(id, None);
    }

    /// Has it folded again from an event that came late.
    fn late(&mut self, id: CustomerId, from: FoldKey) {
        self.ahead.remove(&id);
        self.stale.insert(id, Some(from));
    }

    /// Removes a customer whose identifiers went to others.
    pub(super) fn remove<W: Write>(&mut self, tx: &mut W, id: &CustomerId) -> Stored<()> {
        self.ahead.remove(id);
        self.stale.remove(id);
        tx.remove_snapshots(id, None)?;
        if let Some(row) = tx.customer(id)? {
            count_spend(tx, &buckets(&read_profile(&row)?), &Buckets::new())?;
            tx.remove_customer(id)?;
        }
        Ok(())
    }

    /// How many profiles are to be folded from the first event.
    pub(super) fn stale(&self) -> usize {
        self.stale.len()
    }

    /// Writes all profiles, each once however many events it got.
    pub(super) fn write<W: Write>(&mut self, tx: &mut W, lens: Lens<'_>) -> Stored<()> {
        self.write_ahead(tx)?;
        let mut stale = std::mem::take(&mut self.stale).into_iter();
        stale.try_for_each(|(id, from)| refold(tx, lens, id, from))
    }

    /// The profile of a customer, after all profiles are written.
    pub(super) fn written<W: Write>(
        &mut self,
        tx: &mut W,
        lens: Lens<'_>,
        id: CustomerId,
    ) -> Stored<Profile> {
        let ahead = self.ahead.remove(&id);
        self.write(tx, lens)?;
        let Some(Ahead { counted, profile, last }) = ahead else { return stored_profile(tx, id) };
        put(tx, id, &counted, &profile, last)?;
        Ok(profile)
    }

    fn write_ahead<W: Write>(&mut self, tx: &mut W) -> Stored<()> {
        for (id, Ahead { counted, profile, last }) in std::mem::take(&mut self.ahead) {
            put(tx, id, &counted, &profile, last)?;
        }
        Ok(())
    }
}

/// After how many events of a customer that are folded again she is kept as she was: an event that comes late later costs no
/// more than so many, and those behind it. A snapshot has a few kilobytes.
const SNAPSHOT_EVERY: usize = 512;

/// Folds the events of a customer again: from the last snapshot before one of them, or from the first.
fn refold<W: Write>(tx: &mut W, lens: Lens<'_>, id: CustomerId, from: Option<FoldKey>) -> Stored<()> {
    let before = tx.customer(&id)?.as_ref().map(read_profile).transpose()?;
    let counted = before.as_ref().map(buckets).unwrap_or_default();
    // What a snapshot says of what comes behind is no more so.
    tx.remove_snapshots(&id, from.as_ref())?;
    let start = from.map(|from| tx.snapshot(&id, &from)).transpose()?.flatten();
    let mut profile = start.as_ref().map(read_profile).transpose()?.unwrap_or_default();
    let mut last = start.map(|start| start.last);
    let mut events: BTreeSet<FoldKey> = BTreeSet::new();
    for key in tx.identifiers_of(&id)? {
        events.extend(tx.events_of(&key, last.as_ref())?);
    }
    let mut folded = 0;
    for fold in events {
        let entry = tx.entry(&fold.key)?.ok_or_else(|| {
            StorageError::new(StorageFault::Corrupt, "refolding a customer", format!("{} is gone", fold.key))
        })?;
        let Some(recorded) = read_entry(&entry)? else { continue };
        if owner_of(tx, lens, &recorded.event.identifiers)? == Some(id) {
            profile.apply(&recorded);
            last = Some(fold);
            folded += 1;
            if folded % SNAPSHOT_EVERY == 0 {
                tx.put_snapshot(&id, &row(&profile, fold)?)?;
            }
        }
    }
    match last {
        Some(last) => put(tx, id, &counted, &profile, last),
        None => {
            count_spend(tx, &counted, &Buckets::new())?;
            tx.remove_customer(&id)
        }
    }
}

/// The profile of a customer as the store has it.
pub(super) fn stored_profile(tx: &impl Read, id: CustomerId) -> Stored<Profile> {
    // A customer whose events all belong to others has no row, and an empty profile.
    Ok(tx.customer(&id)?.as_ref().map(read_profile).transpose()?.unwrap_or_default())
}

fn read_profile(row: &CustomerRow) -> Stored<Profile> {
    serde_json::from_str(&row.profile).map_err(|error| {
        // serde's own text may quote the value: say only where.
        let detail = format!("line {} column {}", error.line(), error.column());
        StorageError::new(StorageFault::Corrupt, "reading a profile", detail)
    })
}

/// Writes a customer, and moves her from the buckets that she is counted in to those of what she spent.
fn put<W: Write>(
    tx: &mut W,
    id: CustomerId,
    counted: &Buckets,
    profile: &Profile,
    last: FoldKey,
) -> Stored<()> {
    count_spend(tx, counted, &buckets(profile))?;
    tx.put_customer(&id, &row(profile, last)?)
}

fn row(profile: &Profile, last: FoldKey) -> Stored<CustomerRow> {
    let profile = serde_json::to_string(profile)
        .map_err(|_| StorageError::new(StorageFault::Corrupt, "writing a profile", "it has no JSON form"))?;
    Ok(CustomerRow { profile, last })
}

/// One for each currency that she spent.
fn buckets(profile: &Profile) -> Buckets {
    let spend = profile.spend().into_iter().filter(|spend| spend.orders > 0);
    spend.map(|spend| (spend.currency, SpendBucket::of(spend.net_minor).index())).collect()
}

fn count_spend<W: Write>(tx: &mut W, before: &Buckets, after: &Buckets) -> Stored<()> {
    for &(currency, bucket) in before.difference(after) {
        step(tx, currency, bucket, false)?;
    }
    for &(currency, bucket) in after.difference(before) {
        step(tx, currency, bucket, true)?;
    }
    Ok(())
}

fn step<W: Write>(tx: &mut W, currency: Currency, bucket: u16, up: bool) -> Stored<()> {
    let counts = tx.spenders(currency)?;
    let count = counts.iter().find(|(one, _)| *one == bucket).map_or(0, |(_, count)| *count);
    tx.put_spenders(currency, bucket, if up { count + 1 } else { count.saturating_sub(1) })
}
