//! [`Route`]: how an event reaches its handler, as the registry has found it.

use std::sync::Arc;

use super::{entry::Entry, origin::Origin};

/// How an event reaches its handler.
#[derive(Debug)]
pub(crate) enum Route {
    /// The handler runs directly.
    Direct(Arc<Entry>),
    /// Middleware or guards run before the handler, or it runs once for each key.
    Guarded(Arc<Entry>),
    /// The event is a chunk of an upload, which one call of a handler receives.
    Upload(Arc<Entry>),
    /// There is no handler. Middleware may respond.
    Unhandled,
}

impl Route {
    pub(super) fn entry(&self) -> Option<&Arc<Entry>> {
        match self {
            Route::Direct(entry) | Route::Guarded(entry) | Route::Upload(entry) => Some(entry),
            Route::Unhandled => None,
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
