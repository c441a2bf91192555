//! Typed values that are kept for one client or for one connection.
//!
//! [`Session`] and [`ConnectionSession`] are handles of a slot of the hub. The value is taken out of its slot while
//! user code uses it, so that no lock is held during that time.

use std::{fmt, ops::Deref, sync::Arc};

use crate::hub::Slot;

/// A value of type `T` that belongs to one client in one namespace, from its `connect` to its `disconnect`.
///
/// There is at most one value of each type, created with `T::default()` at first use. It is an argument of handlers, or
/// is returned by [`session`](crate::session):
///
/// ```
/// # use socketio_core::Session;
/// #[derive(Clone, Default)]
/// struct User {
///     name: String,
/// }
///
/// async fn rename(name: String, user: Session<User>) -> String {
///     user.update(|user| std::mem::replace(&mut user.name, name))
/// }
/// ```
///
/// Unlike other extractors it does not dereference to the value, which other handlers of the client may change at any time.
/// Each namespace of a connection has its own value; a [`ConnectionSession`] is shared by all of them.
///
/// [`get`](Session::get), [`set`](Session::set) and [`update`](Session::update) are atomic: other threads block until
/// the value is free. No lock is held while a closure runs. A closure of `update` that uses the same session again panics instead
/// of deadlocking; closures that update two sessions in different orders can deadlock. After a panic inside of
/// `update`, the value stays as the closure left it.
pub struct Session<T>(Arc<Slot<T>>);

impl<T> Session<T> {
    pub(crate) fn new(slot: Arc<Slot<T>>) -> Self {
        Session(slot)
    }

    /// Returns a clone of the value.
    ///
    /// # Panics
    ///
    /// Inside of [`update`](Session::update) of the same session.
    #[track_caller]
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.0.with(|value| value.clone())
    }

    /// Replaces the value.
    ///
    /// # Panics
    ///
    /// Inside of [`update`](Session::update) of the same session.
    #[track_caller]
    pub fn set(&self, value: T) {
        let old = self.0.change(|old| std::mem::replace(old, value));
        // Dropped after the session is free again, because `Drop` may use it.
        drop(old);
    }

    /// Changes the value and returns what the closure returns.
    ///
    /// # Panics
    ///
    /// Inside of another `update` of the same session, and if `change` panics.
    #[track_caller]
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.0.change(change)
    }

    /// Formats the value, or `..` while it is in use.
    fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result
    where
        T: fmt::Debug,
    {
        let formatted = self
            .0
            .try_with(|value| f.debug_tuple(name).field(value).finish());
        formatted.unwrap_or_else(|| write!(f, "{name}(..)"))
    }
}

/// Clones the handle, not the value.
impl<T> Clone for Session<T> {
    fn clone(&self) -> Self {
        Session(Arc::clone(&self.0))
    }
}

/// Creates a session outside of any connection, for unit tests of handlers.
impl<T> From<T> for Session<T> {
    fn from(value: T) -> Self {
        Session(Arc::new(Slot::new(value)))
    }
}

impl<T: fmt::Debug> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("Session", f)
    }
}

/// A [`Session`] of a connection: all namespaces that the client joins over it share the value, until the connection
/// ends. It has the same methods.
///
/// ```
/// # use socketio_core::ConnectionSession;
/// # #[derive(Clone, Default)]
/// # struct User { name: String }
/// async fn whoami(user: ConnectionSession<User>) -> String {
///     user.get().name
/// }
/// ```
pub struct ConnectionSession<T>(Session<T>);

impl<T> ConnectionSession<T> {
    pub(crate) fn new(slot: Arc<Slot<T>>) -> Self {
        ConnectionSession(Session::new(slot))
    }
}

impl<T> Deref for ConnectionSession<T> {
    type Target = Session<T>;

    fn deref(&self) -> &Session<T> {
        &self.0
    }
}

/// Clones the handle, not the value.
impl<T> Clone for ConnectionSession<T> {
    fn clone(&self) -> Self {
        ConnectionSession(self.0.clone())
    }
}

/// Creates a session outside of any connection, for unit tests of handlers.
impl<T> From<T> for ConnectionSession<T> {
    fn from(value: T) -> Self {
        ConnectionSession(value.into())
    }
}

impl<T: fmt::Debug> fmt::Debug for ConnectionSession<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug("ConnectionSession", f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fault;

    #[test]
    fn a_session_used_inside_of_its_own_update_panics_and_stays_usable() {
        let session = Session::from(1);
        let nested = fault::catch(|| session.update(|_| session.get()));
        assert!(nested.unwrap_err().to_string().contains("`update`"));
        session.update(|value| *value += 1);
        assert_eq!(session.get(), 2);
    }

    #[test]
    fn a_panic_inside_of_update_leaves_the_value_in_place() {
        let session = Session::from(vec![1]);
        let panicked = fault::catch(|| {
            session.update(|value| {
                value.push(2);
                panic!("half-way");
            })
        });
        assert!(panicked.is_err());
        assert_eq!(session.get(), [1, 2]);
    }

    #[test]
    fn a_session_that_is_in_use_can_be_formatted() {
        let session = ConnectionSession::from(5);
        assert_eq!(format!("{session:?}"), "ConnectionSession(5)");
        let inside = session.update(|_| format!("{session:?}"));
        assert_eq!(inside, "ConnectionSession(..)");
    }

    #[test]
    fn the_drop_of_a_replaced_value_may_use_the_session() {
        struct Last(Option<Session<Option<Last>>>);

        impl Drop for Last {
            fn drop(&mut self) {
                if let Some(session) = self.0.take() {
                    session.update(|value| assert!(value.is_none()));
                }
            }
        }

        let session = Session::from(None);
        session.set(Some(Last(Some(session.clone()))));
        session.set(None);
    }
}
