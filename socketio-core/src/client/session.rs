//! What is kept for one client.

use std::{
    fmt,
    ops::Deref,
    sync::{MutexGuard, PoisonError},
};

use crate::hub::Slot;

/// A value of type `T` that belongs to one client in one namespace, from its `connect` to its `disconnect`.
///
/// There is at most one of each type, made by `T::default()` when it is first asked for. As an argument of a handler, or
/// by [`session`](crate::session):
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
/// Another namespace of the same connection has another value; [`ConnectionSession`] is one for all of them.
pub struct Session<T>(Slot<T>);

impl<T> Session<T> {
    pub(crate) fn new(slot: Slot<T>) -> Self {
        Session(slot)
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A clone of the value.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.lock().clone()
    }

    /// Replaces the value.
    pub fn set(&self, value: T) {
        let old = std::mem::replace(&mut *self.lock(), value);
        drop(old);
    }

    /// Changes the value, under its own lock: nothing else can read or change it meanwhile. Don't use the same session
    /// inside of `change`: it would wait for itself.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.lock())
    }
}

/// Another handle to the same value.
impl<T> Clone for Session<T> {
    fn clone(&self) -> Self {
        Session(Slot::clone(&self.0))
    }
}

/// A session outside of any connection, for unit tests of handlers.
impl<T> From<T> for Session<T> {
    fn from(value: T) -> Self {
        Session(Slot::new(value.into()))
    }
}

impl<T: fmt::Debug> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Session").field(&*self.lock()).finish()
    }
}

/// A [`Session`] that belongs to a connection: all namespaces that the client joins over it share the value, until the
/// connection ends. It is used the same way.
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
    pub(crate) fn new(slot: Slot<T>) -> Self {
        ConnectionSession(Session::new(slot))
    }
}

impl<T> Deref for ConnectionSession<T> {
    type Target = Session<T>;

    fn deref(&self) -> &Session<T> {
        &self.0
    }
}

/// Another handle to the same value.
impl<T> Clone for ConnectionSession<T> {
    fn clone(&self) -> Self {
        ConnectionSession(self.0.clone())
    }
}

/// A session outside of any connection, for unit tests of handlers.
impl<T> From<T> for ConnectionSession<T> {
    fn from(value: T) -> Self {
        ConnectionSession(value.into())
    }
}

impl<T: fmt::Debug> fmt::Debug for ConnectionSession<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectionSession")
            .field(&*self.lock())
            .finish()
    }
}
