//! [`Share`]: counts the responses of users, or of clients without a user, that this process stores.
//!
//! `MemoryOnce` calls it under its lock. At the limit, the holder with the highest cost loses its oldest response.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::OnceLimits;

/// The entries of one kind of owners, and their holders. [`MemoryOnce`](super::MemoryOnce) has one for users and one for clients
/// without a user.
#[derive(Default)]
pub(super) struct Share {
    entries: usize,
    bytes: usize,
    holders: HashMap<Arc<str>, Holder>,
    /// The holders in the order of their costs. Of several with the same cost, the one with the oldest response is last.
    ranking: BTreeSet<(u64, Reverse<u64>, Arc<str>)>,
}

/// The completed keys of a user, of an address, or of a client whose address is not known.
#[derive(Default)]
struct Holder {
    cost: u64,
    /// Their places among the completed keys.
    indices: BTreeSet<u64>,
}

impl Holder {
    fn rank(&self, name: &Arc<str>) -> Option<(u64, Reverse<u64>, Arc<str>)> {
        let oldest = self.indices.first()?;
        Some((self.cost, Reverse(*oldest), Arc::clone(name)))
    }
}

impl Share {
    /// Returns the cost of an entry of this size: 1, plus its size divided by the average size of the entries of a full share.
    pub(super) fn cost(weight: usize, limits: &OnceLimits) -> u64 {
        let part = (limits.bytes / limits.entries.max(1)).max(1);
        1 + (weight / part) as u64
    }

    pub(super) fn has_place(&self, entries: usize, bytes: usize, limits: &OnceLimits) -> bool {
        self.entries + entries <= limits.entries && self.bytes + bytes <= limits.bytes
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.entries += 1;
        self.bytes += bytes;
    }

    pub(super) fn subtract(&mut self, bytes: usize) {
        self.entries -= 1;
        self.bytes -= bytes;
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds the latest completed key to its holder.
    pub(super) fn push(&mut self, holder: &str, index: u64, cost: u64) {
        let name = match self.holders.get_key_value(holder) {
            Some((name, _)) => Arc::clone(name),
            None => Arc::from(holder),
        };
        self.change(name, |holder| {
            holder.indices.insert(index);
            holder.cost += cost;
        });
    }

    pub(super) fn remove(&mut self, holder: &str, index: u64, cost: u64) {
        let Some((name, _)) = self.holders.get_key_value(holder) else {
            return;
        };
        self.change(Arc::clone(name), |holder| {
            if holder.indices.remove(&index) {
                holder.cost -= cost;
            }
        });
    }

    /// Returns the oldest response of the holder with the highest cost.
    pub(super) fn most(&self) -> Option<u64> {
        let (_, Reverse(oldest), _) = self.ranking.last()?;
        Some(*oldest)
    }

    fn change(&mut self, name: Arc<str>, change: impl FnOnce(&mut Holder)) {
        let holder = self.holders.entry(Arc::clone(&name)).or_default();
        if let Some(rank) = holder.rank(&name) {
            self.ranking.remove(&rank);
        }
        change(holder);
        match holder.rank(&name) {
            Some(rank) => {
                self.ranking.insert(rank);
            }
            None => {
                self.holders.remove(&name);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.entries
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.entries == 0 && self.bytes == 0 && self.holders.is_empty() && self.ranking.is_empty()
    }
}
