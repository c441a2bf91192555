//! How many arguments a type stands for.

use super::{rest, several};

/// How many arguments a type stands for: the rule of every payload, return value and acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// `()`: no argument.
    None,
    /// Any other type: one argument.
    One,
    /// A Rust tuple, a [`Rest`](super::Rest) or a [`Several`](super::Several), which serialize as an array: one argument for each element.
    Many,
}

impl Arity {
    /// Finds the arity of a type; a reference has that of its referent.
    ///
    /// serde writes `(1, 2)` and `[1, 2]` alike. Only the name of the type tells them apart. The standard library does not
    /// promise the form of that name; the tests below fail when it changes.
    pub(super) fn of<T: ?Sized>() -> Self {
        let mut name = std::any::type_name::<T>();
        while let Some(referent) = name.strip_prefix('&') {
            name = referent.strip_prefix("mut ").unwrap_or(referent);
        }
        if name == "()" {
            Arity::None
        } else if (name.starts_with('(') && name.ends_with(')'))
            || name.starts_with(rest::TYPE_NAME)
            || name.starts_with(several::TYPE_NAME)
        {
            Arity::Many
        } else {
            Arity::One
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, sync::Arc};

    use super::*;
    use crate::packet::Rest;

    #[expect(dead_code, reason = "only its name counts")]
    struct Pair((u8, u8));
    struct Generic<T>(T);
    #[expect(dead_code, reason = "only its name counts")]
    enum Either {
        Pair((u8, u8)),
    }
    type Alias = (u8, String);
    mod other {
        /// A type of the same name.
        pub(super) struct Rest<T>(pub(super) T);
    }

    #[test]
    fn unit_is_no_argument() {
        assert_eq!(Arity::of::<()>(), Arity::None);
        assert_eq!(Arity::of::<&()>(), Arity::None);
        assert_eq!(Arity::of::<&mut &()>(), Arity::None);
    }

    #[test]
    fn a_tuple_is_one_argument_for_each_element() {
        assert_eq!(Arity::of::<(u8,)>(), Arity::Many);
        assert_eq!(Arity::of::<(u8, String)>(), Arity::Many);
        assert_eq!(Arity::of::<((), ())>(), Arity::Many);
        assert_eq!(Arity::of::<((u8, u8), [u8; 2])>(), Arity::Many);
        assert_eq!(Arity::of::<Alias>(), Arity::Many);
        assert_eq!(
            Arity::of::<(u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8)>(),
            Arity::Many
        );
    }

    #[test]
    fn a_reference_counts_as_its_referent() {
        assert_eq!(Arity::of::<&(u8, u8)>(), Arity::Many);
        assert_eq!(Arity::of::<&mut (u8, u8)>(), Arity::Many);
        assert_eq!(Arity::of::<&'static &&(u8, u8)>(), Arity::Many);
        assert_eq!(Arity::of::<&Rest<u8>>(), Arity::Many);
        assert_eq!(Arity::of::<&str>(), Arity::One);
        assert_eq!(Arity::of::<&[(u8, u8)]>(), Arity::One);
    }

    #[test]
    fn rest_is_one_argument_for_each_element() {
        assert_eq!(Arity::of::<Rest<u8>>(), Arity::Many);
        assert_eq!(Arity::of::<Rest<(u8, u8)>>(), Arity::Many);
        let _ = other::Rest(1).0;
        assert_eq!(Arity::of::<other::Rest<u8>>(), Arity::One);
    }

    #[test]
    fn whatever_wraps_a_tuple_is_one_argument() {
        assert_eq!(Generic(1).0, 1);
        assert_eq!(Arity::of::<Pair>(), Arity::One);
        assert_eq!(Arity::of::<Either>(), Arity::One);
        assert_eq!(Arity::of::<Generic<(u8, u8)>>(), Arity::One);
        assert_eq!(Arity::of::<Box<(u8, u8)>>(), Arity::One);
        assert_eq!(Arity::of::<Arc<(u8, u8)>>(), Arity::One);
        assert_eq!(Arity::of::<Cow<'static, (u8, u8)>>(), Arity::One);
        assert_eq!(Arity::of::<Option<(u8, u8)>>(), Arity::One);
        assert_eq!(Arity::of::<Vec<(u8, u8)>>(), Arity::One);
        assert_eq!(Arity::of::<[(u8, u8); 1]>(), Arity::One);
        assert_eq!(Arity::of::<Option<Rest<u8>>>(), Arity::One);
    }
}
