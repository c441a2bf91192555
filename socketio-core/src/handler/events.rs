//! [`Events`]: the handlers of one path, by the name of their event.

use std::cmp::Ordering;

/// How many bytes of a name are compared as a number.
const BEGINNING: usize = size_of::<u64>();

/// Up to this number of handlers are compared one after another, which is cheaper than a binary search.
const FEW: usize = 8;

/// Handlers by the name of their event. A search compares the first bytes of names as numbers, because most names differ in them,
/// which is cheaper than a hash.
#[derive(Debug)]
pub(super) struct Events<H>(Vec<Named<H>>);

#[derive(Debug)]
struct Named<H> {
    beginning: u64,
    name: Box<str>,
    handler: H,
}

impl<H> Named<H> {
    /// Returns whether the handler has this name. The caller has compared the beginning.
    #[inline]
    fn is(&self, name: &[u8]) -> bool {
        let known = self.name.as_bytes();
        known.len() == name.len()
            && (name.len() <= BEGINNING || known[BEGINNING..] == name[BEGINNING..])
    }
}

impl<H> Default for Events<H> {
    fn default() -> Self {
        Events(Vec::new())
    }
}

/// Returns the first bytes of a name, padded with zeros.
#[inline]
fn beginning(name: &[u8]) -> u64 {
    if let Some(first) = name.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let add = |number, byte: &u8| number << 8 | u64::from(*byte);
    name.iter().fold(0, add) << (8 * (BEGINNING - name.len()).min(7))
}

impl<H> Events<H> {
    #[inline]
    fn find(&self, name: &str) -> Result<usize, usize> {
        let name = name.as_bytes();
        let beginning = beginning(name);
        self.0.binary_search_by(|known| {
            let by_beginning = known.beginning.cmp(&beginning);
            let by_length = || known.name.len().cmp(&name.len());
            by_beginning.then_with(by_length).then_with(|| {
                let known = known.name.as_bytes();
                match name.len() > BEGINNING {
                    true => known[BEGINNING..].cmp(&name[BEGINNING..]),
                    false => Ordering::Equal,
                }
            })
        })
    }

    #[inline]
    pub(super) fn get(&self, name: &str) -> Option<&H> {
        if self.0.len() <= FEW {
            let bytes = name.as_bytes();
            let beginning = beginning(bytes);
            let mut known = self.0.iter();
            let found = known.find(|known| known.beginning == beginning && known.is(bytes));
            return found.map(|known| &known.handler);
        }
        self.find(name).ok().map(|index| &self.0[index].handler)
    }

    pub(super) fn insert(&mut self, name: &str, handler: H) {
        match self.find(name) {
            Ok(index) => self.0[index].handler = handler,
            Err(index) => {
                let named = Named {
                    beginning: beginning(name.as_bytes()),
                    name: Box::from(name),
                    handler,
                };
                self.0.insert(index, named);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_name_is_in_the_order_of_its_bytes() {
        let names = ["", "a", "ab", "abcdefg", "abcdefgh", "b", "é"];
        let numbers: Vec<_> = names
            .iter()
            .map(|name| beginning(name.as_bytes()))
            .collect();
        assert!(numbers.is_sorted(), "{numbers:x?}");
        assert_eq!(beginning(b"abcdefgh"), beginning(b"abcdefghi"));
        assert_eq!(beginning(b"abcdefg"), 0x6162_6364_6566_6700);
    }

    #[test]
    fn names_are_found_that_are_there() {
        let names = [
            "",
            "a",
            "ab",
            "a\0",
            "abcdefg",
            "abcdefg\0",
            "abcdefgh",
            "abcdefghi",
            "abcdefghj",
            "b",
            "abcdefghijklmnop",
        ];
        let mut events = Events::default();
        for (number, name) in names.iter().enumerate() {
            assert_eq!(events.get(name), None, "{name:?}");
            events.insert(name, number);
        }
        for (number, name) in names.iter().enumerate() {
            assert_eq!(events.get(name), Some(&number), "{name:?}");
        }
        assert_eq!(events.get("abcdefghk"), None);
        events.insert("ab", 99);
        assert_eq!(events.get("ab"), Some(&99));
    }
}
