//! Typed values that belong to one client.

use std::{
    any::{Any, TypeId},
    sync::{Arc, Mutex},
};

/// A value and its own lock.
pub(crate) type Slot<T> = Arc<Mutex<T>>;

/// At most one value of each type. Clients have few of them: a list beats a map.
#[derive(Default)]
pub(super) struct Data(Vec<(TypeId, Arc<dyn Any + Send + Sync>)>);

impl Data {
    /// The slot for `T`, made from `T::default()` at first. `None` when it has yet to be put there: the default is made
    /// outside of the lock, since it is user code.
    pub(super) fn get<T: Send + 'static>(&self) -> Option<Slot<T>> {
        let (_, slot) = self.0.iter().find(|(id, _)| *id == TypeId::of::<T>())?;
        Arc::clone(slot).downcast::<Mutex<T>>().ok()
    }

    /// Puts a value there unless somebody was quicker, and answers with what is there.
    pub(super) fn insert<T: Send + 'static>(&mut self, value: T) -> Slot<T> {
        self.get::<T>().unwrap_or_else(|| {
            let slot = Arc::new(Mutex::new(value));
            self.0.push((TypeId::of::<T>(), slot.clone()));
            slot
        })
    }
}
