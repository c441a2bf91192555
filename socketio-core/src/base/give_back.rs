//! [`give_back`]: frees the memory of tables after a burst.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hash},
};

/// The number of entries whose memory a table may keep in any case.
const SPARE: usize = 1_024;

/// Frees the memory of a table from which most entries were removed. Called after each removal. It does nothing unless the table is filled
/// to less than a quarter, so that its cost is spread over many removals.
pub(crate) fn give_back<K: Eq + Hash, V, S: BuildHasher>(table: &mut HashMap<K, V, S>) {
    if is_sparse(table.len(), table.capacity()) {
        table.shrink_to(2 * table.len());
    }
}

/// Frees the memory of a set, as [`give_back`] does.
pub(crate) fn give_back_set<K: Eq + Hash, S: BuildHasher>(set: &mut HashSet<K, S>) {
    if is_sparse(set.len(), set.capacity()) {
        set.shrink_to(2 * set.len());
    }
}

/// Frees the memory of a list, as [`give_back`] does.
pub(crate) fn give_back_list<T>(list: &mut Vec<T>) {
    if is_sparse(list.len(), list.capacity()) {
        list.shrink_to(2 * list.len());
    }
}

fn is_sparse(len: usize, capacity: usize) -> bool {
    capacity > 4 * (len + SPARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_burst_is_given_back() {
        let mut table: HashMap<_, _> = (0..100_000).map(|number| (number, ())).collect();
        let mut set: HashSet<_> = (0..100_000).collect();
        let mut list: Vec<_> = (0..100_000).collect();
        for number in 0..99_990 {
            table.remove(&number);
            give_back(&mut table);
            set.remove(&number);
            give_back_set(&mut set);
            list.pop();
            give_back_list(&mut list);
        }
        assert!(table.capacity() <= 4 * (10 + SPARE), "{}", table.capacity());
        assert!(set.capacity() <= 4 * (10 + SPARE), "{}", set.capacity());
        assert!(list.capacity() <= 4 * (10 + SPARE), "{}", list.capacity());
    }
}
