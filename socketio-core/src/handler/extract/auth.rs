//! [`Auth`]: the `auth` object of a client.

use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;

use super::{EventContext, FromEvent, Needs};
use crate::base::BoxError;

/// The `auth` object of a client, in `connect` handlers.
///
/// If a client sends no object, it is `null`: `Auth<Option<T>>` accepts both. (`Option<Auth<T>>` is not possible.) Python
/// clients without an object send an empty one, which is read as `null` unless it is a `T`. If the object is not a `T`,
/// the client is refused with `Connection rejected by server`. It dereferences to the object;
/// [`into_inner`](Auth::into_inner) returns it.
///
/// Old clients (see [`allow_eio3`](crate::SocketIoBuilder::allow_eio3)) send a query instead: its parameters are the fields
/// of the object, all of them strings.
///
/// ```
/// # use socketio_core::{Auth, ConnectionRefused};
/// #[derive(serde::Deserialize)]
/// struct Token {
///     token: String,
/// }
///
/// async fn connect(auth: Auth<Token>) -> Result<(), ConnectionRefused> {
///     match &*auth.token {
///         "open sesame" => Ok(()),
///         _ => Err(ConnectionRefused::new("unknown token")),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auth<T>(T);

impl<T> Auth<T> {
    /// Returns the object.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Auth<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Auth<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// For unit tests of handlers.
impl<T> From<T> for Auth<T> {
    fn from(value: T) -> Self {
        Auth(value)
    }
}

impl<T: DeserializeOwned> FromEvent for Auth<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(Auth(match cx.auth() {
            None => serde_json::from_str("null")?,
            Some(auth) => auth.object()?,
        }))
    }

    fn needs(needs: &mut Needs) {
        needs.auth::<T>();
    }
}
