//! Typed values that belong to one client, or to one connection.

use std::{
    any::{Any, TypeId},
    sync::{Arc, Mutex, PoisonError},
};

/// A value and its own lock.
pub(crate) type Slot<T> = Arc<Mutex<T>>;

/// At most one value of each type. Clients have few of them: a list beats a map.
#[derive(Default)]
pub(super) struct Slots(Vec<(TypeId, Arc<dyn Any + Send + Sync>)>);

impl Slots {
    /// The slot for `T`, made from `T::default()` at first: outside of the lock, since that is user code.
    pub(super) fn slot<T: Default + Send + 'static>(data: &Mutex<Slots>) -> Slot<T> {
        let lock = || data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = lock().get::<T>() {
            return slot;
        }
        let value = T::default();
        lock().insert(value)
    }

    fn get<T: Send + 'static>(&self) -> Option<Slot<T>> {
        let (_, slot) = self.0.iter().find(|(id, _)| *id == TypeId::of::<T>())?;
        Arc::clone(slot).downcast::<Mutex<T>>().ok()
    }

    /// Puts a value there unless somebody was quicker, and answers with what is there.
    fn insert<T: Send + 'static>(&mut self, value: T) -> Slot<T> {
        self.get::<T>().unwrap_or_else(|| {
            let slot = Arc::new(Mutex::new(value));
            self.0.push((TypeId::of::<T>(), slot.clone()));
            slot
        })
    }
}
