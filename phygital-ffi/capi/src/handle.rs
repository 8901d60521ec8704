//! Handles: numbers that look like pointers and point nowhere, so that one that was freed is found out and never followed.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use phygital_ffi::{Phygital, PhygitalError, Status, Verifier};

use crate::actions::ActionList;
use crate::entry::Answer;

/// An open store. Safe to use from any thread; calls wait for each other.
pub struct phygital_store {
    _opaque: (),
}

/// Keys, read once: judges taps without a store. Safe to use from any thread.
pub struct phygital_verifier {
    _opaque: (),
}

/// Actions that wait, as they were when they were asked for.
pub struct phygital_actions {
    _opaque: (),
}

/// What a handle stands for.
pub(crate) trait Kind: Sized {
    /// What C calls it.
    type Name;
    const WHAT: &'static str;
    fn wrap(object: Arc<Self>) -> Object;
    fn find(object: &Object) -> Option<&Arc<Self>>;
}

/// Each kind of handle.
pub(crate) enum Object {
    Store(Arc<Phygital>),
    Verifier(Arc<Verifier>),
    Actions(Arc<ActionList>),
}

macro_rules! kinds {
    ($($variant:ident($type:ty) as $name:ident $what:literal),* $(,)?) => {$(
        impl Kind for $type {
            type Name = $name;
            const WHAT: &'static str = $what;

            fn wrap(object: Arc<Self>) -> Object {
                Object::$variant(object)
            }

            fn find(object: &Object) -> Option<&Arc<Self>> {
                match object {
                    Object::$variant(object) => Some(object),
                    _ => None,
                }
            }
        }
    )*};
}

kinds! {
    Store(Phygital) as phygital_store "a store",
    Verifier(Verifier) as phygital_verifier "a verifier",
    Actions(ActionList) as phygital_actions "a list of actions",
}

/// All handles. A number is given out once: half of its bits say the place, half how often that place was used.
static HANDLES: RwLock<Handles> = RwLock::new(Handles { slots: Vec::new(), free: VecDeque::new() });

struct Handles {
    slots: Vec<Slot>,
    free: VecDeque<usize>,
}

struct Slot {
    used: usize,
    object: Option<Object>,
}

/// Bits that say the place. One more is always set, so that no handle is NULL, nor aligned like a pointer.
const PLACE_BITS: u32 = usize::BITS / 2 - 1;
/// Most handles at a time.
const PLACES: usize = 1 << PLACE_BITS;
const USES: usize = 1 << (usize::BITS / 2);

/// A new handle.
pub(crate) fn give<K: Kind>(object: Arc<K>) -> Answer<*mut K::Name> {
    let mut handles = HANDLES.write().unwrap_or_else(PoisonError::into_inner);
    let place = match handles.free.pop_front() {
        Some(place) => place,
        None if handles.slots.len() < PLACES => {
            handles.slots.push(Slot { used: 0, object: None });
            handles.slots.len() - 1
        }
        None => return Err(PhygitalError::new(Status::Misuse, "handles", "too many handles are open")),
    };
    let slot = &mut handles.slots[place];
    slot.object = Some(K::wrap(object));
    let number = (slot.used << (usize::BITS / 2)) | (place << 1) | 1;
    Ok(std::ptr::without_provenance_mut(number))
}

/// What a handle stands for.
pub(crate) fn look<K: Kind>(handle: *const K::Name) -> Answer<Arc<K>> {
    let (place, used) = parts(handle.addr());
    if handle.is_null() {
        let detail = format!("expected {}, not NULL", K::WHAT);
        return Err(PhygitalError::new(Status::NullPointer, "null_pointer", detail));
    }
    let handles = HANDLES.read().unwrap_or_else(PoisonError::into_inner);
    let slot = handles.slots.get(place).filter(|slot| slot.used == used && handle.addr() & 1 == 1);
    let found = slot.and_then(|slot| slot.object.as_ref()).and_then(K::find).cloned();
    found.ok_or_else(wrong::<K>)
}

/// Takes a handle back. NULL is none, and fine.
pub(crate) fn take<K: Kind>(handle: *const K::Name) -> Answer<()> {
    if handle.is_null() {
        return Ok(());
    }
    let (place, used) = parts(handle.addr());
    let object = {
        let mut handles = HANDLES.write().unwrap_or_else(PoisonError::into_inner);
        let slot = handles.slots.get_mut(place).filter(|slot| slot.used == used && handle.addr() & 1 == 1);
        let slot = slot.filter(|slot| slot.object.as_ref().and_then(K::find).is_some());
        let slot = slot.ok_or_else(wrong::<K>)?;
        slot.used += 1;
        let (object, worn_out) = (slot.object.take(), slot.used == USES);
        if !worn_out {
            handles.free.push_back(place);
        }
        object
    };
    // Closing a store takes its time: not while others wait for their handles.
    drop(object);
    Ok(())
}

fn parts(number: usize) -> (usize, usize) {
    ((number >> 1) & (PLACES - 1), number >> (usize::BITS / 2))
}

fn wrong<K: Kind>() -> PhygitalError {
    let detail = format!("expected {}: this handle was freed, or is of another kind", K::WHAT);
    PhygitalError::new(Status::WrongHandle, "wrong_handle", detail)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_freed_handle_is_found_out() {
        let verifier = || Verifier::from_json(String::new()).unwrap();
        let first = give(verifier()).unwrap();
        assert!(look::<Verifier>(first).is_ok());
        assert_eq!(look::<Phygital>(first.cast()).unwrap_err().code(), 102);
        assert_eq!(take::<ActionList>(first.cast()).unwrap_err().code(), 102);
        assert!(take::<Verifier>(first).is_ok());
        assert_eq!(take::<Verifier>(first).unwrap_err().code(), 102);
        assert_eq!(look::<Verifier>(first).unwrap_err().code(), 102);
        // Whoever gets the place next has another number.
        let later: Vec<_> = (0..20).map(|_| give(verifier()).unwrap()).collect();
        assert!(!later.contains(&first));
        assert_eq!(look::<Verifier>(first).unwrap_err().code(), 102);
        for handle in later {
            take::<Verifier>(handle).unwrap();
        }
        assert_eq!(look::<Verifier>(std::ptr::null()).unwrap_err().code(), 101);
        assert!(take::<Verifier>(std::ptr::null()).is_ok());
        for number in [1, 2, 8, usize::MAX, usize::MAX - 1] {
            let handle = std::ptr::without_provenance::<phygital_verifier>(number);
            assert_eq!(look::<Verifier>(handle).map(drop).unwrap_err().code(), 102, "{number}");
        }
    }
}
