//! The names of recently recorded events, shared by their records.

use std::{cell::RefCell, sync::Arc};

/// How many names a thread remembers.
const NAMES: usize = 64;

/// The longest name that is remembered, in bytes.
const LONGEST: usize = 64;

thread_local! {
    static RECENT: RefCell<[Option<Arc<str>>; NAMES]> = const { RefCell::new([const { None }; NAMES]) };
}

/// Returns a name as shared text: the text of an earlier record of this thread, if it is remembered.
pub(crate) fn shared_name(name: &str) -> Arc<str> {
    if name.len() > LONGEST {
        return Arc::from(name);
    }
    let recent = RECENT.try_with(|recent| {
        let slot = &mut recent.borrow_mut()[place(name.as_bytes())];
        match slot {
            Some(known) if **known == *name => Arc::clone(known),
            _ => Arc::clone(slot.insert(Arc::from(name))),
        }
    });
    // The names are gone while the thread ends.
    recent.unwrap_or_else(|_| Arc::from(name))
}

/// Mixes the length and two bytes of a name. Two names in one place replace each other, which costs an allocation.
fn place(name: &[u8]) -> usize {
    let byte = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
    (byte(name.first()) * 5 + byte(name.last()) * 3 + name.len()) % NAMES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shared_and_only_so_many_are_remembered() {
        let first = shared_name("say");
        assert!(Arc::ptr_eq(&first, &shared_name("say")));
        let long = "n".repeat(LONGEST + 1);
        assert_eq!(*shared_name(&long), *long);
        assert!(!Arc::ptr_eq(&shared_name(&long), &shared_name(&long)));
        for number in 0..10_000 {
            let name = format!("event {number}");
            assert_eq!(*shared_name(&name), *name);
        }
        assert_eq!(*shared_name("say"), *first);
        assert_eq!(*shared_name(""), *"");
    }
}
