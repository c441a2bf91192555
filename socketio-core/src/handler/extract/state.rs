//! What belongs to the server.

use std::{fmt, ops::Deref, sync::Arc};

use super::{EventContext, FromEvent, Needs};
use crate::base::BoxError;

/// A value that the server was built with: `SocketIo::builder().state(value)`. It dereferences to the value.
///
/// `build()` fails when a handler takes a state that was not given.
pub struct State<T>(Arc<T>);

impl<T: Send + Sync + 'static> FromEvent for State<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        match cx.state() {
            Some(value) => Ok(State(value)),
            // `build()` has checked the handlers; only a `FromEvent` that does not tell its needs comes here.
            None => Err(format!("no state of type `{}`", std::any::type_name::<T>()).into()),
        }
    }

    fn needs(needs: &mut Needs) {
        needs.state::<T>();
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        State(Arc::clone(&self.0))
    }
}

/// A state outside of any server, for unit tests of handlers.
impl<T> From<T> for State<T> {
    fn from(value: T) -> Self {
        State(Arc::new(value))
    }
}

impl<T> From<Arc<T>> for State<T> {
    fn from(value: Arc<T>) -> Self {
        State(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("State").field(&self.0).finish()
    }
}
