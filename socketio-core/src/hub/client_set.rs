//! [`ClientSet`]: the clients in one room or namespace.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
};

use super::Client;
use crate::base::{BuildIdHasher, Sid, give_back, give_back_list};

/// The clients in one room or one namespace.
///
/// A broadcast takes the list (one reference count) and iterates without a lock. While a broadcast holds the list, the
/// first change copies it; otherwise it is changed in place.
#[derive(Debug, Default)]
pub(super) struct ClientSet(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    list: Arc<Vec<Arc<Client>>>,
    position: HashMap<Sid, usize, BuildIdHasher>,
}

impl ClientSet {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a client, unless it is in the set already.
    pub(super) fn insert(&self, client: &Arc<Client>) {
        let inner = &mut *self.lock();
        if let Entry::Vacant(place) = inner.position.entry(client.sid().clone()) {
            place.insert(inner.list.len());
            Arc::make_mut(&mut inner.list).push(Arc::clone(client));
        }
    }

    /// Removes a client. Returns whether the set is empty then.
    pub(super) fn remove(&self, sid: &str) -> bool {
        let inner = &mut *self.lock();
        if let Some(position) = inner.position.remove(sid) {
            let list = Arc::make_mut(&mut inner.list);
            list.swap_remove(position);
            give_back_list(list);
            if let Some(moved) = list.get(position) {
                inner.position.insert(moved.sid().clone(), position);
            }
            give_back(&mut inner.position);
        }
        inner.list.is_empty()
    }

    pub(super) fn get(&self, sid: &str) -> Option<Arc<Client>> {
        let inner = self.lock();
        inner
            .position
            .get(sid)
            .map(|&position| Arc::clone(&inner.list[position]))
    }

    pub(super) fn contains(&self, sid: &str) -> bool {
        self.lock().position.contains_key(sid)
    }

    /// Returns the current clients.
    pub(super) fn list(&self) -> Arc<Vec<Arc<Client>>> {
        Arc::clone(&self.lock().list)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().list.is_empty()
    }
}
