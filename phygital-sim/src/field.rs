//! The place above a reader.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::card::SoftCard;

/// The place above a reader, where one card may lie. Clones are the same place.
#[derive(Clone, Default)]
pub struct Field(Arc<Mutex<Inside>>);

/// What lies in a field.
#[derive(Default)]
struct Inside {
    card: Option<Box<dyn SoftCard>>,
    /// Grows with each card that comes or goes, so that a reader tells the same card from one that was put back.
    changes: u64,
}

impl Field {
    /// An empty field.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a card there; gives the one that lay there before, without power.
    pub fn put(&self, card: impl SoftCard + 'static) -> Option<Box<dyn SoftCard>> {
        self.put_boxed(Box::new(card))
    }

    /// As [`Field::put`], for a card that was taken before.
    pub fn put_boxed(&self, card: Box<dyn SoftCard>) -> Option<Box<dyn SoftCard>> {
        let mut inside = self.inside();
        inside.changes += 1;
        let mut before = inside.card.replace(card);
        if let Some(card) = &mut before {
            card.lose_power();
        }
        before
    }

    /// Takes the card away, without power.
    pub fn take(&self) -> Option<Box<dyn SoftCard>> {
        let mut inside = self.inside();
        inside.changes += 1;
        let mut card = inside.card.take();
        if let Some(card) = &mut card {
            card.lose_power();
        }
        card
    }

    /// How often a card came or went.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.inside().changes
    }

    /// Lets a reader speak to the card that lies there; `None` where none does.
    pub fn with_card<T>(&self, speak: impl FnOnce(&mut dyn SoftCard) -> T) -> Option<T> {
        self.inside().card.as_mut().map(|card| speak(card.as_mut()))
    }

    /// As [`Field::with_card`], where nothing came or went since it had changed so often.
    pub fn with_same_card<T>(&self, changes: u64, speak: impl FnOnce(&mut dyn SoftCard) -> T) -> Option<T> {
        let mut inside = self.inside();
        if inside.changes != changes {
            return None;
        }
        inside.card.as_mut().map(|card| speak(card.as_mut()))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
