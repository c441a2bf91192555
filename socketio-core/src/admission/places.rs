//! [`Places`]: limits the number of requests that stay open, in total and of each address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::address_table::key;
use crate::base::{Problem, give_back};

/// The places of requests that stay open. Those without a known address are not counted by address, as with
/// [`Admission`](super::Admission).
#[derive(Debug)]
pub(crate) struct Places {
    total: usize,
    by_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    /// The number of places of each address that has any.
    addresses: HashMap<IpAddr, usize>,
}

impl Places {
    pub(crate) fn new(total: usize, by_address: usize) -> Self {
        Places {
            total,
            by_address,
            taken: Mutex::default(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of taken places.
    pub(crate) fn count(&self) -> usize {
        self.taken().total
    }

    /// Takes a place, until it is dropped.
    ///
    /// # Errors
    ///
    /// If no place is left, or the address has too many.
    pub(crate) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Place, Problem> {
        let address = address.map(key);
        let taken = &mut *self.taken();
        if taken.total >= self.total {
            return Err(Problem::TooManyReaders);
        }
        if let Some(address) = address {
            let own = taken.addresses.get(&address).copied().unwrap_or_default();
            if own >= self.by_address {
                return Err(Problem::TooManyReadersOfAddress);
            }
            taken.addresses.insert(address, own + 1);
        }
        taken.total += 1;
        Ok(Place {
            places: Arc::clone(self),
            address,
        })
    }
}

/// A taken place.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    address: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = &mut *self.places.taken();
        taken.total -= 1;
        if let Some(address) = self.address
            && let Some(own) = taken.addresses.get_mut(&address)
        {
            *own -= 1;
            if *own == 0 {
                taken.addresses.remove(&address);
            }
        }
        give_back(&mut taken.addresses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_in_total_and_by_address_and_freed_when_they_are_dropped() {
        let places = Arc::new(Places::new(3, 2));
        let (one, other) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let first = places.take(Some(one)).unwrap();
        let _second = places.take(Some(one)).unwrap();
        let refused = places.take(Some(one)).unwrap_err();
        assert_eq!(refused, Problem::TooManyReadersOfAddress);
        let _third = places.take(None).unwrap();
        assert_eq!(
            places.take(Some(other)).unwrap_err(),
            Problem::TooManyReaders
        );
        drop(first);
        assert_eq!(places.count(), 2);
        assert!(places.take(Some(one)).is_ok());
        assert_eq!(places.taken().addresses.len(), 1);
    }
}
