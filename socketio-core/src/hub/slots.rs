//! Typed session values of a client or a connection.
//!
//! No lock is held while user code runs: a [`Slot`] lends its value, and `T::default()` and `Drop` of values run
//! outside of the lock of [`Slots`].

use std::{
    any::{Any, TypeId},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    thread::{self, ThreadId},
};

use super::Changed;
use crate::base::fault;

/// A value that is lent to one thread at a time.
pub(crate) struct Slot<T> {
    state: Mutex<State<T>>,
    returned: Condvar,
    /// Notified when the value was changed.
    watchers: Mutex<Vec<Weak<dyn Changed>>>,
}

/// A slot of any type.
pub(crate) type AnySlot = Arc<dyn Any + Send + Sync>;

enum State<T> {
    Present(T),
    /// User code on this thread has borrowed it.
    Lent(ThreadId),
}

impl<T> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Slot {
            state: Mutex::new(State::Present(value)),
            returned: Condvar::new(),
            watchers: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends the value to `run`, after waiting while another thread has it. After a panic, the value is returned as `run` has left it.
    ///
    /// # Panics
    ///
    /// Inside of another `with` of the same slot on the same thread, which would deadlock.
    pub(crate) fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        let mut loan = Loan {
            slot: self,
            value: Some(self.take()),
        };
        match &mut loan.value {
            Some(value) => run(value),
            None => unreachable!("the value is there until the loan is dropped"),
        }
    }

    /// Lends the value as [`with`](Self::with) does, then notifies the watchers that it was changed.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with).
    pub(crate) fn change<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        // Notifies also if `run` panics.
        let _changed = ChangedOnDrop(self);
        self.with(run)
    }

    /// Adds a watcher that is notified of each change.
    pub(super) fn tell(&self, watcher: &Weak<dyn Changed>) {
        let mut watchers = self.watchers();
        watchers.retain(|watcher| watcher.strong_count() > 0);
        if !watchers.iter().any(|known| known.ptr_eq(watcher)) {
            watchers.push(Weak::clone(watcher));
        }
    }

    fn watchers(&self) -> MutexGuard<'_, Vec<Weak<dyn Changed>>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends the value to `run`, unless it is lent already.
    pub(crate) fn try_with<R>(&self, run: impl FnOnce(&mut T) -> R) -> Option<R> {
        let value = {
            let mut state = self.state();
            match &*state {
                State::Present(_) => lend(&mut state)?,
                State::Lent(_) => return None,
            }
        };
        let mut loan = Loan {
            slot: self,
            value: Some(value),
        };
        loan.value.as_mut().map(run)
    }

    fn take(&self) -> T {
        let mut state = self.state();
        loop {
            if let State::Lent(thread) = &*state {
                if *thread == thread::current().id() {
                    drop(state);
                    panic!(
                        "a session was used inside of its own `update`, or by its value's `Clone` or `Drop`, which would deadlock; \
                         use the value that the closure is given"
                    );
                }
                state = self
                    .returned
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            } else if let Some(value) = lend(&mut state) {
                return value;
            }
        }
    }
}

/// Takes the value out, for the current thread.
fn lend<T>(state: &mut State<T>) -> Option<T> {
    match mem::replace(state, State::Lent(thread::current().id())) {
        State::Present(value) => Some(value),
        lent @ State::Lent(_) => {
            *state = lent;
            None
        }
    }
}

/// Notifies the watchers on drop.
struct ChangedOnDrop<'a, T>(&'a Slot<T>);

impl<T> Drop for ChangedOnDrop<'_, T> {
    fn drop(&mut self) {
        let watchers = self.0.watchers();
        if !watchers.is_empty() {
            let watchers: Vec<_> = watchers.iter().filter_map(Weak::upgrade).collect();
            for watcher in watchers {
                watcher.changed();
            }
        }
    }
}

/// Returns the value to its slot on drop.
struct Loan<'a, T> {
    slot: &'a Slot<T>,
    value: Option<T>,
}

impl<T> Drop for Loan<'_, T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            *self.slot.state() = State::Present(value);
            self.slot.returned.notify_one();
        }
    }
}

/// At most one value of each type. A list, because clients have few values.
///
/// Clones share the values.
#[derive(Clone, Default)]
pub(crate) struct Slots(Vec<(TypeId, AnySlot)>);

impl Slots {
    /// Returns the slot for `T`; creates it with `T::default()` if it is missing.
    pub(super) fn slot<T: Default + Send + 'static>(data: &Mutex<Slots>) -> Arc<Slot<T>> {
        let lock = || data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = lock().get::<T>() {
            return slot;
        }
        let new = Arc::new(Slot::new(T::default()));
        let (slot, unused) = lock().get_or_insert(new);
        // Another thread inserted its value first. The unused one is dropped outside of the lock.
        drop(unused);
        slot
    }

    /// Returns the slots, with the types of their values.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&TypeId, &AnySlot)> {
        self.0.iter().map(|(id, slot)| (id, slot))
    }

    /// Adds a slot for a type that has none yet.
    pub(super) fn insert(&mut self, id: TypeId, slot: AnySlot) {
        self.0.push((id, slot));
    }

    /// Adds the slots of types that have none yet.
    pub(super) fn add(&mut self, values: &Slots) {
        for (id, slot) in &values.0 {
            if !self.0.iter().any(|(own, _)| own == id) {
                self.0.push((*id, Arc::clone(slot)));
            }
        }
    }

    fn get<T: Send + 'static>(&self) -> Option<Arc<Slot<T>>> {
        let (_, slot) = self.0.iter().find(|(id, _)| *id == TypeId::of::<T>())?;
        Arc::clone(slot).downcast::<Slot<T>>().ok()
    }

    /// Returns the slot for `T`, and `new` if there was one already.
    fn get_or_insert<T: Send + 'static>(
        &mut self,
        new: Arc<Slot<T>>,
    ) -> (Arc<Slot<T>>, Option<Arc<Slot<T>>>) {
        match self.get::<T>() {
            Some(slot) => (slot, Some(new)),
            None => {
                self.0.push((TypeId::of::<T>(), new.clone()));
                (new, None)
            }
        }
    }
}

impl std::fmt::Debug for Slots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} values", self.0.len())
    }
}

/// Drops the values inside the fault boundary: a panic must not end the connection's task.
impl Drop for Slots {
    fn drop(&mut self) {
        for (_, slot) in self.0.drain(..) {
            fault::discard(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn updates_on_several_threads_do_not_interleave() {
        let slot = Slot::new(0_u32);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        slot.with(|value| {
                            let before = *value;
                            thread::yield_now();
                            *value = before + 1;
                        });
                    }
                });
            }
        });
        assert_eq!(slot.with(|value| *value), 4_000);
    }

    #[test]
    fn a_slot_that_is_used_inside_of_itself_panics_and_keeps_its_value() {
        let slot = Slot::new(1);
        let nested = fault::catch(|| {
            slot.with(|value| {
                *value = 2;
                assert_eq!(slot.try_with(|value| *value), None);
                slot.with(|value| *value)
            })
        });
        let message = nested.unwrap_err().to_string();
        assert!(message.contains("inside of its own `update`"), "{message}");
        assert_eq!(slot.with(|value| *value), 2);
    }

    #[test]
    fn a_value_that_another_thread_preceded_is_dropped_outside_of_the_lock() {
        static DATA: Mutex<Slots> = Mutex::new(Slots(Vec::new()));
        static DROPPED_UNLOCKED: AtomicUsize = AtomicUsize::new(0);

        struct Value(bool);

        impl Default for Value {
            fn default() -> Self {
                // Simulates a second thread that inserts its value first.
                if DATA.lock().unwrap().0.is_empty() {
                    let slot = Arc::new(Slot::new(Value(false)));
                    let _ = DATA.lock().unwrap().get_or_insert(slot);
                }
                Value(true)
            }
        }

        impl Drop for Value {
            fn drop(&mut self) {
                if self.0 && DATA.try_lock().is_ok() {
                    DROPPED_UNLOCKED.fetch_add(1, Ordering::Relaxed);
                }
            }
        }

        let slot = Slots::slot::<Value>(&DATA);
        assert!(!slot.with(|value| value.0));
        assert_eq!(DROPPED_UNLOCKED.load(Ordering::Relaxed), 1);
    }
}
