//! [`IntoRooms`]: the argument types of functions that take rooms.

use std::{borrow::Cow, sync::Arc};

use crate::base::Sid;

/// The name of a room.
pub(crate) type Room = Arc<str>;

/// Names of rooms, or ids of clients, for `to`, `skip` and `join_room`: a `&str`, a `String`, a [`Sid`], or an array,
/// slice or `Vec` of them.
///
/// `""` is an ordinary room, and an empty list addresses no client. `Option` does not implement it, because `None`
/// could mean everyone or no one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a room or a list of rooms",
    label = "expected a `&str`, a `String`, a `Sid`, or an array, slice or `Vec` of these",
    note = "rooms are strings: write `room.to_string()` for a number; match on an `Option`, since `None` could mean everyone or no one"
)]
pub trait IntoRooms: sealed::Sealed {
    #[doc(hidden)]
    fn add_to(self, rooms: &mut Vec<Arc<str>>);
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! one {
    ($($type:ty: |$name:ident| $room:expr;)*) => {$(
        impl sealed::Sealed for $type {}
        impl IntoRooms for $type {
            fn add_to(self, rooms: &mut Vec<Arc<str>>) {
                let $name = self;
                rooms.push($room);
            }
        }
    )*};
}

one! {
    &str: |name| Arc::from(name);
    String: |name| Arc::from(name);
    &String: |name| Arc::from(name.as_str());
    Box<str>: |name| Arc::from(name);
    Arc<str>: |name| name;
    &Arc<str>: |name| Arc::clone(name);
    Cow<'_, str>: |name| Arc::from(name);
    Sid: |name| Arc::from(name.as_str());
    &Sid: |name| Arc::from(name.as_str());
    &&str: |name| Arc::from(*name);
}

macro_rules! many {
    ($(impl [$($generics:tt)*] for $type:ty, by $iter:ident where $item:ty;)*) => {$(
        impl<$($generics)*> sealed::Sealed for $type where $item: IntoRooms {}
        impl<$($generics)*> IntoRooms for $type where $item: IntoRooms {
            fn add_to(self, rooms: &mut Vec<Arc<str>>) {
                for room in self.$iter() {
                    room.add_to(rooms);
                }
            }
        }
    )*};
}

many! {
    impl [T, const N: usize] for [T; N], by into_iter where T;
    impl [T] for Vec<T>, by into_iter where T;
    impl ['a, T, const N: usize] for &'a [T; N], by iter where &'a T;
    impl ['a, T] for &'a Vec<T>, by iter where &'a T;
    impl ['a, T] for &'a [T], by iter where &'a T;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(rooms: impl IntoRooms) -> Vec<String> {
        let mut names = Vec::new();
        rooms.add_to(&mut names);
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rooms_are_given_as_one_name_or_as_a_list() {
        let sid = Sid::random();
        assert_eq!(names("a"), ["a"]);
        assert_eq!(names(""), [""]);
        assert_eq!(names(String::from("a")), ["a"]);
        assert_eq!(names(&sid), [sid.as_str()]);
        assert_eq!(names(["a", "b"]), ["a", "b"]);
        assert_eq!(names(vec![String::from("a")]), ["a"]);
        assert_eq!(names(&["a", "b"][..]), ["a", "b"]);
        let list = vec![String::from("a")];
        assert_eq!(names(&list), ["a"]);
        assert!(names(Vec::<String>::new()).is_empty());
    }
}
