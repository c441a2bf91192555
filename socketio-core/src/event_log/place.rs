//! [`Place`]: a place in a log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of bits for places that only this node has, behind an event.
const LOCAL_BITS: u32 = 20;

/// The first of these places for events that were delivered before they were kept, and for what follows them.
const FIRST_UNKEPT: u64 = 1 << (LOCAL_BITS - 1);

/// A place in the log of a namespace: the number of an event, and a count of places behind it that only this node has. With a store, all
/// nodes have the same numbers. An event that a node sends to one client alone, such as an event of a history, gets a place between two
/// numbers.
///
/// As text: `17`, or `17.3`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Place(u64);

impl Place {
    /// The place before the first event.
    pub(crate) const START: Place = Place(0);

    /// Returns the place of an event. Numbers from 2⁴⁴ on count as 2⁴⁴ − 1.
    pub(crate) fn of(number: u64) -> Self {
        Place(number.min(u64::MAX >> LOCAL_BITS) << LOCAL_BITS)
    }

    /// Returns the number of the event.
    pub(crate) fn number(self) -> u64 {
        self.0 >> LOCAL_BITS
    }

    /// Returns how many places after the event this is.
    pub(crate) fn local(self) -> u64 {
        self.0 & ((1 << LOCAL_BITS) - 1)
    }

    /// Returns the place of the next event.
    pub(crate) fn next(self) -> Self {
        Place::of(self.number() + 1)
    }

    /// Returns the place of the event before.
    pub(crate) fn previous(self) -> Self {
        Place::of(self.number().saturating_sub(1))
    }

    /// Returns the next place before the next event; the same place if there are no more.
    pub(crate) fn next_local(self) -> Self {
        match self.local() == (1 << LOCAL_BITS) - 1 {
            true => self,
            false => Place(self.0 + 1),
        }
    }

    /// Returns the next place before the next event for an event that is delivered before it is kept; the same place if there are no more.
    pub(crate) fn next_unkept(self) -> Self {
        match self.is_unkept() {
            true => self.next_local(),
            false => Place(Place::of(self.number()).0 + FIRST_UNKEPT),
        }
    }

    /// Returns whether this is the place of an event that was delivered before it was kept, or follows such a place. Other nodes deliver the
    /// event under a later place.
    pub(crate) fn is_unkept(self) -> bool {
        self.local() >= FIRST_UNKEPT
    }

    /// Parses what [`Display`](fmt::Display) writes; `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let read = |text: &str| {
            let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit())
                && (text == "0" || !text.starts_with('0'));
            text.parse().ok().filter(|_: &u64| is_canonical)
        };
        let Some((number, local)) = text.split_once('.') else {
            return read(text).map(Place::of);
        };
        let local = read(local).filter(|local| *local > 0 && *local < 1 << LOCAL_BITS)?;
        Some(Place(Place::of(read(number)?).0 + local))
    }

    /// Appends it as text.
    pub(super) fn push_to(self, text: &mut String) {
        push_number(text, self.number());
        if self.local() > 0 {
            text.push('.');
            push_number(text, self.local());
        }
    }

    /// Returns the place as a number, for an atomic.
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }

    /// Returns the place with these bits, which [`to_bits`](Place::to_bits) has returned.
    pub(crate) fn from_bits(bits: u64) -> Self {
        Place(bits)
    }
}

fn push_number(text: &mut String, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.push_str(std::str::from_utf8(&digits[start..]).expect("digits are ASCII"));
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_places_are_between_two_events() {
        let event = Place::of(7);
        let (first, second) = (event.next_local(), event.next_local().next_local());
        assert!(event < first && first < second && second < event.next());
        assert_eq!((second.number(), second.local()), (7, 2));
        assert_eq!(second.next(), Place::of(8));
        assert_eq!(second.to_string(), "7.2");
        assert_eq!(Place::parse("7.2"), Some(second));
        let last = Place::from_bits(event.next().to_bits() - 1);
        assert_eq!(last.next_local(), last);
        let unkept = second.next_unkept();
        assert!(second < unkept && unkept < unkept.next_unkept() && unkept < event.next());
        assert!(unkept.is_unkept() && unkept.next_local().is_unkept() && !second.is_unkept());
        assert!(!event.next().is_unkept());
        assert_eq!(last.next_unkept(), last);
    }
}
