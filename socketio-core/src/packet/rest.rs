//! Any number of arguments.

use std::{
    ops::{Deref, DerefMut},
    slice, vec,
};

use serde::{Serialize, Serializer};

/// The arguments of an event that the other parameters of its handler have left; the last parameter of the handler.
/// `Rest<Data>` takes any arguments, binary data included.
///
/// As a payload or a return value it is one argument for each of its elements, as a tuple is. It dereferences to the `Vec`. The field
/// is public, unlike those of other extractors, because `Rest(list)` is also what is emitted.
///
/// ```
/// # use socketio_core::{Data, Rest, emit};
/// async fn echo(arguments: Rest<Data>) {
///     emit("echo", arguments);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest<T>(pub Vec<T>);

/// How `std::any::type_name` begins for [`Rest`]: [`Arity`](super::arity::Arity) goes by names.
pub(super) const TYPE_NAME: &str = concat!(module_path!(), "::Rest<");

impl<T> Rest<T> {
    /// Returns the elements.
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T: Serialize> Serialize for Rest<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<T> Deref for Rest<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Rest<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> From<Vec<T>> for Rest<T> {
    fn from(elements: Vec<T>) -> Self {
        Rest(elements)
    }
}

impl<T> FromIterator<T> for Rest<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Rest(elements.into_iter().collect())
    }
}

impl<T> IntoIterator for Rest<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Rest<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Rest<T> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_converts_and_iterates_like_its_vec() {
        let mut rest: Rest<u8> = (1..=3).collect();
        assert_eq!(rest, Rest::from(vec![1, 2, 3]));
        rest.push(4);
        for element in &mut rest {
            *element *= 2;
        }
        assert_eq!(rest.len(), 4);
        assert_eq!((&rest).into_iter().copied().max(), Some(8));
        assert_eq!(rest.clone().into_iter().collect::<Vec<_>>(), [2, 4, 6, 8]);
        assert_eq!(rest.into_inner(), [2, 4, 6, 8]);
    }
}
