//! [`Route`]: how an event reaches its handler, as the registry has found it.

use std::{borrow::Borrow, sync::Arc};

use super::{entry::Entry, origin::Origin};

/// How an event reaches its handler. `E` is a borrowed entry until the event has to wait.
#[derive(Debug)]
pub(crate) enum Route<E = Arc<Entry>> {
    /// The handler runs directly.
    Direct(E),
    /// Middleware or guards run before the handler, or it runs once for each key.
    Guarded(E),
    /// The event is a chunk of an upload, which one call of a handler receives.
    Upload(E),
    /// There is no handler. Middleware may respond.
    Unhandled,
}

impl<E: Borrow<Arc<Entry>>> Route<E> {
    pub(super) fn entry(&self) -> Option<&Arc<Entry>> {
        match self {
            Route::Direct(entry) | Route::Guarded(entry) | Route::Upload(entry) => {
                Some(entry.borrow())
            }
            Route::Unhandled => None,
        }
    }

    /// Returns the route with an entry of its own.
    pub(super) fn owned(&self) -> Route {
        let owned = |entry: &E| Arc::clone(entry.borrow());
        match self {
            Route::Direct(entry) => Route::Direct(owned(entry)),
            Route::Guarded(entry) => Route::Guarded(owned(entry)),
            Route::Upload(entry) => Route::Upload(owned(entry)),
            Route::Unhandled => Route::Unhandled,
        }
    }

    pub(super) fn origin(&self) -> Option<&Origin> {
        self.entry().map(|entry| &entry.origin)
    }

    /// Returns whether the handler runs concurrently with other events of its client.
    pub(crate) fn is_concurrent(&self) -> bool {
        match self {
            Route::Upload(_) => true,
            _ => self.entry().is_some_and(|entry| entry.concurrent),
        }
    }
}
