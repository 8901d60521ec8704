//! Identifiers that are one typing error apart.

use super::Resolver;
use crate::identity::{Named, is_slip, slips};

impl Resolver {
    /// A mention says how an identifier is spelt.
    pub(super) fn spell(&mut self, named: &Named) {
        let Some(spelling) = &named.spelling else { return };
        let Some(row) = self.graph.find(&named.key) else { return };
        let side = self.side_mut(row);
        if let Some((_, mentions)) = &mut side.spelling {
            *mentions += 1;
            return;
        }
        side.spelling = Some((spelling.clone(), 1));
        let mut alike: Vec<u32> = Vec::new();
        for slip in slips(named.kind, spelling) {
            alike.extend(self.slips.range((slip, 0)..=(slip, u32::MAX)).map(|(_, other)| *other));
            self.slips.insert((slip, row));
        }
        alike.sort_unstable();
        alike.dedup();
        alike.retain(|other| {
            let its = self.side(*other).and_then(|side| side.spelling.as_ref());
            let kind = self.graph.row(*other).identifier_kind();
            *other != row && kind == Some(named.kind) && its.is_some_and(|(its, _)| is_slip(spelling, its))
        });
        for &other in &alike {
            // It may no longer be what another alone is near to.
            self.soil_alike(other);
            self.side_mut(other).alike.push(row);
            self.soil_epochs(other);
        }
        if !alike.is_empty() {
            self.side_mut(row).alike = alike;
            self.soil_epochs(row);
        }
    }

    /// A mention that said so is gone.
    pub(super) fn unspell(&mut self, named: &Named) {
        if named.spelling.is_none() {
            return;
        }
        let Some(row) = self.graph.find(&named.key) else { return };
        let side = self.side_mut(row);
        let Some((_, mentions)) = &mut side.spelling else { return };
        *mentions -= 1;
        if *mentions > 0 {
            return;
        }
        let alike = std::mem::take(&mut side.alike);
        let Some((spelling, _)) = side.spelling.take() else { return };
        for slip in slips(named.kind, &spelling) {
            self.slips.remove(&(slip, row));
        }
        for other in alike {
            self.side_mut(other).alike.retain(|with| *with != row);
            self.soil_alike(other);
            self.soil_epochs(other);
        }
        self.soil_epochs(row);
    }

    /// How often an identifier was seen has changed: it may be an error now, or right, or no longer.
    pub(super) fn soil_alike(&mut self, row: u32) {
        let Some(side) = self.side(row).filter(|side| !side.alike.is_empty()) else { return };
        for other in side.alike.clone() {
            self.soil_epochs(other);
        }
        self.soil_epochs(row);
    }
}
