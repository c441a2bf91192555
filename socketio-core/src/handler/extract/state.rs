//! [`State`]: values that belong to the server.

use std::{fmt, ops::Deref, sync::Arc};

use super::{EventContext, FromEvent, Needs};
use crate::base::BoxError;

/// A value that the server was built with: `SocketIo::builder().state(value)`. It dereferences to the value;
/// [`into_inner`](State::into_inner) returns the `Arc` around it.
///
/// `build()` fails if a handler takes a state that the server does not have, so `Option<State<T>>` is not possible.
/// [`EventContext::state`] returns an optional state.
pub struct State<T>(Arc<T>);

impl<T> State<T> {
    /// Returns the shared value.
    pub fn into_inner(self) -> Arc<T> {
        self.0
    }
}

impl<T: Send + Sync + 'static> FromEvent for State<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        match cx.state() {
            Some(value) => Ok(State(value)),
            // `build()` has checked the handlers; only a `FromEvent` that does not declare its needs can
            // cause this.
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

/// Creates a state outside of any server, for unit tests of handlers.
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
