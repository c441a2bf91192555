//! The arguments that have no module of their own: the socket, the request, sessions, the event's name, the error, `Rest`.

use std::{fmt, ops::Deref, sync::Arc};

use serde::de::DeserializeOwned;

use super::{EventContext, FromEvent, Needs};
use crate::{
    base::{BoxError, HandlerError, Request},
    client::{ConnectionSession, Session, Socket, SocketIo},
    packet::Rest,
};

/// The name of the event as the client sent it, for handlers of `*`. It dereferences to the name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventName(String);

impl EventName {
    /// Returns the name.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for EventName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for EventName {
    fn from(name: String) -> Self {
        EventName(name)
    }
}

impl From<&str> for EventName {
    fn from(name: &str) -> Self {
        EventName(name.to_owned())
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromEvent for EventName {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(EventName(cx.name().to_owned()))
    }
}

impl FromEvent for Socket {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(cx.socket().clone())
    }
}

/// Whether the client has [recovered](crate::SocketIoBuilder::recovery) its session: [`Socket::recovered`], as an argument of
/// handlers.
///
/// ```
/// # use socketio_core as socketio;
/// # use socketio::{Recovered, emit};
/// async fn connect(recovered: Recovered) {
///     if !recovered.0 {
///         emit("reload", ());
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered(pub bool);

impl FromEvent for Recovered {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(Recovered(cx.socket().recovered()))
    }
}

impl FromEvent for Request {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(cx.request().clone())
    }
}

impl<T: Default + Send + 'static> FromEvent for Session<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(cx.socket().session())
    }
}

impl<T: Default + Send + 'static> FromEvent for ConnectionSession<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(cx.socket().connection_session())
    }
}

impl FromEvent for SocketIo {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(SocketIo::new(Arc::clone(cx.socket().node())))
    }
}

impl FromEvent for HandlerError {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        cx.error()
            .cloned()
            .ok_or_else(|| "no error is being handled".into())
    }

    fn needs(needs: &mut Needs) {
        needs.error();
    }
}

impl<T: DeserializeOwned> FromEvent for Rest<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        cx.rest().map(Rest)
    }

    fn needs(needs: &mut Needs) {
        needs.rest::<T>();
    }
}
